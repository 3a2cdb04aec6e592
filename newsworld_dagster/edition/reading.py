"""Digests, timelines and lists of articles."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from newsworld_dagster.contracts.digests import DIGEST_SECTIONS, FRONT
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.briefs import claim_brief, digest_brief
from newsworld_dagster.edition.render import Page, day
from newsworld_dagster.edition.rows import Row, grouped

# Quiet topics that the list of timelines still names.
QUIET = 150
MOST_SOURCES = 8


def digest_pages(archive: Archive) -> Iterator[Page]:
    """One page a digest, and their list."""
    listed: list[Row] = []
    editions = {row["day"] for row in archive.editions}
    for (stamp, period), rows in archive.digests.items():
        columns = [
            {
                "name": "The front" if name == FRONT else name,
                "items": [digest_brief(archive, row) for row in items],
            }
            for name, items in _by_section(rows)
        ]
        weekly = period == "weekly"
        title = f"{'The week to' if weekly else 'The digest of'} {day(stamp)}"
        path = paths.digest(stamp, period)
        listed.append({"path": path, "day": stamp, "weekly": weekly, "items": len(rows)})
        yield Page(
            path,
            "digest.html",
            {
                "meta": {
                    "title": title,
                    "description": "What happened, what changed since the digest before, and what "
                    "to watch.",
                    "kind": "article",
                },
                "title": title,
                "day": stamp,
                "weekly": weekly,
                "columns": columns,
                # While the desk warmed up there were digests and no editions.
                "edition": paths.edition(stamp) if stamp in editions else None,
            },
        )
    yield Page(
        "digests/index.html",
        "digests.html",
        {
            "meta": {
                "title": "Digests",
                "description": "What happened, what changed and what to watch, day by day.",
            },
            "digests": listed,
        },
    )


def timeline_pages(archive: Archive) -> Iterator[Page]:
    """One page a topic that has a timeline, and their list."""
    listed = []
    for topic_id, rows in archive.axis.items():
        topic = archive.topics.get(topic_id)
        label = topic["label"] if topic else rows[0]["sentence"]
        steps = [row for row in rows if row["kind"] == "step"]
        claims = [_claim_of(archive, row) for row in rows if row["kind"] != "step"]
        known = [claim for claim in claims if claim]
        listed.append(
            {
                "path": paths.topic(topic_id),
                "label": label,
                "section": topic["section"] if topic else None,
                "lifecycle": topic["lifecycle"] if topic else "closed",
                "last": topic["last_seen_at"] if topic else rows[-1]["date"],
                "steps": len(steps),
                "open": sum(claim["status"] == "open" for claim in known),
            }
        )
        yield Page(
            paths.topic(topic_id),
            "timeline.html",
            {
                "meta": {
                    "title": f"Timeline: {label}",
                    "description": f"{label}, step by step, with the claims made on it.",
                    "kind": "article",
                },
                "label": label,
                "topic": {
                    name: topic[name]
                    for name in ("section", "lifecycle", "articles", "publishers", "keywords")
                }
                | {"since": topic["first_seen_at"], "last": topic["last_seen_at"]}
                if topic
                else None,
                "steps": [
                    {
                        "date": row["date"],
                        "sentence": row["sentence"],
                        "publishers": row["independent_sources"],
                        "sources": archive.cited(row["sources"])[:MOST_SOURCES],
                        "more": max(0, len(row["sources"]) - MOST_SOURCES),
                    }
                    for row in reversed(steps)
                ],
                "open": [claim for claim in known if claim["status"] in ("open", "overdue")],
                "settled": [claim for claim in known if claim["status"] not in ("open", "overdue")][
                    ::-1
                ],
            },
        )
    listed.sort(key=lambda row: row["last"], reverse=True)
    awake = [row for row in listed if row["lifecycle"] in ("emerging", "active")]
    quiet = [row for row in listed if row["lifecycle"] not in ("emerging", "active")]
    yield Page(
        "timelines/index.html",
        "timelines.html",
        {
            "meta": {
                "title": "Timelines",
                "description": "The running threads of the news, each step by step.",
            },
            "awake": awake,
            "quiet": quiet[:QUIET],
            "hidden": max(0, len(quiet) - QUIET),
        },
    )


def article_pages(archive: Archive) -> Iterator[Page]:
    """The articles of each day with their links out, and the list of days."""
    uses: dict[str, list[Row]] = {}
    for claims in archive.questions.values():
        first = claims[0]
        link = {"path": paths.question(first["question_id"]), "statement": first["statement"]}
        cited = {source["article_id"] for source in first["sources"]}
        for article_id in cited:
            uses.setdefault(article_id, []).append(link)
        for found in first["evidence"] or []:
            if found["article_id"] not in cited:
                uses.setdefault(found["article_id"], []).append(link)
    days: dict[pd.Timestamp, Row] = {}
    parts = archive.article_parts
    for place, (path, rows) in enumerate(parts):
        stamp = rows[0]["day"]
        listed = days.setdefault(stamp, {"path": path, "day": stamp, "articles": 0})
        listed["articles"] += len(rows)
        yield Page(
            path,
            "articles.html",
            {
                "meta": {
                    "title": f"Articles of {day(stamp)}",
                    "description": f"{len(rows)} articles that were read on {day(stamp)}, each "
                    "with its publisher, link, story and the claims that used it.",
                },
                "newer": parts[place - 1][0] if place else None,
                "older": parts[place + 1][0] if place + 1 < len(parts) else None,
                "articles": [
                    {
                        "anchor": f"a-{row['article_id']}",
                        "title": row["title"],
                        "publisher": row["publisher"],
                        "url": row["url"],
                        "seen": row["first_seen_at"],
                        "copy": row["copy"],
                        "topic": archive.topic_path(row["topic_id"]),
                        "label": archive.topics[row["topic_id"]]["label"]
                        if row["topic_id"] in archive.topics
                        else None,
                        "claims": uses.get(row["article_id"], [])[:3],
                        "more": max(0, len(uses.get(row["article_id"], [])) - 3),
                    }
                    for row in rows
                ],
            },
        )
    yield Page(
        "articles/index.html",
        "archive.html",
        {
            "meta": {
                "title": "Articles",
                "description": "Search the articles, stories and claims, or go by day.",
            },
            "days": list(days.values()),
            "total": len(archive.articles),
            "publishers": len({row["publisher"] for row in archive.articles.values()}),
        },
    )


def _by_section(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    held = grouped(rows, "section")
    return [(name, held[name]) for name in DIGEST_SECTIONS if name in held]


def _claim_of(archive: Archive, row: Row) -> Row | None:
    question = archive.question_of.get(row["claim_id"] or "")
    return claim_brief(archive, archive.questions[question][0]) if question else None
