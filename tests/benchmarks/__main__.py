"""`make bench`: measure, and write the tables of docs/benchmarks.md.

    python -m tests.benchmarks [--suite NAME ...]

Each suite is a process of its own. Without a name the quick ones run (half an hour on two cores);
the others have to be asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.figures import FILE, machine, page

ROOT = Path(__file__).parents[2]
ROWS = ROOT / "docs" / "benchmarks.jsonl"
PAGE = ROOT / "docs" / "benchmarks.md"

# Modules of this package with their arguments.
QUICK = {
    "loading": ["loading"],
    "overhead": ["overhead"],
    "embedding": ["embedding"],
    "feeds": ["feeds"],
    "asking": ["asking"],
    "scoring": ["scoring"],
    "month": ["month"],
    "newswire": ["million", "--sizes", "10000,30000"],
}
LONG = {
    "stories": ["stories"],
    "topics": ["topics"],
    "recalibration": ["recalibration"],
    "scale": ["scale"],
    "workers": ["workers"],
    "archive": ["archive"],
    "million": ["million", "--sizes", "10000,100000,1000000"],
}
SUITES = QUICK | LONG


def run(suite: str, commit: str) -> tuple[list[dict[str, object]], int]:
    """The rows of one suite, and its exit code; its own tables go to stdout."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.jsonl"
        module, *arguments = SUITES[suite]
        done = subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
            env={**os.environ, FILE: str(file)},
            cwd=ROOT,
        )
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
    about = {
        "suite": suite,
        "machine": machine(),
        "commit": commit,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "load": load,
    }
    return [about | json.loads(line) for line in lines], done.returncode


def main() -> int:
    """Run the suites asked for and write what they found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suite", action="append", choices=SUITES, help="this one; repeatable")
    given = parser.parse_args()
    changed = subprocess.run(
        ["git", "status", "--porcelain", "newsworld_dagster", "dbt_models"],
        capture_output=True, text=True, cwd=ROOT,
    ).stdout  # fmt: skip
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()
    commit = f"{head} with changes" if changed else head
    status = 0
    for suite in given.suite or QUICK:
        sys.stdout.write(f"\n=== {suite}\n")
        sys.stdout.flush()
        found, code = run(suite, commit)
        status = status or code
        if not found:
            sys.stderr.write(f"{suite} keeps no figures; its tables are above\n")
            continue
        kept = (
            [json.loads(line) for line in ROWS.read_text("utf-8").splitlines()]
            if ROWS.exists()
            else []
        )
        rows = [row for row in kept if row["suite"] != suite] + found
        order = list(SUITES)
        rows.sort(key=lambda row: order.index(row["suite"]) if row["suite"] in order else 99)
        ROWS.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        PAGE.write_text(page(rows), "utf-8")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
