"""Which claims are put to the judge when, and with which articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newsworld_dagster.resolution.evidence import Encode, find_evidence
from newsworld_dagster.resolution.judge import Case
from newsworld_dagster.resolution.proposals import propose_verdict
from newsworld_dagster.resolution.rules import ArchivePolicy, window_is_covered


@dataclass(frozen=True)
class JudgingPolicy:
    """When a claim is worth asking about.

    At its deadline every claim is, unless the archive of its window has gaps. Before, and for
    `late_days` after, only new articles are a reason: one with a cosine of at least
    `near_cosine` to the statement, and words that lean to another verdict than the one that
    stands. So an open claim costs nothing on a quiet day.
    """

    most_articles: int = 10
    near_cosine: float = 0.6
    late_days: int = 7
    archive: ArchivePolicy = field(default_factory=ArchivePolicy)


def choose_cases(
    questions: pd.DataFrame,
    articles: pd.DataFrame,
    vectors: np.ndarray,
    encode: Encode,
    *,
    as_of: pd.Timestamp,
    days_with_news: Sequence[pd.Timestamp],
    policy: JudgingPolicy | None = None,
) -> Iterator[Case]:
    """The claims to be judged as of a moment, each with the articles that may decide it.

    Parameters
    ----------
    questions
        Those for the judge: question_id, claim_ids, statement, resolution_criteria, made_at,
        resolve_by, verdict, resolution_ids, last_asked.
    articles
        Those first seen from the oldest question's making up to `as_of`, oldest first.
    vectors
        Their unit vectors, shape (n, d).
    encode
        Texts to unit vectors of the same model, shape (n, d).
    days_with_news
        The days on which the archive has an article.

    Raises
    ------
    ValueError
        When an article was first seen after `as_of`.
    """
    policy = policy or JudgingPolicy()
    if questions.empty or articles.empty:
        return
    seen = articles["first_seen_at"].to_numpy()
    if seen.max() > as_of.to_datetime64():
        raise ValueError(f"An article first seen after {as_of} must not decide a claim as of then.")
    cosines = vectors @ encode(list(questions["statement"])).T
    for place, one in enumerate(questions.itertuples()):
        until = min(as_of, one.resolve_by + pd.Timedelta(days=policy.late_days))
        inside = (seen > one.made_at.to_datetime64()) & (seen <= until.to_datetime64())
        if not inside.any():
            continue
        asked = one.made_at if pd.isna(one.last_asked) else one.last_asked
        standing = None if pd.isna(one.verdict) else str(one.verdict)
        complete = window_is_covered(one.made_at, one.resolve_by, days_with_news, policy.archive)
        due = standing is None and asked < one.resolve_by <= as_of and complete
        new = inside & (seen > asked.to_datetime64())
        if not due and not (cosines[new, place] >= policy.near_cosine).any():
            continue
        window = articles[inside]
        found = find_evidence(
            str(one.statement), window, vectors[inside], encode, k=policy.most_articles
        )
        indexed = window.set_index("article_id")
        if not due:
            since = indexed["first_seen_at"] > asked
            lean = propose_verdict(
                str(one.statement), [each for each in found if since[each.article_id]]
            ).verdict
            if lean is None or lean == standing:
                continue
        claim_ids = [str(claim_id) for claim_id in one.claim_ids]
        yield Case(
            claim_id=claim_ids[0],
            question_id=str(one.question_id),
            statement=str(one.statement),
            resolution_criteria=str(one.resolution_criteria),
            made_at=one.made_at,
            resolve_by=one.resolve_by,
            articles=indexed.loc[[each.article_id for each in found]].reset_index(),
            complete=complete,
            fellows=tuple(claim_ids[1:]),
            standing=None
            if standing is None
            else (standing, dict(zip(claim_ids, one.resolution_ids, strict=True))),
        )
