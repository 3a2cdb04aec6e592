"""Home, sections, past editions, and what the desk says of itself."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from newsworld_dagster.contracts.digests import FRONT
from newsworld_dagster.contracts.vocabulary import EVERYWHERE, SECTIONS
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.briefs import claim_brief, digest_brief, report_brief, strip
from newsworld_dagster.edition.predictions import due_soon, settled
from newsworld_dagster.edition.render import Page, day
from newsworld_dagster.edition.rows import Row, grouped

LEADING = 7
SHORT = 8
A_REPORT = 4
A_SECTION = 20


def home_page(archive: Archive) -> Page:
    """Today's leading predictions, the digest, what trends, and the scorecard in one line."""
    newest = archive.editions[0] if archive.editions else None
    stamp = newest["day"] if newest else None
    return Page(
        "index.html",
        "home.html",
        {
            "meta": {
                "title": "NewsWorld",
                "description": "News predictions with probabilities, deadlines and a record that "
                "is kept in the open.",
            },
            "edition": {"day": newest["day"], "path": paths.edition(newest["day"])}
            if newest
            else None,
            "trending": strip(archive, stamp, EVERYWHERE),
            "leading": [
                report_brief(archive, row) | {"shown": _shown(archive, row)}
                for row in archive.leading[:LEADING]
                if newest is None or row["day"] == stamp
            ],
            "digest": _front_digest(archive),
            "due": [claim_brief(archive, claim) for claim in due_soon(archive)[:SHORT]],
            "settled": [claim_brief(archive, claim) for claim in settled(archive)[:SHORT]],
            "record": record_line(archive),
        },
    )


def section_pages(archive: Archive) -> Iterator[Page]:
    """One page a section: its predictions, digest, trending terms and timelines."""
    newest = archive.editions[0]["day"] if archive.editions else None
    reports = grouped(archive.leading, "section")
    live = sorted(
        (
            topic
            for topic_id, topic in archive.topics.items()
            if topic_id in archive.axis and topic["lifecycle"] in ("emerging", "active")
        ),
        key=lambda topic: (-topic["last_seen_at"].value, topic["topic_id"]),
    )
    topics = grouped(live, "section")
    digest = _newest_digest(archive)
    for name in SECTIONS:
        yield Page(
            paths.section(name),
            "section.html",
            {
                "meta": {
                    "title": name,
                    "description": f"{name}: predictions with their fate, the digest, what trends.",
                    "card": f"cards/{name.lower()}.png",
                },
                "name": name,
                "feed": f"feeds/{name.lower()}",
                "trending": strip(archive, newest, name),
                "reports": [
                    report_brief(archive, row) for row in reports.get(name, [])[:A_SECTION]
                ],
                "digest": [digest_brief(archive, row) for row in digest if row["section"] == name],
                "due": [
                    claim_brief(archive, claim)
                    for claim in due_soon(archive)
                    if claim["section"] == name
                ][:SHORT],
                "topics": [
                    {"label": topic["label"], "path": paths.topic(topic["topic_id"])}
                    for topic in topics.get(name, [])[:A_SECTION]
                ],
            },
        )


def edition_pages(archive: Archive) -> Iterator[Page]:
    """All that was published on each day, and the list of days."""
    reports = grouped(archive.leading, "day")
    listed = []
    days = [row["day"] for row in archive.editions]
    for place, row in enumerate(archive.editions):
        stamp = row["day"]
        rows = reports.get(stamp, [])
        listed.append(
            {"path": paths.edition(stamp), "day": stamp, "reports": len(rows)}
            | {name: row[name] for name in ("claims", "refused")}
        )
        yield Page(
            paths.edition(stamp),
            "edition.html",
            {
                "meta": {
                    "title": f"The edition of {day(stamp)}",
                    "description": f"All that was published on {day(stamp)}: {len(rows)} "
                    "predictions, the digest, what trended.",
                    "kind": "article",
                },
                "day": stamp,
                "as_of": row["as_of"],
                "trending": strip(archive, stamp, EVERYWHERE),
                "reports": [report_brief(archive, one) for one in rows],
                "digests": [
                    {"path": paths.digest(stamp, period), "period": period}
                    for period in ("daily", "weekly")
                    if (stamp, period) in archive.digests
                ],
                "data": f"api/editions/{stamp:%Y-%m-%d}.json",
                "newer": paths.edition(days[place - 1]) if place else None,
                "older": paths.edition(days[place + 1]) if place + 1 < len(days) else None,
            },
        )
    yield Page(
        "editions/index.html",
        "editions.html",
        {
            "meta": {"title": "Past editions", "description": "Every edition by its date."},
            "editions": listed,
        },
    )


def plain_pages(archive: Archive) -> Iterator[Page]:
    """About, method, search and what a server shows for a page that is not there."""
    facts = {
        "articles": len(archive.articles),
        "publishers": len({row["publisher"] for row in archive.articles.values()}),
        "questions": len(archive.questions),
        "forecasters": list(archive.rank),
        "analyst": bool(archive.analyses),
    }
    for path, template, title, description in (
        ("about.html", "about.html", "About", "What NewsWorld is, where its articles come from."),
        ("method.html", "method.html", "Method", "How predictions are made, settled and scored."),
        ("search.html", "search.html", "Search", "Search articles, stories and claims."),
        ("404.html", "missing.html", "Not found", "There is no such page in this edition."),
    ):
        yield Page(
            path,
            template,
            {"meta": {"title": title, "description": description}, "facts": facts},
        )


def record_line(archive: Archive) -> Row | None:
    """The scorecard in one line: the preferred forecaster's counts and skill."""
    rows = [row for row in archive.rows("scorecard") if row["by"] == "all"]
    rows.sort(key=lambda row: archive.rank.get(row["forecaster"], len(archive.rank)))
    if not rows:
        return None
    names = ("forecaster", "made", "scored", "pending", "overdue", "void", "base_rate", "brier")
    return {name: rows[0][name] for name in (*names, "skill", "skill_low", "skill_high")}


def _shown(archive: Archive, row: Row) -> list[Row]:
    """The claims that a front page shows of a report, likeliest first."""
    return [claim_brief(archive, claim) for claim in archive.claims_of[row["report_id"]][:A_REPORT]]


def _newest_digest(archive: Archive) -> list[Row]:
    for (_, period), rows in archive.digests.items():
        if period == "daily":
            return rows
    return []


def _front_digest(archive: Archive) -> Row | None:
    rows = _newest_digest(archive)
    if not rows:
        return None
    stamp: pd.Timestamp = rows[0]["day"]
    front = [row for row in rows if row["section"] == FRONT]
    return {
        "path": paths.digest(stamp, "daily"),
        "day": stamp,
        "items": [digest_brief(archive, row) for row in front if row["kind"] != "watch"],
    }
