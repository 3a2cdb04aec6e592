"""Prediction pages and their lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.briefs import claim_brief, last_day, report_brief, window
from newsworld_dagster.edition.render import Page, iso
from newsworld_dagster.edition.rows import Row, grouped

A_PAGE = 60
SOON = 80
# A step of a timeline that a report shows as what had happened.
STEPS = 6
SECTION_NAMES = {
    "situation": "The current situation",
    "signal": "Key trends and signals",
    "outlook": "What happens next",
    "implications": "Broader implications",
}


def report_pages(archive: Archive, cards: set[str]) -> Iterator[Page]:
    """One page a report.

    Parameters
    ----------
    archive
        The rows.
    cards
        Reports that have a picture of their own.
    """
    written = grouped(archive.rows("texts"), "report_id")
    steps = {
        topic: [r for r in rows if r["kind"] == "step"] for topic, rows in archive.axis.items()
    }
    desks: dict[tuple[str, Any], list[Row]] = {}
    for row in archive.reports.values():
        desks.setdefault((row["topic_id"], row["as_of"]), []).append(row)
    for report_id, row in archive.reports.items():
        claims = archive.claims_of[report_id]
        brief = report_brief(archive, row)
        sources = archive.cited(row["sources"])
        texts = written.get(report_id, [])
        own_steps = steps.get(row["topic_id"], [])
        context = {
            "meta": {
                "title": row["headline"],
                "description": _description(brief, claims),
                "kind": "article",
                "date": iso(row["as_of"]),
                "card": paths.card(report_id) if report_id in cards else _section_card(row),
                "data": _structured(row, claims, sources),
            },
            "report": brief,
            "model": row["model"],
            "overview": row["overview"],
            "texts": [
                {"name": SECTION_NAMES[kind], "parts": parts}
                for kind, parts in grouped(texts, "kind").items()
            ],
            "steps": []
            if texts
            else [_step(archive, r) for r in own_steps if r["as_of"] <= row["as_of"]][-STEPS:],
            "signals": [] if texts else _signals(row),
            "claims": [_event(archive, claim) for claim in claims],
            "windows": _windows(archive, claims),
            "sources": sources,
            "numbers": [source["number"] for source in sources],
            "topic": archive.topic_path(row["topic_id"]),
            "edition": paths.edition(row["day"]),
            "desks": [
                {"forecaster": other["forecaster"], "path": paths.report(other["report_id"])}
                for other in desks[(row["topic_id"], row["as_of"])]
                if other["report_id"] != report_id
            ],
            "related": [
                report_brief(archive, archive.reports[other], fate=False)
                for other in archive.relatives.get(report_id, [])
            ],
        }
        yield Page(paths.report(report_id), "prediction.html", context)


def prediction_lists(archive: Archive) -> Iterator[Page]:
    """All predictions, newest first and page by page; what is due soon; what was settled last.

    The pages list the preferred forecaster's report of each topic; those of the others are a click
    behind it, and among what the filters find.
    """
    briefs = [report_brief(archive, row) for row in archive.leading]
    oldest_first = briefs[::-1]
    pages = [oldest_first[start : start + A_PAGE] for start in range(0, len(briefs), A_PAGE)]
    numbers = list(range(len(pages), 0, -1))
    choices = {
        "sections": sorted({brief["section"] for brief in briefs}),
        "forecasters": list(archive.rank),
    }
    yield Page(
        "predictions/index.html",
        "predictions.html",
        {
            "meta": {
                "title": "All predictions",
                "description": "Every prediction with its probability and its fate, newest first.",
            },
            "reports": briefs[:A_PAGE],
            "total": len(briefs),
            "choices": choices,
            "numbers": numbers,
            "page_number": None,
        },
    )
    for number, rows in enumerate(pages, start=1):
        yield Page(
            f"predictions/page-{number}.html",
            "predictions.html",
            {
                "meta": {
                    "title": f"All predictions, page {number}",
                    "description": "Predictions in the order in which they were made.",
                },
                "reports": rows[::-1],
                "total": len(briefs),
                "choices": choices,
                "numbers": numbers,
                "page_number": number,
            },
        )
    yield Page(
        "predictions/due.html",
        "claims.html",
        {
            "meta": {
                "title": "Due soon",
                "description": "Open claims, the next deadline first.",
            },
            "claims": [claim_brief(archive, claim) for claim in due_soon(archive)[:SOON]],
            "lead": "Open claims in the order of their deadlines. Each falls due at 00:00 UTC of "
            "its day and is then settled by its rule.",
        },
    )
    yield Page(
        "predictions/settled.html",
        "claims.html",
        {
            "meta": {
                "title": "Newly settled",
                "description": "The claims that were settled last, each with its verdict.",
            },
            "claims": [claim_brief(archive, claim) for claim in settled(archive)[:SOON]],
            "lead": "The latest verdicts, whichever way they went. A verdict can be corrected; the "
            "correction is then shown beside what it corrects.",
        },
    )


def due_soon(archive: Archive) -> list[Row]:
    """Open claims, one a question, the next deadline first."""
    leading = [claims[0] for claims in archive.questions.values()]
    still_open = [claim for claim in leading if claim["status"] in ("open", "overdue")]
    return sorted(still_open, key=lambda claim: (last_day(claim), claim["seq"]))


def settled(archive: Archive) -> list[Row]:
    """Settled claims, one a question, the latest verdict first."""
    leading = [claims[0] for claims in archive.questions.values() if claims[0]["verdict"]]
    return sorted(leading, key=lambda claim: (-claim["decided_at"].value, claim["seq"]))


def _section_card(row: Row) -> str:
    return f"cards/{row['section'].lower()}.png"


def _event(archive: Archive, claim: Row) -> Row:
    return claim_brief(archive, claim) | {"rationale": claim["rationale"]}


def _windows(archive: Archive, claims: list[Row]) -> list[Row]:
    """Claims by the time they leave, the shortest first."""
    by_window = grouped(sorted(claims, key=lambda claim: claim["window_days"]), "window_days")
    return [
        {"window": window(int(days)), "claims": [claim_brief(archive, one) for one in rows]}
        for days, rows in by_window.items()
    ]


def _step(archive: Archive, row: Row) -> Row:
    article = archive.articles.get(row["article_id"] or "")
    return {
        "date": row["date"],
        "sentence": row["sentence"],
        "publisher": article["publisher"] if article else None,
        "url": article["url"] if article else None,
        "publishers": row["independent_sources"],
    }


def _signals(row: Row) -> list[str]:
    """What the topic's figures of that day say, in words."""
    if row["lifecycle"] is None:
        return []
    days = round(7 * row["persistence"])
    said = [
        f"{row['independent_publishers']} independent publishers in the last seven days; "
        f"{row['topic_articles']} articles of {row['topic_publishers']} publishers since "
        f"{row['topic_since'].day} {row['topic_since']:%B %Y}.",
        f"On {'7 or more' if days >= 7 else days} of the last 14 days there was an article.",
    ]
    if row["growth"] > 0.25:
        said.append("Coverage is picking up: the last three days brought more than expected.")
    elif row["growth"] == 0:
        said.append("Coverage is not growing: the last three days brought no more than expected.")
    else:
        said.append("Coverage is holding: the last three days brought a little more than expected.")
    if row["novelty"] > 0.35:
        said.append("The latest articles differ from what the topic was about before.")
    return said


def _description(brief: Row, claims: list[Row]) -> str:
    first = claims[0]
    return (
        f"{brief['claims']} predicted events on {brief['label']}, each with a probability and a "
        f"deadline. {round(100 * first['probability'])} %: {first['statement']}"
    )[:300]


def _structured(row: Row, claims: list[Row], sources: list[Row]) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "AnalysisNewsArticle",
        "headline": row["headline"][:110],
        "datePublished": iso(row["as_of"]),
        "articleSection": row["section"],
        "author": {"@type": "Organization", "name": f"NewsWorld, forecaster {row['forecaster']}"},
        "publisher": {"@type": "Organization", "name": "NewsWorld"},
        "about": row["topic_label"],
        "citation": [source["url"] for source in sources if source["url"]],
        "hasPart": [{"@type": "Claim", "text": claim["statement"]} for claim in claims],
    }
