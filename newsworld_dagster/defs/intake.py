"""How articles come into the warehouse: archives and live feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from newsworld_dagster.articles import read_archive
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import Settings

if TYPE_CHECKING:
    from newsworld_dagster.articles.feeds import Feed
    from newsworld_dagster.articles.requesting import FetchLimits

DUPLICATE_WINDOW_DAYS = 14
CLOCK_SLACK = pd.Timedelta(minutes=10)


@dataclass(frozen=True)
class Intake:
    """What became of one batch of articles."""

    read: int
    stored: int
    known: int
    repeated: int
    rejected: int
    duplicates: int


class ClockError(RuntimeError):
    """The clock stands before what the warehouse already holds."""


def store_batch(
    world: World,
    articles: pd.DataFrame,
    rejects: pd.DataFrame,
    date_repairs: pd.DataFrame | None = None,
) -> tuple[int, int]:
    """Mark duplicates and append what is new; returns rows stored and copies among them.

    Known articles that come with another text get a revision.
    """
    from newsworld_dagster.articles.duplicates import mark_duplicates
    from newsworld_dagster.articles.revisions import revisions_of

    reach = pd.Timedelta(days=DUPLICATE_WINDOW_DAYS)
    with world.warehouse.read() as reader:
        known = articles["article_id"].isin(reader.known_articles())
        fresh = articles[~known]
        again = articles[known]
        revisions = revisions_of(again, reader.latest_texts(again["article_id"]))
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
        writer.append("news.revisions", revisions)
        if date_repairs is not None:
            ours = date_repairs["article_id"].isin(fresh["article_id"])
            writer.append("news.date_repairs", date_repairs[ours])
    return stored, int(fresh["duplicate_of"].notna().sum())


def store_archive(world: World, path: Path, mapping: Mapping[str, str]) -> Intake:
    """Read an archive of articles into the warehouse; rows already stored stay as they are.

    Raises
    ------
    ArchiveError
        When the file cannot be read at all; nothing is stored then.
    """
    batch = read_archive(path, mapping, now=world.clock().to_pydatetime())
    stored, duplicates = store_batch(world, batch.articles, batch.rejects, batch.date_repairs)
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
    ClockError
        When the clock went back; nothing is polled then.
    """
    from newsworld_dagster.articles.feeds import load_feeds
    from newsworld_dagster.articles.fetch import NoFeedReachableError, poll_feeds

    feeds = load_feeds(world.settings.feeds_file)
    now = world.clock()
    with world.warehouse.read() as reader:
        state = reader.table("news.feed_state")
        check_clock(now, reader.latest_moment())
    try:
        result = poll_feeds(feeds, state, now=now.to_pydatetime(), limits=limits_of(world.settings))
    except NoFeedReachableError as error:
        with world.warehouse.write() as writer:
            writer.replace_all("news.feed_state", error.result.state)
        raise
    with world.warehouse.read() as reader:
        fresh = result.articles[~result.articles["article_id"].isin(reader.known_articles())]
    store_batch(world, result.articles, result.rejects, result.date_repairs)
    with world.warehouse.write() as writer:
        writer.replace_all("news.feed_state", result.state)
    texts = store_full_texts(world, fresh, feeds)
    return [
        {
            "feed": report.feed.name,
            "status": report.status,
            "entries": report.entries,
            "error": report.error or "",
            "texts": texts.get(report.feed.url, ""),
        }
        for report in result.reports
    ]


def store_full_texts(world: World, articles: pd.DataFrame, feeds: Sequence[Feed]) -> dict[str, str]:
    """Read and store the pages of new articles, of feeds that want it.

    Returns the URL of each such feed that brought new articles, with how it went in words.
    """
    if not any(feed.full_text for feed in feeds):
        return {}
    from newsworld_dagster.articles.fulltext import read_full_texts

    texts = read_full_texts(articles, feeds, clock=world.clock, limits=limits_of(world.settings))
    with world.warehouse.write() as writer:
        writer.append("news.full_texts", texts.rows)
    return texts.said


def limits_of(settings: Settings) -> FetchLimits:
    """What the settings say of fetching: how we introduce ourselves, and where we may go."""
    from newsworld_dagster.articles.requesting import FetchLimits

    return FetchLimits(allowed=settings.allowed_networks, user_agent=settings.user_agent)


def check_clock(now: pd.Timestamp, latest: pd.Timestamp | None) -> None:
    """Refuse to go on when the clock stands before what is stored.

    Articles seen "earlier" than an edition that did not know them would look as if it had.

    Raises
    ------
    ClockError
        Naming both moments. A few minutes are let pass: clocks are set right all the time.
    """
    if latest is not None and now < latest - CLOCK_SLACK:
        raise ClockError(
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, but this world already holds something of "
            f"{latest:%Y-%m-%d %H:%M} UTC. Nothing was polled. Set the clock right, or point "
            "NEWSWORLD_DATA_DIR at another folder."
        )


def retry_feed(world: World, url: str) -> bool:
    """Forget what is held against a feed, so that the next poll asks it; False if unknown."""
    with world.warehouse.write() as writer:
        state = writer.table("news.feed_state")
        chosen = state["feed_url"] == url
        writer.replace_all("news.feed_state", state[~chosen])
    return bool(chosen.any())
