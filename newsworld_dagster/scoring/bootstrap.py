"""Intervals from a bootstrap that resamples whole clusters.

Claims of one topic succeed and fail together, so the topic and not the claim is what is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from newsworld_dagster.scoring.checked import ScoreInputError, checked_values, checked_weights
from newsworld_dagster.scoring.resampling import (
    Interval,
    Labels,
    chunks,
    cluster_sums,
    ratio_interval,
    signs,
)


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
    interval), counting those as fewer that differ in size (``sum(N_c) ** 2 / sum(N_c ** 2)``);
    without either it covers too little. docs/scoring.md has its coverage beside that of others.

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
    (2015), What teachers should know about the bootstrap, The American Statistician 69, 371-386;
    Carter, Schnepel, Steigerwald (2017), Asymptotic behavior of a t-test robust to cluster
    heterogeneity, Review of Economics and Statistics 99, 698-709 (effective clusters).

    Examples
    --------
    >>> interval = clustered_mean_interval([0.0, 0.2, 0.4, 0.6], ["a", "a", "b", "b"])
    >>> interval.mean, interval.clusters
    (0.3, 2)
    """
    array = checked_values(values, "value")
    weight = checked_weights(weights, len(array))
    sums = cluster_sums(clusters, array * weight, weight)
    return ratio_interval(sums, n_resamples, level, seed)


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
    sums = cluster_sums(clusters, array * weight, other * weight)
    ratio = ratio_interval(sums, n_resamples, level, seed)
    return Interval(1 - ratio.mean, 1 - ratio.high, 1 - ratio.low, ratio.clusters)


def paired_comparison(
    score_a: npt.ArrayLike,
    score_b: npt.ArrayLike,
    clusters: Labels,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
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
    n_resamples, level, seed, weights
        As in `clustered_mean_interval`; `n_resamples` is also the number of sign flips.

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
    weight = checked_weights(weights, len(array))
    sums = cluster_sums(clusters, (array - other) * weight, weight)
    interval = ratio_interval(sums, n_resamples, level, seed)
    totals = sums[:, 0]
    rng = np.random.default_rng(seed)
    # Rounding must not decide whether a flip that changes nothing counts as extreme.
    bound = abs(totals.sum()) * (1 - 1e-9)
    extreme = 0
    for rows in chunks(n_resamples, len(totals)):
        flipped = signs(rng, rows, len(totals)) @ totals
        extreme += int(np.count_nonzero(np.abs(flipped) >= bound))
    return Comparison(interval.mean, interval, (1 + extreme) / (1 + n_resamples))
