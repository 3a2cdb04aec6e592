"""Days that another process makes: what is taken from it, and when it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.defs.ahead import Ahead, Lane, Packet, Spool, rows_in
from newsworld_dagster.defs.lanes import LEDGER, STEPS, STORIES, lanes_for
from newsworld_dagster.warehouse import Warehouse
from newsworld_dagster.warehouse.recording import RecordingWarehouse
from tests.warehouse.warehouse_rows import articles, assignments, at

pytestmark = pytest.mark.file_only
DAYS = pd.date_range("2026-01-10", periods=3)


def make_three_days(lane: Lane, copy: Path, spool: Spool) -> None:
    """Each day's only article is a story, but on the last the process ends."""
    warehouse = RecordingWarehouse(copy)
    for number, day in enumerate(DAYS[:2]):
        with warehouse.write() as writer:
            found = rows_in(writer, ["news.articles"])
            writer.replace_partition(
                "stories.assignments", [day], assignments(day, **{f"a{number}": f"s{number}"})
            )
        spool.put(lane.steps[0], day, Packet(found, warehouse.written()))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "newsworld.duckdb")
    with made.write() as writer:
        rows = ({"article_id": f"a{n}", "first_seen_at": at(f"{10 + n} 08:00")} for n in range(3))
        writer.append("news.articles", articles(*rows))
    return made


def begun(warehouse: Warehouse, told: list[str]) -> Ahead:
    ahead = Ahead(warehouse.path.parent / "ahead", told.append)
    ahead.start(warehouse, [Lane(("stories",), ())], make_three_days)
    return ahead


def stored(warehouse: Warehouse) -> list[tuple[str, str]]:
    with warehouse.read() as reader:
        rows = reader.table("stories.assignments")
    return sorted(zip(rows["article_id"], rows["story_id"], strict=True))


def test_what_a_lane_wrote_is_written_until_it_ends(warehouse: Warehouse) -> None:
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert [ahead.write("stories", day, warehouse) for day in DAYS] == [True, True, False]
    assert stored(warehouse) == [("a0", "s0"), ("a1", "s1")]
    assert told == [
        "the process that made stories ahead ended before 2026-01-12; the run makes the rest itself"
    ]
    assert not ahead.folder.exists()
    assert not ahead.write("stories", DAYS[0], warehouse)
    assert len(told) == 1


def test_it_is_not_written_where_the_warehouse_has_changed(warehouse: Warehouse) -> None:
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert ahead.write("stories", DAYS[0], warehouse)
    with warehouse.write() as writer:
        writer.append(
            "news.articles", articles({"article_id": "a9", "first_seen_at": at("10 09:00")})
        )
    assert not ahead.write("stories", DAYS[1], warehouse)
    assert stored(warehouse) == [("a0", "s0")]
    assert "has changed since stories of 2026-01-11 was made ahead" in told[0]


def test_without_room_for_copies_there_are_no_lanes(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(warehouse.path.parent)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert not ahead.write("stories", DAYS[0], warehouse)
    assert "1,000 are free" in told[0]
    ahead.close()
    assert not ahead.folder.exists()


def test_a_step_that_no_lane_makes_is_made_by_the_run(warehouse: Warehouse) -> None:
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert not ahead.write("topics", DAYS[0], warehouse)
    ahead.close()
    assert not told


def test_lanes_are_cut_by_cores() -> None:
    every = list(STEPS.values())
    assert lanes_for(1, every) == []
    assert [lane.steps for lane in lanes_for(2, every)] == [
        ("stories", "topics"),
        ("predictions and outcomes", "trending", "digests", "timelines"),
    ]
    four = lanes_for(8, every)
    assert len(four) == 4
    assert four[3].after == ("stories", "topics", "predictions and outcomes")
    assert [lane.steps for lane in lanes_for(2, [STORIES])] == [("stories",)]
    assert lanes_for(4, [STORIES, LEDGER])[1] == Lane((LEDGER.name,), ("stories",))
