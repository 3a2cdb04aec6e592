"""Forecasts from elsewhere, scored by the same code as our own."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.scoring.bootstrap import clustered_mean_interval, clustered_skill_interval
from newsworld_dagster.scoring.proper import brier_score, log_kernel, mean_score
from newsworld_dagster.scoring.records import plain_records
from newsworld_dagster.scoring.reliability import corp_decomposition
from newsworld_dagster.scoring.resampling import Interval
from newsworld_dagster.scoring.scorecard import BASELINE

REQUIRED: Final = ("forecaster", "question_id", "probability", "outcome")
OPTIONAL: Final = ("group", "weight")
RESULT_COLUMNS: Final = (
    "by",
    "group",
    "forecaster",
    "n",
    "unresolved",
    "base_rate",
    "brier",
    "brier_low",
    "brier_high",
    "log_score",
    "skill",
    "skill_low",
    "skill_high",
    "skill_n",
    "miscalibration",
    "discrimination",
    "uncertainty",
)
SHOWN: Final = 5


class ForecastFileError(ValueError):
    """A file of forecasts that cannot be scored."""


def read_forecasts(path: Path | str) -> pd.DataFrame:
    """Read a CSV or Parquet file of forecasts and check every row.

    Parameters
    ----------
    path
        A .csv or .parquet file with the columns forecaster, question_id, probability and
        outcome (0, 1, or empty while unresolved), and optionally group and weight. Further
        columns are left aside.

    Returns
    -------
    pandas.DataFrame
        These columns in the file's order of rows: text, float probability, float outcome with
        NaN for unresolved, and group and weight only if the file has them.

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
    known = [name for name in (*REQUIRED, *OPTIONAL) if name in frame.columns]
    _refuse_misspelt(path, [str(name) for name in frame.columns if name not in known])
    # The index is the place in the file, so that row numbers hold beside blank lines.
    rows = frame[known].reset_index(drop=True)
    rows = rows[~rows.apply(_empty).all(axis=1)]
    if rows.empty:
        raise ForecastFileError(f"{path} has a header but no row; give at least one forecast.")
    return _checked(path, rows).reset_index(drop=True)


def score_external(
    forecasts: pd.DataFrame, *, n_resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Score every forecaster of a table of forecasts, in all and per group.

    Means are weighted if there is a column weight. Skill is ``1 - Brier / Brier of base-rate``
    over the questions that both have resolved, if a forecaster of that name is present; its own
    is 0. Intervals are 95 %, from a bootstrap that draws questions. The log score is infinite
    where a forecast of exactly 0 or 1 turned out wrong.

    Parameters
    ----------
    forecasts
        What `read_forecasts` returns.
    n_resamples, seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row per forecaster with by and group 'all', and one per group and forecaster with by
        'group'; n counts the scored forecasts, unresolved those without an outcome, skill_n the
        questions shared with base-rate.

    Examples
    --------
    >>> table = pd.DataFrame({"forecaster": ["me", "me"], "question_id": ["a", "b"],
    ...                       "probability": [0.8, 0.4], "outcome": [1.0, 0.0]})
    >>> round(float(score_external(table)["brier"][0]), 6)
    0.1
    """
    resolved = forecasts["outcome"].notna()
    scored = forecasts.assign(brier=np.nan)
    if resolved.any():
        settled = forecasts[resolved]
        scored.loc[resolved, "brier"] = brier_score(settled["probability"], settled["outcome"])
    baseline = scored.loc[scored["forecaster"] == BASELINE].set_index("question_id")["brier"]
    scored["baseline_brier"] = scored["question_id"].map(baseline).astype(float)

    lines = [
        {"by": "all", "group": "all", "forecaster": name}
        | _line(rows, str(name), n_resamples, seed)
        for name, rows in scored.groupby("forecaster")
    ]
    if "group" in scored.columns:
        lines += [
            {"by": "group", "group": group, "forecaster": name}
            | _line(rows, str(name), n_resamples, seed)
            for (group, name), rows in scored.groupby(["group", "forecaster"], dropna=False)
        ]
    return pd.DataFrame(lines, columns=list(RESULT_COLUMNS)).astype(
        {"n": "int64", "unresolved": "int64", "skill_n": "int64"}
    )


def external_document(scores: pd.DataFrame) -> dict[str, Any]:
    """Scores of external forecasts as one JSON document.

    Parameters
    ----------
    scores
        What `score_external` returned.

    Returns
    -------
    dict
        {"forecasters": [...], "groups": [...]}; what is undefined or infinite is None.
    """
    whole = scores["by"] == "all"
    return {
        "forecasters": plain_records(scores[whole].drop(columns=["by", "group"])),
        "groups": plain_records(scores[~whole]),
    }


def _line(rows: pd.DataFrame, forecaster: str, n_resamples: int, seed: int) -> dict[str, Any]:
    settled = rows[rows["outcome"].notna()]
    counts = {"n": len(settled), "unresolved": len(rows) - len(settled), "skill_n": 0}
    if settled.empty:
        return counts
    probability = settled["probability"].to_numpy(float)
    outcome = settled["outcome"].to_numpy(float)
    weight = settled["weight"].to_numpy(float) if "weight" in settled.columns else None
    brier = clustered_mean_interval(
        settled["brier"], settled["question_id"], n_resamples, seed=seed, weights=weight
    )
    shared = settled[settled["baseline_brier"].notna()]
    if forecaster == BASELINE:
        skill = Interval(0.0, 0.0, 0.0, len(shared))
    elif shared.empty:
        skill = Interval(np.nan, np.nan, np.nan, 0)
    else:
        skill = clustered_skill_interval(
            shared["brier"],
            shared["baseline_brier"],
            shared["question_id"],
            n_resamples,
            seed=seed,
            weights=shared["weight"] if weight is not None else None,
        )
    parts = corp_decomposition(probability, outcome, weights=weight)
    return counts | {
        "base_rate": mean_score(outcome, weight),
        "brier": brier.mean,
        "brier_low": brier.low,
        "brier_high": brier.high,
        "log_score": float(np.average(log_kernel(probability, outcome), weights=weight)),
        "skill": skill.mean,
        "skill_low": skill.low,
        "skill_high": skill.high,
        "skill_n": len(shared),
        "miscalibration": parts.miscalibration,
        "discrimination": parts.discrimination,
        "uncertainty": parts.uncertainty,
    }


def _read(path: Path) -> pd.DataFrame:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise ForecastFileError(
            f"{path} is neither .csv nor .parquet; convert it to one of these first."
        )
    try:
        if suffix == ".parquet":
            return pd.read_parquet(path)
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
        result[name] = frame[name].astype("string").str.strip().fillna("").astype(str)
        faults += _fault(result[name] == "", f"no {name}", None)
    result["probability"] = _numbers(frame["probability"])
    inside = (result["probability"] >= 0) & (result["probability"] <= 1)
    faults += _fault(~inside, "a probability that is not a number in [0, 1]", frame["probability"])
    result["outcome"] = _numbers(frame["outcome"])
    known = result["outcome"].isin([0, 1]) | _empty(frame["outcome"])
    faults += _fault(~known, "an outcome other than 0, 1 or empty", frame["outcome"])
    if "group" in frame.columns:
        result["group"] = frame["group"].astype("string").str.strip().fillna("").astype(str)
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
    return column.isna() | (column.astype("string").fillna("").str.strip() == "")


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
