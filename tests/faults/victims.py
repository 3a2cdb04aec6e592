"""Processes that are meant to be killed: forked off one that has done the heavy imports.

A fork takes a fraction of a second where a fresh interpreter takes many seconds for its imports, so
that fifty rounds of killing are worth their time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

# Imported once, before anything is forked. Of others only: what of ours reads the settings must be
# imported by the victim itself.
WRITING = ("dagster", "pandera.pandas", "duckdb", "lxml.html", "rensa")
RUNNING = (*WRITING, "dagster_dbt", "papermill", "nbconvert", "sentence_transformers", "typer",
           "sklearn.ensemble", "onnxruntime", "altair")  # fmt: skip


def victim(
    work: Callable[..., Any],
    *arguments: object,
    said: Path,
    world: Path,
    heavy: Sequence[str] = RUNNING,
) -> ForkServerProcess:
    """Start `work(*arguments)` in a process group of its own, on a world.

    What it prints goes to the end of the file `said`; its exit code is 0 when it came to its end.
    `heavy` counts for the first victim of a process.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(heavy))
    process = context.Process(target=_alone, args=(work, arguments, str(said), str(world)))
    process.start()
    return process


def kill(process: ForkServerProcess, *, group: bool = True) -> None:
    """kill -9 the process, by default with all that it started, as when the machine goes down."""
    assert process.pid is not None
    if group:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it has ended, or has no group of its own yet
            process.kill()
    else:
        process.kill()
    process.join()


def _alone(work: Callable[..., Any], arguments: tuple[object, ...], said: str, world: str) -> None:
    os.setsid()
    os.environ["NEWSWORLD_DATA_DIR"] = world
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    work(*arguments)
