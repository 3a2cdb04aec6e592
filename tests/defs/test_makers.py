"""What a maker keeps in mind from day to day changes no row."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from newsworld_dagster.defs.making import Day, StoriesMaker, TopicsMaker
from newsworld_dagster.defs.world import World
from tests.defs.toy_world import FIRST, toy_world

DAYS = 42
# News of it ends after a week, so that its topics are closed before the last day.
ENDED = FIRST + pd.Timedelta(days=7)
LEFT_OUT = 20
MADE = ("stories.assignments", "stories.lineage", "stories.topic_stories", "stories.topics")


def made(folder: Path, *, anew: bool) -> World:
    """Stories and topics of all days but one, by makers for all of them or by new ones each day."""
    world = toy_world(folder, DAYS)
    with duckdb.connect(str(world.warehouse.path)) as connection:
        for table in MADE:
            connection.execute(f"DELETE FROM {table}")
        connection.execute(
            "DELETE FROM news.articles WHERE title LIKE '%Measles%' AND first_seen_at > ?", [ENDED]
        )
    makers = StoriesMaker(world), TopicsMaker(world)
    for n in range(DAYS):
        if n == LEFT_OUT:
            continue
        day = FIRST + pd.Timedelta(days=n)
        for maker in makers:
            one = type(maker)(world) if anew else maker
            one.make(Day(day, day + pd.Timedelta(days=1), "record", backfill=True))
    return world


def test_days_made_together_are_the_days_made_one_by_one(tmp_path: Path) -> None:
    together, one_by_one = made(tmp_path / "all", anew=False), made(tmp_path / "each", anew=True)
    with together.warehouse.read() as reader, one_by_one.warehouse.read() as other:
        for table in MADE:
            rows = reader.table(table)
            pd.testing.assert_frame_equal(rows, other.table(table), obj=table)
        closed = reader.topics_as_of(FIRST + pd.Timedelta(days=DAYS))["lifecycle"] == "closed"
        assert 0 < closed.sum() < len(closed)
