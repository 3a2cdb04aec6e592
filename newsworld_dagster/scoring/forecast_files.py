"""Files of forecasts from elsewhere: read, and checked row by row."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.parquet import read_parquet

REQUIRED: Final = ("forecaster", "question_id", "probability", "outcome")
OPTIONAL: Final = ("group", "weight", "cluster")
SHOWN: Final = 5


class ForecastFileError(ValueError):
    """A file of forecasts that cannot be scored."""


def read_forecasts(
    path: Path | str,
    *,
    group: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
) -> pd.DataFrame:
    """Read a CSV or Parquet file of forecasts and check every row.

    Parameters
    ----------
    path
        A .csv or .parquet file with the columns forecaster, question_id, probability and
        outcome (0, 1, or empty while unresolved), and optionally group, weight and cluster (of
        questions that come out alike, for example a topic). Further columns are left aside.
    group, weight, cluster
        Names of columns to take for these, if they are called otherwise.

    Returns
    -------
    pandas.DataFrame
        These columns in the file's order of rows: text, float probability, float outcome with
        NaN for unresolved, and group, weight and cluster only if the file has them. Columns left
        aside are named in `attrs["left_aside"]`.

    Raises
    ------
    ForecastFileError
        Saying what is wrong, in which rows (counted from 1, without the header), and what to do.
    """
    path = Path(path)
    frame = _read(path)
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise ForecastFileError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(map(str, frame.columns)) or 'none'}. Rename its columns to "
            f"{', '.join(REQUIRED)} [, {', '.join(OPTIONAL)}]."
        )
    chosen = {"group": group, "weight": weight, "cluster": cluster}
    for role, column in chosen.items():
        if column is not None and column not in frame.columns:
            raise ForecastFileError(
                f"{path} has no column {column!r} for the {role}; it has "
                f"{', '.join(map(str, frame.columns))}. Name one of these."
            )
        if column is not None:
            # Added and not renamed: one column may serve as two, such as group and cluster.
            frame = frame.assign(**{role: frame[column]})
    known = [name for name in (*REQUIRED, *OPTIONAL) if name in frame.columns]
    aside = [str(name) for name in frame.columns if name not in (*known, *chosen.values())]
    _refuse_misspelt(path, aside)
    # The index is the place in the file, so that row numbers hold beside blank lines.
    rows = frame[known].reset_index(drop=True)
    rows = rows[~rows.apply(_empty).all(axis=1)]
    if rows.empty:
        raise ForecastFileError(f"{path} has a header but no row; give at least one forecast.")
    result = _checked(path, rows).reset_index(drop=True)
    result.attrs["left_aside"] = aside
    return result


def _read(path: Path) -> pd.DataFrame:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise ForecastFileError(
            f"{path} is neither .csv nor .parquet; convert it to one of these first."
        )
    try:
        if suffix == ".parquet":
            return read_parquet(path)
        # Blank lines are kept, so that row numbers in messages are those of the file. All is
        # text, so that a bad number can be quoted as it stands and ids keep leading zeros.
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skip_blank_lines=False
        )
        # Rows longer than the header would silently lend their first field to the index.
        if not isinstance(frame.index, pd.RangeIndex):
            raise ValueError("its rows have more fields than its header")
        return frame
    except FileNotFoundError as error:
        raise ForecastFileError(f"There is no file {path}; check the path.") from error
    except (ValueError, OSError) as error:  # parser and decoding errors are ValueErrors
        raise ForecastFileError(
            f"{path} cannot be read as {suffix[1:]}: {error}. Check that it is complete"
            f"{' and encoded as UTF-8' if suffix == '.csv' else ''}."
        ) from error


def _checked(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with their types, or an error that names every kind of fault and its rows."""
    faults = []
    result = pd.DataFrame(index=frame.index)
    for name in ("forecaster", "question_id"):
        result[name] = _words(frame[name]).astype(str)
        faults += _fault(result[name] == "", f"no {name}", None)
    result["probability"] = _numbers(frame["probability"])
    inside = (result["probability"] >= 0) & (result["probability"] <= 1)
    faults += _fault(~inside, "a probability that is not a number in [0, 1]", frame["probability"])
    result["outcome"] = _numbers(frame["outcome"])
    known = result["outcome"].isin([0, 1]) | _empty(frame["outcome"])
    faults += _fault(~known, "an outcome other than 0, 1 or empty", frame["outcome"])
    for name in ("group", "cluster"):
        if name in frame.columns:
            result[name] = _words(frame[name]).astype(str)
    if "cluster" in result.columns:
        faults += _fault(result["cluster"] == "", "no cluster", None)
    if "weight" in frame.columns:
        result["weight"] = _numbers(frame["weight"])
        positive = (result["weight"] > 0) & np.isfinite(result["weight"])
        faults += _fault(~positive, "a weight that is not a positive number", frame["weight"])
    faults += _duplicates(result)
    resolved = result[result["outcome"].isin([0, 1])]
    split = resolved.groupby("question_id")["outcome"].transform("nunique") > 1
    faults += _fault(
        split.reindex(result.index, fill_value=False),
        "an outcome that differs from another row's of the same question",
        result["question_id"],
    )
    if faults:
        raise ForecastFileError(
            f"{path} cannot be scored: {'; '.join(faults)}. Rows are counted from 1 without the "
            "header; correct or remove them. Nothing was scored."
        )
    return result


def _duplicates(result: pd.DataFrame) -> list[str]:
    """Faults for rows that answer a question that the forecaster answered before."""
    keys = ["forecaster", "question_id"]
    again = result[result.duplicated(keys) & (result[keys] != "").all(axis=1)]
    if again.empty:
        return []
    first = result.index.to_series().groupby([result[key] for key in keys]).transform("first")
    shown = [
        f"row {row + 1} (as row {first[row] + 1}: {result.loc[row, keys[0]]!r}, "
        f"{result.loc[row, keys[1]]!r})"
        for row in again.index[:SHOWN]
    ]
    return [f"the same forecaster and question twice in {_listed(shown, len(again))}"]


def _fault(bad: pd.Series, what: str, values: pd.Series | None) -> list[str]:
    rows = bad.index[bad.astype(bool)]
    shown = [
        f"row {row + 1}" + ("" if values is None else f" ({_quoted(values[row])})")
        for row in rows[:SHOWN]
    ]
    return [f"{what} in {_listed(shown, len(rows))}"] if len(rows) else []


def _listed(shown: list[str], total: int) -> str:
    return ", ".join(shown) + (f" and {total - len(shown)} more" if total > len(shown) else "")


def _quoted(value: Any) -> str:
    if value is None or value is pd.NA or value == "" or value != value:
        return "empty"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _empty(column: pd.Series) -> pd.Series:
    return column.isna() | (_words(column) == "")


def _words(column: pd.Series) -> pd.Series:
    """What stands in the cells, as text without blanks around it; '' for nothing."""
    if column.dtype == object:  # bytes are no text, and need not even be decodable
        column = column.map(lambda cell: repr(cell) if isinstance(cell, bytes) else cell)
    return column.astype("string").fillna("").str.strip()


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _refuse_misspelt(path: Path, unknown: list[str]) -> None:
    """An optional column with a typing error must not be left aside in silence."""
    for name in unknown:
        close = difflib.get_close_matches(name.strip().lower(), OPTIONAL, n=1, cutoff=0.75)
        if close:
            raise ForecastFileError(
                f"{path} has an unknown column {name!r}. Rename it to {close[0]!r} if that is "
                "meant, or to something unlike it."
            )
