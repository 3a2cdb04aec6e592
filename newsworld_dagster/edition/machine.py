"""For programs: static JSON with a schema, the search index, sitemap and robots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
from pydantic_core import to_json

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.briefs import label_of, report_brief
from newsworld_dagster.edition.predictions import settled
from newsworld_dagster.edition.publish import File
from newsworld_dagster.edition.render import ROOM, iso
from newsworld_dagster.edition.rows import Row, grouped

SCHEMA = ROOM / "schema.json"
LATEST = 200


def data_files(archive: Archive) -> Iterator[File]:
    """`api/`: what the pages say, as JSON that `api/schema.json` describes."""
    reports = grouped(archive.reports.values(), "day")
    editions = []
    for row in archive.editions:
        name = f"{row['day']:%Y-%m-%d}"
        path = f"api/editions/{name}.json"
        editions.append({"day": name, "path": path, "claims": row["claims"]})
        yield _json(
            path,
            {
                "day": name,
                "as_of": iso(row["as_of"]),
                "reports": [_report(archive, one) for one in reports.get(row["day"], [])],
            },
        )
    yield _json(
        "api/settled.json",
        {"claims": [_claim(claim) for claim in settled(archive)[:LATEST]]},
    )
    yield _json("api/scorecard.json", {"rows": archive.rows("scorecard")})
    yield _json("api/predictions.json", _table(archive))
    yield _json(
        "api/index.json",
        {
            "as_of": iso(archive.as_of),
            "schema": "api/schema.json",
            "scorecard": "api/scorecard.json",
            "settled": "api/settled.json",
            "predictions": "api/predictions.json",
            "feeds": {"atom": "feeds/all.xml", "json": "feeds/all.json"},
            "forecasters": list(archive.rank),
            "editions": editions,
        },
    )
    yield File("api/schema.json", b"", SCHEMA.read_bytes)


def search_files(archive: Archive) -> Iterator[File]:
    """What the browser searches: documents by week, so that a day changes one file."""
    weeks: dict[str, list[list[Any]]] = {}
    for kind, date, title, more, path in _documents(archive):
        year, week, _ = date.isocalendar()
        weeks.setdefault(f"{year}-{week:02d}", []).append(
            [kind, f"{date:%Y-%m-%d}", title, more, path]
        )
    listed = []
    for week, rows in sorted(weeks.items(), reverse=True):
        path = f"search/{week}.json"
        listed.append({"path": path, "week": week, "documents": len(rows)})
        yield _json(path, rows)
    yield _json("search/index.json", {"weeks": listed})


def site_files(site_url: str, pages: Iterable[str]) -> Iterator[File]:
    """The sitemap, in parts of at most 50,000 addresses, and robots.txt."""
    addresses = [site_url + ("" if path == "index.html" else path) for path in pages]
    parts = [addresses[start : start + 50_000] for start in range(0, len(addresses), 50_000)]
    names = [f"sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    for name, part in zip(names, parts, strict=True):
        lines = "\n".join(f"<url><loc>{escape(address)}</loc></url>" for address in part)
        yield _text(name, f'<urlset xmlns="{_SITEMAP}">\n{lines}\n</urlset>\n', xml=True)
    listed = "\n".join(f"<sitemap><loc>{escape(site_url + name)}</loc></sitemap>" for name in names)
    index = f'<sitemapindex xmlns="{_SITEMAP}">\n{listed}\n</sitemapindex>\n'
    yield _text("sitemap.xml", index, xml=True)
    yield _text("robots.txt", f"User-agent: *\nAllow: /\n\nSitemap: {site_url}sitemap.xml\n")


_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def _documents(archive: Archive) -> Iterator[tuple[str, pd.Timestamp, str, str, str]]:
    """Kind, date, title, what else it is found by, and path of all that can be searched."""
    for row in archive.leading:
        path = paths.report(row["report_id"])
        yield "prediction", row["as_of"], row["headline"], label_of(archive, row), path
    for question, claims in archive.questions.items():
        first = claims[0]
        yield (
            "claim",
            first["made_at"],
            first["statement"],
            first["status"],
            paths.question(question),
        )
    for topic_id in archive.axis:
        topic = archive.topics.get(topic_id)
        if topic:
            words = " ".join(topic["keywords"])
            yield "story", topic["last_seen_at"], topic["label"], words, paths.topic(topic_id)
    for article_id, row in archive.articles.items():
        if not row["copy"]:
            path = archive.article_path(article_id) or ""
            yield "article", row["first_seen_at"], row["title"], row["publisher"], path


def _table(archive: Archive) -> Row:
    """All reports in short, as columns and rows: what the filters of the page read."""
    leading = {row["report_id"] for row in archive.leading}
    columns = ["path", "headline", "label", "section", "confidence", "forecaster", "status"]
    rows = []
    for row in archive.reports.values():
        brief = report_brief(archive, row)
        rows.append(
            [brief[name] for name in columns]
            + [f"{brief['as_of']:%Y-%m-%d}", brief["claims"], round(brief["mean"], 3)]
            + [f"{min(one['resolve_by'] for one in archive.claims_of[row['report_id']]):%Y-%m-%d}"]
            + [row["report_id"] in leading]
        )
    return {"columns": [*columns, "date", "claims", "mean", "due", "leading"], "rows": rows}


def _report(archive: Archive, row: Row) -> Row:
    brief = report_brief(archive, row)
    return {
        "report_id": row["report_id"],
        "page": brief["path"],
        "headline": row["headline"],
        "topic": {"topic_id": row["topic_id"], "label": brief["label"]},
        "section": row["section"],
        "forecaster": row["forecaster"],
        "model": row["model"],
        "confidence": brief["confidence"],
        "claims": [_claim(claim) for claim in archive.claims_of[row["report_id"]]],
        "sources": [
            {name: source[name] for name in ("number", "publisher", "title", "url", "note")}
            for source in archive.cited(row["sources"])
        ],
    }


def _claim(claim: Row) -> Row:
    return {
        "claim_id": claim["claim_id"],
        "question_id": claim["question_id"],
        "page": paths.question(claim["question_id"]),
        "statement": claim["statement"],
        "forecaster": claim["forecaster"],
        "probability": claim["probability"],
        "band": claim["band"],
        "made_at": iso(claim["made_at"]),
        "resolve_by": iso(claim["resolve_by"]),
        "resolver": claim["resolver"],
        "status": claim["status"],
        "decided_at": iso(claim["decided_at"]) if claim["decided_at"] else None,
        "row_hash": claim["row_hash"],
    }


def _json(path: str, document: Any) -> File:
    content = to_json(document)
    return File(path, content, lambda: content)


def _text(path: str, text: str, *, xml: bool = False) -> File:
    content = (('<?xml version="1.0" encoding="UTF-8"?>\n' if xml else "") + text).encode()
    return File(path, content, lambda: content)
