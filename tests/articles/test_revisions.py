from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.articles.feeds import Feed, entries_to_articles, parse_feed
from newsworld_dagster.defs.intake import ClockError, check_clock, store_batch
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import Settings

FEED = Feed(name="F", url="https://example.com/feed", section="World")
FIRST = dt.datetime(2026, 3, 1, 12)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Settings(data_dir=tmp_path))


def come(world: World, title: str, hours: int, date: str = "") -> None:
    content = (
        f"<rss><channel><item><title>{title}</title><link>https://example.com/a</link>"
        f"<pubDate>{date}</pubDate></item></channel></rss>"
    )
    parsed = parse_feed(content.encode(), feed_url=FEED.url)
    batch = entries_to_articles(parsed, FEED, now=FIRST + dt.timedelta(hours=hours))
    store_batch(world, batch.articles, batch.rejects, batch.date_repairs)


def test_a_changed_text_is_a_revision_and_the_article_stays(world: World) -> None:
    for hours, title in enumerate(["Two dead", "Two dead", "Three dead", "Three dead", "Two dead"]):
        come(world, title, hours)
    with world.warehouse.read() as reader:
        articles = reader.table("news.articles")
        revisions = reader.table("news.revisions").sort_values("seen_at")
    assert articles["title"].tolist() == ["Two dead"]
    assert articles["first_seen_at"].tolist() == [FIRST]
    assert revisions["title"].tolist() == ["Three dead", "Two dead"]
    assert revisions["seen_at"].tolist() == [FIRST + dt.timedelta(hours=n) for n in (2, 4)]
    assert revisions["previous_digest"].iloc[0] == articles["content_digest"][0]
    assert revisions["previous_digest"].iloc[1] == revisions["content_digest"].iloc[0]


def test_a_date_ahead_is_put_right_once_and_kept_raw(world: World) -> None:
    for hours in (0, 1):
        come(world, "News", hours, "Fri, 01 Mar 2030 00:00:00 GMT")
    with world.warehouse.read() as reader:
        article = reader.table("news.articles").iloc[0]
        repairs = reader.table("news.date_repairs")
    assert article["published_at"] == FIRST
    assert repairs["raw"].tolist() == ["2030-03-01 00:00:00"]
    assert repairs["article_id"].tolist() == [article["article_id"]]


def test_a_clock_behind_the_record_is_refused() -> None:
    latest = pd.Timestamp(FIRST)
    check_clock(latest - pd.Timedelta(minutes=5), latest)
    check_clock(latest, None)
    with pytest.raises(ClockError, match=r"2026-03-01 11:00 UTC.*2026-03-01 12:00 UTC"):
        check_clock(latest - pd.Timedelta(hours=1), latest)
