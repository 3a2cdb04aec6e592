"""A replay that lanes make ahead is the replay without them, whatever becomes of the lanes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from joblib import cpu_count

from tests.e2e.worlds import SAMPLE, WorldFolder

REPLAY = ("backtest", "--from", "2026-01-30", "--to", "2026-02-06", "--warm-up-from", "2026-01-27")
LANES = 4 if cpu_count() >= 4 else 2


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """A replay whose days the run makes itself."""
    world = imported(tmp_path_factory.mktemp("alone"))
    done = world.run(*REPLAY, NEWSWORLD_AHEAD_DAYS="0")
    assert done.code == 0, done.err[-3000:]
    return world


def imported(folder: Path) -> WorldFolder:
    world = WorldFolder(folder / "world")
    assert world.run("import", str(SAMPLE)).code == 0
    return world


def begun(world: WorldFolder) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """A replay of which the first day of topics was made ahead, and the processes of its lanes."""
    running = subprocess.Popen(
        [str(Path(sys.executable).with_name("newsworld")), *REPLAY],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=world.path.parent,
        env={
            **os.environ,
            "NEWSWORLD_DATA_DIR": str(world.path),
            "NEWSWORLD_AHEAD_DAYS": "5",
            "COLUMNS": "200",
        },
    )
    first = world.path / "ahead" / "packets" / "topics" / "2026-01-27.packet"
    end = time.monotonic() + 120
    while not first.exists():
        assert running.poll() is None, running.stderr and running.stderr.read()
        assert time.monotonic() < end, "no day was made ahead"
        time.sleep(0.005)
    lanes = [
        child
        for child in psutil.Process(running.pid).children()
        if any("spawn_main" in word for word in child.cmdline())
    ]
    return running, sorted(lanes, key=psutil.Process.create_time)


def test_the_record_alone_and_then_the_rest_are_the_same_rows(
    alone: WorldFolder, tmp_path: Path
) -> None:
    world = imported(tmp_path)
    done = world.run(*REPLAY, "--record-only", NEWSWORLD_AHEAD_DAYS="5")
    assert done.code == 0, done.err[-3000:]
    assert "the run makes the rest itself" not in done.err
    whole, record = alone.fingerprint(), world.fingerprint()
    assert whole["forecasts.claims"][0] > 0
    assert whole["outcomes.resolutions"][0] > 0
    shown = {"stories.trending", "stories.digests", "stories.timelines"}
    assert {table for table in whole if record[table] != whole[table]} == shown
    assert [record[table][0] for table in sorted(shown)] == [0, 0, 0]
    published = world.path / "published"
    assert (published / "snapshot.duckdb").exists()
    assert not (published / "edition").exists()
    assert world.run("scorecard", "--json").out == alone.run("scorecard", "--json").out
    # The table that the run made, which is printed, says what the ledger says.
    printed = done.out.splitlines()
    printed = printed[next(n for n, line in enumerate(printed) if "forecaster" in line) :]
    assert any("coverage" in line for line in printed)
    assert set(printed) <= set(world.run("scorecard").out.splitlines())

    done = world.run(*REPLAY, NEWSWORLD_AHEAD_DAYS="5")
    assert done.code == 0, done.err[-3000:]
    assert "the run makes the rest itself" not in done.err
    assert world.fingerprint() == whole
    assert (published / "edition" / "index.html").exists()
    assert not (world.path / "ahead").exists()


def test_a_lane_that_is_killed_costs_nothing_but_time(alone: WorldFolder, tmp_path: Path) -> None:
    world = imported(tmp_path)
    running, lanes = begun(world)
    assert len(lanes) == LANES
    # That of topics: one of stories alone may have made all of its days by now.
    lanes[LANES // 4].kill()
    said = running.communicate()[1]
    assert running.returncode == 0, said
    assert "ahead ended before 2026-" in said
    assert "the run makes the rest itself" in said
    assert world.fingerprint() == alone.fingerprint()
    assert not any(lane.is_running() for lane in lanes)


def test_lanes_end_with_their_run_and_the_next_one_clears_up(
    alone: WorldFolder, tmp_path: Path
) -> None:
    world = imported(tmp_path)
    running, lanes = begun(world)
    running.kill()
    running.communicate()
    _, alive = psutil.wait_procs(lanes, timeout=60)
    assert not alive
    assert (world.path / "ahead").exists()
    done = world.run(*REPLAY, NEWSWORLD_AHEAD_DAYS="5")
    assert done.code == 0, done.err[-3000:]
    assert "the run makes the rest itself" not in done.err
    assert not (world.path / "ahead").exists()
    assert world.fingerprint() == alone.fingerprint()
