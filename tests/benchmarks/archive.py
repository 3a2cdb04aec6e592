"""Eleven months of real news, and the next day behind them.

    python -m tests.benchmarks.archive [--world FOLDER]

The archive (NEWSWORLD_SHARED_DATA) is imported and embedded; then `newsworld backtest` replays it,
warm-up included, with every vector at hand: the record alone in a copy, then the whole. Then a day
follows that the archive does not have: 200 articles of half a year before under other addresses and
with a sentence more, so that nothing of them is cached. `newsworld run --as-of` makes that day's
edition in a new process: definitions, models, all steps, the published pages. No feed is polled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from tests.benchmarks.figures import Figure, note
from tests.benchmarks.shared import EMBED, ROOT, Used, archive_file, archive_rows, await_end

NEW = 200
WARM_UP_DAYS = 92
HALF_A_YEAR = 182


def day_after(articles: pd.DataFrame, seen: pd.Series) -> tuple[pd.Timestamp, pd.DataFrame]:
    """The day after the archive, and `NEW` articles that came in on it."""
    day = seen.max().floor("D") + pd.Timedelta(days=1)
    told = seen >= day - pd.Timedelta(days=HALF_A_YEAR)
    new = articles[told].sort_values(["first_seen_utc", "article_id"]).head(NEW)
    hours = (seen[new.index] - seen[new.index].dt.floor("D")).to_numpy()
    return day, new.assign(
        article_id=new["article_id"].str[::-1],
        url=new["url"] + "?again=1",
        summary=new["summary"].fillna("") + " Reported again this spring.",
        first_seen_utc=day + hours,
    )


def timed(command: list[str], world: Path) -> Used:
    """What a command takes, with the processes it starts."""
    log = world / "bench.log"
    with log.open("ab") as file:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            stdout=file,
            stderr=file,
            cwd=ROOT,
            env={
                **os.environ,
                "NEWSWORLD_DATA_DIR": str(world),
                "NEWSWORLD_SPREAD": "1",  # one file has one writer
                "PYTHONPATH": str(ROOT),
            },
        )
        used = await_end(process, started)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}; see {log}")
    return used


def show(name: str, size: str, took: Used, about: str = "") -> None:
    """Print a line and note the figure."""
    wall, processor, mebibytes = took
    sys.stdout.write(f"| {name} | {size} | {wall:.1f} | {processor:.1f} | {mebibytes:.0f} |\n")
    sys.stdout.flush()
    note(Figure(name, size, wall, processor, mebibytes, note=about))


def main() -> int:
    """Measure what the world does not hold yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--world",
        type=Path,
        help="make the world here and keep it; one that is there holds the whole archive and its "
        "vectors already, so import and embedding are left out",
    )
    given = parser.parse_args()
    found = archive_rows()
    if found is None:
        return 0
    articles, seen = found
    day, new = day_after(articles, seen)
    newsworld = str(Path(sys.executable).with_name("newsworld"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        world = given.world or folder / "world"
        world.mkdir(parents=True, exist_ok=True)
        (folder / "embed.py").write_text(EMBED)
        new.to_parquet(folder / "new.parquet")
        first = seen.min().floor("D")
        size = f"{len(articles):,} articles, {(day - first).days} days"
        sys.stdout.write("| what | size | wall s | CPU s | MiB |\n|---|---|---|---|---|\n")
        span = [f"{first:%F}", f"{day - pd.Timedelta(days=1):%F}"]
        held = (world / "warehouse" / "newsworld.duckdb").exists()
        if held:
            sys.stderr.write(f"{world} is taken to hold the archive and its vectors\n")
        else:
            took = timed([newsworld, "import", str(archive_file())], world)
            show("import", size, took)
            took = timed([sys.executable, str(folder / "embed.py"), *span], world)
            show("embedding", size, took)
        start = first + pd.Timedelta(days=WARM_UP_DAYS)
        replay = [
            *(newsworld, "backtest", "--from", f"{start:%F}", "--to", span[1]),
            *("--warm-up-from", span[0]),
        ]
        record = folder / "record"
        shutil.copytree(world, record)
        took = timed([*replay, "--record-only"], record)
        show("backtest, the record alone", size, took, "claims, verdicts, scorecard and snapshot")
        took = timed(replay, world)
        show("backtest, vectors at hand", size, took, "every step of every day, notebook and pages")
        timed([newsworld, "import", str(folder / "new.parquet")], world)
        took = timed([newsworld, "run", "--as-of", f"{day:%F}T23:59:59"], world)
        about = "in a new process; the articles are imported before, and no feed is polled"
        show(
            "`newsworld run` to published pages",
            f"{len(new)} new articles behind these",
            took,
            about,
        )
        took = timed([newsworld, "run", "--as-of", f"{day:%F}T23:59:59"], world)
        show("the same run again", f"{len(new)} articles, nothing new", took)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
