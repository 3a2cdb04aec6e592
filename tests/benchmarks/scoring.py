"""`python -m tests.benchmarks.scoring`: what scores cost, as ratios within one run.

The other libraries are no dependencies: they are measured where they can be imported, for
example from a folder on PYTHONPATH that `pip install --target` filled.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import duckdb
import numpy as np

from newsworld_dagster.scoring import brier_score, clustered_mean_interval, corp_decomposition
from newsworld_dagster.scoring.cells import score_cells
from tests.benchmarks.figures import Figure, note

BARE = "SELECT avg((probability - outcome) ** 2) FROM forecasts"
TOPICS = (
    "SELECT forecaster, topic_id, count(*) AS n, sum((probability - outcome) ** 2) AS brier "
    "FROM forecasts GROUP BY ALL"
)
CELLS = "SELECT forecaster, probability, outcome, count(*) AS n FROM forecasts GROUP BY ALL"


def seconds(work: Callable[[], object], repeat: int = 3) -> tuple[float, float]:
    """Least wall and processor seconds of some runs."""
    found = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(one for one, _ in found), min(one for _, one in found)


def scorecard(rows: int = 10_000_000) -> list[tuple[str, float, float]]:
    """The scorecard of many forecasts beside the bare queries."""
    db = duckdb.connect()
    db.execute(
        "CREATE TABLE forecasts AS SELECT 'forecaster ' || (i % 10) AS forecaster, "
        "hash(i) % 5000 AS topic_id, (1 + hash(i + 1) % 99) / 100 AS probability, "
        f"(random() < probability)::INT AS outcome FROM range({rows}) t(i)"
    )
    bare = seconds(lambda: db.sql(BARE).fetchall())
    grouped = seconds(lambda: db.sql(TOPICS).df())
    ours = seconds(lambda: score_cells(db.sql(CELLS).df(), db.sql(TOPICS).df()))
    return [
        ("10M: bare mean Brier in SQL", *bare),
        ("10M: one grouped pass in SQL", *grouped),
        ("10M: scorecard with intervals and decomposition", *ours),
    ]


def bootstrap(rows: int = 1_000_000, resamples: int = 1000) -> list[tuple[str, float, float]]:
    """The bootstrap by sums beside one that gathers rows."""
    rng = np.random.default_rng(0)
    p = rng.integers(1, 100, rows) / 100
    scores = brier_score(p, rng.random(rows) < p)
    topic = rng.integers(0, 5000, rows)
    part = 25

    def gather() -> None:
        for _ in range(part):
            scores[rng.integers(0, rows, rows)].mean()

    wall, cpu = seconds(gather, 1)
    whole = resamples / part
    single = np.arange(rows)
    return [
        (f"1M: gathering rows, {resamples} (from {part})", wall * whole, cpu * whole),
        (
            f"1M: by sums, each forecast alone, {resamples}",
            *seconds(lambda: clustered_mean_interval(scores, single, resamples)),
        ),
        (
            f"1M: by sums, 5,000 topics, {resamples}",
            *seconds(lambda: clustered_mean_interval(scores, topic, resamples)),
        ),
    ]


def others(rows: int = 1_000_000) -> list[tuple[str, float, float]]:
    """The same decomposition and score elsewhere, where it is installed."""
    rng = np.random.default_rng(1)
    p = rng.random(rows)
    y = (rng.random(rows) < p).astype(float)
    mine = corp_decomposition(p, y)
    lines = [
        ("1M: decomposition, ours", *seconds(lambda: corp_decomposition(p, y))),
        ("1M: Brier scores, ours", *seconds(lambda: brier_score(p, y))),
    ]
    try:
        from model_diagnostics.scoring import SquaredError, decompose
    except ImportError:
        sys.stderr.write("model-diagnostics is not installed: not measured\n")
    else:
        theirs = decompose(y, p, scoring_function=SquaredError())
        gap = abs(theirs["miscalibration"][0] - mine.miscalibration)
        sys.stderr.write(f"model-diagnostics: miscalibration differs by {gap:.1e}\n")
        lines.append(
            (
                "1M: decomposition, model-diagnostics",
                *seconds(lambda: decompose(y, p, scoring_function=SquaredError())),
            )
        )
    try:
        import scoringrules
    except ImportError:
        sys.stderr.write("scoringrules is not installed: not measured\n")
    else:
        gap = np.abs(scoringrules.brier_score(y, p) - brier_score(p, y)).max()
        sys.stderr.write(f"scoringrules: Brier scores differ by at most {gap:.1e}\n")
        lines.append(
            (
                "1M: Brier scores, scoringrules",
                *seconds(lambda: scoringrules.brier_score(y, p)),
            )
        )
    return lines


def main() -> int:
    """Print one table."""
    sys.stdout.write("| what | wall s | CPU s |\n|---|---|---|\n")
    for found in (scorecard(), bootstrap(), others()):
        for name, wall, cpu in found:
            sys.stdout.write(f"| {name} | {wall:.3f} | {cpu:.3f} |\n")
            size, _, what = name.partition(": ")
            note(Figure(what or name, f"{size} forecasts" if what else "", wall, cpu))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
