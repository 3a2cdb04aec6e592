"""kill -9 at random moments of writing, then the same again: the tables are the same.

`python -m tests.faults.test_kill_writers 50` does fifty rounds; whole runs of the job are killed
by `python -m tests.faults.kill_rounds`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from newsworld_dagster.defs.signing import first_fault
from newsworld_dagster.warehouse import Warehouse
from tests.faults.kill_rounds import ROOT, fingerprint


def start(folder: Path) -> subprocess.Popen[str]:
    """A writer that has done its imports."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.writer", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill_writers(number: int, seed: int, folder: Path) -> list[str]:
    """Kill writers at random moments and let each finish; returns the rounds that differ."""
    chance = random.Random(seed)
    reference = start(folder / "reference")
    began = time.monotonic()
    assert reference.wait() == 0
    took = time.monotonic() - began
    expected = fingerprint(folder / "reference")
    assert expected["forecasts.claims"][0] == 50
    assert expected["news.revisions"][0] == 100
    wrong = []
    for count in range(number):
        world = folder / f"round-{count}"
        moment = chance.uniform(0, took)
        victim = start(world)
        time.sleep(moment)
        victim.kill()
        victim.wait()
        assert start(world).wait() == 0
        found = fingerprint(world)
        differing = [name for name in expected if found[name] != expected[name]]
        if differing:
            wrong.append(f"killed after {moment:.2f} s of {took:.2f}: {', '.join(differing)}")
        with Warehouse(world / "warehouse" / "newsworld.duckdb").read() as reader:
            if first_fault(reader) is not None:
                wrong.append(f"killed after {moment:.2f} s: {first_fault(reader)}")
    return wrong


def test_killed_writers_leave_nothing_that_a_rerun_does_not_mend(tmp_path: Path) -> None:
    assert kill_writers(2, 20260101, tmp_path) == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        rounds = int(sys.argv[1])
        faults = kill_writers(rounds, 1, Path(scratch))
        sys.stdout.write("\n".join(faults or [f"{rounds} rounds, every table identical"]) + "\n")
