"""Forecasts from elsewhere, scored by the same code as our own."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.scoring.bootstrap import clustered_mean_interval, clustered_skill_interval
from newsworld_dagster.scoring.calibration import calibration_error, calibration_test
from newsworld_dagster.scoring.checked import ScoreInputError
from newsworld_dagster.scoring.comparison import (
    compare_forecasters,
    difficulty_adjusted,
    peer_scores,
)
from newsworld_dagster.scoring.diagnostics import area_under_curve, sharpness
from newsworld_dagster.scoring.proper import (
    brier_index,
    brier_score,
    log_kernel,
    mean_score,
    spherical_score,
)
from newsworld_dagster.scoring.records import plain_records
from newsworld_dagster.scoring.reliability import corp_decomposition
from newsworld_dagster.scoring.resampling import Interval
from newsworld_dagster.scoring.scorecard import BASELINE

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
    "clusters",
    "brier_index",
    "spherical_score",
    "area_under_curve",
    "sharpness",
    "calibration_error",
    "calibration_error_debiased",
    "calibration_error_null_low",
    "calibration_error_null_high",
    "calibration_p_value",
    "adjusted_brier",
    "peer_score",
)
# So many forecasters are compared every two; with more, a baseline must be named.
MOST_PAIRED: Final = 5


def score_external(
    forecasts: pd.DataFrame,
    *,
    baseline: str | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Score every forecaster of a table of forecasts, in all and per group.

    Means are weighted if there is a column weight. Skill is ``1 - Brier / Brier of the
    baseline`` over the questions that both have resolved; the baseline's own is 0. Intervals
    are 95 %, from a bootstrap that draws clusters if there is a column cluster, else questions.
    The log score is infinite where a forecast of exactly 0 or 1 turned out wrong.

    Parameters
    ----------
    forecasts
        What `read_forecasts` returns.
    baseline
        A forecaster of the table; by default `base-rate`, where there is one.
    n_resamples, seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row per forecaster with by and group 'all', and one per group and forecaster with by
        'group'; n counts the scored forecasts, unresolved those without an outcome, skill_n the
        questions shared with the baseline, clusters what the bootstrap draws. Over all questions
        also `brier_index`, `spherical_score`, `area_under_curve`, `sharpness`, the figures of
        `calibration_error` and the p-value of `calibration_test`, the Brier score of
        `difficulty_adjusted` and that of `peer_scores` (with the Brier score).

    Raises
    ------
    ScoreInputError
        When no forecaster is called like the baseline.

    Examples
    --------
    >>> table = pd.DataFrame({"forecaster": ["me", "me"], "question_id": ["a", "b"],
    ...                       "probability": [0.8, 0.4], "outcome": [1.0, 0.0]})
    >>> round(float(score_external(table)["brier"][0]), 6)
    0.1
    """
    against = baseline_of(forecasts, baseline) or BASELINE
    resolved = forecasts["outcome"].notna()
    scored = forecasts.assign(brier=np.nan)
    if resolved.any():
        settled = forecasts[resolved]
        scored.loc[resolved, "brier"] = brier_score(settled["probability"], settled["outcome"])
    reference = scored.loc[scored["forecaster"] == against].set_index("question_id")["brier"]
    scored["baseline_brier"] = scored["question_id"].map(reference).astype(float)
    if "cluster" not in scored.columns:
        scored["cluster"] = scored["question_id"]

    clustered = "cluster" in forecasts.columns
    lines = [
        {"by": "all", "group": "all", "forecaster": name}
        | _line(rows, name == against, n_resamples, seed)
        | _diagnosis(rows, clustered, seed)
        for name, rows in scored.groupby("forecaster")
    ]
    if "group" in scored.columns:
        lines += [
            {"by": "group", "group": group, "forecaster": name}
            | _line(rows, name == against, n_resamples, seed)
            for (group, name), rows in scored.groupby(["group", "forecaster"], dropna=False)
        ]
    table = pd.DataFrame(lines, columns=list(RESULT_COLUMNS)).astype(
        {"n": "int64", "unresolved": "int64", "skill_n": "int64", "clusters": "int64"}
    )
    if resolved.any() and len(scored["forecaster"].unique()) > 1:
        whole = table["by"] == "all"
        for column, found in (
            ("adjusted_brier", difficulty_adjusted(scored).set_index("forecaster")["adjusted"]),
            ("peer_score", peer_scores(scored, "brier").set_index("forecaster")["peer_score"]),
        ):
            table.loc[whole, column] = table["forecaster"].map(found)[whole].astype(float)
    return table


def compare_external(
    forecasts: pd.DataFrame,
    *,
    baseline: str | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Paired comparisons: with the baseline, or of every two where there is none.

    Parameters
    ----------
    forecasts, baseline, n_resamples, seed
        As in `score_external`.

    Returns
    -------
    pandas.DataFrame
        As of `compare_forecasters`; no row where nothing is settled, there is one forecaster, or
        there are more than `MOST_PAIRED` and no baseline.
    """
    against = baseline_of(forecasts, baseline)
    settled = forecasts[forecasts["outcome"].notna()]
    names = settled["forecaster"].nunique()
    silent = against is not None and against not in set(settled["forecaster"])
    if names < 2 or silent or (against is None and names > MOST_PAIRED):
        columns = ["forecaster", "reference", "n", "clusters", "difference", "low", "high"]
        return pd.DataFrame(columns=[*columns, "p_value"])
    return compare_forecasters(settled, against, n_resamples=n_resamples, seed=seed)


def baseline_of(forecasts: pd.DataFrame, name: str | None) -> str | None:
    """The baseline that is meant: the named one, else `base-rate` if it is there, else None."""
    present = sorted(forecasts["forecaster"].unique())
    if name is None:
        return BASELINE if BASELINE in present else None
    if name not in present:
        shown = ", ".join(present[:20]) + (", ..." if len(present) > 20 else "")
        raise ScoreInputError(
            f"No forecaster is called {name!r}, so it cannot be the baseline. There are: {shown}."
        )
    return name


def external_document(
    scores: pd.DataFrame, comparisons: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Scores of external forecasts as one JSON document.

    Parameters
    ----------
    scores
        What `score_external` returned.
    comparisons
        What `compare_external` returned, if it is to be in it.

    Returns
    -------
    dict
        {"forecasters": [...], "groups": [...], "comparisons": [...]}; what is undefined or
        infinite is None.
    """
    whole = scores["by"] == "all"
    # The figures of `_diagnosis` are not computed per group.
    cheap = scores.columns[: scores.columns.get_loc("brier_index")]
    return {
        "forecasters": plain_records(scores[whole].drop(columns=["by", "group"])),
        "groups": plain_records(scores.loc[~whole, cheap]),
        "comparisons": [] if comparisons is None else plain_records(comparisons),
    }


def _line(rows: pd.DataFrame, is_baseline: bool, n_resamples: int, seed: int) -> dict[str, Any]:
    settled = rows[rows["outcome"].notna()]
    counts = {
        "n": len(settled),
        "unresolved": len(rows) - len(settled),
        "skill_n": 0,
        "clusters": 0,
    }
    if settled.empty:
        return counts
    probability, outcome, weight = _arrays(settled)
    brier = clustered_mean_interval(
        settled["brier"], settled["cluster"], n_resamples, seed=seed, weights=weight
    )
    shared = settled[settled["baseline_brier"].notna()]
    if is_baseline:
        skill = Interval(0.0, 0.0, 0.0, len(shared))
    elif shared.empty:
        skill = Interval(np.nan, np.nan, np.nan, 0)
    else:
        skill = clustered_skill_interval(
            shared["brier"],
            shared["baseline_brier"],
            shared["cluster"],
            n_resamples,
            seed=seed,
            weights=_arrays(shared)[2],
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
        "clusters": brier.clusters,
    }


def _diagnosis(rows: pd.DataFrame, clustered: bool, seed: int) -> dict[str, Any]:
    settled = rows[rows["outcome"].notna()]
    if settled.empty:
        return {}
    probability, outcome, weight = _arrays(settled)
    clusters = settled["cluster"] if clustered else None
    error = calibration_error(probability, outcome, clusters=clusters, seed=seed, weights=weight)
    test = calibration_test(probability, outcome, clusters, seed=seed, weights=weight)
    return {
        "brier_index": brier_index(mean_score(brier_score(probability, outcome), weight)),
        "spherical_score": mean_score(spherical_score(probability, outcome), weight),
        "area_under_curve": area_under_curve(probability, outcome, weight),
        "sharpness": sharpness(probability, weight),
        "calibration_error": error.error,
        "calibration_error_debiased": error.debiased,
        "calibration_error_null_low": error.null_low,
        "calibration_error_null_high": error.null_high,
        "calibration_p_value": test.p_value,
    }


def _arrays(rows: pd.DataFrame) -> tuple[Any, Any, Any]:
    weight = rows["weight"].to_numpy(float) if "weight" in rows.columns else None
    return rows["probability"].to_numpy(float), rows["outcome"].to_numpy(float), weight
