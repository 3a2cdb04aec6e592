"""Is what was said p true in p of the cases: tests and errors of calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from newsworld_dagster.scoring.checked import (
    FloatArray,
    ScoreInputError,
    checked_forecasts,
    checked_weights,
)
from newsworld_dagster.scoring.reliability import bin_places
from newsworld_dagster.scoring.reliability_bands import calibrated_shares, grid_places
from newsworld_dagster.scoring.resampling import (
    Labels,
    cluster_codes,
    effective_clusters,
    expanded_tail,
    signs,
)


@dataclass(frozen=True)
class CalibrationTest:
    """Miscalibration found, the bound that chance explains, and the chance of as much."""

    miscalibration: float
    bound: float
    p_value: float
    clusters: int


@dataclass(frozen=True)
class CalibrationError:
    """Calibration error in bins, with what calibrated forecasts would show.

    `error` is the count-weighted mean distance, `debiased` the root of the debiased mean square
    distance; `null_low` to `null_high` is the band of `error` for calibrated forecasts.
    """

    error: float
    debiased: float
    null_low: float
    null_high: float
    bins: int


def calibration_test(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    clusters: Labels | None = None,
    n_resamples: int = 999,
    level: float = 0.95,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
) -> CalibrationTest:
    """Test that the forecasts are calibrated: ``P(y = 1 | p) = p``.

    The statistic is the CORP miscalibration of the Brier score. Without clusters, outcomes are
    drawn anew with exactly the forecast probabilities. With clusters, outcomes of one cluster
    depend on each other in a way that nobody knows; so each cluster keeps its deviations
    ``y - p``, and its sign is drawn: ``y* = p ± (y - p)``, which is calibrated by construction.
    ``p_value = (1 + #{drawn >= found}) / (1 + n_resamples)``.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    clusters
        One label per forecast, for example topic ids; None takes the forecasts as independent.
    n_resamples, seed
        Of the simulation.
    level
        Level of the bound.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    CalibrationTest
        With clusters the number of them, without the number of forecasts. With fewer than about
        8 clusters no p-value can be small: there are only ``2 ** clusters`` patterns of signs.

    References
    ----------
    Bröcker, Smith (2007), Increasing the reliability of reliability diagrams, Weather and
    Forecasting 22, 651-661 (drawing anew); Wu (1986), Jackknife, bootstrap and other resampling
    methods in regression analysis, Annals of Statistics 14, 1261-1295; Cameron, Gelbach, Miller
    (2008), Bootstrap-based improvements for inference with clustered errors, Review of Economics
    and Statistics 90, 414-427 (signs of clusters).

    Examples
    --------
    >>> calibration_test([0.9] * 60, [1, 0] * 30, seed=1).p_value
    0.001
    """
    probabilities, outcomes = checked_forecasts(p, y)
    weight = checked_weights(weights, len(probabilities))
    null = calibrated_shares(probabilities, outcomes, clusters, n_resamples, seed, weight)
    found = _miscalibration(null.distinct, null.observed, null.weight)
    drawn = np.array(
        [_miscalibration(null.distinct, shares, null.weight) for shares in null.shares]
    )
    # Rounding must not decide whether a drawing like the data counts as extreme.
    extreme = int(np.count_nonzero(drawn >= found * (1 - 1e-9) - 1e-15))
    return CalibrationTest(
        found,
        float(np.quantile(drawn, level)),
        (1 + extreme) / (1 + n_resamples),
        null.clusters,
    )


def calibration_error(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    bins: int = 10,
    clusters: Labels | None = None,
    n_resamples: int = 999,
    level: float = 0.95,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
) -> CalibrationError:
    """Count-weighted calibration error in equal-width bins, debiased, and with its null band.

    With the share ``w_b`` of the weight in bin ``b``, its mean forecast ``p_b`` and observed
    share ``y_b``: ``error = sum(w_b * |y_b - p_b|)``. Even calibrated forecasts have an error
    above 0, more so with few forecasts or many bins, and a bootstrap of it does not help, for it
    adds noise to noise. So the band holds what calibrated forecasts show, drawn as in
    `calibration_test`: an error inside of it is no evidence. The debiased error takes the part
    of chance off: ``debiased = sqrt(max(0, sum(w_b * ((y_b - p_b) ** 2 - y_b * (1 - y_b) /
    (n_b - 1)))))``, with ``n_b`` the forecasts in the bin (with weights,
    ``sum(w) ** 2 / sum(w ** 2)``); bins of one forecast are left out of it.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    bins
        Number of bins; each holds its lower edge, the last one both edges.
    clusters, n_resamples, level, seed, weights
        As in `calibration_test`; `level` is that of the band, equal tails.

    Returns
    -------
    CalibrationError
        The two errors, the band, and the number of bins that are not empty.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian
    binning, AAAI, 2901-2907; Kumar, Liang, Ma (2019), Verified uncertainty calibration, NeurIPS,
    section 4 (debiased).

    Examples
    --------
    >>> found = calibration_error([0.2] * 50 + [0.8] * 50, ([0] * 4 + [1]) * 20, bins=5)
    >>> round(found.error, 3), found.bins
    (0.3, 2)
    """
    if bins < 1:
        raise ScoreInputError(f"The number of bins must be at least 1, not {bins}.")
    probabilities, outcomes = checked_forecasts(p, y)
    weight = checked_weights(weights, len(probabilities))
    place = bin_places(probabilities, bins)
    mass = np.bincount(place, weight, bins).astype(float)
    filled = mass > 0
    safe = np.where(filled, mass, 1.0)
    mean = np.bincount(place, weight * probabilities, bins) / safe
    observed = np.bincount(place, weight * outcomes, bins) / safe
    share = mass / mass.sum()
    error = float(share @ np.abs(observed - mean))

    size = np.divide(mass**2, np.bincount(place, weight**2, bins), out=np.zeros(bins), where=filled)
    several = size > 1 + 1e-9
    chance = observed * (1 - observed) / np.where(several, size - 1, 1.0)
    square = float((share * ((observed - mean) ** 2 - chance))[several].sum())

    rng = np.random.default_rng(seed)
    tail = (1 - level) / 2
    if clusters is None:
        drawn = _independent_errors(probabilities, place, weight, mass, n_resamples, rng)
    else:
        codes, number = cluster_codes(clusters, len(probabilities))
        cell = np.bincount(
            codes * bins + place, weight * (outcomes - probabilities), number * bins
        ).reshape(number, bins)
        drawn = np.abs(signs(rng, n_resamples, number) @ cell).sum(axis=1) / mass.sum()
        tail = expanded_tail(tail, effective_clusters(np.bincount(codes, weight, number)))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return CalibrationError(
        error, float(np.sqrt(max(0.0, square))), float(low), float(high), int(filled.sum())
    )


def _miscalibration(p: FloatArray, share: FloatArray, weight: FloatArray) -> float:
    """Brier miscalibration from shares: what each distinct forecast adds cancels within it."""
    fitted = scipy.optimize.isotonic_regression(share, weights=weight).x
    return float(np.average((p - share) ** 2 - (fitted - share) ** 2, weights=weight))


def _independent_errors(
    p: FloatArray,
    place: npt.NDArray[np.intp],
    weight: FloatArray,
    mass: FloatArray,
    n_resamples: int,
    rng: np.random.Generator,
) -> FloatArray:
    bins = len(mass)
    if np.ptp(weight) == 0:
        # Forecasts that are alike are drawn as one: the cost is that of the grid of bands.
        distinct, index = grid_places(p)
        cells, cell = np.unique(place * len(distinct) + index, return_inverse=True)
        count = np.bincount(cell)
        chance = np.bincount(cell, p) / count
        drawn = rng.binomial(count, chance.clip(0, 1), size=(n_resamples, len(cells)))
        into = np.zeros((len(cells), bins))
        into[np.arange(len(cells)), cells // len(distinct)] = 1.0
        off = (drawn - count * chance) @ into
        return np.asarray(np.abs(off).sum(axis=1) / len(p), dtype=float)
    expected = np.bincount(place, weight * p, bins)
    drawings = [
        np.abs(np.bincount(place, weight * (rng.random(len(p)) < p), bins) - expected).sum()
        for _ in range(n_resamples)
    ]
    return np.asarray(drawings) / mass.sum()
