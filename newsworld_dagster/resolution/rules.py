"""The rule resolver: settles machine-checkable claims from later articles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.outcomes import RESOLUTIONS
from newsworld_dagster.contracts.rules import RuleSpec, Texts, counted, matches

MOST_EVIDENCE = 8


@dataclass(frozen=True)
class ArchivePolicy:
    """When an archive is too thin to say that something was not reported.

    A "no" needs articles on all but `missing_share` of the window's days. A window that misses
    more is void, once the archive has had `grace_days` after the deadline to fill up.
    """

    missing_share: float = 0.2
    grace_days: int = 7


def resolve_rules(
    claims: pd.DataFrame,
    anchors: pd.DataFrame,
    articles: pd.DataFrame,
    vectors: np.ndarray,
    *,
    as_of: pd.Timestamp,
    day: pd.Timestamp,
    code_version: str,
    policy: ArchivePolicy | None = None,
) -> pd.DataFrame:
    """Verdicts that can be given as of a moment, as rows of `outcomes.resolutions`.

    A claim is "yes" as soon as its rule is met by articles first seen after it was made and up
    to its deadline; "no" once the deadline has passed without that; "void" where the archive
    has too many days without any article. Everything else stays open.

    Parameters
    ----------
    claims
        Open claims with resolver "rule".
    anchors
        Their anchors.
    articles
        All articles first seen from the oldest claim's making up to `as_of`, in time order.
    vectors
        Unit vectors of the articles, shape (len(articles), d).

    Raises
    ------
    ValueError
        When an article was first seen after `as_of`.
    """
    policy = policy or ArchivePolicy()
    if claims.empty:
        return pd.DataFrame([], columns=list(RESOLUTIONS.columns))
    seen = articles["first_seen_at"].to_numpy()
    if len(articles) and seen[-1] > as_of.to_datetime64():
        raise ValueError(f"An article first seen after {as_of} must not decide a claim as of then.")
    placed = {anchor_id: place for place, anchor_id in enumerate(anchors["anchor_id"])}
    matched = matches(articles, vectors, anchors)
    texts = Texts.of(articles)
    article_ids = articles["article_id"].to_numpy(dtype=object)
    days_with_news = np.unique(articles["day"].to_numpy())
    answered: dict[str, list[str]] = {}
    for question, claim_id in zip(claims["question_id"], claims["claim_id"], strict=True):
        answered.setdefault(question, []).append(claim_id)
    questions = claims.drop_duplicates("question_id")
    # Articles come in time order, so a window is a stretch of them.
    starts = np.searchsorted(seen, questions["made_at"].to_numpy(), side="right")
    ends = np.searchsorted(seen, questions["resolve_by"].to_numpy(), side="right")
    rows: list[dict[str, object]] = []
    for question, text, made_at, resolve_by, start, end in zip(
        questions["question_id"],
        questions["spec"],
        questions["made_at"],
        questions["resolve_by"],
        starts,
        ends,
        strict=True,
    ):
        spec = RuleSpec.model_validate_json(text)
        places = matched[placed[spec.anchor_id]]
        inside = places[np.searchsorted(places, start) : np.searchsorted(places, end)]
        found = counted(spec, inside, texts)
        decided = _decide(spec, len(found), made_at, resolve_by, as_of, days_with_news, policy)
        if decided is None:
            continue
        verdict, reason = decided
        evidence = json.dumps(
            [
                {
                    "article_id": article_ids[place],
                    "publisher": texts.publisher[place],
                    "seen_at": pd.Timestamp(seen[place]).isoformat(),
                    "quote": texts.title[place],
                }
                for place in found[:MOST_EVIDENCE]
            ],
            ensure_ascii=False,
        )
        rows.extend(
            {
                "resolution_id": resolution_id(claim_id, verdict, as_of, reason),
                "claim_id": claim_id,
                "question_id": question,
                "verdict": verdict,
                "decided_at": as_of,
                "day": day,
                "decided_by": "rule",
                "evidence": evidence,
                "reason": reason,
                "supersedes": None,
                "code_version": code_version,
            }
            for claim_id in answered[question]
        )
    return pd.DataFrame(rows, columns=list(RESOLUTIONS.columns))


def window_is_covered(
    made_at: pd.Timestamp,
    resolve_by: pd.Timestamp,
    days_with_news: Sequence[pd.Timestamp],
    policy: ArchivePolicy | None = None,
) -> bool:
    """Whether an archive with articles on these days can say that something was not reported."""
    missing, days = _gaps(made_at, resolve_by, pd.DatetimeIndex(days_with_news).to_numpy())
    return missing <= (policy or ArchivePolicy()).missing_share * days


def resolution_id(claim_id: str, verdict: str, decided_at: pd.Timestamp, reason: str) -> str:
    """The id of a verdict: a digest, so that the same verdict is the same row."""
    text = json.dumps([claim_id, verdict, decided_at.isoformat(), reason])
    return "r" + hashlib.sha256(text.encode()).hexdigest()[:23]


def _decide(
    spec: RuleSpec,
    count: int,
    made_at: pd.Timestamp,
    resolve_by: pd.Timestamp,
    as_of: pd.Timestamp,
    days_with_news: np.ndarray,
    policy: ArchivePolicy,
) -> tuple[str, str] | None:
    unit = "articles" if spec.rule == "articles" else "publishers"
    if count >= spec.at_least:
        return "yes", f"{count} {unit} counted, {spec.at_least} were needed"
    if as_of < resolve_by:
        return None
    missing, days = _gaps(made_at, resolve_by, days_with_news)
    if missing > policy.missing_share * days:
        if as_of < resolve_by + pd.Timedelta(days=policy.grace_days):
            return None
        return "void", f"the archive has no article on {missing} of the window's {days} days"
    return "no", f"{count} {unit} counted by the deadline, {spec.at_least} were needed"


def _gaps(
    made_at: pd.Timestamp, resolve_by: pd.Timestamp, days_with_news: np.ndarray
) -> tuple[int, int]:
    """Days of a window without an article, and days of the window."""
    window = pd.date_range(made_at.floor("D"), resolve_by - pd.Timedelta(microseconds=1), freq="D")
    return int((~np.isin(window.to_numpy(), days_with_news)).sum()), len(window)
