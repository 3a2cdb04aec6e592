"""A compacted file is the same warehouse, whoever else is at work and whenever it is killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.warehouse import CompactionError, Warehouse, WarehouseLockedError
from newsworld_dagster.warehouse.compaction import compact_file, forget_vectors, room_in
from tests.warehouse.warehouse_rows import articles, at, claim, claims

pytestmark = pytest.mark.file_only
LATER = at("21 00:00")
SPAWN = multiprocessing.get_context("spawn")


def world(folder: Path, texts: int = 4000) -> Warehouse:
    """A file half of whose vectors are old; a view and a comment, as dbt makes them."""
    warehouse = Warehouse(folder / "newsworld.duckdb", lock_timeout=20)
    old = texts // 2
    rows = articles(
        *(
            {"article_id": f"a{n}", "first_seen_at": at("10 00:00" if n < old else "20 00:00")}
            for n in range(texts)
        )
    )
    drawn = np.random.default_rng(5).normal(size=(texts, 384)).astype(np.float32)
    vectors = pd.DataFrame(
        {"model": "axes", "content_digest": rows["content_digest"], "vector": list(drawn)}
    )
    with warehouse.write() as writer:
        writer.append("news.articles", rows)
        writer.append("embeddings.vectors", vectors)
        writer.append("forecasts.claims", claims(claim(1, "q1", at("20 00:00"), 3)))
        writer.connection.execute("CREATE SCHEMA marts")
        writer.connection.execute(
            "CREATE VIEW marts.titles AS SELECT title FROM newsworld.news.articles"
        )
        writer.connection.execute("COMMENT ON VIEW marts.titles IS 'what was said'")
    return warehouse


def contents(warehouse: Warehouse) -> dict[str, object]:
    with warehouse.open_as_is() as reader:
        names = reader.frame(
            "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables()"
        )["name"]
        found: dict[str, object] = {
            name: reader.connection.execute(
                f"SELECT count(*), sum(hash(t)) FROM {name} AS t"
            ).fetchone()
            for name in names
        }
        found["view"] = reader.connection.execute(
            "SELECT count(title), (SELECT comment FROM duckdb_views() WHERE view_name = 'titles') "
            "FROM marts.titles"
        ).fetchone()
    return found


def test_a_compacted_file_is_smaller_and_says_the_same(tmp_path: Path) -> None:
    warehouse = world(tmp_path)
    full = warehouse.size()
    with warehouse.write() as writer:
        assert forget_vectors(writer, at("15 00:00")) == 2000
    before = contents(warehouse)
    assert before["embeddings.vectors"][0] == 2000
    gained = compact_file(warehouse)
    assert gained >= 0.3 * full
    assert warehouse.size() < 0.7 * full
    assert room_in(warehouse).free < 0.1 * full
    assert contents(warehouse) == before
    assert {path.name for path in tmp_path.iterdir()} == {"newsworld.duckdb"}
    with warehouse.write() as writer:
        assert (
            writer.append("news.articles", articles({"article_id": "b", "first_seen_at": LATER}))
            == 1
        )


def test_a_full_disk_and_a_copy_that_differs_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsworld_dagster.warehouse import compaction

    warehouse = world(tmp_path, 100)
    before, number = contents(warehouse), warehouse.path.stat().st_ino
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    with monkeypatch.context() as patch, pytest.raises(CompactionError, match="1,000 are free"):
        patch.setattr(compaction.shutil, "disk_usage", lambda _path: usage)
        compact_file(warehouse)
    with monkeypatch.context() as patch, pytest.raises(CompactionError, match=r"news\.articles"):
        patch.setattr(compaction, "_differing", lambda *_: iter(["news.articles"]))
        compact_file(warehouse)
    assert contents(warehouse) == before
    assert warehouse.path.stat().st_ino == number


def hold(path: Path, seconds: float) -> None:
    with Warehouse(path).write():
        path.with_suffix(".held").touch()
        time.sleep(seconds)


def test_who_writes_is_waited_for(tmp_path: Path) -> None:
    warehouse = world(tmp_path, 100)
    holder = SPAWN.Process(target=hold, args=(warehouse.path, 4))
    holder.start()
    while not warehouse.path.with_suffix(".held").exists():
        time.sleep(0.02)
    with pytest.raises(WarehouseLockedError):
        compact_file(Warehouse(warehouse.path, lock_timeout=0.2))
    compact_file(warehouse)
    holder.join()
    assert holder.exitcode == 0


def write_many(path: Path, enough: Event) -> None:
    """Write article after article until it is enough; says at last how many."""
    warehouse = Warehouse(path, lock_timeout=60)
    n = 0
    while not enough.is_set():
        with warehouse.write() as writer:
            writer.append(
                "news.articles", articles({"article_id": f"w{n}", "first_seen_at": LATER})
            )
        n += 1
    path.with_suffix(".written").write_text(str(n))


def test_nothing_is_lost_of_what_is_written_meanwhile(tmp_path: Path) -> None:
    warehouse = world(tmp_path, 100)
    enough = SPAWN.Event()
    writer = SPAWN.Process(target=write_many, args=(warehouse.path, enough))
    writer.start()
    between = set()
    while writer.is_alive() and len(between) < 5:
        compact_file(warehouse)
        with warehouse.read() as reader:
            between.add(reader.count("news.articles"))
    enough.set()
    writer.join()
    assert writer.exitcode == 0
    written = int(warehouse.path.with_suffix(".written").read_text())
    assert written >= 4
    with warehouse.read() as reader:
        assert reader.count("news.articles") == 100 + written


def compact_for_ever(path: Path) -> None:
    warehouse = Warehouse(path)
    path.with_suffix(".started").touch()
    while True:
        compact_file(warehouse)


def test_killed_at_any_moment_it_leaves_the_same_warehouse(tmp_path: Path) -> None:
    warehouse = world(tmp_path)
    before = contents(warehouse)
    chance = random.Random(4)
    for _ in range(6):
        warehouse.path.with_suffix(".started").unlink(missing_ok=True)
        process = SPAWN.Process(target=compact_for_ever, args=(warehouse.path,))
        process.start()
        while not warehouse.path.with_suffix(".started").exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.8))
        assert process.is_alive(), "it should be at work"
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert contents(warehouse) == before
    compact_file(warehouse)
    assert contents(warehouse) == before
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"newsworld.duckdb", "newsworld.started"}
