"""Prediction pages and their lists."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import A_PAGE, Archive, desk_key
from newsworld_dagster.edition.briefs import claim_brief, report_brief, window
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.render import Page, iso
from newsworld_dagster.edition.rows import Row, grouped, told

SOON = 80
# A step of a timeline that a report shows as what had happened.
STEPS = 6
SECTION_NAMES = {
    "situation": "The current situation",
    "signal": "Key trends and signals",
    "outlook": "What happens next",
    "implications": "Broader implications",
}


def report_pages(archive: Archive) -> Iterator[Page]:
    """One page a report."""
    for report_id in archive.reports:
        yield Page(paths.report(report_id), "prediction.html", _report, (report_id,))


def _report(archive: Archive, report_id: str) -> Row:
    row = archive.reports.get(report_id)[0]
    claims = archive.claims_of.get(report_id)
    brief = report_brief(archive, row["report_id"])
    sources = archive.cited(row["sources"])
    texts = archive.texts.get(report_id)
    card = paths.card(report_id) if report_id in archive.cards else _section_card(row)
    desks = archive.desks.get(desk_key(row["topic_id"], row["as_of"]))
    return {
        "meta": {
            "title": row["headline"],
            "description": _description(brief, claims),
            "kind": "article",
            "date": iso(row["as_of"]),
            "card": card,
            "data": _structured(row, claims, sources),
        },
        "report": brief,
        "model": row["model"],
        "overview": row["overview"],
        "texts": [
            {
                "name": SECTION_NAMES[kind],
                "parts": [told(part, "heading", "by", "text") for part in parts],
            }
            for kind, parts in grouped(texts, "kind").items()
        ],
        "steps": [] if texts else _steps(archive, row),
        "signals": [] if texts else _signals(row),
        "claims": [_event(archive, claim) for claim in claims],
        "windows": _windows(archive, claims),
        "sources": sources,
        "numbers": [source["number"] for source in sources],
        "topic": archive.topic_path(row["topic_id"]),
        "edition": paths.edition(row["day"]),
        "desks": [
            {"forecaster": other["forecaster"], "path": paths.report(other["report_id"])}
            for other in desks
            if other["report_id"] != report_id
        ],
        "related": [
            report_brief(archive, link["other"], fate=False)
            for link in archive.relatives.get(report_id)
        ],
    }


def prediction_lists(archive: Archive) -> Iterator[Page]:
    """All predictions, newest first and page by page; what is due soon; what was settled last.

    The pages list the preferred forecaster's report of each topic; those of the others are a click
    behind it, and among what the filters find.
    """
    count = -(-archive.leading.size() // A_PAGE)
    forecasters = list(archive.rank)
    yield Page("predictions/index.html", "predictions.html", _newest, (count, forecasters))
    for number in range(1, count + 1):
        key = (number, number < count, forecasters)
        yield Page(numbered(number), "predictions.html", _numbered, key)
    yield Page("predictions/due.html", "claims.html", _due)
    yield Page("predictions/settled.html", "claims.html", _settled)


def _newest(archive: Archive, count: int, forecasters: list[str]) -> Row:
    return {
        "meta": {
            "title": "All predictions",
            "description": "Every prediction with its probability and its fate, newest first.",
        },
        "reports": [
            report_brief(archive, row["report_id"]) for row in islice(archive.leading.all(), A_PAGE)
        ],
        "total": archive.leading.size(),
        "forecasters": forecasters,
        "numbers": [{"number": one, "path": numbered(one)} for one in range(count, 0, -1)],
    }


def _numbered(archive: Archive, number: int, newer: bool, forecasters: list[str]) -> Row:
    """It tells no total and not the other numbers, which would change every page every day."""
    return {
        "meta": {
            "title": f"All predictions, page {number}",
            "description": "Predictions in the order in which they were made.",
        },
        "reports": [
            report_brief(archive, row["report_id"])
            for row in archive.leading_by_page.get(str(number))
        ],
        "page_number": number,
        "forecasters": forecasters,
        "newer": numbered(number + 1) if newer else None,
        "older": numbered(number - 1) if number > 1 else None,
    }


def numbered(number: int) -> str:
    """A page of the list; the first has the oldest, so that a full page keeps its predictions."""
    return f"predictions/page-{number}.html"


def _due(archive: Archive) -> Row:
    return {
        "meta": {
            "title": "Due soon",
            "description": "Open claims, the next deadline first.",
        },
        "claims": [claim_brief(archive, claim) for claim in islice(archive.due.all(), SOON)],
        "lead": "Open claims in the order of their deadlines. Each falls due at 00:00 UTC of "
        "its day and is then settled by its rule.",
    }


def _settled(archive: Archive) -> Row:
    return {
        "meta": {
            "title": "Newly settled",
            "description": "The claims that were settled last, each with its verdict.",
        },
        "claims": [claim_brief(archive, claim) for claim in islice(archive.settled.all(), SOON)],
        "lead": "The latest verdicts, whichever way they went. A verdict can be corrected; the "
        "correction is then shown beside what it corrects.",
    }


def _section_card(row: Record) -> str:
    return f"cards/{row['section'].lower()}.png"


def _event(archive: Archive, claim: Record) -> Row:
    return claim_brief(archive, claim) | {"rationale": claim["rationale"]}


def _windows(archive: Archive, claims: list[Record]) -> list[Row]:
    """Claims by the time they leave, the shortest first."""
    by_window = grouped(sorted(claims, key=lambda claim: claim["window_days"]), "window_days")
    return [
        {"window": window(int(days)), "claims": [claim_brief(archive, one) for one in rows]}
        for days, rows in by_window.items()
    ]


def _steps(archive: Archive, report: Record) -> list[Row]:
    """What had happened when a report was made, and nothing later."""
    rows = archive.steps.get(report["topic_id"])
    return [_step(archive, row) for row in rows if row["as_of"] <= report["as_of"]][-STEPS:]


def _step(archive: Archive, row: Record) -> Row:
    article = archive.articles.one(row["article_id"])
    return {
        "date": row["date"],
        "sentence": row["sentence"],
        "publisher": article["publisher"] if article else None,
        "url": article["url"] if article else None,
        "publishers": row["independent_sources"],
    }


def _signals(row: Record) -> list[str]:
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


def _description(brief: Row, claims: list[Record]) -> str:
    first = claims[0]
    return (
        f"{brief['claims']} predicted events on {brief['label']}, each with a probability and a "
        f"deadline. {round(100 * first['probability'])} %: {first['statement']}"
    )[:300]


def _structured(row: Record, claims: list[Record], sources: list[Row]) -> dict[str, Any]:
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
