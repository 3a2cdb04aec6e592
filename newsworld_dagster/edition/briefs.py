"""What lists and pages say of a report, a claim, a digest item or an article in short."""

from __future__ import annotations

from typing import Any

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive, day_key
from newsworld_dagster.edition.derived import FATES
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.rows import Row, told


def report_brief(archive: Archive, report_id: str, *, fate: bool = True) -> Row:
    """A report in a list: headline, topic, confidence, counts, and the fate of its claims."""
    (row,) = archive.briefs.get(report_id)
    names = ("headline", "label", "section", "forecaster", "as_of", "confidence", "mean")
    brief: Row = {"path": paths.report(report_id), "sources": row["cited"]}
    brief |= told(row, *names, "claims")
    if fate:
        (fates,) = archive.fates.get(report_id)
        brief["tally"] = {name: fates[name] for name in FATES if fates[name]}
    return brief


def claim_brief(archive: Archive, claim: Record) -> Row:
    """A claim in a list."""
    return {
        "path": paths.question(claim["question_id"]),
        "window": window(claim["window_days"]),
        "resolve_by": claim["last_day"],
        "label": claim["topic_label"],
        "report": archive.report_path(claim["report_id"]),
    } | told(
        claim,
        "statement",
        "probability",
        "band",
        "made_at",
        "status",
        "decided_at",
        "forecaster",
        "section",
    )


def digest_brief(archive: Archive, row: Record) -> Row:
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
    lead = archive.articles.one(row["article_id"])
    if lead:
        brief["url"], brief["publisher"] = lead["url"], lead["publisher"]
    said = archive.articles.one(row["sentence_article_id"])
    if said:
        brief["said_by"] = said["publisher"]
    if row["kind"] == "watch":
        brief |= {
            "claim": archive.question_path(row["claim_id"]),
            "probability": row["probability"],
            "resolve_by": row["resolve_by"],
        }
    return brief


def strip(archive: Archive, day: str | None, section: str) -> list[Row]:
    """The trending strip of a section on a day, each term with its timeline if it has one."""
    return [
        {"term": row["term"], "path": archive.topic_path(row["topic_id"])}
        for row in archive.trending.get(day_key(day, section))
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
