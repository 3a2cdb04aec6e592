"""The lint over a file of claims: `newsworld lint`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from newsworld_dagster.forecasting.lint import lint


class ClaimFileError(ValueError):
    """The file of claims cannot be read."""


def lint_file(path: Path) -> list[dict[str, Any]]:
    """Statement and findings of each claim, in the order of the file.

    Parameters
    ----------
    path
        csv or parquet with the columns statement, resolve_by and optionally made_at. An empty or
        unreadable resolve_by counts as no deadline. A claim that repeats an earlier one of the
        file is a duplicate.

    Raises
    ------
    ClaimFileError
        When the file cannot be read or lacks a column.
    """
    try:
        table = (
            pd.read_parquet(path)
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
    deadlines = _times(table["resolve_by"])
    made = _times(table["made_at"]) if "made_at" in table.columns else [None] * len(table)
    claims: list[dict[str, Any]] = []
    before: list[str] = []
    for statement, resolve_by, made_at in zip(
        table["statement"].astype(str), deadlines, made, strict=True
    ):
        findings = lint(statement, resolve_by, made_at, open_statements=before)
        claims.append(
            {"statement": statement, "findings": [finding.as_dict() for finding in findings]}
        )
        before.append(statement)
    return claims


def _times(values: pd.Series) -> list[pd.Timestamp | None]:
    parsed = pd.to_datetime(values.replace("", None), utc=True, errors="coerce", format="mixed")
    return [None if pd.isna(moment) else moment.tz_localize(None) for moment in parsed]
