"""Home, sections, past editions, and what the desk says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pandas as pd

from newsworld_dagster.contracts.digests import FRONT
from newsworld_dagster.contracts.vocabulary import EVERYWHERE, SECTIONS
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive, day_key
from newsworld_dagster.edition.briefs import claim_brief, digest_brief, report_brief, strip
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.render import Page, day
from newsworld_dagster.edition.rows import Row, told

LEADING = 7
SHORT = 8
A_REPORT = 4
A_SECTION = 20


def home_page(archive: Archive) -> Page:
    """Today's leading predictions, the digest, what trends, and the scorecard in one line."""
    return Page("index.html", "home.html", _home, (archive.newest, archive.newest_digest))


def _home(archive: Archive, newest: str | None, digest: str | None) -> Row:
    leading = archive.leading_by_day.get(newest) if newest else archive.leading.all()
    edition = archive.editions.one(newest)
    return {
        "meta": {
            "title": "NewsWorld",
            "description": "News predictions with probabilities, deadlines and a record that "
            "is kept in the open.",
        },
        "edition": {"day": edition["day"], "path": paths.edition(edition["day"])}
        if edition
        else None,
        "trending": strip(archive, newest, EVERYWHERE),
        "leading": [
            report_brief(archive, row["report_id"]) | {"shown": _shown(archive, row)}
            for row in islice(leading, LEADING)
        ],
        "digest": _front_digest(archive, digest),
        "due": [claim_brief(archive, claim) for claim in islice(archive.due.all(), SHORT)],
        "settled": [claim_brief(archive, claim) for claim in islice(archive.settled.all(), SHORT)],
        "record": _record_line(archive),
    }


def section_pages(archive: Archive) -> Iterator[Page]:
    """One page a section: its predictions, digest, trending terms and timelines."""
    newest = (archive.newest, archive.newest_digest)
    for name in SECTIONS:
        yield Page(paths.section(name), "section.html", _section, (name, *newest))


def _section(archive: Archive, name: str, newest: str | None, digest: str | None) -> Row:
    return {
        "meta": {
            "title": name,
            "description": f"{name}: predictions with their fate, the digest, what trends.",
            "card": f"cards/{name.lower()}.png",
        },
        "name": name,
        "feed": f"feeds/{name.lower()}",
        "trending": strip(archive, newest, name),
        "reports": [
            report_brief(archive, row["report_id"]) for row in archive.leading.get(name)[:A_SECTION]
        ],
        "digest": [
            digest_brief(archive, row)
            for row in archive.digests.get(digest)
            if row["section"] == name
        ],
        "due": [claim_brief(archive, claim) for claim in archive.due.get(name)[:SHORT]],
        "topics": [
            {"label": topic["label"], "path": paths.topic(topic["topic_id"])}
            for topic in archive.awake.get(name)[:A_SECTION]
        ],
    }


def edition_pages(archive: Archive) -> Iterator[Page]:
    """All that was published on each day, and the list of days."""
    for name in archive.editions:
        path = paths.edition(pd.Timestamp(name))
        yield Page(path, "edition.html", _edition, (name,))
    yield Page("editions/index.html", "editions.html", _edition_list)


def _edition(archive: Archive, name: str) -> Row:
    (row,) = archive.editions.get(name)
    stamp = row["day"]
    rows = archive.leading_by_day.get(name)
    return {
        "meta": {
            "title": f"The edition of {day(stamp)}",
            "description": f"All that was published on {day(stamp)}: {len(rows)} "
            "predictions, the digest, what trended.",
            "kind": "article",
        },
        "day": stamp,
        "as_of": row["as_of"],
        "trending": strip(archive, name, EVERYWHERE),
        "reports": [report_brief(archive, one["report_id"]) for one in rows],
        "digests": [
            {"path": paths.digest(stamp, period), "period": period}
            for period in ("daily", "weekly")
            if day_key(name, period) in archive.digests
        ],
        "data": f"api/editions/{name}.json",
        "newer": paths.edition(pd.Timestamp(row["newer"])) if row["newer"] else None,
        "older": paths.edition(pd.Timestamp(row["older"])) if row["older"] else None,
    }


def _edition_list(archive: Archive) -> Row:
    return {
        "meta": {"title": "Past editions", "description": "Every edition by its date."},
        "editions": [
            {"path": paths.edition(row["day"])} | told(row, "day", "reports", "claims", "refused")
            for row in archive.editions.all()
        ],
    }


def plain_pages(archive: Archive) -> Iterator[Page]:
    """About, method, search and what a server shows for a page that is not there."""
    for path, template, title, description in (
        ("about.html", "about.html", "About", "What NewsWorld is, where its articles come from."),
        ("method.html", "method.html", "Method", "How predictions are made, settled and scored."),
        ("search.html", "search.html", "Search", "Search articles, stories and claims."),
        ("404.html", "missing.html", "Not found", "There is no such page in this edition."),
    ):
        yield Page(path, template, _plain, (title, description, archive.facts))


def _plain(archive: Archive, title: str, description: str, facts: Row) -> Row:  # noqa: ARG001
    return {"meta": {"title": title, "description": description}, "facts": facts}


def _record_line(archive: Archive) -> Row | None:
    """The scorecard in one line: the preferred forecaster's counts and skill."""
    row = archive.scorecard.one("all")
    if row is None:
        return None
    names = ("forecaster", "made", "scored", "pending", "overdue", "void", "base_rate", "brier")
    return told(row, *names, "skill", "skill_low", "skill_high")


def _shown(archive: Archive, row: Record) -> list[Row]:
    """The claims that a front page shows of a report, likeliest first."""
    claims = archive.claims_of.get(row["report_id"])[:A_REPORT]
    return [claim_brief(archive, claim) for claim in claims]


def _front_digest(archive: Archive, name: str | None) -> Row | None:
    rows = archive.digests.get(name)
    if not rows:
        return None
    stamp: pd.Timestamp = rows[0]["day"]
    front = [row for row in rows if row["section"] == FRONT and row["kind"] != "watch"]
    return {
        "path": paths.digest(stamp, "daily"),
        "day": stamp,
        "items": [digest_brief(archive, row) for row in front],
    }
