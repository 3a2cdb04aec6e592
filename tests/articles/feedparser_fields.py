"""What feedparser says of a feed, in the fields that we use: the yardstick of our readers."""

from __future__ import annotations

import datetime as dt
import io
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pandas as pd

from newsworld_dagster.articles import plain_text
from newsworld_dagster.articles.feeds import FeedEntry, FeedError, parse_feed

FIELDS = ("id", "link", "title", "published", "summary", "author")
SHARED = {
    "feeds_real": Path("feeds_real") / "feeds.parquet",
    "feeds_feedparser": Path("feeds_feedparser") / "cases.parquet",
}


@dataclass(frozen=True)
class Difference:
    """One field of one entry that we read otherwise than feedparser; None for no such entry."""

    path: str
    entry: int
    field: str
    ours: object
    theirs: object


def feedparser_entries(content: bytes) -> list[FeedEntry]:
    """The entries as feedparser gives them with its own settings, markup as text."""
    entries = []
    for entry in feedparser.parse(io.BytesIO(content)).entries:
        moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
        content_value = (entry.get("content") or [{}])[0].get("value", "")
        entries.append(
            FeedEntry(
                id=entry.get("id", ""),
                link=entry.get("link", ""),
                title=plain_text(entry.get("title", "")),
                published=_naive(timegm(moment)) if moment else None,
                summary=plain_text(entry.get("summary", "") or content_value),
                author=plain_text(entry.get("author", "")),
            )
        )
    return entries


def compare(content: bytes, path: str) -> tuple[int, list[Difference]]:
    """Entries that feedparser finds, and how ours differ."""
    theirs = feedparser_entries(content)
    try:
        ours = parse_feed(content, feed_url="").entries
    except FeedError:
        ours = []
    differences = []
    for place, entry in enumerate(theirs):
        mine = ours[place] if place < len(ours) else None
        for field in FIELDS:
            value = getattr(mine, field, None)
            if isinstance(value, dt.datetime):
                value = value.replace(microsecond=0)  # which feedparser does not keep
            if mine is None or value != getattr(entry, field):
                differences.append(Difference(path, place, field, value, getattr(entry, field)))
    return len(theirs), differences


def shared_feeds(shared: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of each feed of a shared collection."""
    table = pd.read_parquet(shared / SHARED[name])
    yield from zip(table["path"], table["content"], strict=True)


def _naive(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
