"""What every command needs: the world, options, errors in words, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsworld_dagster.cli.terminal import err

if TYPE_CHECKING:
    from newsworld_dagster.defs.world import World

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else")]


class CommandError(RuntimeError):
    """A failure that has been put into words."""


class UsageError(ValueError):
    """Wrong arguments, in words."""


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Errors that we know end the command with one paragraph and no traceback."""
    try:
        yield
    except UsageError as error:
        err.print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    except Exception as error:
        if not type(error).__module__.startswith("newsworld_dagster"):
            raise
        err.print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error


def open_world() -> World:
    """The world of the settings, with progress on stderr."""
    from newsworld_dagster.defs.world import World
    from newsworld_dagster.settings import Settings

    return World(Settings(), progress=progress)


def progress(text: str) -> None:
    """One line of progress on stderr."""
    err.print(f"  {text}", style="dim", markup=False, highlight=False)


def show(document: Any, as_json: bool, printer: Callable[[Any], None]) -> None:
    """A document as JSON, or as `printer` shows it to a reader."""
    (print_json if as_json else printer)(document)


def tell_faulty(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Name the rows of a file that have an error, on stderr."""
    for row in rows:
        if "error" in row:
            err.print(f"error: {file}, {row['error']}", style="red", markup=False)


def print_json(document: Any) -> None:
    """Print one JSON document and nothing else."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def check_forecasters(names: list[str] | None) -> None:
    """Raise `UsageError` for a name that no forecaster has."""
    from newsworld_dagster.forecasting import ANALYST, FORECASTERS

    known = (*FORECASTERS, ANALYST)

    for name in names or []:
        if name not in known:
            raise UsageError(f"There is no forecaster {name!r}. Choose from: {', '.join(known)}.")
