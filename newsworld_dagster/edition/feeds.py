"""Atom and JSON feeds: of all predictions, of each section, and of settled claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any
from xml.etree import ElementTree as ET

from pydantic_core import to_json

from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.publish import File
from newsworld_dagster.edition.render import iso, percent
from newsworld_dagster.edition.rows import Row

MOST = 40
ATOM = "http://www.w3.org/2005/Atom"


def feed_files(archive: Archive) -> Iterator[File]:
    """Every feed in both formats."""
    yield from _both(archive, "all", "NewsWorld: predictions", _predictions)
    for name in SECTIONS:
        yield from _both(archive, name.lower(), f"NewsWorld: {name}", _predictions, name)
    yield from _both(archive, "settled", "NewsWorld: newly settled claims", _settled)


def _predictions(archive: Archive, section: str | None = None) -> list[Row]:
    rows = archive.leading.get(section) if section else archive.leading.all()
    items = []
    for row in islice(rows, MOST):
        claims = archive.claims_of.get(row["report_id"])
        said = "\n".join(
            f"{percent(claim['probability'])}: {claim['statement']}" for claim in claims
        )
        items.append(
            {
                "path": paths.report(row["report_id"]),
                "title": row["headline"],
                "text": said,
                "date": row["as_of"],
                "tags": [row["section"], row["topic_label"]],
            }
        )
    return items


def _settled(archive: Archive) -> list[Row]:
    return [
        {
            "path": paths.question(claim["question_id"]),
            "title": f"{claim['verdict'].capitalize()}: {claim['statement']}",
            "text": f"{claim['forecaster']} said {percent(claim['probability'])} on "
            f"{claim['made_at']:%Y-%m-%d}. {claim['reason']}",
            "date": claim["decided_at"],
            "tags": [claim["section"], claim["verdict"]],
        }
        for claim in islice(archive.settled.all(), MOST)
    ]


def _both(
    archive: Archive, name: str, title: str, items: Callable[..., list[Row]], *key: str
) -> Iterator[File]:
    site = archive.site_url
    gather = partial(items, archive, *key)
    atom, feed = partial(_atom, name, title, site), partial(_feed, name, title, site)
    yield File(f"feeds/{name}.xml", gather, atom, (title, site))
    yield File(f"feeds/{name}.json", gather, lambda found: to_json(feed(found)), (title, site))


def _atom(name: str, title: str, site: str, items: list[Row]) -> bytes:
    # An empty feed has no moment of its own.
    updated = max((item["date"] for item in items), default=None)
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", f"{site}feeds/{name}.xml")
    _add(feed, "title", title)
    _add(feed, "updated", iso(updated) if updated else "1970-01-01T00:00:00Z")
    ET.SubElement(feed, "link", rel="self", href=f"{site}feeds/{name}.xml")
    ET.SubElement(feed, "link", rel="alternate", href=site, type="text/html")
    _add(ET.SubElement(feed, "author"), "name", "NewsWorld")
    for item in items:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", site + item["path"])
        _add(entry, "title", item["title"])
        _add(entry, "updated", iso(item["date"]))
        ET.SubElement(entry, "link", rel="alternate", href=site + item["path"], type="text/html")
        for tag in item["tags"]:
            ET.SubElement(entry, "category", term=tag)
        _add(entry, "content", item["text"]).set("type", "text")
    ET.indent(feed)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def _feed(name: str, title: str, site: str, items: list[Row]) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": site,
        "feed_url": f"{site}feeds/{name}.json",
        "language": "en",
        "items": [
            {
                "id": site + item["path"],
                "url": site + item["path"],
                "title": item["title"],
                "content_text": item["text"],
                "date_published": iso(item["date"]),
                "tags": item["tags"],
            }
            for item in items
        ],
    }


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text
    return child
