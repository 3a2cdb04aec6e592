"""Digests, timelines and lists of articles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import pandas as pd

from newsworld_dagster.contracts.digests import DIGEST_SECTIONS, FRONT
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import AWAKE, Archive
from newsworld_dagster.edition.briefs import claim_brief, digest_brief
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.render import Page, day
from newsworld_dagster.edition.rows import Row, grouped, told

# Quiet topics that the list of timelines still names.
QUIET = 150
MOST_SOURCES = 8


def digest_pages(archive: Archive) -> Iterator[Page]:
    """One page a digest, and their list."""
    for name in archive.digests:
        day_name, _, period = name.partition(" ")
        path = paths.digest(pd.Timestamp(day_name), period)
        yield Page(path, "digest.html", _digest, (name,))
    yield Page("digests/index.html", "digests.html", _digest_list)


def _digest(archive: Archive, name: str) -> Row:
    rows = archive.digests.get(name)
    stamp, weekly = rows[0]["day"], rows[0]["period"] == "weekly"
    title = f"{'The week to' if weekly else 'The digest of'} {day(stamp)}"
    held = grouped(rows, "section")
    return {
        "meta": {
            "title": title,
            "description": "What happened, what changed since the digest before, and what to "
            "watch.",
            "kind": "article",
        },
        "title": title,
        "day": stamp,
        "weekly": weekly,
        "columns": [
            {
                "name": "The front" if section == FRONT else section,
                "items": [digest_brief(archive, row) for row in held[section]],
            }
            for section in DIGEST_SECTIONS
            if section in held
        ],
        # While the desk warmed up there were digests and no editions.
        "edition": paths.edition(stamp) if name[:10] in archive.edition_days else None,
    }


def _digest_list(archive: Archive) -> Row:
    return {
        "meta": {
            "title": "Digests",
            "description": "What happened, what changed and what to watch, day by day.",
        },
        "digests": [
            {
                "path": paths.digest(row["day"], row["period"]),
                "day": row["day"],
                "weekly": row["period"] == "weekly",
                "items": row["items"],
            }
            for row in archive.digest_list.all()
        ],
    }


def timeline_pages(archive: Archive) -> Iterator[Page]:
    """One page a topic that has a timeline, and their list."""
    for topic_id in archive.timelines:
        yield Page(paths.topic(topic_id), "timeline.html", _timeline, (topic_id,))
    yield Page("timelines/index.html", "timelines.html", _timeline_list)


def _timeline(archive: Archive, topic_id: str) -> Row:
    rows = archive.timelines.get(topic_id)
    topic = archive.topics.one(topic_id)
    label = topic["label"] if topic else rows[0]["sentence"]
    return {
        "meta": {
            "title": f"Timeline: {label}",
            "description": f"{label}, step by step, with the claims made on it.",
            "kind": "article",
        },
        "label": label,
        "topic": told(topic, "section", "lifecycle", "articles", "publishers", "keywords")
        | {"since": topic["first_seen_at"], "last": topic["last_seen_at"]}
        if topic
        else None,
        "axis": list(_axis(archive, rows)),
    }


def _axis(archive: Archive, rows: list[Record]) -> Iterator[Row]:
    """What is due, what happened and what was settled, newest first; claims of a day together."""
    entries = [_step(archive, row) for row in rows if row["kind"] == "step"]
    for row in rows:
        claim = None if row["kind"] == "step" else _claim_of(archive, row)
        if claim:
            # As the claim stands now: it may have been settled since the axis was made.
            settled = claim["status"] not in ("open", "overdue")
            entries.append(
                {
                    "kind": "settled" if settled else claim["status"],
                    "date": claim["decided_at"] if settled else claim["resolve_by"],
                    "claim": claim,
                }
            )
    entries.sort(key=lambda entry: entry["date"], reverse=True)
    for (stamp, kind), several in groupby(
        entries, lambda entry: (entry["date"].floor("D"), entry["kind"])
    ):
        if kind == "step":
            yield from several
        else:
            claims = [entry["claim"] for entry in several]
            yield {"kind": kind, "date": stamp, "claims": claims}


def _step(archive: Archive, row: Record) -> Row:
    return {
        "kind": "step",
        "date": row["date"],
        "sentence": row["sentence"],
        "sources": archive.cited(row["sources"])[:MOST_SOURCES],
        "more": max(0, len(row["sources"]) - MOST_SOURCES),
    }


def _timeline_list(archive: Archive) -> Row:
    threads = list(archive.threads.all())
    quiet = [row for row in threads if row["lifecycle"] not in AWAKE]
    return {
        "meta": {
            "title": "Timelines",
            "description": "The running threads of the news, each step by step.",
        },
        "awake": [_thread(row) for row in threads if row["lifecycle"] in AWAKE],
        "quiet": [_thread(row) for row in quiet[:QUIET]],
        "hidden": max(0, len(quiet) - QUIET),
    }


def _thread(row: Record) -> Row:
    return {"path": paths.topic(row["topic_id"])} | told(
        row, "label", "section", "last", "steps", "open"
    )


def article_pages(archive: Archive) -> Iterator[Page]:
    """The articles of each day with their links out, and the list of days."""
    for path in archive.lists:
        yield Page(path, "articles.html", _articles, (path,))
    counts = (archive.facts["articles"], archive.facts["publishers"])
    yield Page("articles/index.html", "archive.html", _article_days, counts)


def _articles(archive: Archive, path: str) -> Row:
    (listed,) = archive.lists.get(path)
    rows = archive.articles_by_page.get(path)
    uses = grouped(archive.uses.get(path), "article_id")
    stamp = listed["day"]
    return {
        "meta": {
            "title": f"Articles of {day(stamp)}",
            "description": f"{len(rows)} articles that were read on {day(stamp)}, each "
            "with its publisher, link, story and the claims that used it.",
        },
        "newer": listed["newer"],
        "older": listed["older"],
        "articles": [_article(row, uses.get(row["article_id"], [])) for row in rows],
    }


def _article(row: Record, uses: list[Record]) -> Row:
    return {
        "anchor": f"a-{row['article_id']}",
        "seen": row["first_seen_at"],
        "topic": paths.topic(row["topic_id"]) if row["timeline"] else None,
        "claims": [
            {"path": paths.question(use["question_id"]), "statement": use["statement"]}
            for use in uses[:3]
        ],
        "more": max(0, len(uses) - 3),
    } | told(row, "title", "publisher", "url", "copy", "label")


def _article_days(archive: Archive, total: int, publishers: int) -> Row:
    days: dict[pd.Timestamp, Row] = {}
    for row in archive.lists.all():
        stamp = row["day"]
        listed = days.setdefault(stamp, {"path": row["page"], "day": stamp, "articles": 0})
        listed["articles"] += row["articles"]
    return {
        "meta": {
            "title": "Articles",
            "description": "Search the articles, stories and claims, or go by day.",
        },
        "days": list(days.values()),
        "total": total,
        "publishers": publishers,
    }


def _claim_of(archive: Archive, row: Record) -> Row | None:
    asked = archive.asked.one(row["claim_id"])
    return claim_brief(archive, archive.questions.get(asked["question_id"])[0]) if asked else None
