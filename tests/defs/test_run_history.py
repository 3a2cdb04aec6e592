"""Dagster's history while its files are kept open."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from newsworld_dagster.eventlog import instance_at_once
from newsworld_dagster.runhistory import days_at_once, history_kept_open

RUN = """
import os, signal, sys
from pathlib import Path
import dagster as dg
from newsworld_dagster.runhistory import history_kept_open

@dg.asset
def one():
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
with history_kept_open(home), dg.DagsterInstance.from_config(str(home)) as instance:
    dg.materialize([one], instance=instance)
"""


def run(home: Path, how: str) -> int:
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    done = subprocess.run([sys.executable, "-c", RUN, str(home), how], capture_output=True)
    return done.returncode


def events(home: Path) -> list[str]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        [one] = instance.get_run_records()
        return [
            entry.dagster_event.event_type_value
            for entry in instance.all_logs(one.dagster_run.run_id)
            if entry.dagster_event
        ]


def test_the_history_is_whole_and_merged_when_the_block_ends(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(home, "end") == 0
    assert events(home)[-1] == "PIPELINE_SUCCESS"
    assert "ASSET_MATERIALIZATION" in events(home)
    assert not list(home.rglob("*-wal"))  # nobody has it open: all is in the files


def test_a_killed_process_loses_no_event(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run(home, "die") == -signal.SIGKILL
    assert events(home)[-1] == "STEP_START"


def test_files_stay_open_and_wait_for_the_disk_at_merges_alone(tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text

    file = tmp_path / "some.db"
    with sqlite3.connect(file) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE kept (n INTEGER)")
    made.close()
    log = file.with_name("some.db-wal")
    with history_kept_open(tmp_path):
        engine = create_engine(f"sqlite:///{file}")
        with engine.begin() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 1  # NORMAL
            connection.execute(text("INSERT INTO kept VALUES (1)"))
        engine.dispose()
        assert log.stat().st_size > 0
        elsewhere = create_engine("sqlite://")
        with elsewhere.begin() as connection:
            assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # not of this home
    assert not log.exists()
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # as it was
        assert connection.execute(text("SELECT n FROM kept")).scalar() == 1


RANGE = {
    "dagster/asset_partition_range_start": "2026-01-01",
    "dagster/asset_partition_range_end": "2026-01-31",
}


def month(home: Path, instance: dg.DagsterInstance) -> tuple[Counter[str], list[object]]:
    """Run two tables over a month: the kinds of events, and what the history tells of them."""
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")
    specs = [dg.AssetSpec(name, partitions_def=days) for name in ("one", "other")]

    @dg.multi_asset(
        specs=specs,
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[dg.AssetCheckSpec("sound", asset="one")],
    )
    def both() -> Iterator[dg.MaterializeResult[None]]:
        for spec in specs:
            checks = (
                [dg.AssetCheckResult(passed=True)] if spec.key.to_user_string() == "one" else []
            )
            yield dg.MaterializeResult(
                asset_key=spec.key, metadata={"rows": 3}, tags={"who": "desk"}, check_results=checks
            )

    done = dg.materialize([both], instance=instance, tags=RANGE)
    logs = [log.dagster_event for log in instance.all_logs(done.run_id) if log.dagster_event]
    told: list[object] = []
    # As whoever opens the home later finds it.
    with dg.DagsterInstance.from_config(str(home)) as later:
        for spec in specs:
            records = later.fetch_materializations(spec.key, limit=100, ascending=True).records
            told += [record.partition_key for record in records]
            assert [record.storage_id for record in records] == sorted(
                record.storage_id for record in records
            )
            made = later.get_materialized_partitions(spec.key)
            assert len(made) == 31
            told += sorted(made)
            last = later.get_latest_materialization_event(spec.key)
            assert last is not None and last.asset_materialization is not None
            told += [last.asset_materialization.partition, last.asset_materialization.metadata]
            told.append(dict(last.asset_materialization.tags or {})["who"])
    return Counter(event.event_type_value for event in logs), told


def test_a_run_over_days_tells_of_them_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone: Counter[str | None] = Counter()
    store = SqliteEventLogStorage.store_event

    def counted(self: SqliteEventLogStorage, event: dg.EventLogEntry) -> None:
        alone[event.dagster_event and event.dagster_event.event_type_value] += 1
        store(self, event)

    monkeypatch.setattr(SqliteEventLogStorage, "store_event", counted)
    found = []
    for name, context in (("together", days_at_once()), ("alone", nullcontext())):
        home = tmp_path / name
        home.mkdir()
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        by_itself: AbstractContextManager[dg.DagsterInstance] = (
            instance_at_once(str(home))
            if name == "together"
            else dg.DagsterInstance.from_config(str(home))
        )
        with by_itself as instance, context:
            found.append((*month(home, instance), alone.copy()))
        alone.clear()
    (kinds, told, stored), (kinds_alone, told_alone, stored_alone) = found
    assert told == told_alone
    planned, made = "ASSET_MATERIALIZATION_PLANNED", "ASSET_MATERIALIZATION"
    assert (kinds.pop(planned), kinds_alone.pop(planned)) == (2, 62)
    assert kinds == kinds_alone
    assert kinds[made] == 62
    assert (stored[made], stored_alone[made]) == (0, 62)
