"""A simulated newswire: `python -m tests.benchmarks.newswire --articles 100000 --out FOLDER`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.benchmarks.newswire.process import Process
from tests.benchmarks.newswire.stream import write


def main() -> int:
    """Write the stream and its truth, and say how many rows there are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--a-day", type=float, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    started = time.monotonic()
    rows = write(given.out, given.articles, Process(a_day=given.a_day), given.seed)
    for name, count in rows.items():
        sys.stdout.write(f"{name}.parquet: {count} rows\n")
    sys.stderr.write(f"{time.monotonic() - started:.1f} s\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
