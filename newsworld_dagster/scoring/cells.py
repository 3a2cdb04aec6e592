"""Scores of very many forecasts from their counts, in the time that counting takes.

Forecasts that say the same and come out alike score alike, so a database that groups them by
probability and outcome leaves a few thousand cells, whose counts are weights.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from newsworld_dagster.scoring.checked import ScoreInputError, checked_forecasts, checked_weights
from newsworld_dagster.scoring.proper import log_kernel
from newsworld_dagster.scoring.reliability import corp_decomposition
from newsworld_dagster.scoring.resampling import (
    effective_clusters,
    expanded_tail,
    resampled_sums,
)

CELLS: Final = ("forecaster", "probability", "outcome", "n")
TOPICS: Final = ("forecaster", "topic_id", "n", "brier")


def score_cells(
    cells: pd.DataFrame,
    topics: pd.DataFrame,
    *,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores, intervals and decomposition per forecaster from counted forecasts.

    The figures are those of the single forecasts, not of rounded ones. All forecasters share
    the resamples, so what is drawn costs the same for one as for many.

    Parameters
    ----------
    cells
        One row a forecaster, probability and outcome, with the columns `CELLS`; n counts.
    topics
        One row a forecaster and topic, with the columns `TOPICS`; n counts its forecasts and
        brier sums their Brier scores.
    n_resamples, level, seed
        Of the bootstrap, which draws topics.

    Returns
    -------
    pandas.DataFrame
        forecaster, n, topics, base_rate, brier, brier_low, brier_high, log_score (infinite for
        one who was certain and wrong), miscalibration, discrimination, uncertainty; in the order
        of the names.

    Raises
    ------
    ScoreInputError
        When a column is missing, a value is bad, or the two frames count differently.

    References
    ----------
    As in `corp_decomposition` and `clustered_mean_interval`.

    Examples
    --------
    >>> cells = pd.DataFrame({"forecaster": "me", "probability": [0.2, 0.8], "outcome": [0, 1],
    ...                       "n": [300, 200]})
    >>> topics = pd.DataFrame({"forecaster": "me", "topic_id": ["a", "b"], "n": [250, 250],
    ...                        "brier": [10.0, 10.0]})
    >>> score_cells(cells, topics)[["n", "base_rate", "brier"]].round(6).values.tolist()
    [[500.0, 0.4, 0.04]]
    """
    for frame, columns, name in ((cells, CELLS, "cells"), (topics, TOPICS, "topics")):
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise ScoreInputError(f"The {name} lack the columns {', '.join(missing)}.")
    checked_forecasts(cells["probability"], cells["outcome"])
    checked_weights(cells["n"], len(cells))
    counted = cells.groupby("forecaster")["n"].sum()
    if not counted.equals(topics.groupby("forecaster")["n"].sum().astype(counted.dtype)):
        raise ScoreInputError(
            "The cells and the topics do not count the same forecasts; group the same rows twice."
        )
    low, high = _intervals(topics, list(counted.index), n_resamples, level, seed)
    known = topics.groupby("forecaster")["topic_id"].nunique()
    lines = []
    for place, (name, rows) in enumerate(cells.groupby("forecaster")):
        p, y = rows["probability"].to_numpy(float), rows["outcome"].to_numpy(float)
        count = rows["n"].to_numpy(float)
        parts = corp_decomposition(p, y, weights=count)
        lines.append(
            {
                "forecaster": name,
                "n": int(count.sum()),
                "topics": int(known[name]),
                "base_rate": float(np.average(y, weights=count)),
                "brier": parts.mean_score,
                "brier_low": low[place],
                "brier_high": high[place],
                "log_score": float(np.average(log_kernel(p, y), weights=count)),
                "miscalibration": parts.miscalibration,
                "discrimination": parts.discrimination,
                "uncertainty": parts.uncertainty,
            }
        )
    return pd.DataFrame(lines)


def _intervals(
    topics: pd.DataFrame, names: list[str], n_resamples: int, level: float, seed: int
) -> tuple[list[float], list[float]]:
    codes, labels = pd.factorize(topics["topic_id"])
    who = pd.Index(names).get_indexer(topics["forecaster"])
    shape = (len(labels), len(names))
    sums = np.zeros((2, *shape))
    sums[0][codes, who] = topics["brier"]
    sums[1][codes, who] = topics["n"]
    both = np.concatenate([sums[0], sums[1]], axis=1)
    if len(labels) < 2:
        return [np.nan] * len(names), [np.nan] * len(names)
    draws = resampled_sums(both[np.lexsort(both.T[::-1])], n_resamples, seed)
    above, below = draws[:, : len(names)], draws[:, len(names) :]
    low, high = [], []
    for place in range(len(names)):
        size = sums[1][:, place]
        if np.count_nonzero(size) < 2:
            low.append(np.nan)
            high.append(np.nan)
            continue
        some = below[:, place] > 0
        tail = expanded_tail((1 - level) / 2, effective_clusters(size))
        found = np.quantile(above[some, place] / below[some, place], [tail, 1 - tail])
        low.append(float(found[0]))
        high.append(float(found[1]))
    return low, high
