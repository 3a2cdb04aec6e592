"""A real daemon beside the command, and killed: no run is lost, and the tables are the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
import pytest

from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.runsafety import WORKER_TAG, is_taken
from newsworld_dagster.settings import Settings
from tests.e2e.worlds import SAMPLE
from tests.faults.kill_rounds import ROOT, fingerprint

FIRST, LAST = "2026-01-12", "2026-01-13"
BACKFILL = ("backtest", "--from", FIRST, "--to", LAST, "--warm-up-from", FIRST)
PATIENCE = 240.0


def environment(world: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NEWSWORLD_DATA_DIR": str(world),
        "DAGSTER_HOME": str(world / "dagster"),
    }


def warehouse_of(world: Path) -> Path:
    return world / "warehouse" / "newsworld.duckdb"


def start(world: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """The command with the short job, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.short_job", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(world),
    )


@contextmanager
def daemon(world: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon with its code server and workers, a group that ends with the block."""
    with dagster_instance(Settings(data_dir=world)):
        pass  # the folder and its dagster.yaml
    with (world / "daemon.log").open("ab") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("dagster-daemon"), "run",
             "-m", "tests.faults.short_job"],
            stdout=log, stderr=log, cwd=ROOT, env=environment(world), start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        kill_all(process)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """As when the machine goes: nobody is told."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until(what: Callable[[], bool], world: Path) -> None:
    """Wait until something is so; else fail with the end of the daemon's log."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            log = world / "daemon.log"
            pytest.fail(f"it never was so; {log.read_text()[-3000:] if log.exists() else ''}")
        time.sleep(0.3)


def daemons_run(world: Path) -> dg.DagsterRun | None:
    """The run that the daemon launched, if it did."""
    with dagster_instance(Settings(data_dir=world)) as instance:
        runs = [run for run in instance.get_runs() if "dagster/sensor_name" in run.tags]
    return runs[0] if runs else None


def state(world: Path) -> dg.DagsterRunStatus | None:
    run = daemons_run(world)
    return None if run is None else run.status


def is_over(world: Path) -> bool:
    run = daemons_run(world)
    return run is not None and run.is_finished


def is_at_work(world: Path) -> bool:
    """Whether the daemon's run is in the middle: a step wrote, and others are to come."""
    run = daemons_run(world)
    if run is None or WORKER_TAG not in run.tags:
        return False
    with dagster_instance(Settings(data_dir=world)) as instance:
        done = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    return any(entry.step_key == "embeddings__vectors" for entry in done)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with articles and nothing else."""
    world = tmp_path_factory.mktemp("fresh") / "world"
    assert start(world, "import", str(SAMPLE)).wait() == 0
    return world


@pytest.fixture(scope="module")
def undisturbed(fresh: Path) -> dict[str, tuple[int, str]]:
    """The tables after a backfill that had the world for itself."""
    world = fresh.with_name("undisturbed")
    shutil.copytree(fresh, world)
    assert start(world, *BACKFILL).wait() == 0
    tables = fingerprint(warehouse_of(world))
    assert tables["forecasts.claims"][0] > 0
    return tables


@pytest.fixture
def world(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "world"))


def waits(world: Path) -> bool:
    """Whether the daemon's run waits for its turn."""
    run = daemons_run(world)
    if run is None:
        return False
    with dagster_instance(Settings(data_dir=world)) as instance:
        return any(
            "waiting for it to end" in one.user_message for one in instance.all_logs(run.run_id)
        )


def test_a_backfill_and_a_scheduled_run_of_the_same_day(
    world: Path, undisturbed: dict[str, tuple[int, str]]
) -> None:
    gate = world / "gate"
    gate.touch()
    with daemon(world):
        backfill = start(world, *BACKFILL)
        until(lambda: is_taken(Settings(data_dir=world)), world)
        (world / "ask").write_text(LAST)
        until(lambda: waits(world), world)
        gate.unlink()
        assert backfill.wait(PATIENCE) == 0
        until(lambda: is_over(world), world)
    with dagster_instance(Settings(data_dir=world)) as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS] * 2
    assert fingerprint(warehouse_of(world)) == undisturbed


def test_a_run_outlives_its_daemon(world: Path, undisturbed: dict[str, tuple[int, str]]) -> None:
    with daemon(world) as process:
        (world / "ask").write_text(FIRST)
        until(lambda: is_at_work(world), world)
        process.kill()
        until(lambda: is_over(world), world)
        assert state(world) == dg.DagsterRunStatus.SUCCESS
    assert start(world, *BACKFILL).wait() == 0
    assert fingerprint(warehouse_of(world)) == undisturbed


def test_a_run_that_dies_with_its_daemon_is_closed_by_the_next(
    world: Path, undisturbed: dict[str, tuple[int, str]]
) -> None:
    with daemon(world) as process:
        (world / "ask").write_text(FIRST)
        until(lambda: is_at_work(world), world)
        kill_all(process)
    assert state(world) == dg.DagsterRunStatus.STARTED
    with daemon(world):
        until(lambda: is_over(world), world)
        assert state(world) == dg.DagsterRunStatus.FAILURE
    with dagster_instance(Settings(data_dir=world)) as instance:
        slots = instance.event_log_storage.get_concurrency_info("warehouse")
        assert slots.active_slot_count == 0
    assert start(world, *BACKFILL).wait() == 0
    assert fingerprint(warehouse_of(world)) == undisturbed
