"""The steps over days: how a run makes them, and which lanes make them ahead."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
from joblib import cpu_count

from newsworld_dagster.defs.ahead import (
    Ahead,
    Lane,
    Packet,
    Spool,
    parent_lives,
    rows_in,
    take_over,
)
from newsworld_dagster.defs.limits import collect_rarely, one_blas_thread
from newsworld_dagster.defs.making import (
    Day,
    DigestsMaker,
    LedgerMaker,
    Maker,
    StoriesMaker,
    TimelinesMaker,
    TopicsMaker,
    TrendingMaker,
)
from newsworld_dagster.defs.partitions import as_of, days_of, each_day, phase
from newsworld_dagster.defs.world import World
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.settings import Settings
from newsworld_dagster.warehouse import Warehouse
from newsworld_dagster.warehouse.recording import RecordingWarehouse

# Steps of niceness between a lane and the next: a lane that others wait for has a core to itself
# while it has work.
GIVES_WAY = 5


@dataclass(frozen=True)
class Step:
    """A step that makes day after day.

    Attributes
    ----------
    name
        What progress calls it.
    table
        A table that it writes.
    maker
        What makes a day of it.
    counted
        Tables whose number of rows must be the same in a lane and in the warehouse: what others
        may add to meanwhile.
    """

    name: str
    table: str
    maker: type[Maker]
    counted: tuple[str, ...] = ("news.articles",)


STORIES = Step("stories", "stories.assignments", StoriesMaker)
TOPIC_LINKS = Step("topics", "stories.topics", TopicsMaker)
LEDGER = Step(
    "predictions and outcomes",
    "forecasts.claims",
    LedgerMaker,
    ("news.articles", "forecasts.claims", "outcomes.resolutions"),
)
TRENDING_STRIPS = Step("trending", "stories.trending", TrendingMaker)
DAILY_DIGESTS = Step("digests", "stories.digests", DigestsMaker)
TIMELINE_STEPS = Step("timelines", "stories.timelines", TimelinesMaker)

# What readers see takes as long in sum as each of the steps before it.
SHOWN = (TRENDING_STRIPS, DAILY_DIGESTS, TIMELINE_STEPS)
STEPS = {step.name: step for step in (STORIES, TOPIC_LINKS, LEDGER, *SHOWN)}


# Lanes, and half as many where cores are few.
QUARTERS: tuple[tuple[Step, ...], ...] = ((STORIES,), (TOPIC_LINKS,), (LEDGER,), SHOWN)
HALVES: tuple[tuple[Step, ...], ...] = ((STORIES, TOPIC_LINKS), (LEDGER, *SHOWN))


def lanes_for(cores: int, wanted: Sequence[Step]) -> list[Lane]:
    """Lanes that make steps ahead; none for a single core.

    The record's three keep two cores busy while one of them waits for another's day. All four on
    fewer cores cost more, by what each reads for itself, than they save.

    Parameters
    ----------
    wanted
        The steps that are to be made ahead.
    """
    if cores < 2:
        return []
    whole = any(step in wanted for step in SHOWN)
    steps = _named(HALVES if whole and cores < len(QUARTERS) else QUARTERS, wanted)
    return [
        Lane(
            lane,
            after=tuple(name for before in steps[:number] for name in before),
            behind=len(steps) - number - 1,
        )
        for number, lane in enumerate(steps)
    ]


def _named(cut: Sequence[Sequence[Step]], wanted: Sequence[Step]) -> list[tuple[str, ...]]:
    """Names of the wanted steps of each lane that has any."""
    steps = [tuple(step.name for step in lane if step in wanted) for lane in cut]
    return [lane for lane in steps if lane]


@dataclass(frozen=True)
class Named(Encoder):
    """An encoder of which only the names are used: lanes find every text embedded."""

    of_vectors: str
    of_events: str

    @property
    def name(self) -> str:
        """Name that the vectors are cached under."""
        return self.of_vectors

    @property
    def event_name(self) -> str:
        """Name that the event vectors are cached under."""
        return self.of_events

    def encode(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        """Never called.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(f"{len(texts)} texts are to be embedded before days are made.")


@dataclass(frozen=True)
class Order:
    """What the lanes of a run are told."""

    settings: Settings
    encoder: Named
    code_version: str
    days: tuple[Day, ...]


def make_days(context: dg.AssetExecutionContext, world: World, step: Step) -> list[pd.Timestamp]:
    """Make the days of a run, oldest first, or take them from the lane that did; returns them.

    One connection is held for all of them, but not where a language model is asked: while it is
    waited for, nobody else is kept from the warehouse.
    """
    days = _days(context, world)
    maker = step.maker(world)
    asking = step is LEDGER and world.analyst_on
    with nullcontext() if asking else world.warehouse.hold(one_thread=len(days) > 1):
        of_step = [given.day for given in days]
        written = 0
        for number, given in enumerate(each_day(days, world, step.name)):
            if number >= written and world.ahead is not None:
                written += world.ahead.write(step.name, of_step[number:], world.warehouse)
            if number >= written:
                maker.make(given)
                written += 1
    return of_step


def begin_ahead(context: dg.AssetExecutionContext, world: World) -> None:
    """Let lanes make the days of a long run ahead, once their texts are embedded.

    Only days that are over, of a warehouse in a file, on a machine with cores to spare. A language
    model is asked by the run itself, and what comes after it waits for it.
    """
    world.end_ahead()  # of a try of this step that failed
    days = _days(context, world)
    least = world.settings.ahead_days
    if (
        not least
        or len(days) < least
        or type(world.warehouse) is not Warehouse
        or world.settings.workers is not None
        or any(given.moment != given.day + pd.Timedelta(days=1) for given in days)
    ):
        return
    made = context.job_def.asset_layer.executable_asset_keys
    wanted = [step for step in STEPS.values() if dg.AssetKey(step.table.split(".")) in made]
    if world.analyst_on:
        wanted = wanted[: wanted.index(LEDGER)] if LEDGER in wanted else wanted
    lanes = lanes_for(cpu_count(), wanted)
    named = Named(world.encoder.name, world.encoder.event_name)
    order = Order(world.settings, named, world.code_version, tuple(days))
    world.ahead = Ahead(world.settings.data_dir / "ahead", world.progress)
    world.ahead.start(world.warehouse, lanes, partial(make_lane, order))


def make_lane(order: Order, lane: Lane, copy: Path, spool: Spool) -> None:
    """Make the days of a lane in its copy of the warehouse."""
    os.nice(GIVES_WAY * lane.behind)
    collect_rarely()
    world = World(order.settings, given_encoder=order.encoder, code_version=order.code_version)
    warehouse = RecordingWarehouse(copy, memory=order.settings.duckdb_memory)
    world.warehouse = warehouse
    makers: Mapping[str, Maker] = {name: STEPS[name].maker(world) for name in lane.steps}
    days = [given.day for given in order.days]
    known = dict.fromkeys(lane.after, 0)
    with one_blas_thread(), warehouse.hold(one_thread=True):
        for number, given in enumerate(order.days):
            for name in lane.after:
                if known[name] > number:
                    continue
                # Later days too: what is read for a day is what stood as of it.
                packets = spool.take(name, days[number:], parent_lives)
                if not packets:
                    return
                with warehouse.write() as writer:
                    take_over(writer, packets)
                known[name] += len(packets)
            warehouse.written()
            for name in lane.steps:
                with warehouse.read() as reader:
                    found = rows_in(reader, STEPS[name].counted)
                makers[name].make(given)
                if not parent_lives():
                    return
                spool.put(name, given.day, Packet(found, warehouse.written()))


def _days(context: dg.AssetExecutionContext, world: World) -> list[Day]:
    days = days_of(context)
    return [
        Day(day, as_of(context, world, day), phase(context, day), len(days) > 1) for day in days
    ]
