"""`make bench`: how long the main steps take on real data, one table at the end.

Each step runs as a process of its own, so that time and peak memory are the whole command's.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import recalibration, topics
from tests.benchmarks.embedding import compare_encoders

ROOT = Path(__file__).parents[2]


def measure(name: str, arguments: list[str], world: Path) -> tuple[str, float, float]:
    """Run `newsworld` and return name, wall seconds and peak memory in MiB."""
    command = [str(Path(sys.executable).with_name("newsworld")), *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    started = time.monotonic()
    subprocess.run(
        command, check=True, env={**os.environ, "NEWSWORLD_DATA_DIR": str(world)}, cwd=ROOT
    )
    wall = time.monotonic() - started
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    return name, wall, peak


def main() -> int:
    """Import and replay the archive, compare encoders, topics and recalibrations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", default="2026-03-01")
    parser.add_argument("--to", dest="last", default="2026-03-31")
    given = parser.parse_args()
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    archive = shared / "news_gnews" / "articles.parquet"
    if not archive.is_file():
        sys.stderr.write(f"No archive at {archive}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / "world"
        replay = ["backtest", "--from", given.first, "--to", given.last]
        rows = [
            measure("import of the archive", ["import", str(archive)], world),
            measure("replay with embedding", [*replay, "--warm-up-from", given.first], world),
            measure("the same replay again, all cached", [*replay, "--warm-up-from", given.first],
                    world),
            measure("scorecard", ["scorecard", "--json"], world),
        ]  # fmt: skip
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()
    sys.stdout.write(f"\n{platform.machine()}, {os.cpu_count()} cores, commit {commit}\n\n")
    sys.stdout.write("| step | wall s | peak MiB so far |\n|---|---|---|\n")
    for name, wall, peak in rows:
        sys.stdout.write(f"| {name} | {wall:.1f} | {peak:.0f} |\n")
    sys.stdout.write(f"\n{compare_encoders(shared)}\n\n")
    status = topics.main([])
    sys.stdout.write("\n")
    return status or recalibration.main([])


if __name__ == "__main__":
    raise SystemExit(main())
