"""Dagster's history while its files are kept open."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import dagster as dg

from newsworld_dagster.runhistory import history_kept_open, planned_at_once

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


def test_a_run_over_days_notes_once_what_it_will_make(tmp_path: Path) -> None:
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")

    @dg.asset(partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
    def month() -> None:
        """Nothing."""

    tags = {
        "dagster/asset_partition_range_start": "2026-01-01",
        "dagster/asset_partition_range_end": "2026-01-31",
    }
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    noted = []
    for context in (planned_at_once(), nullcontext()):
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance, context:
            done = dg.materialize([month], instance=instance, tags=tags)
            logs = instance.all_logs(done.run_id)
            made = instance.get_materialized_partitions(month.key)
        kinds = [log.dagster_event.event_type_value for log in logs if log.dagster_event]
        noted.append(kinds.count("ASSET_MATERIALIZATION_PLANNED"))
        assert len(made) == kinds.count("ASSET_MATERIALIZATION") == 31
    assert noted == [1, 31]
