"""Rows of frames as pages read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

Row = dict[str, Any]


def records(frame: pd.DataFrame) -> list[Row]:
    """Rows as dicts, None where a value is missing."""
    columns = []
    for name in frame.columns:
        values = frame[name]
        if values.dtype == object:
            columns.append(
                [None if value is None or value is pd.NaT else value for value in values]
            )
        else:
            missing = values.isna()
            plain = values.tolist()
            columns.append(
                [None if gone else value for value, gone in zip(plain, missing, strict=True)]
                if missing.any()
                else plain
            )
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def grouped(rows: Iterable[Row], key: str) -> dict[Any, list[Row]]:
    """Rows by a column, in their order."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return dict(found)


def status(claim: Row, as_of: pd.Timestamp) -> str:
    """What became of a claim: yes, no or void, else overdue or open."""
    if claim["verdict"]:
        return str(claim["verdict"])
    return "overdue" if claim["resolve_by"] <= as_of else "open"
