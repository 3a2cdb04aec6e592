"""How rows are hashed into chains: the ledger of claims, the verdicts, the heads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

GENESIS = "0" * 64
# One encoder for all rows: `json.dumps` with options of its own makes one each time.
_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str).encode


def contents(rows: pd.DataFrame, columns: Sequence[str]) -> list[list[object]]:
    """The values of each row as plain JSON values, the same wherever they were stored."""
    plain = {}
    for name in columns:
        values = rows[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            plain[name] = _moments(values)
        elif pd.api.types.is_float_dtype(values):
            plain[name] = _present(values, [repr(value) for value in values.tolist()])
        else:
            plain[name] = _present(values, values.tolist())
    return [list(row) for row in zip(*plain.values(), strict=True)] if len(rows) else []


def _present(
    values: pd.Series, written: list[object], missing: float | None = None
) -> list[object]:
    """What was written of values, `missing` where there is none."""
    gone = values.isna()
    if not gone.any():
        return written
    return [missing if g else one for g, one in zip(gone, written, strict=True)]


def _moments(values: pd.Series) -> list[object]:
    """ISO 8601 to the microsecond; NaN where there is none."""
    written = np.datetime_as_string(values.to_numpy(dtype="datetime64[us]"), unit="us").tolist()
    return _present(values, written, float("nan"))


def row_hash(previous: str, content: list[object]) -> str:
    """SHA-256 in hex over the hash before and a row's content."""
    return hashlib.sha256(_ENCODE([previous, *content]).encode()).hexdigest()
