"""The worst misses of a snapshot, with what was counted and what to read."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.resolution.nearness import nearness
from newsworld_dagster.scoring.faults import propose_faults
from newsworld_dagster.warehouse import Snapshot

# Which articles a reader is sent to, in this order.
ROLES = {"counted": "counted", "later": "after the deadline", "cited": "cited in the claim"}


def worst_misses(snapshot: Snapshot, forecaster: str, most: int = 10) -> pd.DataFrame:
    """The scored claims of a forecaster with the highest Brier score, worst first.

    Each with the label that the signs propose (see `scoring.faults.TAXONOMY`); a question that
    was asked of several forecasters is one miss of each.

    Returns
    -------
    pandas.DataFrame
        claim_id, topic_id, topic_label, section, template, statement, made_at, resolve_by,
        window_days, probability, outcome, brier, reason (of the verdict), rationale, needed,
        counted, met_at, foreign_share, proposed, sign, and counted_ids, later_ids, cited_ids
        (lists of article_id).
    """
    misses = snapshot.sql(
        """
        SELECT s.claim_id, s.topic_id, s.topic_label, s.section, s.template, c.statement,
            s.made_at, s.resolve_by, s.window_days, s.probability, s.outcome, s.brier, v.reason,
            c.rationale, c.spec, c.sources, v.is_correction AS is_corrected,
            json_array_length(c.findings)::INTEGER AS findings, r.evidence
        FROM marts.fct_scored_claims AS s
        JOIN forecasts.claims AS c USING (claim_id)
        JOIN intermediate.int_current_verdicts AS v USING (claim_id)
        JOIN outcomes.resolutions AS r USING (resolution_id)
        WHERE s.forecaster = ?
        ORDER BY s.brier DESC, s.claim_id
        LIMIT ?
        """,
        [forecaster, most],
    )
    misses = misses.assign(
        cited_ids=[_ids(text) for text in misses["sources"]],
        foreign_share=_foreign_share(snapshot, misses),
    )
    ruled = misses[misses["spec"].notna()]
    counted = count_rules(snapshot, ruled, beyond=True)
    misses = misses.merge(counted, on="claim_id", how="left", validate="one_to_one")
    for name in ("counted_ids", "later_ids"):
        misses[name] = [found if isinstance(found, list) else [] for found in misses[name]]
    return propose_faults(misses).drop(
        columns=["spec", "sources", "evidence", "findings", "is_corrected"]
    )


def to_read(snapshot: Snapshot, misses: pd.DataFrame, most: int = 4) -> pd.DataFrame:
    """The articles to read about each miss, at most so many a claim.

    First what the rule counted, then what came after the deadline, then what the claim cited.

    Returns
    -------
    pandas.DataFrame
        claim_id, role, first_seen_at, publisher, title, url; in the order of `misses`.
    """
    rows = [
        {"claim_id": miss["claim_id"], "article_id": article_id, "role": said}
        for miss in misses.to_dict("records")
        for article_id, said in _chosen(miss, most).items()
    ]
    listed = pd.DataFrame(rows, columns=["claim_id", "article_id", "role"])
    articles = snapshot.sql(
        "SELECT article_id, first_seen_at, publisher, title, url FROM news.articles "
        "WHERE article_id IN (SELECT unnest(?::VARCHAR[]))",
        [listed["article_id"].tolist()],
    )
    found = listed.merge(articles, on="article_id", validate="many_to_one")
    return found[["claim_id", "role", "first_seen_at", "publisher", "title", "url"]]


def misses_table(misses: pd.DataFrame) -> pd.DataFrame:
    """Misses as text: No, Claim, Said, Came out, Sign, Proposed label."""
    return pd.DataFrame(
        {
            "No": range(1, len(misses) + 1),
            "Claim": misses["statement"],
            "Said": [f"{value:.0%}" for value in misses["probability"]],
            "Came out": np.where(misses["outcome"] == 1, "yes", "no"),
            "What was measured": misses["sign"],
            "Proposed label": misses["proposed"].replace("", "–"),
        }
    )


def reading_table(misses: pd.DataFrame, articles: pd.DataFrame) -> pd.DataFrame:
    """Articles of `to_read` as text: No (of the miss), Seen, Role, Publisher, Article, url."""
    number = {claim_id: place for place, claim_id in enumerate(misses["claim_id"], start=1)}
    return pd.DataFrame(
        {
            "No": articles["claim_id"].map(number),
            "Seen": articles["first_seen_at"].dt.strftime("%Y-%m-%d"),
            "Role": articles["role"],
            "Publisher": articles["publisher"],
            "Article": articles["title"],
            "url": articles["url"],
        }
    )


def count_rules(snapshot: Snapshot, claims: pd.DataFrame, *, beyond: bool = False) -> pd.DataFrame:
    """What the rules of claims have counted by now, as `resolution.nearness` gives it.

    Parameters
    ----------
    claims
        Columns claim_id, spec (JSON), made_at, resolve_by, window_days.
    beyond
        Whether to count on for one more window after each deadline, to see what came late.
    """
    reader = snapshot.reader
    anchors = reader.anchors(
        pd.Series([json.loads(spec)["anchor_id"] for spec in claims["spec"]], dtype=str)
    )
    if anchors.empty:
        nothing = snapshot.table("news.articles").iloc[:0]
        return nearness(claims.iloc[:0], anchors, nothing, np.zeros((0, 0)))
    windows = pd.to_timedelta(claims["window_days"], unit="D")
    end = (claims["resolve_by"] + windows * int(beyond)).max()
    articles = reader.articles_as_of(min(end, snapshot.as_of), claims["made_at"].min())
    # Imported late: Dagster takes a second or two, and a notebook may not need it.
    from newsworld_dagster.defs.vector_cache import whole_vectors

    encoder = SentenceTransformerEncoder(str(anchors["model"].iloc[0]))
    vectors = whole_vectors(reader, articles, encoder)
    return nearness(claims, anchors, articles, vectors)


def _chosen(miss: dict[str, object], most: int) -> dict[str, str]:
    """article_id to role; every role that has articles gets a share."""
    lists = {role: list(miss[f"{role}_ids"]) for role in ROLES}  # type: ignore[call-overload]
    chosen: dict[str, str] = {}
    for place in range(most):
        for role, ids in lists.items():
            if place < len(ids) and len(chosen) < most:
                chosen.setdefault(str(ids[place]), ROLES[role])
    return chosen


def _foreign_share(snapshot: Snapshot, misses: pd.DataFrame) -> list[float]:
    """Of the articles behind each verdict, the share that now belongs to another topic."""
    topic_of = snapshot.articles().set_index("article_id")["topic_id"].dropna()
    shares = []
    for topic_id, evidence in zip(misses["topic_id"], misses["evidence"], strict=True):
        placed = [topic_of[one] for one in _ids(evidence) if one in topic_of.index]
        foreign = sum(topic != topic_id for topic in placed)
        shares.append(foreign / len(placed) if placed else float("nan"))
    return shares


def _ids(listed: str) -> list[str]:
    return [str(one["article_id"]) for one in json.loads(listed) if "article_id" in one]
