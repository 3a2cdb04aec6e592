"""Days that another process makes: what is taken from it, and when it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import psutil
import pyarrow as pa
import pytest

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.defs import ahead as lanes_ahead
from newsworld_dagster.defs.ahead import MOST_BYTES, Ahead, Lane, Packet, Spool, rows_in
from newsworld_dagster.defs.lanes import LEDGER, STEPS, STORIES, lanes_for
from newsworld_dagster.warehouse import Warehouse
from newsworld_dagster.warehouse.recording import RecordingWarehouse, Write, copy_file, write_again
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


def trending(day: pd.Timestamp, *terms: str, topic: str | None = None) -> pd.DataFrame:
    row = {
        "day": day, "section": "World", "rank": 1, "kind": "name", "articles": 3, "publishers": 3,
        "expected": 0.5, "score": 4.0, "story_id": None, "topic_id": topic, "first_seen_at": day,
    }  # fmt: skip
    names = CONTRACTS["stories.trending"].columns
    return pd.DataFrame([row | {"term": term} for term in terms], columns=list(names))


def test_days_written_at_once_are_those_written_one_by_one(warehouse: Warehouse) -> None:
    """A column is empty on one day alone, another day has no rows, and one is made twice."""
    stored = {"article_id": "a7", "first_seen_at": at("14 07:00")}
    with warehouse.write() as writer:
        writer.append("news.articles", articles(stored))
    copy_file(warehouse, warehouse.path.with_name("lane.duckdb"))
    lane = RecordingWarehouse(warehouse.path.with_name("lane.duckdb"))
    made = (
        (DAYS[0], trending(DAYS[0], "storm", "coast")),
        (DAYS[1], trending(DAYS[1])),
        (DAYS[2], trending(DAYS[2], "storm", topic="t1")),
    )
    for day, rows in made:
        with lane.write() as writer:
            writer.replace_partition("stories.trending", [day], rows)
            # The second time only one of the three is new, the third time none is.
            known = {"article_id": "a8", "first_seen_at": at("14 08:00")}
            fresh = {
                "article_id": f"a{min(DAYS.get_loc(day), 1)}9",
                "first_seen_at": at("14 09:00"),
            }
            writer.append("news.articles", articles(stored, known, fresh))
    with warehouse.write() as writer:
        write_again(writer, lane.written())
    for table in ("stories.trending", "news.articles"):
        with lane.read() as theirs, warehouse.read() as ours:
            pd.testing.assert_frame_equal(ours.table(table), theirs.table(table))


def test_what_is_at_hand_is_taken_at_once(tmp_path: Path) -> None:
    large = pa.table({"text": ["x" * (MOST_BYTES // 2)]})
    packet = Packet({}, [Write("replace", "stories.assignments", (DAYS[0],), large)])
    spool = Spool(tmp_path)
    asked = []

    def ended() -> bool:
        asked.append(1)
        return False

    assert spool.take("stories", DAYS, ended) == []
    for day in DAYS[:1]:
        spool.put("stories", day, packet)
    asked.clear()
    assert len(spool.take("stories", DAYS, ended)) == 1
    assert len(asked) == 1, "only the first is waited for"
    assert len(spool.take("stories", DAYS, ended, least=3)) == 1
    assert len(asked) == 3, "nobody makes the second any more"
    for day in DAYS[1:]:
        spool.put("stories", day, packet)
    assert len(spool.take("stories", DAYS, ended)) == 2, "no more than may be held"
    assert len(spool.take("stories", DAYS[:1], ended, least=3)) == 1


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
    assert ahead.write("stories", [*DAYS], warehouse) == 2
    assert ahead.write("stories", [*DAYS[2:]], warehouse) == 0
    assert stored(warehouse) == [("a0", "s0"), ("a1", "s1")]
    assert told == [
        "the process that made stories ahead ended before 2026-01-12; the run makes the rest itself"
    ]
    assert not ahead.folder.exists()
    assert not ahead.write("stories", [*DAYS], warehouse)
    assert len(told) == 1


def test_it_is_not_written_where_the_warehouse_has_changed(warehouse: Warehouse) -> None:
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert ahead.write("stories", [DAYS[0]], warehouse) == 1
    with warehouse.write() as writer:
        writer.append(
            "news.articles", articles({"article_id": "a9", "first_seen_at": at("10 09:00")})
        )
    assert not ahead.write("stories", [*DAYS[1:]], warehouse)
    assert stored(warehouse) == [("a0", "s0")]
    assert "has changed since stories of 2026-01-11 was made ahead" in told[0]


@pytest.mark.parametrize("short", ["disk", "memory", "container"])
def test_without_room_for_copies_there_are_no_lanes(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, short: str
) -> None:
    if short == "disk":
        disk = shutil.disk_usage(warehouse.path.parent)._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: disk)
    elif short == "container":
        # 1,500 bytes taken, of which 500 are the cache of files, of 2,000.
        cache = "anon 900\ninactive_file 500\n"
        files = {"bound": "2000\n", "unbound": "max\n", "used": "1500\n", "memory.stat": cache}
        for name, held in files.items():
            (tmp_path / name).write_text(held)
        groups = [(tmp_path, bound, "used") for bound in ("missing", "unbound", "bound")]
        monkeypatch.setattr(lanes_ahead, "CONTROL_GROUPS", groups)
        short = "memory"
    else:
        memory = psutil.virtual_memory()._replace(available=1000)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert not ahead.write("stories", [*DAYS], warehouse)
    assert f"bytes of {short}, 1,000 are free" in told[0]
    ahead.close()
    assert not ahead.folder.exists()


def test_a_step_that_no_lane_makes_is_made_by_the_run(warehouse: Warehouse) -> None:
    told: list[str] = []
    ahead = begun(warehouse, told)
    assert not ahead.write("topics", [*DAYS], warehouse)
    ahead.close()
    assert not told


def test_lanes_are_cut_by_cores() -> None:
    every = list(STEPS.values())
    record = every[:3]
    shown = ("trending", "digests", "timelines")
    assert lanes_for(1, every) == []
    assert lanes_for(2, every) == [
        Lane(("stories", "topics"), (), behind=1),
        Lane((LEDGER.name, *shown), ("stories", "topics")),
    ]
    assert lanes_for(2, record) == [
        Lane(("stories",), (), behind=2),
        Lane(("topics",), ("stories",), behind=1),
        Lane((LEDGER.name,), ("stories", "topics")),
    ]
    four = [
        Lane(("stories",), (), behind=3),
        Lane(("topics",), ("stories",), behind=2),
        Lane((LEDGER.name,), ("stories", "topics"), behind=1),
        Lane(shown, ("stories", "topics", LEDGER.name)),
    ]
    assert lanes_for(3, every) == lanes_for(2, every)
    assert lanes_for(4, every) == lanes_for(8, every) == four
    assert [lane.steps for lane in lanes_for(2, [STORIES])] == [("stories",)]
    assert lanes_for(4, [STORIES, LEDGER])[1] == Lane((LEDGER.name,), ("stories",))
