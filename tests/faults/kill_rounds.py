"""kill -9 at random moments of a run, then the same command again: are the tables the same?

Run as `python -m tests.faults.kill_rounds [--rounds 50] [--seed 1]`; the test beside it does a few.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[2]
SCHEMAS = ("news", "embeddings", "stories", "forecasts", "outcomes", "scorecards", "marts")
COMMAND = [sys.executable, "-c", "from newsworld_dagster.cli import main; main()"]
# Told apart by when they ran, not by what they hold.
MOMENTS = {"rejected_at"}
DAYS = ("2026-01-12", "2026-01-16")


def start(world: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `newsworld` on a world, in a process group of its own."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "NEWSWORLD_DATA_DIR": str(world), "PYTHONPATH": str(ROOT)},
    )


def fingerprint(world: Path) -> dict[str, tuple[int, str]]:
    """Rows and an order-free digest of every table that a run writes."""
    found = {}
    file = world / "warehouse" / "newsworld.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            f"WHERE schema_name IN {SCHEMAS} ORDER BY 1"
        ).fetchall()
        for (name,) in tables:
            columns = [
                f'"{column}"'
                for (column,) in connection.execute(
                    "SELECT column_name FROM duckdb_columns() "
                    "WHERE schema_name || '.' || table_name = ? ORDER BY column_index",
                    [name],
                ).fetchall()
                if column not in MOMENTS
            ]
            row = connection.execute(
                f"SELECT count(*), CAST(bit_xor(hash(row({', '.join(columns)}))) AS VARCHAR) "
                f"FROM {name}"
            ).fetchone()
            assert row is not None
            found[name] = row
    return found


def rounds(number: int, seed: int, days: tuple[str, str], articles: Path) -> list[str]:
    """Kill `number` runs at random moments, each on a copy of one world; returns what differed.

    The world holds the articles and nothing else when a round begins; after the kill the same
    command runs undisturbed.
    """
    chance = random.Random(seed)
    replay = ("backtest", "--from", days[0], "--to", days[1], "--warm-up-from", days[0])
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        fresh, reference = Path(folder) / "fresh", Path(folder) / "reference"
        assert start(fresh, "import", str(articles)).wait() == 0
        shutil.copytree(fresh, reference)
        began = time.monotonic()
        assert start(reference, *replay).wait() == 0
        took = time.monotonic() - began
        expected = fingerprint(reference)
        for count in range(number):
            world = Path(folder) / f"round-{count}"
            shutil.copytree(fresh, world)
            process = start(world, *replay)
            moment = chance.uniform(0.1, 1.0) * took
            try:
                process.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if start(world, *replay).wait() != 0:
                wrong.append(f"round {count}, killed after {moment:.1f} s: the rerun failed")
                continue
            found = fingerprint(world)
            differing = [name for name in expected if found.get(name) != expected[name]]
            if differing:
                wrong.append(f"round {count}, killed after {moment:.1f} s: {', '.join(differing)}")
            shutil.rmtree(world)
    return wrong


def main() -> int:
    """Run the rounds on five days of the bundled sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sample = ROOT / "data" / "sample" / "articles.jsonl"
    wrong = rounds(given.rounds, given.seed, DAYS, sample)
    sys.stdout.write("\n".join(wrong or [f"{given.rounds} rounds, every table identical"]) + "\n")
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
