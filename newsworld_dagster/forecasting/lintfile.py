"""The lint over a file of claims: `newsworld lint`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.parquet import read_parquet
from newsworld_dagster.forecasting.likeness import SAME_DEADLINE
from newsworld_dagster.forecasting.lint import lint
from newsworld_dagster.forecasting.vagueness import gist_of_wording
from newsworld_dagster.forecasting.windows import MOST_READ, deadline_of

# Years that a claim can be about.
YEARS = range(1900, 2200)


class ClaimFileError(ValueError):
    """The file of claims cannot be read."""


def lint_file(
    path: Path, encode: Callable[[Sequence[str]], np.ndarray] | None = None
) -> list[dict[str, Any]]:
    """Statement and findings of each claim, in the order of the file.

    Parameters
    ----------
    path
        csv or parquet with the columns statement, resolve_by and optionally made_at. A resolve_by
        in words ("within 6 weeks") counts from made_at; where it is empty or cannot be read, a
        date in the statement serves. A claim that says what an earlier one of the file says, with
        a deadline at most two days off, is a duplicate.
    encode
        Texts to unit vectors, of an encoder that `reads_vectors_of` knows: then wordings are judged
        by meaning too. Without it nothing is loaded, and fewer vague ones are found.

    Raises
    ------
    ClaimFileError
        When the file cannot be read or lacks a column.
    """
    try:
        table = (
            read_parquet(path)
            if path.suffix == ".parquet"
            else pd.read_csv(path, dtype=str, keep_default_na=False)
        )
    except (OSError, ValueError) as error:
        raise ClaimFileError(
            f"Cannot read {path} as claims: {error}. Give a csv or parquet file with the columns "
            "statement, resolve_by and optionally made_at."
        ) from error
    missing = [name for name in ("statement", "resolve_by") if name not in table.columns]
    if missing:
        raise ClaimFileError(
            f"{path} lacks the column {' and '.join(missing)}; it has "
            f"{', '.join(map(str, table.columns))}."
        )
    made = _times(table["made_at"]) if "made_at" in table.columns else [None] * len(table)
    deadlines = [
        _in_words(cell, moment) if deadline is None else deadline
        for deadline, cell, moment in zip(
            _times(table["resolve_by"]), table["resolve_by"], made, strict=True
        )
    ]
    told = table["statement"]
    statements = [
        str(cell) if filled else "" for cell, filled in zip(told, told.notna(), strict=True)
    ]
    vectors: Sequence[np.ndarray | None] = [None] * len(statements)
    if encode is not None and statements:
        gists = [
            gist_of_wording(statement, made_at)
            for statement, made_at in zip(statements, made, strict=True)
        ]
        vectors = list(encode(gists))
    claims: list[dict[str, Any]] = []
    before: list[tuple[str, int | None]] = []
    for statement, resolve_by, made_at, vector in zip(
        statements, deadlines, made, vectors, strict=True
    ):
        due = None if resolve_by is None else int(resolve_by.timestamp())
        near = [other for other, its in before if _same_deadline(its, due)]
        findings = lint(statement, resolve_by, made_at, open_statements=near, wording_vector=vector)
        claims.append(
            {"statement": statement, "findings": [finding.as_dict() for finding in findings]}
        )
        if len(statement) <= MOST_READ:  # no sentence that another could say again
            before.append((statement, due))
    return claims


def _same_deadline(one: int | None, other: int | None) -> bool:
    return one is None or other is None or abs(one - other) <= SAME_DEADLINE.total_seconds()


def _in_words(cell: object, made_at: pd.Timestamp | None) -> pd.Timestamp | None:
    return deadline_of(cell, made_at) if isinstance(cell, str) else None


def _times(values: pd.Series) -> list[pd.Timestamp | None]:
    parsed = pd.to_datetime(values.replace("", None), utc=True, errors="coerce", format="mixed")
    # '-1' is read as a year before Christ, which cannot even be printed: it is no date.
    return [
        moment.tz_localize(None) if not pd.isna(moment) and moment.year in YEARS else None
        for moment in parsed
    ]
