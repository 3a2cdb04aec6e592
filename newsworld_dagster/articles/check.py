"""A look at one feed: `newsworld feeds check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsworld_dagster.articles.feeds import FeedError, parse_feed

if TYPE_CHECKING:
    from newsworld_dagster.articles.requesting import FetchLimits


def check_feed(source: str, limits: FetchLimits | None = None) -> dict[str, Any]:
    """Title, entries and findings of one feed, as plain values.

    Parameters
    ----------
    source
        An http(s) URL, or the path of a file.
    limits
        What fetching may cost, how we introduce ourselves and where we may go; the usual by
        default.

    Raises
    ------
    FeedError
        When the feed cannot be fetched or read.
    """
    if source.startswith(("http://", "https://")):
        from newsworld_dagster.articles.fetch import read_feed

        parsed = read_feed(source, limits=limits)
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
