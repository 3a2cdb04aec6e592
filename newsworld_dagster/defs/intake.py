"""How articles come into the warehouse: archives and live feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from newsworld_dagster.articles import read_archive
from newsworld_dagster.defs.world import World

DUPLICATE_WINDOW_DAYS = 14


@dataclass(frozen=True)
class Intake:
    """What became of one batch of articles."""

    read: int
    stored: int
    known: int
    repeated: int
    rejected: int
    duplicates: int


def store_batch(world: World, articles: pd.DataFrame, rejects: pd.DataFrame) -> tuple[int, int]:
    """Mark duplicates and append what is new; returns rows stored and copies among them."""
    from newsworld_dagster.articles.duplicates import mark_duplicates

    reach = pd.Timedelta(days=DUPLICATE_WINDOW_DAYS)
    with world.warehouse.read() as reader:
        fresh = articles[~articles["article_id"].isin(reader.known_articles())]
        around = (
            reader.articles_as_of(
                fresh["first_seen_at"].max(), fresh["first_seen_at"].min() - reach
            )
            if len(fresh)
            else fresh
        )
    if len(fresh):
        fresh = mark_duplicates(
            fresh, around, window_days=DUPLICATE_WINDOW_DAYS, seed=world.settings.seed
        )
    with world.warehouse.write() as writer:
        stored = writer.append("news.articles", fresh)
        writer.append("news.rejects", rejects)
    return stored, int(fresh["duplicate_of"].notna().sum())


def store_archive(world: World, path: Path, mapping: Mapping[str, str]) -> Intake:
    """Read an archive of articles into the warehouse; rows already stored stay as they are.

    Raises
    ------
    ArchiveError
        When the file cannot be read at all; nothing is stored then.
    """
    batch = read_archive(path, mapping, now=world.clock().to_pydatetime())
    stored, duplicates = store_batch(world, batch.articles, batch.rejects)
    return Intake(
        read=batch.read,
        stored=stored,
        known=len(batch.articles) - stored,
        repeated=batch.repeated,
        rejected=len(batch.rejects),
        duplicates=duplicates,
    )


def poll_live(world: World) -> list[dict[str, object]]:
    """Poll every feed, store what is new, and say what became of each feed.

    Raises
    ------
    NoFeedReachableError
        When no feed answered; the state of the feeds is stored all the same.
    """
    from newsworld_dagster.articles.feeds import load_feeds
    from newsworld_dagster.articles.fetch import FetchLimits, NoFeedReachableError, poll_feeds

    feeds = load_feeds(world.settings.feeds_file)
    with world.warehouse.read() as reader:
        state = reader.table("news.feed_state")
    try:
        result = poll_feeds(feeds, state, now=world.clock().to_pydatetime(), limits=FetchLimits())
    except NoFeedReachableError as error:
        with world.warehouse.write() as writer:
            writer.replace_all("news.feed_state", error.result.state)
        raise
    store_batch(world, result.articles, result.rejects)
    with world.warehouse.write() as writer:
        writer.replace_all("news.feed_state", result.state)
    return [
        {
            "feed": report.feed.name,
            "status": report.status,
            "entries": report.entries,
            "error": report.error or "",
        }
        for report in result.reports
    ]
