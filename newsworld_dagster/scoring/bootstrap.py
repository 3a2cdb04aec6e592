"""Intervals from a bootstrap that resamples whole clusters.

Claims of one topic succeed and fail together, so the topic and not the claim is what is drawn.
Rows are summed per cluster once; a resample is then a vector of cluster counts, and all
resamples are one matrix product. No row is ever gathered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr, stdtrit

from newsworld_dagster.scoring.proper import (
    FloatArray,
    ScoreInputError,
    checked_values,
    checked_weights,
)

# Resample weights held at once. So few fit the processor's cache: three times as fast as many.
CHUNK: Final = 250_000

Labels: TypeAlias = Sequence[Any] | npt.NDArray[Any] | pd.Series


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; low and high are NaN when there is only one cluster."""

    mean: float
    low: float
    high: float
    clusters: int


@dataclass(frozen=True)
class Comparison:
    """Mean score of A minus mean score of B on the same claims; negative favours A."""

    difference: float
    interval: Interval
    p_value: float


def clustered_mean_interval(
    values: npt.ArrayLike,
    clusters: Labels,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
) -> Interval:
    """Mean with a bootstrap interval that draws whole clusters.

    Per resample ``sum(m_c * S_c) / sum(m_c * N_c)``, where ``S_c`` and ``N_c`` are a cluster's
    sum of values and of weights, and ``m`` is multinomial: as many draws as clusters, all alike
    likely. The percentiles are widened for few clusters (Hesterberg's expanded percentile
    interval), without which it covers too little.

    Parameters
    ----------
    values
        One value per row, for example Brier scores.
    clusters
        One label per row, for example topic ids.
    n_resamples
        Number of resamples.
    level
        Level of the interval.
    seed
        Seed of the resampling; the same input and seed give the same interval in any row order.
    weights
        Positive weights, one per row.

    Returns
    -------
    Interval
        Mean, low, high and the number of clusters.

    References
    ----------
    Davison, Hinkley (1997), Bootstrap methods and their application, section 3.8; Hesterberg
    (2015), What teachers should know about the bootstrap, The American Statistician 69, 371-386.

    Examples
    --------
    >>> interval = clustered_mean_interval([0.0, 0.2, 0.4, 0.6], ["a", "a", "b", "b"])
    >>> interval.mean, interval.clusters
    (0.3, 2)
    """
    array = checked_values(values, "value")
    weight = checked_weights(weights, len(array))
    sums = _cluster_sums(clusters, array * weight, weight)
    return _ratio_interval(sums, n_resamples, level, seed)


def clustered_skill_interval(
    score: npt.ArrayLike,
    reference: npt.ArrayLike,
    clusters: Labels,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
) -> Interval:
    """Skill against a reference on the same rows, with a clustered bootstrap interval.

    ``1 - sum(score) / sum(reference)``, the ratio taken anew in each resample, so that the
    pairing of score and reference narrows the interval as it should.

    Parameters
    ----------
    score, reference
        Scores of the forecaster and of the reference, row by row on the same questions.
    clusters
        One label per row.
    n_resamples, level, seed, weights
        As in `clustered_mean_interval`.

    Returns
    -------
    Interval
        Skill (1 is perfect, 0 as good as the reference, below 0 worse) with its interval; all
        NaN when the reference is perfect, because skill is not defined then.

    References
    ----------
    Murphy (1988), Skill scores based on the mean square error and their relationships to the
    correlation coefficient, Monthly Weather Review 116, 2417-2424.

    Examples
    --------
    >>> clustered_skill_interval([0.1, 0.1], [0.2, 0.2], ["a", "b"]).mean
    0.5
    """
    array = checked_values(score, "score")
    other = checked_values(reference, "reference score")
    if len(array) != len(other):
        raise ScoreInputError(
            f"There are {len(array)} scores but {len(other)} reference scores; pair them by "
            "question first."
        )
    weight = checked_weights(weights, len(array))
    sums = _cluster_sums(clusters, array * weight, other * weight)
    ratio = _ratio_interval(sums, n_resamples, level, seed)
    return Interval(1 - ratio.mean, 1 - ratio.high, 1 - ratio.low, ratio.clusters)


def paired_comparison(
    score_a: npt.ArrayLike,
    score_b: npt.ArrayLike,
    clusters: Labels,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare two forecasters on the claims that both answered.

    The difference is ``mean(a - b)`` with a clustered bootstrap interval. The p-value is that of
    a randomisation test: if neither is better, each cluster's summed difference is as likely to
    have the other sign, so signs are flipped at random, and
    ``p = (1 + #{|flipped sum| >= |sum|}) / (1 + n_resamples)``.

    Parameters
    ----------
    score_a, score_b
        Scores of the two forecasters, row by row on the same questions.
    clusters
        One label per row.
    n_resamples, level, seed
        As in `clustered_mean_interval`; also the number of sign flips.

    Returns
    -------
    Comparison
        Difference (negative: A has the lower, better score), interval and two-sided p-value.

    References
    ----------
    Fisher (1935), The design of experiments, section 21; Hamill (1999), Hypothesis tests for
    evaluating numerical precipitation forecasts, Weather and Forecasting 14, 155-167.

    Examples
    --------
    >>> paired_comparison([0.1, 0.2], [0.1, 0.2], ["a", "b"]).p_value
    1.0
    """
    array = checked_values(score_a, "score of A")
    other = checked_values(score_b, "score of B")
    if len(array) != len(other):
        raise ScoreInputError(
            f"There are {len(array)} scores of A but {len(other)} of B; pair them by question "
            "first."
        )
    sums = _cluster_sums(clusters, array - other, np.ones(len(array)))
    interval = _ratio_interval(sums, n_resamples, level, seed)
    totals = sums[:, 0]
    rng = np.random.default_rng(seed)
    # Rounding must not decide whether a flip that changes nothing counts as extreme.
    bound = abs(totals.sum()) * (1 - 1e-9)
    extreme = 0
    for rows in _chunks(n_resamples, len(totals)):
        signs = rng.integers(0, 2, size=(rows, len(totals)), dtype=np.int8) * 2.0 - 1.0
        extreme += int(np.count_nonzero(np.abs(signs @ totals) >= bound))
    return Comparison(interval.mean, interval, (1 + extreme) / (1 + n_resamples))


def _cluster_sums(clusters: Labels, *columns: FloatArray) -> FloatArray:
    """Sums of the columns per cluster, one row per cluster, sorted by the sums."""
    named = clusters if isinstance(clusters, pd.Series) else np.asarray(clusters, dtype=object)
    codes, labels = pd.factorize(named)
    if len(codes) != len(columns[0]):
        raise ScoreInputError(f"There are {len(codes)} cluster labels for {len(columns[0])} rows.")
    if (codes < 0).any():
        raise ScoreInputError(
            f"The cluster label at position {int(np.argmax(codes < 0))} (counting from 0) is "
            "missing."
        )
    sums = np.column_stack([np.bincount(codes, column, len(labels)) for column in columns]).astype(
        float
    )
    # A fixed order makes the draws independent of row order and of what clusters are called.
    return sums[np.lexsort(sums.T[::-1])]


def _ratio_interval(sums: FloatArray, n_resamples: int, level: float, seed: int) -> Interval:
    """Interval of the ratio of two columns of cluster sums."""
    clusters = len(sums)
    above, below = sums.sum(axis=0)
    if below == 0:
        return Interval(np.nan, np.nan, np.nan, clusters)
    mean = float(above / below)
    if clusters < 2:
        return Interval(mean, np.nan, np.nan, clusters)
    draws = _resampled_sums(sums, n_resamples, seed)
    draws = draws[draws[:, 1] != 0]
    tail = _expanded_tail((1 - level) / 2, clusters)
    low, high = np.quantile(draws[:, 0] / draws[:, 1], [tail, 1 - tail])
    return Interval(mean, float(low), float(high), clusters)


def _expanded_tail(tail: float, clusters: int) -> float:
    """Tail that makes a percentile interval as wide as Student's t on the same clusters."""
    reach = stdtrit(clusters - 1, 1 - tail) * np.sqrt(clusters / (clusters - 1))
    return float(ndtr(-reach))


def _resampled_sums(sums: FloatArray, n_resamples: int, seed: int) -> FloatArray:
    """Column totals of each resample of the rows, shape (n_resamples, columns)."""
    rng = np.random.default_rng(seed)
    size = len(sums)
    cells, counts = _cells(sums)
    # Equal clusters are one cell with a higher chance: the same distribution with fewer numbers.
    few = len(cells) * 10 < size
    totals = []
    for rows in _chunks(n_resamples, len(cells) if few else size):
        if few:
            weights = rng.multinomial(size, counts / size, size=rows)
            totals.append(weights @ cells)
            continue
        drawn = rng.integers(0, size, size=(rows, size), dtype=np.int32)
        drawn = drawn + np.arange(rows)[:, None] * size
        weights = np.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size)
        totals.append(weights @ sums)
    return np.concatenate(totals)


def _cells(sums: FloatArray) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Distinct rows of sorted sums and how often each occurs."""
    first = np.concatenate([[True], (np.diff(sums, axis=0) != 0).any(axis=1)])
    starts = np.flatnonzero(first)
    return sums[starts], np.diff(np.append(starts, len(sums)))


def _chunks(n_resamples: int, width: int) -> list[int]:
    """How many resamples to draw at a time."""
    rows = max(1, CHUNK // width)
    return [min(rows, n_resamples - start) for start in range(0, n_resamples, rows)]
