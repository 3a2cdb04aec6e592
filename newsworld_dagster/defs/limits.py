"""How long a step may take. Dagster limits runs, and only those of a daemon; this limits steps.

A step ends itself: an alarm interrupts it, in `newsworld run` and in a daemon's run alike. Where
the alarm is not heard, because some library never comes back, the process ends.
"""

from __future__ import annotations

import faulthandler
import functools
import gc
import inspect
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from threadpoolctl import threadpool_limits

from newsworld_dagster.settings import Settings

Compute = TypeVar("Compute", bound=Callable[..., Any])
# Some code takes an interruption for its own affair and goes on; it is told again.
AGAIN_SECONDS = 30.0
# What neither ends by then never will.
LAST_SECONDS = 120.0
END = object()
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def collect_rarely() -> None:
    """Look for garbage less often, in a process that holds a record in memory.

    What was read is many objects and stays, and each look goes through all of them.
    """
    gc.set_threshold(100_000, 20, 20)


class StepOverdueError(DagsterExecutionInterruptedError):
    """A step took longer than it may.

    No `Exception`, so that no code that goes on after failures swallows it. Dagster passes an
    interruption on to dbt's process.
    """


class StepClock:
    """Counts the time in which a step's own code runs, and interrupts it when that is used up.

    Parameters
    ----------
    step
        The step's name, for the error.
    seconds
        What it may take; None for no limit. Nor is there one beside the main thread, which alone
        can be interrupted.
    """

    def __init__(self, step: str, seconds: float | None) -> None:
        self.step = step
        self.seconds = seconds
        self.left = seconds or 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count while the block runs.

        Raises
        ------
        StepOverdueError
            When the time is up, naming the step, the limit and what to do.
        """
        if self.seconds is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        started = time.monotonic()
        before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, max(self.left, 1e-3), AGAIN_SECONDS)
        # A thread that needs no interpreter: it ends a process that hears no alarm, and says where.
        faulthandler.dump_traceback_later(
            max(self.left, 0.0) + LAST_SECONDS, exit=True, file=sys.__stderr__ or sys.stderr
        )
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            faulthandler.cancel_dump_traceback_later()
            self.left -= time.monotonic() - started

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        raise StepOverdueError(
            f"The step {self.step} did not end within {self.seconds:g} seconds and was stopped; "
            "what it had not finished was rolled back. Look in its log for what it waited for, "
            "then run the same days again. If it needs longer, raise NEWSWORLD_STEP_LIMIT."
        )


def limited(compute: Compute) -> Compute:
    """A step's function with the limit of the settings, and one BLAS thread.

    Goes between the asset's decorator and the function. A step that is overdue is not tried
    again: what hung once would hang again.
    """
    if inspect.isgeneratorfunction(compute):

        @functools.wraps(compute)
        def in_parts(*args: Any, **kwargs: Any) -> Iterator[Any]:
            clock = _clock(kwargs)
            results = compute(*args, **kwargs)
            while True:
                with _failing(), one_blas_thread(), clock.running():
                    result = next(results, END)
                if result is END:
                    return
                yield result

        return in_parts  # type: ignore[return-value]

    @functools.wraps(compute)
    def at_once(*args: Any, **kwargs: Any) -> Any:
        with _failing(), one_blas_thread(), _clock(kwargs).running():
            return compute(*args, **kwargs)

    return at_once  # type: ignore[return-value]


def one_blas_thread() -> threadpool_limits:
    """One BLAS thread as long as the block lasts.

    What a day multiplies is small: a second thread spins longer than it computes, and where it
    splits a sum, the last digits would hang on the machine's cores.
    """
    return threadpool_limits(1, user_api="blas")


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except StepOverdueError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _clock(given: dict[str, Any]) -> StepClock:
    """The clock of the step under way; without a limit where a function is called by itself."""
    try:
        context = dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return StepClock("", None)
    world = given.get("world")
    settings: Settings = world.settings if world is not None else Settings()
    tags = context.run_tags
    backfill = tags.get(RANGE_START) != tags.get(RANGE_END)
    if not settings.step_limit or (
        # Batches may take a day each, and their client has a patience of its own.
        backfill and settings.llm_batches and world is not None and world.analyst_on
    ):
        return StepClock("", None)
    return StepClock(context.get_step_execution_context().step.key, settings.step_limit)
