"""kill -9 at random moments of writing, then the same again: the tables are the same.

`python -m tests.faults.test_kill_writers 50` does fifty rounds; whole runs of the job are killed
by `python -m tests.faults.kill_rounds`.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from newsworld_dagster.defs.signing import first_fault
from newsworld_dagster.warehouse import Warehouse
from tests.faults.kill_rounds import fingerprint
from tests.faults.victims import WRITING, kill, victim
from tests.faults.writer import DAYS, write


def begin(folder: Path) -> ForkServerProcess:
    """A writer that has done its imports; the file that it tells its days to lies beside it."""
    said = folder.with_suffix(".txt")
    said.unlink(missing_ok=True)
    process = victim(write, folder, said=said, world=folder, heavy=WRITING)
    while process.is_alive() and not (said.exists() and "ready" in said.read_text()):
        time.sleep(0.01)
    return process


def days_done(folder: Path) -> int:
    return len(folder.with_suffix(".txt").read_text().split()) - 1


def kill_writers(number: int, seed: int, folder: Path) -> tuple[list[str], list[int]]:
    """Kill writers at random moments and let each finish.

    Returns the rounds that differ, and how many days each writer had done when it was killed.
    """
    chance = random.Random(seed)
    reference = begin(folder / "reference")
    began = time.monotonic()
    reference.join()
    assert reference.exitcode == 0
    took = time.monotonic() - began
    expected = fingerprint(folder / "reference" / "warehouse" / "newsworld.duckdb")
    assert expected["forecasts.claims"][0] == 50
    assert expected["news.revisions"][0] == 100
    wrong, days = [], []
    for count in range(number):
        world = folder / f"round-{count}"
        moment = chance.uniform(0, took)
        process = begin(world)
        time.sleep(moment)
        kill(process)
        days.append(days_done(world))
        process = begin(world)
        process.join()
        told = f"killed after {moment:.2f} s of {took:.2f}, {days[-1]} days done"
        if process.exitcode != 0:
            wrong.append(f"{told}: the rerun failed: {world.with_suffix('.txt').read_text()}")
            continue
        found = fingerprint(world / "warehouse" / "newsworld.duckdb")
        differing = [name for name in expected if found[name] != expected[name]]
        if differing:
            wrong.append(f"{told}: {', '.join(differing)}")
        with Warehouse(world / "warehouse" / "newsworld.duckdb").read() as reader:
            if first_fault(reader) is not None:
                wrong.append(f"{told}: {first_fault(reader)}")
        shutil.rmtree(world)
    return wrong, days


def test_killed_writers_leave_nothing_that_a_rerun_does_not_mend(tmp_path: Path) -> None:
    wrong, _ = kill_writers(2, 20260101, tmp_path)
    assert wrong == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        rounds = int(sys.argv[1])
        faults, reached = kill_writers(rounds, 1, Path(scratch))
        landed = {day: reached.count(day) for day in range(DAYS + 1)}
        sys.stdout.write(f"days done when killed, and how often: {landed}\n")
        sys.stdout.write("\n".join(faults or [f"{rounds} rounds, every table identical"]) + "\n")
