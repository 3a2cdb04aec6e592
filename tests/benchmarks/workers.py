"""Embedding spread over workers: one, two and four against each other, on servers of their own.

    python -m tests.benchmarks.workers [--days 60]

Needs what `make test-scale` needs. A new lake for each way; timed is the embedding of the days,
from the moment that the workers are up.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from tests.benchmarks.figures import Figure, note
from tests.benchmarks.shared import EMBED, ROOT, archive_rows
from tests.scale.servers import Postgres, Redis
from tests.scale.test_team_world import Team, with_workers

# How many workers, and how many threads each computes with; 0 leaves that to the libraries.
WAYS = ((1, 0), (1, 1), (2, 1), (2, 0), (4, 1))


def embed(team: Team, script: Path, first: str, last: str, workers: int) -> float:
    """Wall seconds of embedding the days by workers that are up."""
    names = [f"worker{number}" for number in range(workers)]
    with with_workers(team, *names):
        deadline = time.monotonic() + 120
        while not all("ready." in team.log(name) for name in names):
            if time.monotonic() > deadline:
                raise TimeoutError(f"A worker did not start: {team.log(names[-1])[-2000:]}")
            time.sleep(0.2)
        started = time.monotonic()
        subprocess.run(
            [sys.executable, str(script), first, last],
            check=True,
            cwd=ROOT,
            env={**os.environ, **team.settings, "PYTHONPATH": str(ROOT)},
        )
        return time.monotonic() - started


def main() -> int:
    """Print and note how long each way takes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=60, help="days of the archive to embed")
    given = parser.parse_args()
    found = archive_rows()
    if found is None:
        return 0
    articles, seen = found
    first = seen.min().floor("D") + pd.Timedelta(days=1)
    last = first + pd.Timedelta(days=given.days - 1)
    part = articles[(seen >= first) & (seen < last + pd.Timedelta(days=1))]
    sys.stdout.write(f"{len(part):,} articles of {given.days} days\n\n")
    sys.stdout.write("| workers | threads each | wall s | articles/s | against one worker |\n")
    sys.stdout.write("|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's user has to pass
        file, script = folder / "part.parquet", folder / "embed.py"
        part.to_parquet(file)
        script.write_text(EMBED)
        (folder / "postgres").mkdir()
        postgres, redis = Postgres.start(folder / "postgres"), Redis.start(folder / "redis")
        try:
            alone: float | None = None
            for number, (workers, threads) in enumerate(WAYS):
                own = folder / str(number)
                own.mkdir()
                team = Team.on(own, postgres, redis)
                team.settings["NEWSWORLD_SPREAD"] = str(workers)
                team.settings["NEWSWORLD_WORKER_PATIENCE"] = "3600"
                if threads:
                    team.settings["OMP_NUM_THREADS"] = str(threads)
                team.run("import", str(file))
                wall = embed(team, script, f"{first:%F}", f"{last:%F}", workers)
                alone = wall if alone is None else alone
                shown = threads or "as many as cores"
                sys.stdout.write(
                    f"| {workers} | {shown} | {wall:.1f} | {len(part) / wall:.0f} | "
                    f"{alone / wall:.2f} |\n"
                )
                sys.stdout.flush()
                note(
                    Figure(
                        f"embedding by {workers} workers, threads each: {shown}",
                        f"{len(part):,} articles of {given.days} days",
                        wall,
                        peer="one worker, threads as many as cores",
                        ratio=alone / wall,
                        note="from workers that are up to the end of the last run; each run starts "
                        "a process of its own and each worker loads the model",
                    )
                )
        finally:
            redis.kill()
            postgres.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
