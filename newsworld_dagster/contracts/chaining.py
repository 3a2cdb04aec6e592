"""How rows are hashed into chains: the ledger of claims, the verdicts, the heads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pandas as pd

GENESIS = "0" * 64


def contents(rows: pd.DataFrame, columns: Sequence[str]) -> list[list[object]]:
    """The values of each row as plain JSON values, the same wherever they were stored."""
    plain = {}
    for name in columns:
        values = rows[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            plain[name] = values.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").tolist()
        elif pd.api.types.is_float_dtype(values):
            plain[name] = [None if pd.isna(v) else repr(float(v)) for v in values]
        else:
            plain[name] = [None if pd.isna(v) else v for v in values.tolist()]
    return [list(row) for row in zip(*plain.values(), strict=True)] if len(rows) else []


def row_hash(previous: str, content: list[object]) -> str:
    """SHA-256 in hex over the hash before and a row's content."""
    text = json.dumps([previous, *content], separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
