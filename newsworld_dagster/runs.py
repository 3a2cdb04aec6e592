"""Running the job from the command line, with its history where the Dagster UI finds it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newsworld_dagster.alerts import Alert, send
from newsworld_dagster.defs.limits import RANGE_END, RANGE_START, collect_rarely
from newsworld_dagster.defs.world import World
from newsworld_dagster.runhistory import days_at_once, history_kept_open
from newsworld_dagster.runsafety import PROCESS_TAG, close_dead_runs, run_turn, this_process
from newsworld_dagster.settings import PROJECT, Settings

if TYPE_CHECKING:
    import dagster as dg

JOB = "daily_edition"
RECORD_JOB = "record_of_days"
EMBEDDING_JOB = "embedding_days"
PAGES_JOB = "notebook_pages"


class RunFailedError(RuntimeError):
    """A step of a run failed."""


@dataclass(frozen=True)
class Made:
    """What a world holds."""

    articles: int
    publishers: int
    stories: int
    topics: int
    reports: int
    claims: int
    verdicts: int
    scorecard_lines: int


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of the world, made where there is none."""
    import dagster as dg

    from newsworld_dagster.eventlog import instance_at_once

    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    team = settings.dagster_postgres is not None
    wanted = (PROJECT / ("dagster-team.yaml" if team else "dagster.yaml")).read_bytes()
    file = home / "dagster.yaml"
    # Not written for nothing: another process may be reading it.
    if not file.exists() or file.read_bytes() != wanted:
        file.write_bytes(wanted)
    # PostgreSQL takes in batches whole by itself.
    opened = dg.DagsterInstance.from_config if team else instance_at_once
    with history_kept_open(home), opened(str(home.resolve())) as instance:
        yield instance


def run_days(
    world: World,
    first: pd.Timestamp,
    last: pd.Timestamp,
    *,
    as_of: pd.Timestamp | None = None,
    record_from: pd.Timestamp | None = None,
    record_only: bool = False,
) -> None:
    """Run the whole job over a range of days as one run, in this process.

    Parameters
    ----------
    record_only
        Leave out what readers see and nothing of the record is computed from: trending terms,
        digests, timelines, the daily notebook and the pages.

    Raises
    ------
    RunFailedError
        When a step fails, with its message.
    """
    # Imported late: the partitions are the days that the warehouse has now.
    from newsworld_dagster.defs.partitions import AS_OF_TAG, RECORD_FROM_TAG

    if world.settings.workers is not None and last > first:
        embed_days(world, first, last)
    tags = range_tags(first, last)
    if as_of is not None:
        tags[AS_OF_TAG] = as_of.isoformat()
    if record_from is not None:
        tags[RECORD_FROM_TAG] = f"{record_from:%Y-%m-%d}"
    _run(world, RECORD_JOB if record_only else JOB, tags)


def range_tags(first: pd.Timestamp, last: pd.Timestamp) -> dict[str, str]:
    """The tags of a run over a range of days."""
    return {RANGE_START: f"{first:%Y-%m-%d}", RANGE_END: f"{last:%Y-%m-%d}"}


def embed_days(world: World, first: pd.Timestamp, last: pd.Timestamp) -> None:
    """Embed a range of days by several runs at once, each step of which a worker takes.

    Their days follow no order, so this is what workers can share; the run that comes after it
    finds every text embedded.

    Raises
    ------
    RunFailedError
        When one of the runs fails.
    """
    with dagster_instance(world.settings):
        pass  # its tables are made here, once
    days = pd.date_range(first, last)
    parts = [part for part in np.array_split(days, world.settings.spread) if len(part)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(parts), mp_context=spawn) as pool:
        list(pool.map(_embed_part, ((part[0], part[-1]) for part in parts)))


def _embed_part(days: tuple[pd.Timestamp, pd.Timestamp]) -> None:
    from newsworld_dagster.defs.partitions import LOOK_BACK_TAG

    world = World(Settings())
    with dagster_instance(world.settings) as instance, redirect_stdout(StringIO()):
        # The days before are another part's.
        tags = range_tags(*days) | {LOOK_BACK_TAG: "0", PROCESS_TAG: this_process()}
        succeeded, events = _execute(world, EMBEDDING_JOB, instance, tags)
    if not succeeded:
        raise RunFailedError(_first_fault(events))


def render_pages(world: World) -> None:
    """Run the notebooks that a day's run leaves out, on the published snapshot, in this process.

    Raises
    ------
    RunFailedError
        When a notebook fails, with its message; the others' pages are made all the same.
    """
    _run(world, PAGES_JOB, {})


def _run(world: World, name: str, tags: dict[str, str]) -> None:
    collect_rarely()
    with (
        run_turn(world.settings, world.progress),
        dagster_instance(world.settings) as instance,
        redirect_stdout(StringIO()),
    ):
        for run_id in close_dead_runs(instance):
            world.progress(f"run {run_id} had died with its process; marked as failed")
        # dbt tells its steps to stdout, which belongs to the command; its log keeps them.
        try:
            succeeded, events = _execute(
                world, name, instance, {PROCESS_TAG: this_process()} | tags
            )
        finally:
            world.end_ahead()
    if not succeeded:
        words = _first_fault(events)
        send(
            Alert("failed run", words, "see `newsworld doctor` and the Dagster UI"), world.settings
        )
        raise RunFailedError(words)


def _execute(
    world: World, name: str, instance: dg.DagsterInstance, tags: dict[str, str]
) -> tuple[bool, Sequence[dg.DagsterEvent]]:
    """Run a job in this process, or by the workers of the settings; success and events."""
    import dagster as dg

    from newsworld_dagster import definitions

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    several = tags.get(RANGE_START) != tags.get(RANGE_END)
    with days_at_once() if several else nullcontext():
        if world.settings.workers is None:
            job = definitions.defs().resolve_job_def(name)
            done = job.execute_in_process(
                instance=instance,
                tags=tags,
                run_config=quiet,
                resources={"world": world},
                raise_on_error=False,
            )
            return done.success, done.all_events
        # Workers make the job and the world anew, from the same settings.
        with dg.execute_job(
            dg.reconstructable(getattr(definitions, name)),
            instance=instance,
            tags=tags,
            run_config=quiet,
            raise_on_error=False,
        ) as spread:
            return spread.success, spread.all_events


def what_is_there(world: World) -> Made:
    """Count what the world holds."""
    with world.warehouse.read() as reader:
        row = reader.frame(
            """
            SELECT
                (SELECT count(*) FROM news.articles) AS articles,
                (SELECT count(DISTINCT publisher) FROM news.articles) AS publishers,
                (SELECT count(DISTINCT story_id) FROM stories.assignments) AS stories,
                (SELECT count(DISTINCT topic_id) FROM stories.topics) AS topics,
                (SELECT count(*) FROM forecasts.reports) AS reports,
                (SELECT count(*) FROM forecasts.claims) AS claims,
                (SELECT count(DISTINCT claim_id) FROM outcomes.resolutions) AS verdicts,
                (SELECT count(*) FROM scorecards.scorecard) AS scorecard_lines
            """
        ).iloc[0]
    return Made(**{name: int(value) for name, value in row.items()})


def _first_fault(events: Sequence[dg.DagsterEvent]) -> str:
    failed = [event for event in events if event.is_step_failure]
    return _in_words(failed[0]) if failed else "The run failed to start."


def _in_words(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    causes = []
    while error is not None:
        causes.append(error.message.strip().split("\nStack Trace")[0])
        error = error.cause
    return f"Step {event.step_key} failed: {causes[-1] if causes else 'unknown error'}"
