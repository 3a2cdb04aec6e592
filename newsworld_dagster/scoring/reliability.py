"""Reliability: what happened when the forecast said p (CORP and bins)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from newsworld_dagster.scoring.checked import (
    FloatArray,
    ScoreInputError,
    checked_forecasts,
    checked_weights,
)
from newsworld_dagster.scoring.proper import brier_kernel, log_kernel

ScoreName = Literal["brier", "log"]

KERNELS: Final[dict[str, Callable[[FloatArray, FloatArray], FloatArray]]] = {
    "brier": brier_kernel,
    "log": log_kernel,
}


@dataclass(frozen=True)
class Decomposition:
    """Mean score = miscalibration - discrimination + uncertainty."""

    mean_score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


def isotonic_recalibrated(
    p: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> FloatArray:
    """Recalibrated probabilities: the best non-decreasing function of the forecast.

    Minimises ``sum(w * (r - y) ** 2)`` over all ``r`` that do not decrease in ``p`` and are
    equal where ``p`` is equal, by pooling adjacent violators. The same ``r`` is best under
    every proper score.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    numpy.ndarray
        One recalibrated probability per forecast, in the order of the input.

    References
    ----------
    Ayer, Brunk, Ewing, Reid, Silverman (1955), An empirical distribution function for sampling
    with incomplete information, Annals of Mathematical Statistics 26, 641-647.

    Examples
    --------
    >>> isotonic_recalibrated([0.1, 0.3, 0.2, 0.9], [0, 0, 1, 1]).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    probabilities, outcomes = checked_forecasts(p, y)
    _, index, recalibrated, _ = _pooled(
        probabilities, outcomes, checked_weights(weights, len(probabilities))
    )
    return recalibrated[index]


def reliability_curve(
    p: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """The CORP reliability curve: recalibrated against forecast probability.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    pandas.DataFrame
        Columns probability, recalibrated, weight; one row per distinct probability, ascending.

    Examples
    --------
    >>> reliability_curve([0.1, 0.1, 0.9], [0, 1, 1])["recalibrated"].tolist()
    [0.5, 1.0]
    """
    probabilities, outcomes = checked_forecasts(p, y)
    distinct, _, recalibrated, weight = _pooled(
        probabilities, outcomes, checked_weights(weights, len(probabilities))
    )
    return pd.DataFrame({"probability": distinct, "recalibrated": recalibrated, "weight": weight})


def corp_decomposition(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    score: ScoreName = "brier",
    weights: npt.ArrayLike | None = None,
) -> Decomposition:
    """CORP decomposition of a mean score.

    With the mean score ``S`` of the forecasts, ``S_c`` of the forecasts after isotonic
    recalibration and ``S_r`` of the constant base rate: miscalibration ``S - S_c`` (0 is best),
    discrimination ``S_r - S_c`` (more is better) and uncertainty ``S_r``. Without bins,
    ``S = miscalibration - discrimination + uncertainty`` holds exactly.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] (in (0, 1) for the log score) and outcomes 0 or 1.
    score
        'brier' or 'log'.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    Decomposition
        The mean score and its three parts.

    References
    ----------
    Dimitriadis, Gneiting, Jordan (2021), Stable reliability diagrams for probabilistic
    classifiers, PNAS 118, e2016191118.

    Examples
    --------
    >>> parts = corp_decomposition([0.4, 0.3, 0.2, 0.1, 0.5, 0.9], [0, 0, 0, 1, 1, 1])
    >>> round(parts.mean_score, 7), round(parts.miscalibration, 7), round(parts.discrimination, 3)
    (0.2266667, 0.1016667, 0.125)
    """
    if score not in KERNELS:
        raise ScoreInputError(f"There is no score {score!r}; choose 'brier' or 'log'.")
    kernel = KERNELS[score]
    probabilities, outcomes = checked_forecasts(p, y, certain=score == "brier")
    weight = checked_weights(weights, len(probabilities))
    _, index, recalibrated, _ = _pooled(probabilities, outcomes, weight)
    base_rate = np.full(len(outcomes), np.average(outcomes, weights=weight))
    mean = float(np.average(kernel(probabilities, outcomes), weights=weight))
    best = float(np.average(kernel(recalibrated[index], outcomes), weights=weight))
    uncertainty = float(np.average(kernel(base_rate, outcomes), weights=weight))
    return Decomposition(mean, mean - best, uncertainty - best, uncertainty)


def calibration_bins(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    bins: int = 10,
    level: float = 0.95,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Counts, mean forecast and observed share in equal-width bins of the forecast.

    The interval of the observed share ``k / n`` is Wilson's:
    ``(k + z**2 / 2 ± z * sqrt(k * (n - k) / n + z**2 / 4)) / (n + z**2)``. It takes the
    forecasts as independent.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    bins
        Number of bins; each holds its lower edge, the last one both edges.
    level
        Level of the Wilson interval.
    weights
        Positive weights, one per forecast: they weigh mean forecast and observed share, and the
        interval takes ``sum(w) ** 2 / sum(w ** 2)`` for the number of forecasts.

    Returns
    -------
    pandas.DataFrame
        Columns low, high, count, mean_probability, observed, observed_low, observed_high; one
        row per bin, NaN in the last four where the bin is empty.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22, 209-212.

    Examples
    --------
    >>> calibration_bins([0.1, 0.2, 0.9], [0, 1, 1], bins=2)[["count", "observed"]].values.tolist()
    [[2.0, 0.5], [1.0, 1.0]]
    """
    if bins < 1:
        raise ScoreInputError(f"The number of bins must be at least 1, not {bins}.")
    probabilities, outcomes = checked_forecasts(p, y)
    weight = checked_weights(weights, len(probabilities))
    place = bin_places(probabilities, bins)
    edges = np.arange(bins + 1) / bins
    count = np.bincount(place, minlength=bins)
    mass = np.where(count, np.bincount(place, weight, bins), np.nan)
    observed = np.bincount(place, weight * outcomes, bins) / mass
    size = mass**2 / np.where(count, np.bincount(place, weight**2, bins), np.nan)
    low, high = wilson_interval(observed, size, level)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "count": count,
            "mean_probability": np.bincount(place, weight * probabilities, bins) / mass,
            "observed": observed,
            "observed_low": low,
            "observed_high": high,
        }
    )


def wilson_interval(
    share: FloatArray, size: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval of a share among so many; see `calibration_bins`."""
    z = scipy.special.ndtri((1 + level) / 2)
    centre = size * share + z**2 / 2
    reach = z * np.sqrt(size * share * (1 - share) + z**2 / 4)
    low, high = (centre - reach) / (size + z**2), (centre + reach) / (size + z**2)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def bin_places(p: FloatArray, bins: int) -> npt.NDArray[np.intp]:
    """Place of each probability among equal-width bins; the last holds both its edges."""
    # Not linspace, whose 0.30000000000000004 would send a forecast of 0.3 to the bin below.
    edges = np.arange(bins + 1) / bins
    return np.minimum(np.searchsorted(edges, p, side="right") - 1, bins - 1)


def _pooled(
    p: FloatArray, y: FloatArray, weights: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray, FloatArray]:
    """Distinct probabilities, each row's place among them, their recalibration and weight."""
    # Equal forecasts are pooled first: sorting alone would let ties keep different values.
    distinct, index = np.unique(p, return_inverse=True)
    weight = np.bincount(index, weights).astype(float)
    share = np.bincount(index, weights * y) / weight
    fitted: FloatArray = scipy.optimize.isotonic_regression(share, weights=weight).x
    return distinct, index, np.clip(fitted, 0.0, 1.0), weight
