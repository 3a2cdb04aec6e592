"""Recalibration: what a forecaster's probabilities have meant so far, applied to its next ones.

Both maps work in log-odds, both are monotone, and both start as the identity and leave it only as
far as settled claims push them.

The priors come from what the numbers mean and not from any data, so that no benchmark is scored
on its own prior. Platt: the slope is normal about 1 with standard deviation 0.5, so that two
standard deviations span from a forecaster who knows nothing (0) to one who should be twice as
sure (2); the intercept is normal about 0 with 0.5, so that they span odds that are off by a
factor of e. Isotonic: each knot of the map starts with the weight of 4 imaginary claims that came
true as often as was said, the weight that `base-rate` gives to a parent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from newsworld_dagster.forecasting.settled import (
    ForwardError,
    applied_after,
    log_odds,
    settled_by,
)

FloatArray = npt.NDArray[np.float64]
Method = Literal["platt", "isotonic"]

SLOPE_SD: Final = 0.5
INTERCEPT_SD: Final = 0.5
KNOT_CLAIMS: Final = 4.0
# Log-odds of the knots: from 0.011 to 0.989.
KNOTS: Final = np.arange(-4.5, 4.75, 0.5)

__all__ = ["ForwardError", "Recalibration", "describe", "fit", "recalibrate"]


@dataclass(frozen=True)
class Recalibration:
    """A monotone map of log-odds.

    `slope` and `intercept` are those of Platt's map, `levels` the log-odds at `KNOTS` of the
    isotonic one (empty for Platt). `as_of` is the moment that nothing it learned from is later
    than, `fitted_on` the number of settled claims.
    """

    method: Method
    as_of: pd.Timestamp
    fitted_on: int
    slope: float = 1.0
    intercept: float = 0.0
    levels: tuple[float, ...] = ()


def fit(
    resolved: pd.DataFrame, *, as_of: pd.Timestamp, method: Method = "platt", shrink: float = 1.0
) -> Recalibration:
    """Fit a recalibration to the claims of one forecaster that had settled at a moment.

    Parameters
    ----------
    resolved
        Columns probability in (0, 1), outcome (0 or 1), resolve_by and decided_at (naive UTC),
        shape (n, ...). The warehouse reads it as of `as_of`; here it is only checked.
    as_of
        The moment, naive UTC.
    method
        'platt', a straight line in log-odds with a slope of at least 0, or 'isotonic', a broken
        line that rises between fixed knots.
    shrink
        Strength of the prior; 0 is the plain fit.

    Returns
    -------
    Recalibration
        The identity when `resolved` is empty.

    Raises
    ------
    ForwardError
        When a row was decided or fell due after `as_of`, or cannot be read.
    """
    if method not in ("platt", "isotonic"):
        raise ValueError(f"There is no method {method!r}; take 'platt' or 'isotonic'.")
    settled_by(resolved, as_of)
    x = log_odds(resolved["probability"])
    y = resolved["outcome"].to_numpy(dtype=float)
    if method == "platt":
        slope, intercept = _platt(x, y, shrink)
        return Recalibration(method, as_of, len(y), slope, intercept)
    return Recalibration(method, as_of, len(y), levels=tuple(_levels(x, y, shrink)))


def recalibrate(
    model: Recalibration, probabilities: npt.ArrayLike, *, made_at: pd.Timestamp
) -> FloatArray:
    """Probabilities through the map, in (0, 1) and in the same order.

    Parameters
    ----------
    model
        What `fit` returned.
    probabilities
        In (0, 1), shape (n,).
    made_at
        When these claims are made, naive UTC.

    Returns
    -------
    numpy.ndarray
        Shape (n,).

    Raises
    ------
    ForwardError
        When the claims are older than what the model learned from, or a probability is not
        inside (0, 1).
    """
    applied_after(model.as_of, made_at)
    x = log_odds(probabilities)
    if model.method == "platt":
        return _open(scipy.special.expit(model.intercept + model.slope * x))
    # Beyond the outermost knots the map goes on with slope 1.
    inside = np.clip(x, KNOTS[0], KNOTS[-1])
    return _open(scipy.special.expit(np.interp(inside, KNOTS, model.levels) + (x - inside)))


def describe(model: Recalibration) -> str:
    """One phrase for the `model` column of a claim."""
    fitted = f"fitted on {model.fitted_on} claims settled by {model.as_of:%Y-%m-%d %H:%M}"
    if model.method == "platt":
        return (
            f"Platt in log-odds, slope {model.slope:.3f}, intercept {model.intercept:+.3f}, "
            f"{fitted}"
        )
    return f"isotonic in log-odds on {len(KNOTS)} knots, {fitted}"


def _platt(x: FloatArray, y: FloatArray, shrink: float) -> tuple[float, float]:
    """Slope and intercept at the posterior's mode; convex, so there is one."""
    if not len(x):
        return 1.0, 0.0
    precision = shrink / np.square([SLOPE_SD, INTERCEPT_SD])

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        z = at[0] * x + at[1]
        off = at - (1.0, 0.0)
        residual = scipy.special.expit(z) - y
        gradient = np.array([residual @ x, residual.sum()]) + precision * off
        # log(1 + e^z) - y z is the negative log likelihood in nats.
        return float(np.logaddexp(0, z).sum() - y @ z + precision @ off**2 / 2), gradient

    found = scipy.optimize.minimize(
        loss,
        np.array([1.0, 0.0]),
        jac=True,
        method="L-BFGS-B",
        # A negative slope would mean that no means yes; the intercept's bounds are out of sight.
        bounds=[(0, None), (-20, 20)],
        options={"ftol": 1e-14, "gtol": 1e-9 * max(1, len(x)), "maxiter": 500},
    )
    return float(found.x[0]), float(found.x[1])


def _levels(x: FloatArray, y: FloatArray, shrink: float) -> FloatArray:
    """Log-odds at the knots: frequencies pooled until they rise.

    Each claim counts at the two knots around it, in proportion to its nearness.
    """
    place = (np.clip(x, KNOTS[0], KNOTS[-1]) - KNOTS[0]) / (KNOTS[1] - KNOTS[0])
    left = np.minimum(place.astype(int), len(KNOTS) - 2)
    share = place - left
    size = len(KNOTS)
    near = np.bincount(left, 1 - share, size) + np.bincount(left + 1, share, size)
    true = np.bincount(left, (1 - share) * y, size) + np.bincount(left + 1, share * y, size)
    # Never quite without the prior: a knot that no claim is near must stand somewhere, and one
    # that always came true must not reach certainty.
    weight = max(KNOT_CLAIMS * shrink, 1e-6)
    counts, yes = near + weight, true + weight * scipy.special.expit(KNOTS)
    pooled = scipy.optimize.isotonic_regression(yes / counts, weights=counts).x
    return np.asarray(scipy.special.logit(np.clip(pooled, 1e-9, 1 - 1e-9)), dtype=float)


def _open(probabilities: FloatArray) -> FloatArray:
    """Rounding must not turn a very sure forecast into a certain one."""
    return np.clip(probabilities, 1e-12, 1 - 1e-12)
