"""What Dagster itself costs: per run, per step and per day of a step, before and after.

    python -m tests.benchmarks.overhead

Steps that do nothing, in a home of their own: as Dagster writes its history by itself, and as
`newsworld` has it written (newsworld_dagster/runhistory.py), by turns in one process.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import dagster as dg
import numpy as np

from newsworld_dagster.eventlog import instance_at_once
from newsworld_dagster.runhistory import days_at_once, history_kept_open
from tests.benchmarks.figures import Figure, note

ROUNDS = 5
# Steps and days of a run.
SHAPES = ((1, 1), (10, 1), (20, 1), (1, 100), (10, 30))


def idle_job(steps: int, days: int) -> dg.JobDefinition:
    """A job of steps in a row that do nothing, over a range of days."""
    partitions = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-05-01")
    made: list[dg.AssetsDefinition] = []
    for number in range(steps):

        @dg.asset(
            name=f"idle_{number}",
            deps=made[-1:],
            partitions_def=partitions,
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def idle() -> None:
            """Do nothing."""

        made.append(idle)
    defs = dg.Definitions(assets=made, jobs=[dg.define_asset_job(f"idle_{steps}_{days}", "*")])
    return defs.resolve_job_def(f"idle_{steps}_{days}")


def timed_run(job: dg.JobDefinition, days: int, home: Path, kept: bool) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    holding = history_kept_open(home) if kept else nullcontext()
    together = days_at_once() if kept and days > 1 else nullcontext()
    last = np.datetime64("2026-01-01") + days - 1
    tags = {
        "dagster/asset_partition_range_start": "2026-01-01",
        "dagster/asset_partition_range_end": str(last),
    }
    by_itself = instance_at_once(str(home)) if kept else dg.DagsterInstance.from_config(str(home))
    with holding, by_itself as instance, together:
        wall, processor = time.monotonic(), time.process_time()
        done = job.execute_in_process(
            instance=instance,
            tags=tags,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        assert done.success
        return time.monotonic() - wall, time.process_time() - processor


def main(_arguments: Sequence[str] = ()) -> int:
    """Print the table, and what a run, a step and a day of a step cost by least squares."""
    found: dict[tuple[int, int, bool], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        jobs = {shape: idle_job(*shape) for shape in SHAPES}
        for _ in range(ROUNDS):
            for shape, job in jobs.items():
                for kept in (False, True):
                    took = timed_run(job, shape[1], home, kept)
                    found.setdefault((*shape, kept), []).append(took)
    middle = {key: np.median(np.array(value), axis=0) for key, value in found.items()}
    out = sys.stdout.write
    out("| steps | days | wall s, Dagster alone | wall s, as here | ratio | CPU s | CPU s |\n")
    out("|---|---|---|---|---|---|---|\n")
    for steps, days in SHAPES:
        alone, kept = middle[steps, days, False], middle[steps, days, True]
        out(
            f"| {steps} | {days} | {alone[0]:.2f} | {kept[0]:.2f} | {alone[0] / kept[0]:.2f} | "
            f"{alone[1]:.2f} | {kept[1]:.2f} |\n"
        )
        note(
            Figure(
                "a run of idle steps",
                f"{steps} steps, {days} days each",
                *kept,
                peer="Dagster by itself",
                ratio=alone[0] / kept[0],
            )
        )
    terms = np.array([[1, steps, steps * days] for steps, days in SHAPES], dtype=float)
    for kept, name in ((False, "Dagster alone"), (True, "as newsworld has it written")):
        walls = np.array([middle[steps, days, kept][0] for steps, days in SHAPES])
        run, step, day = np.linalg.lstsq(terms, walls, rcond=None)[0] * 1e3
        out(f"\n{name}: {run:.0f} ms a run, {step:.0f} ms a step, {day:.1f} ms a day of a step\n")
        for what, cost in (("run", run), ("step", step), ("day of a step", day)):
            note(Figure(f"{name}: a {what}", "least squares over these", cost / 1e3))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
