"""The real definitions with a job that stops at the ledger, which is quick, for real processes.

As a module for `dagster-daemon run -m tests.faults.short_job` it has a sensor too, which asks for a
day as a schedule does, once, as soon as a file names the day: nobody has to wait for the minute.
`python -m tests.faults.short_job ARGUMENTS` is the `newsworld` command with the short job in the
place of the whole; with its turn taken it waits as long as there is a file `gate` in the world.
"""

from __future__ import annotations

import time

import dagster as dg

from newsworld_dagster import definitions, runs
from newsworld_dagster.cli import main
from newsworld_dagster.runsafety import close_dead_runs
from newsworld_dagster.settings import Settings

JOB = "to_the_ledger"
CLAIMS = dg.AssetSelection.assets(dg.AssetKey(["forecasts", "claims"]))

to_the_ledger = dg.define_asset_job(
    JOB, selection=CLAIMS.upstream().required_multi_asset_neighbors()
)


@dg.sensor(
    job=to_the_ledger,
    minimum_interval_seconds=1,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def asks_for_a_day() -> dg.RunRequest | dg.SkipReason:
    """The day in the file `ask` of the world."""
    file = Settings().data_dir / "ask"
    if not file.exists():
        return dg.SkipReason("nothing is asked for")
    return dg.RunRequest(run_key="once", partition_key=file.read_text())


@dg.definitions
def defs() -> dg.Definitions:
    """Everything there is, and the short job."""
    short = dg.Definitions(jobs=[to_the_ledger], sensors=[asks_for_a_day])
    return dg.Definitions.merge(definitions.defs(), short)


def at_the_gate(instance: dg.DagsterInstance) -> list[str]:
    """What a run does first when it has its turn, once there is no gate."""
    while (Settings().data_dir / "gate").exists():
        time.sleep(0.2)
    return close_dead_runs(instance)


if __name__ == "__main__":
    whole = defs()
    runs.close_dead_runs = at_the_gate
    definitions.defs = lambda: whole  # type: ignore[assignment]
    runs.JOB = JOB
    main()
