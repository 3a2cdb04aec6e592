"""For programs: static JSON with a schema, the search index, sitemap and robots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
from pydantic_core import to_json

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.briefs import report_brief
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.publish import File
from newsworld_dagster.edition.record import COUNTS, SCORES
from newsworld_dagster.edition.render import ROOM, iso
from newsworld_dagster.edition.rows import Row, told

SCHEMA = ROOM / "schema.json"
LATEST = 200


def data_files(archive: Archive) -> Iterator[File]:
    """`api/`: what the pages say, as JSON that `api/schema.json` describes."""
    for name in archive.editions:
        yield _json(archive, _edition_path(name), _edition, name)
    yield _json(archive, "api/settled.json", _settled)
    yield _json(archive, "api/scorecard.json", _scorecard)
    yield _json(archive, "api/predictions.json", _table)
    yield _json(archive, "api/index.json", _contents, archive.as_of, list(archive.rank))
    yield File("api/schema.json", tuple, lambda _: SCHEMA.read_bytes())


def search_files(archive: Archive) -> Iterator[File]:
    """What the browser searches: documents by week, so that a day changes one file."""
    for week in archive.weeks:
        yield _json(archive, _week_path(week), _week, week)
    yield _json(archive, "search/index.json", _weeks)


def site_files(site_url: str, pages: Iterable[str]) -> Iterator[File]:
    """The sitemap, in parts of at most 50,000 addresses, and robots.txt."""
    addresses = [site_url + ("" if path == "index.html" else path) for path in pages]
    parts = [addresses[start : start + 50_000] for start in range(0, len(addresses), 50_000)]
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        yield _text(name, partial(_sitemap, part))
    yield _text("sitemap.xml", partial(_sitemaps, [site_url + name for name in names]))
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {site_url}sitemap.xml\n"
    yield _text("robots.txt", lambda: robots)


def _sitemap(addresses: list[str]) -> str:
    lines = "\n".join(f"<url><loc>{escape(address)}</loc></url>" for address in addresses)
    return f'{_XML}<urlset xmlns="{_SITEMAP}">\n{lines}\n</urlset>\n'


def _sitemaps(addresses: list[str]) -> str:
    lines = "\n".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>" for address in addresses)
    return f'{_XML}<sitemapindex xmlns="{_SITEMAP}">\n{lines}\n</sitemapindex>\n'


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def _edition_path(day: str) -> str:
    return f"api/editions/{day}.json"


def _edition(archive: Archive, name: str) -> Row:
    (row,) = archive.editions.get(name)
    return {
        "day": name,
        "as_of": iso(row["as_of"]),
        "reports": [_report(archive, one) for one in archive.reports_by_day.get(name)],
    }


def _settled(archive: Archive) -> Row:
    return {"claims": [_claim(claim) for claim in islice(archive.settled.all(), LATEST)]}


def _scorecard(archive: Archive) -> Row:
    return {
        "rows": [
            told(row, "by", "group", "forecaster", *COUNTS, *SCORES)
            for row in archive.scorecard.all()
        ]
    }


def _contents(archive: Archive, as_of: pd.Timestamp, forecasters: list[str]) -> Row:
    return {
        "as_of": iso(as_of),
        "schema": "api/schema.json",
        "scorecard": "api/scorecard.json",
        "settled": "api/settled.json",
        "predictions": "api/predictions.json",
        "feeds": {"atom": "feeds/all.xml", "json": "feeds/all.json"},
        "forecasters": forecasters,
        "editions": [
            {"day": row["name"], "path": _edition_path(row["name"]), "claims": row["claims"]}
            for row in archive.editions.all()
        ],
    }


def _week_path(week: str) -> str:
    return f"search/{week}.json"


def _weeks(archive: Archive) -> Row:
    return {
        "weeks": [
            {"path": _week_path(row["week"])} | told(row, "week", "documents")
            for row in archive.weeks.all()
        ]
    }


def _week(archive: Archive, week: str) -> list[list[str]]:
    """Kind, date, title, what else it is found by, and path of what can be searched of a week."""
    return [
        [kind, f"{date:%Y-%m-%d}", title, more, path]
        for kind, date, title, more, path in _documents(archive, week)
    ]


def _documents(archive: Archive, week: str) -> Iterator[tuple[str, pd.Timestamp, str, str, str]]:
    for row in archive.predictions_found.get(week):
        brief = report_brief(archive, row["report_id"], fate=False)
        yield "prediction", row["as_of"], brief["headline"], brief["label"], brief["path"]
    for row in archive.claims_found.get(week):
        path = paths.question(row["question_id"])
        yield "claim", row["made_at"], row["statement"], row["status"], path
    for row in archive.stories_found.get(week):
        path = paths.topic(row["topic_id"])
        yield "story", row["last"], row["label"], " ".join(row["keywords"]), path
    for row in archive.articles_found.get(week):
        path = archive.article_path(row)
        yield "article", row["first_seen_at"], row["title"], row["publisher"], path


def _table(archive: Archive) -> Row:
    """All reports in short, as columns and rows: what the filters of the page read."""
    leading = {row["report_id"] for row in archive.leading.all()}
    names = ["headline", "label", "section", "confidence", "forecaster"]
    rows = [
        [paths.report(brief["report_id"])]
        + [brief[name] for name in names]
        + ["open" if fate["open"] or fate["overdue"] else "settled"]
        + [f"{brief['as_of']:%Y-%m-%d}", brief["claims"], round(brief["mean"], 3)]
        + [f"{fate['due']:%Y-%m-%d}", brief["report_id"] in leading]
        for brief, fate in zip(archive.briefs.all(), archive.fates.all(), strict=True)
    ]
    columns = ["path", *names, "status", "date", "claims", "mean", "due", "leading"]
    return {"columns": columns, "rows": rows}


def _report(archive: Archive, row: Record) -> Row:
    brief = report_brief(archive, row["report_id"], fate=False)
    return told(row, "report_id", "headline", "section", "forecaster", "model") | {
        "page": brief["path"],
        "topic": {"topic_id": row["topic_id"], "label": brief["label"]},
        "confidence": brief["confidence"],
        "claims": [_claim(claim) for claim in archive.claims_of.get(row["report_id"])],
        "sources": [
            {name: source[name] for name in ("number", "publisher", "title", "url", "note")}
            for source in archive.cited(row["sources"])
        ],
    }


def _claim(claim: Record) -> Row:
    names = ("claim_id", "question_id", "statement", "forecaster", "probability", "band")
    return told(claim, *names, "resolver", "status", "row_hash") | {
        "page": paths.question(claim["question_id"]),
        "made_at": iso(claim["made_at"]),
        "resolve_by": iso(claim["resolve_by"]),
        "decided_at": iso(claim["decided_at"]) if claim["decided_at"] else None,
    }


def _json(archive: Archive, path: str, document: Callable[..., Any], *key: Any) -> File:
    return File(path, partial(document, archive, *key), to_json, key)


def _text(path: str, gather: Callable[[], str]) -> File:
    text = gather()
    return File(path, lambda: text, str.encode, (text,))
