"""Rows of a file that a person filled in, each with its number: a bad one costs no other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import pandas as pd

from newsworld_dagster.contracts.parquet import read_parquet

SHOWN = 5


class Filed(Protocol):
    """A row of a file and what is wrong with it.

    Attributes
    ----------
    row
        Counted from 1, without the header and with blank lines.
    fault
        Why the row cannot be used, in words; None where it can.
    """

    @property
    def row(self) -> int:
        """Its number."""

    @property
    def fault(self) -> str | None:
        """What is wrong with it."""


def read_rows(
    path: Path, error: type[ValueError]
) -> tuple[list[str], Iterator[tuple[int, list[object]]]]:
    """Header and rows of a csv or parquet file, blank rows left out but counted.

    Raises
    ------
    error
        When the file cannot be read, saying why and what to do.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise error(f"{path} is neither .csv nor .parquet; convert it to one of these.")
    try:
        if suffix == ".parquet":
            table = read_parquet(path)
            lines: list[list[object]] = table.astype(object).to_numpy().tolist()
            header = [str(name) for name in table.columns]
        else:
            # A row that is too long or has a damaged letter must not cost the others.
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                lines = [[*line] for line in csv.reader(file)]
            header = [str(name).strip() for name in lines[0]] if lines else []
            lines = lines[1:]
    except FileNotFoundError as cause:
        raise error(f"There is no file {path}; check the path.") from cause
    except (OSError, ValueError, csv.Error) as cause:
        raise error(
            f"{path} cannot be read as {suffix[1:]}: {cause}. Check that it is complete."
        ) from cause
    filled = (line for line in enumerate(lines, start=1) if any(not empty(v) for v in line[1]))
    return header, filled


def told_faults(rows: Iterable[Filed]) -> str:
    """The faults of a file in one sentence, empty without any."""
    faulty = [row for row in rows if row.fault]
    shown = "; ".join(f"row {row.row}: {row.fault}" for row in faulty[:SHOWN])
    return shown + (f"; and {len(faulty) - SHOWN} rows more" if len(faulty) > SHOWN else "")


def overlong(values: list[object], header: list[str]) -> str | None:
    """What is wrong with a row that has more fields than the header, None for others."""
    if all(empty(value) for value in values[len(header) :]):
        return None
    return f"it has {len(values)} fields, the header has {len(header)}; quote a text with commas"


def text(value: object) -> str:
    """A field without the blanks around it."""
    return "" if empty(value) else str(value).strip()


def empty(value: object) -> bool:
    """Whether a field holds nothing."""
    return value is None or value != value or value is pd.NaT or str(value).strip() == ""
