"""A look at one feed: `newsworld feeds check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsworld_dagster.articles.feeds import FeedError, parse_feed

if TYPE_CHECKING:
    from newsworld_dagster.articles.addresses import Network


def check_feed(source: str, allowed: Sequence[Network] = ()) -> dict[str, Any]:
    """Title, entries and findings of one feed, as plain values.

    Parameters
    ----------
    source
        An http(s) URL, or the path of a file.
    allowed
        Networks that are not public and may be fetched from.

    Raises
    ------
    FeedError
        When the feed cannot be fetched or read.
    """
    if source.startswith(("http://", "https://")):
        from newsworld_dagster.articles.fetch import FetchLimits, read_feed

        parsed = read_feed(source, limits=FetchLimits(allowed=tuple(allowed)))
    else:
        parsed = parse_feed(_read(source), feed_url=source)
    return {
        "title": parsed.title,
        "entries": [
            {
                "id": entry.id,
                "link": entry.link,
                "title": entry.title,
                "published": None if entry.published is None else entry.published.isoformat(),
                "summary": entry.summary,
                "author": entry.author,
            }
            for entry in parsed.entries
        ],
        "findings": list(parsed.findings),
    }


def _read(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise FeedError(
            f"Cannot read the feed file {source}: {error.strerror}. Give a path or an http(s) URL."
        ) from error
