"""What lists and pages say of a report, a claim, a digest item or an article in short."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.rows import Row


def report_brief(archive: Archive, row: Row, *, fate: bool = True) -> Row:
    """A report in a list: headline, topic, confidence, counts, and the fate of its claims."""
    key = (row["report_id"], fate)
    if key not in archive.made:
        archive.made[key] = _report_brief(archive, row, fate)
    return archive.made[key]


def _report_brief(archive: Archive, row: Row, fate: bool) -> Row:
    claims = archive.claims_of[row["report_id"]]
    mean = sum(claim["probability"] for claim in claims) / len(claims)
    brief = {
        "path": paths.report(row["report_id"]),
        "headline": row["headline"],
        "label": label_of(archive, row),
        "section": row["section"],
        "forecaster": row["forecaster"],
        "as_of": row["as_of"],
        "confidence": confidence_of(archive, row["report_id"], mean),
        "mean": mean,
        "claims": len(claims),
        "sources": len(row["sources"]),
    }
    if fate:
        tally = Counter(claim["status"] for claim in claims)
        brief["tally"] = dict(tally)
        brief["status"] = "open" if tally["open"] or tally["overdue"] else "settled"
    return brief


def label_of(archive: Archive, row: Row) -> str:
    """A report's topic label: the analyst's own where there is one."""
    analysis = archive.analyses.get(row["report_id"])
    return str(analysis["label"] if analysis else row["topic_label"])


def confidence_of(archive: Archive, report_id: str, mean: float) -> str:
    """The analyst's own word where there is one, else the band of the mean probability."""
    analysis = archive.analyses.get(report_id)
    return str(analysis["confidence"]) if analysis else confidence_band(mean)


def claim_brief(archive: Archive, claim: Row) -> Row:
    """A claim in a list."""
    key = (claim["claim_id"], True)
    if key not in archive.made:
        archive.made[key] = _claim_brief(archive, claim)
    return archive.made[key]


def _claim_brief(archive: Archive, claim: Row) -> Row:
    report = archive.reports.get(claim["report_id"])
    return {
        "path": paths.question(claim["question_id"]),
        "statement": claim["statement"],
        "probability": claim["probability"],
        "band": claim["band"],
        "window": window(claim["window_days"]),
        "made_at": claim["made_at"],
        "resolve_by": last_day(claim),
        "status": claim["status"],
        "decided_at": claim["decided_at"],
        "forecaster": claim["forecaster"],
        "label": claim["topic_label"],
        "section": claim["section"],
        "report": paths.report(claim["report_id"]) if report else None,
    }


def last_day(claim: Row) -> Any:
    """The deadline as a date is shown: an event by a day may happen on it until it ends."""
    deadline = claim["resolve_by"]
    whole = claim["resolver"] == "judge" and deadline == deadline.normalize()
    return deadline - pd.Timedelta(seconds=1) if whole else deadline


def digest_brief(archive: Archive, row: Row) -> Row:
    """A digest item with its sources, or with its claim."""
    brief: dict[str, Any] = {
        "kind": row["kind"],
        "status": row["status"],
        "headline": row["headline"],
        "sentence": row["sentence"],
        "label": row["topic_label"],
        "topic": archive.topic_path(row["topic_id"]),
        "publishers": row["independent_sources"],
        "sources": archive.cited(row["sources"])[:6],
        "more": max(0, len(row["sources"]) - 6),
    }
    lead = archive.articles.get(row["article_id"] or "")
    if lead:
        brief["url"], brief["publisher"] = lead["url"], lead["publisher"]
    said = archive.articles.get(row["sentence_article_id"] or "")
    if said:
        brief["said_by"] = said["publisher"]
    if row["kind"] == "watch":
        brief |= {
            "claim": archive.question_path(row["claim_id"]),
            "probability": row["probability"],
            "resolve_by": row["resolve_by"],
        }
    return brief


def strip(archive: Archive, day: Any, section: str) -> list[Row]:
    """The trending strip of a section on a day, each term with its timeline if it has one."""
    return [
        {"term": row["term"], "path": archive.topic_path(row["topic_id"])}
        for row in archive.trending.get((day, section), [])
    ]


def window(days: int) -> str:
    """A number of days as a reader says it.

    Examples
    --------
    >>> window(3), window(14), window(30), window(91)
    ('within 3 days', 'within 2 weeks', 'within 1 month', 'within 3 months')
    """
    if days >= 28 and days != 42:
        number, unit = round(days / 30.4), "month"
    elif days % 7 == 0:
        number, unit = days // 7, "week"
    else:
        number, unit = days, "day"
    return f"within {number} {unit}{'' if number == 1 else 's'}"
