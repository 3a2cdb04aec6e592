"""How the whole desk grows with the archive: `python -m tests.benchmarks.million`.

A simulated newswire (tests.benchmarks.newswire) of each size, at the same number of articles a
day for all sizes, goes through each stage in a process of its own: wall seconds, processor seconds
and peak memory are the whole process's, start and the processes it starts included (memory: of
the largest at its peak, or of all together, looked at every two seconds, if that is more). Rows
go to --out as they come, so that a run that is cut short leaves what it has measured; rows that
are there already are not measured again. A stage that takes longer than --limit is ended and said
not to have finished; nothing is extrapolated.

What is measured:

generate         the simulator itself
import           `newsworld import` of one file, near-duplicates included
near-duplicates  no work of the product: its marks against the true copies
clustering       all days, as `newsworld cluster` does it, with word frequencies of the stream
record           `newsworld backtest --record-only` of the last --record-days: stories, topics,
                 claims, verdicts, scorecard, snapshot; --part-days of them at once, each part a
                 process of its own behind the record so far. Of its parts times are summed
backtest         `newsworld backtest` of the last --days again, behind that record: all assets,
                 notebook and pages included
scorecard        `newsworld scorecard`
pages            all pages of the edition, from nothing
calibration      no work of the product: claims of the backtest against the hidden truth

Vectors are hashed words, not MiniLM's: embedding is left out of all figures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, note
from tests.benchmarks.millionstages import STAGES
from tests.benchmarks.shared import await_end

ROOT = Path(__file__).parents[2]
CHECKED = "what was made is held against the truth: no work of the product"
ABOUT = {
    "import": "finds near-duplicates",
    "near-duplicates": CHECKED,
    "record": "the last {record_days} days or all, {warm_up_days} of them to warm up: stories, "
    "topics, claims, verdicts, scorecard, snapshot; growth with days",
    "backtest": "every step of the last {days} days again, behind that record",
    "calibration": CHECKED,
}
GIBIBYTE = 1024.0
MOST_GIBIBYTES = 4.0
# A pool of threads for every core would make processor time depend on the machine. Days made ahead
# take half the time and a gigabyte or two of memory for each process that makes them.
ONE_PROCESS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NEWSWORLD_AHEAD_DAYS": "0",
    "NEWSWORLD_DUCKDB_MEMORY": "1.5",
}


HOW = ("a_day", "days", "record_days", "warm_up_days")


def _how(given: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(given, name) for name in HOW}


def whole(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, with the parts of a record as one: times summed, memory of the largest."""
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for number, row in enumerate(rows):
        part_of_record = row["stage"] == "record" and row["outcome"] == "done"
        key = ("record", row["articles"], *_settings(row)) if part_of_record else (number,)
        before = found.get(key)
        found[key] = dict(row)
        if before is not None:
            found[key] |= {
                "wall_s": round(before["wall_s"] + row["wall_s"], 1),
                "cpu_s": round(before["cpu_s"] + row["cpu_s"], 1),
                "peak_mib": max(before["peak_mib"], row["peak_mib"]),
                "parts": before.get("parts", 1) + 1,
                "found": row["found"] | {"days": before["found"]["days"] + row["found"]["days"]},
            }
    for row in found.values():
        if left := _left(row):
            row["outcome"] = f"{left:,} days are still to be made"
    return list(found.values())


def _settings(row: dict[str, Any]) -> tuple[object, ...]:
    return tuple(row.get(name) for name in HOW)


def _left(row: dict[str, Any]) -> int:
    """Days of a record that are still to be made."""
    return int(row.get("found", {}).get("left", 0))


def _is_measured(row: dict[str, Any]) -> bool:
    """Whether a row need not be measured again; a record goes on where a part of it failed."""
    return row["stage"] != "record" or (row["outcome"] == "done" and not _left(row))


def measure(stage: str, size: int, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """One row: the stage in a process of its own, ended after the limit."""
    command = [sys.executable, "-m", "tests.benchmarks.millionstages", stage, str(folder)]
    for name, value in (_how(given) | {"part_days": given.part_days}).items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    row: dict[str, Any] = {"stage": stage, "articles": size} | _how(given)
    load = os.getloadavg()[0]
    with tempfile.TemporaryFile() as out, (folder / f"{stage}.log").open("wb") as log:
        started = time.monotonic()
        process = subprocess.Popen(
            [*command, "--articles", str(size)],
            stdout=out,
            stderr=log,
            cwd=ROOT,
            env={**os.environ, **ONE_PROCESS},
        )
        used = await_end(process, started, given.limit)
        row |= {
            "wall_s": round(used.wall, 1),
            "cpu_s": round(used.processor, 1),
            "peak_mib": round(used.mebibytes),
            "load": round(load, 1),
            "outcome": f"failed ({process.returncode}): see {log.name}",
        }
        if used.wall > given.limit:
            row["outcome"] = f"not finished within {given.limit:.0f} s"
        elif process.returncode == 0:
            out.seek(0)
            row["outcome"] = "done"
            row["found"] = json.loads(out.read().decode().strip().splitlines()[-1])
    return row


def exponents(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Slope of log processor seconds on log articles (of the record: days), by least squares."""
    slopes = {}
    for stage in STAGES:
        done = [row for row in rows if row["stage"] == stage and row["outcome"] == "done"]
        points = [(math.log(_extent(row)), math.log(max(row["cpu_s"], 0.1))) for row in done]
        if len({x for x, _ in points}) < 2:
            continue
        x0 = sum(x for x, _ in points) / len(points)
        slopes[stage] = sum((x - x0) * y for x, y in points) / sum((x - x0) ** 2 for x, _ in points)
    return slopes


def table(rows: list[dict[str, Any]]) -> str:
    """The rows and their growth in Markdown."""
    slopes = exponents(rows)
    lines = [
        "| stage | articles | wall s | CPU s | peak MiB | load before | outcome |",
        "|---|---|---|---|---|---|---|",
    ]
    for stage in STAGES:
        for row in sorted(rows, key=lambda row: row["articles"]):
            if row["stage"] == stage:
                over = row["peak_mib"] > MOST_GIBIBYTES * GIBIBYTE
                lines.append(
                    f"| {stage} | {row['articles']:,} | {row['wall_s']:.1f} | {row['cpu_s']:.1f} | "
                    f"{row['peak_mib']:.0f}{' (over 4 GiB)' if over else ''} | {row['load']} | "
                    f"{row['outcome']} |"
                )
    lines += ["", "| stage | growth exponent of CPU s |", "|---|---|"]
    lines += [f"| {stage} | {slope:.2f} |" for stage, slope in slopes.items()]
    lines.append("")
    for row in rows:
        if row.get("found"):
            lines.append(
                f"- {row['stage']}, {row['articles']:,}: {json.dumps(_rounded(row['found']))}"
            )
    return "\n".join(lines)


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return round(found, 4) if isinstance(found, float) else found


def _extent(row: dict[str, Any]) -> float:
    """What a stage grows with: the days that the record is of, else the archive's articles."""
    return float(row["found"]["days"] if row["stage"] == "record" else row["articles"])


def noted(rows: list[dict[str, Any]]) -> None:
    """Hand the rows to `make bench`, each with its growth from the next smaller size."""
    smaller: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["articles"]):
        before, stage = smaller.get(row["stage"]), row["stage"]
        slope = None
        if before is not None and row["outcome"] == "done":
            times = max(row["cpu_s"], 0.1) / max(before["cpu_s"], 0.1)
            slope = math.log(times) / math.log(_extent(row) / _extent(before))
        about = (
            f"{row['a_day']:g} articles a day, hashed words for vectors, days made by one process"
        )
        about = f"{ABOUT[stage].format(**row)}; {about}" if stage in ABOUT else about
        about = f"{about}, in {row['parts']} parts" if "parts" in row else about
        if row["outcome"] == "done":
            smaller[stage] = row
        else:
            about = f"{row['outcome']}; {about}"
        note(
            Figure(
                stage,
                f"{row['articles']:,} simulated articles",
                row["wall_s"],
                row["cpu_s"],
                row["peak_mib"],
                exponent=slope if row["outcome"] == "done" else None,
                note=about,
            )
        )


def main() -> int:
    """Measure what is not measured yet, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="10000,100000,1000000", help="articles, with commas")
    parser.add_argument("--stages", default=",".join(STAGES), help="of these alone, with commas")
    parser.add_argument("--a-day", type=float, default=250, help="articles a day at all sizes")
    parser.add_argument("--days", type=int, default=40, help="days of the backtest")
    parser.add_argument("--record-days", type=int, default=1_000, help="most days on record")
    parser.add_argument("--part-days", type=int, default=10_000, help="most days of a process")
    parser.add_argument("--warm-up-days", type=int, default=14, help="first days off the record")
    parser.add_argument("--limit", type=float, default=10_000, help="seconds for each stage")
    parser.add_argument("--work", type=Path, help="folder to keep streams and worlds in")
    parser.add_argument("--out", type=Path, default=Path("million.jsonl"), help="rows, JSON lines")
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.out.open()] if given.out.is_file() else []
    held = {(row["stage"], row["articles"], *_settings(row)) for row in rows if _is_measured(row)}
    with tempfile.TemporaryDirectory() as scratch:
        for size in (int(text) for text in given.sizes.split(",")):
            folder = (given.work or Path(scratch)) / f"{size}"
            folder.mkdir(parents=True, exist_ok=True)
            for stage in given.stages.split(","):
                left = (stage, size, *_how(given).values()) not in held
                while left:
                    row = measure(stage, size, folder, given)
                    rows.append(row)
                    with given.out.open("a") as out:
                        out.write(json.dumps(row) + "\n")
                    sys.stderr.write(f"{json.dumps(row)}\n")
                    left = _left(row) > 0
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()
    rows = whole(rows)
    noted(rows)
    sys.stdout.write(
        f"{platform.machine()}, {os.cpu_count()} cores, commit {commit}, {given.a_day:g} articles "
        f"a day, backtest of {given.days} days; embedding left out\n\n{table(rows)}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
