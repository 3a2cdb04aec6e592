"""Rows as pages read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from newsworld_dagster.edition.lookups import Record

Row = dict[str, Any]


def grouped(rows: Iterable[Record], key: str) -> dict[Any, list[Record]]:
    """Rows by a column, in their order."""
    found: dict[Any, list[Record]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return dict(found)


def told(row: Record, *names: str) -> Row:
    """Columns of a row as plain values."""
    return {name: row[name] for name in names}
