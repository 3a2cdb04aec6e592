"""Bands about the CORP reliability curve: under calibration, and about what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from newsworld_dagster.scoring.checked import (
    FloatArray,
    ScoreInputError,
    checked_forecasts,
    checked_values,
    checked_weights,
)
from newsworld_dagster.scoring.reliability import wilson_interval
from newsworld_dagster.scoring.resampling import (
    Labels,
    cluster_codes,
    effective_clusters,
    expanded_tail,
    signs,
)

# More distinct probabilities than this are rounded to this grid before a band is simulated:
# the band does not change visibly, and its cost no longer grows with the number of forecasts.
BAND_GRID: Final = 500


@dataclass(frozen=True)
class CalibratedShares:
    """Observed shares per distinct forecast, and drawings of them under calibration."""

    distinct: FloatArray
    weight: FloatArray
    observed: FloatArray
    shares: FloatArray
    clusters: int


def consistency_band(
    p: npt.ArrayLike,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.9,
    *,
    y: npt.ArrayLike | None = None,
    clusters: Labels | None = None,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Where the CORP reliability curve would lie if the forecasts were calibrated.

    Outcomes are drawn anew with exactly the forecast probabilities, recalibrated each time, and
    the band is the pointwise interval of the curves. A curve outside of it speaks against
    calibration. Such draws are independent, and their band is too narrow for claims that
    succeed and fail together; so with clusters each cluster keeps its deviations ``y - p`` and
    their sign is drawn (see `calibration_test`), and the band is the wider of the two, for
    where a probability was said in few clusters, signs alone tell too little.

    Parameters
    ----------
    p
        Probabilities in [0, 1].
    n_resamples
        Number of simulated outcome sets.
    seed
        Seed of the simulation.
    level
        Pointwise level of the band.
    y, clusters
        Outcomes 0 or 1 and one label per forecast, for example topic ids; give both or neither.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    pandas.DataFrame
        Columns probability, low, high; one row per distinct probability (rounded to a grid of
        1/500 when there are more than 500), ascending.

    References
    ----------
    Bröcker, Smith (2007), Increasing the reliability of reliability diagrams, Weather and
    Forecasting 22, 651-661; Dimitriadis, Gneiting, Jordan (2021), PNAS 118, e2016191118.

    Examples
    --------
    >>> band = consistency_band([0.5] * 100, seed=1)
    >>> bool(0.4 < band["low"][0] < 0.5 < band["high"][0] < 0.6)
    True
    """
    if (y is None) != (clusters is None):
        raise ScoreInputError(
            "A consistency band of clusters needs outcomes and cluster labels; give both or none."
        )
    probabilities = checked_values(p, "probability")
    # Without clusters the outcomes are not read.
    probabilities, outcomes = checked_forecasts(
        probabilities, np.zeros(len(probabilities)) if y is None else y
    )
    weight = checked_weights(weights, len(probabilities))
    alone = calibrated_shares(probabilities, outcomes, None, n_resamples, seed, weight)
    low, high = _recalibrated_quantiles(alone, (1 - level) / 2)
    if clusters is not None:
        null = calibrated_shares(probabilities, outcomes, clusters, n_resamples, seed, weight)
        codes, number = cluster_codes(clusters, len(probabilities))
        size = effective_clusters(np.bincount(codes, weight, number))
        # Few topics, or unlike ones, have few signs, which alone would make the band too narrow.
        lower, upper = _recalibrated_quantiles(null, expanded_tail((1 - level) / 2, size))
        low, high = np.minimum(low, lower), np.maximum(high, upper)
    return pd.DataFrame({"probability": alone.distinct, "low": low, "high": high})


def confidence_band(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    clusters: Labels | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.9,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """How well the CORP reliability curve is known: a pointwise bootstrap interval.

    Whole clusters are drawn with replacement and the draw is recalibrated; where a draw lacks a
    forecast probability, its curve is read between its neighbours. A step of the curve on which
    all came true, or none, shows no spread in any draw, so the band is at least Wilson's interval
    of the step. Isotonic regression is biased at the ends of its steps and its bootstrap is not
    consistent there: the band is a guide to the eye and not a test; `calibration_test` is one.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    clusters
        One label per forecast, for example topic ids; None draws single forecasts.
    n_resamples, seed
        Of the bootstrap.
    level
        Pointwise level of the band.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    pandas.DataFrame
        Columns probability, low, high, as in `consistency_band`; NaN with one cluster.

    References
    ----------
    Dimitriadis, Gneiting, Jordan (2021), PNAS 118, e2016191118, supplement (confidence bands by
    resampling); Sen, Banerjee, Woodroofe (2010), Inconsistency of bootstrap: the Grenander
    estimator, Annals of Statistics 38, 1953-1977.

    Examples
    --------
    >>> band = confidence_band([0.2, 0.8] * 40, [0, 1, 1, 1] * 20, seed=1)
    >>> bool(band["low"][0] < 0.5 < band["high"][0]), band["high"].tolist()[1]
    (True, 1.0)
    """
    probabilities, outcomes = checked_forecasts(p, y)
    weight = checked_weights(weights, len(probabilities))
    distinct, index = grid_places(probabilities)
    labels = np.arange(len(probabilities)) if clusters is None else clusters
    codes, number = cluster_codes(labels, len(probabilities))
    if number < 2:
        return pd.DataFrame({"probability": distinct, "low": np.nan, "high": np.nan})
    shape = (number, len(distinct))
    yes = scipy.sparse.coo_array((weight * outcomes, (codes, index)), shape=shape).tocsr()
    all_of = scipy.sparse.coo_array((weight, (codes, index)), shape=shape).tocsr()
    rng = np.random.default_rng(seed)
    curves = np.empty((n_resamples, len(distinct)))
    for row in range(n_resamples):
        drawn = rng.multinomial(number, np.full(number, 1 / number)).astype(float)
        top, whole = drawn @ yes, drawn @ all_of
        seen = whole > 0
        fitted = scipy.optimize.isotonic_regression(top[seen] / whole[seen], weights=whole[seen]).x
        curves[row] = np.interp(distinct, distinct[seen], fitted)
    size = effective_clusters(np.bincount(codes, weight, number))
    tail = expanded_tail((1 - level) / 2, size)
    low, high = np.quantile(curves.clip(0, 1), [tail, 1 - tail], axis=0)
    whole = np.bincount(index, weight).astype(float)
    share = np.bincount(index, weight * outcomes) / whole
    found = scipy.optimize.isotonic_regression(share, weights=whole)
    step = np.repeat(np.arange(len(found.blocks) - 1), np.diff(found.blocks))
    mass = np.bincount(step, whole)
    worth = mass**2 / np.bincount(step, np.bincount(index, weight**2))
    lower, upper = wilson_interval(found.x.clip(0, 1), worth[step], level)
    return pd.DataFrame(
        {
            "probability": distinct,
            # The curve rises, so what bounds it at one place bounds it at those beside.
            "low": np.minimum(low, np.maximum.accumulate(lower)),
            "high": np.maximum(high, np.minimum.accumulate(upper[::-1])[::-1]),
        }
    )


def calibrated_shares(
    p: FloatArray,
    y: FloatArray,
    clusters: Labels | None,
    n_resamples: int,
    seed: int,
    weight: FloatArray,
) -> CalibratedShares:
    """Draw observed shares as calibrated forecasts would show them; see `calibration_test`."""
    distinct, index = grid_places(p)
    size = len(distinct)
    mass = np.bincount(index, weight, size).astype(float)
    expected = np.bincount(index, weight * p, size) / mass
    observed = np.bincount(index, weight * y, size) / mass
    rng = np.random.default_rng(seed)
    if clusters is not None:
        codes, number = cluster_codes(clusters, len(p))
        cells = scipy.sparse.coo_array(
            (weight * (y - p), (codes, index)), shape=(number, size)
        ).tocsr()
        shares = expected + (signs(rng, n_resamples, number) @ cells) / mass
        return CalibratedShares(distinct, mass, observed, shares, number)
    if np.ptp(weight) == 0:
        count = np.bincount(index, minlength=size)
        shares = rng.binomial(count, distinct, size=(n_resamples, size)) / count
    else:
        drawings = [
            np.bincount(index, weight * (rng.random(len(p)) < p), size) for _ in range(n_resamples)
        ]
        shares = np.stack(drawings) / mass
    return CalibratedShares(distinct, mass, observed, shares, len(p))


def _recalibrated_quantiles(drawn: CalibratedShares, tail: float) -> tuple[FloatArray, FloatArray]:
    curves = np.stack(
        [scipy.optimize.isotonic_regression(one, weights=drawn.weight).x for one in drawn.shares]
    )
    low, high = np.quantile(curves.clip(0, 1), [tail, 1 - tail], axis=0)
    return low, high


def grid_places(p: FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Distinct probabilities, at most those of the grid of bands, and each row's place in them."""
    distinct, index = np.unique(p, return_inverse=True)
    if len(distinct) > BAND_GRID:
        distinct, index = np.unique(np.round(p * BAND_GRID) / BAND_GRID, return_inverse=True)
    return distinct, index
