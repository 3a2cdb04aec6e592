"""Runs that take turns, and runs whose process died."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from newsworld_dagster.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from newsworld_dagster.llm import Budget

# The process of a run of the command line, known before the run is made.
PROCESS_TAG = "newsworld/process"
# The process of a run that a daemon launched, noted by its steps: RUN@HOST/NUMBER/START. A run
# that is tried again inherits its parent's tags, so the run is named too.
WORKER_TAG = "newsworld/worker"


# What the steps of a run have spent on language models so far: RUN@TOKENS/USD, for the same reason.
SPENT_TAG = "newsworld/spent"


class RunBusyError(RuntimeError):
    """Another run did not end in time."""


@contextmanager
def run_turn(settings: Settings, progress: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other run from the command line works on this world; hold the turn meanwhile.

    The lock belongs to the process: one that is killed gives it back.

    Raises
    ------
    RunBusyError
        When `settings.run_wait` seconds did not help.
    """
    path = settings.data_dir / "run.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + settings.run_wait
    with path.open("a+") as file:
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = holder_of(settings)
                if time.monotonic() >= deadline:
                    raise RunBusyError(
                        f"Another run ({holder}) works on {settings.data_dir}, and waiting "
                        f"{settings.run_wait:g} seconds did not help. Nothing was changed. Wait "
                        "for it to end, or stop it, and run the same command again."
                    ) from None
                if not told:
                    progress(f"another run ({holder}) is at work; waiting for it to end")
                    told = True
                time.sleep(0.2)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}, since {time.strftime('%F %T', time.gmtime())} UTC")
        file.flush()
        yield


def holder_of(settings: Settings) -> str:
    """Who holds the turn or held it last, in words."""
    path = settings.data_dir / "run.lock"
    return (path.read_text() if path.exists() else "") or "of another process"


def is_taken(settings: Settings) -> bool:
    """Whether a run holds the turn now."""
    path = settings.data_dir / "run.lock"
    if not path.exists():
        return False
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def this_process() -> str:
    """Host, number and start of this process: numbers are used again, starts are not."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.0f}"


def is_dead(process: str) -> bool:
    """Whether a process of this host has ended; False for one of another host."""
    host, number, started = process.rsplit("/", 2)
    if host != socket.gethostname():
        return False
    try:
        found = psutil.Process(int(number))
        # One that nobody asks for its exit code stays in the table of processes.
        ended = found.status() == psutil.STATUS_ZOMBIE
        return ended or f"{found.create_time():.0f}" != started
    except psutil.NoSuchProcess:
        return True


def from_command(run: dg.DagsterRun) -> bool:
    """Whether the command line made a run, rather than a daemon or a person in the Dagster UI."""
    return PROCESS_TAG in run.tags and run.parent_run_id is None


def note_process(instance: dg.DagsterInstance, run_id: str) -> None:
    """Note on a run that a daemon launched that this process works on it."""
    run = instance.get_run_by_id(run_id)
    noted = f"{run_id}@{this_process()}"
    if run and not from_command(run) and run.tags.get(WORKER_TAG) != noted:
        instance.add_run_tags(run_id, {WORKER_TAG: noted})


@contextmanager
def spending_of_run(instance: dg.DagsterInstance, run_id: str, budget: Budget) -> Iterator[None]:
    """Charge to a step's budget what the run's other steps have spent, and note what it spends.

    Steps that ask follow one another. What a step that is killed has spent is not known to those
    behind it.
    """
    run = instance.get_run_by_id(run_id)
    of_run, _, spent = (run.tags if run else {}).get(SPENT_TAG, "").partition("@")
    if of_run == run_id:
        tokens, usd = spent.split("/")
        budget.charge(int(tokens), float(usd))
    before = budget.spent_tokens
    try:
        yield
    finally:
        if budget.spent_tokens > before:
            noted = f"{run_id}@{budget.spent_tokens}/{budget.spent_usd:.6f}"
            instance.add_run_tags(run_id, {SPENT_TAG: noted})


def process_of(run: dg.DagsterRun) -> str | None:
    """The process that works on a run; None where none was noted yet."""
    if from_command(run):
        return run.tags[PROCESS_TAG]
    run_id, _, process = run.tags.get(WORKER_TAG, "").partition("@")
    return process if run_id == run.run_id else None


def dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs that count as under way, though their process is gone."""
    import dagster as dg

    open_states = [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    runs = instance.get_runs(dg.RunsFilter(statuses=open_states))
    processes = [(run, process_of(run)) for run in runs]
    return [run for run, process in processes if process is not None and is_dead(process)]


def close_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs whose process is gone as failed and free their slots; returns their ids."""
    closed = []
    for run in dead_runs(instance):
        instance.report_run_failed(run, "The process of this run ended without a word: killed?")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        closed.append(run.run_id)
    return closed
