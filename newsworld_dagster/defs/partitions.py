"""Days: how runs are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.world import World, utc_now, warehouse_of
from newsworld_dagster.settings import Settings

Given = TypeVar("Given")

# Tags of a run, seen in the Dagster UI, that bend what a day means.
AS_OF_TAG = "newsworld/as_of"
RECORD_FROM_TAG = "newsworld/record_from"
LOOK_BACK_TAG = "newsworld/look_back_days"

RANGE = dg.BackfillPolicy.single_run()
RETRY = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL)
POOL = "warehouse"
# A lake has room for many writers, so a step whose days do not follow each other is in no pool
# there, and runs of it go side by side. One file has one writer.
SPREAD_POOL = POOL if Settings().lake is None else None
OWNERS = ["team:newsdesk"]


def _days() -> dg.DailyPartitionsDefinition:
    """The days of the world: its archive's, or up to today once it has read live feeds."""
    span = warehouse_of(Settings()).span()
    today = utc_now().floor("D")
    if span is None:
        return dg.DailyPartitionsDefinition(
            (today - pd.Timedelta(days=30)).to_pydatetime(), end_offset=1
        )
    if span.live:
        return dg.DailyPartitionsDefinition(span.first.to_pydatetime(), end_offset=1)
    return dg.DailyPartitionsDefinition(
        span.first.to_pydatetime(), end_date=(span.last + pd.Timedelta(days=1)).to_pydatetime()
    )


DAYS = _days()


def daily_table(
    key: dg.AssetKey,
    description: str,
    deps: Iterable[dg.AssetKey | dg.AssetsDefinition],
    group: str,
    kind: str = "scikitlearn",
) -> dg.AssetSpec:
    """A table that a step with several tables writes day by day, with the kind of its maker."""
    return dg.AssetSpec(
        key,
        description=description,
        deps=deps,
        owners=OWNERS,
        group_name=group,
        kinds={"python", "duckdb", kind},
        code_version="1",
        partitions_def=DAYS,
    )


def each_day(days: Sequence[Given], world: World, step: str) -> Iterator[Given]:
    """The days in order, telling how far the step has come after every tenth and the last."""
    for number, day in enumerate(days, start=1):
        yield day
        if number % 10 == 0 or number == len(days):
            world.progress(f"{step}: {number} of {len(days)} days")


def days_of(context: dg.AssetExecutionContext) -> list[pd.Timestamp]:
    """The days that a run is to make, oldest first."""
    return [pd.Timestamp(key) for key in sorted(context.partition_keys)]


def as_of(context: dg.AssetExecutionContext, world: World, day: pd.Timestamp) -> pd.Timestamp:
    """The moment that a day is computed for: its end, or now where it has not ended."""
    end = day + pd.Timedelta(days=1)
    tagged = context.op_execution_context.run_tags.get(AS_OF_TAG)
    return min(end, pd.Timestamp(tagged) if tagged else world.clock())


def phase(context: dg.AssetExecutionContext, day: pd.Timestamp) -> str:
    """'warm_up' before the run's record starts, 'record' from there on."""
    start = context.op_execution_context.run_tags.get(RECORD_FROM_TAG)
    return "warm_up" if start and day < pd.Timestamp(start) else "record"
