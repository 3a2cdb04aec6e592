"""Proper scores of probability forecasts, and the one place that checks their input."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

FloatArray = npt.NDArray[np.float64]


class ScoreInputError(ValueError):
    """Forecasts, outcomes or weights that cannot be scored."""


def brier_score(p: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Brier score of each forecast.

    ``BS(p, y) = (p - y) ** 2``: 0 is perfect, 0.25 is what a constant 1/2 earns, 1 is worst.

    Parameters
    ----------
    p
        Probabilities of "yes", each in [0, 1].
    y
        Outcomes, each 0 or 1.

    Returns
    -------
    numpy.ndarray
        One score per forecast.

    Raises
    ------
    ScoreInputError
        Naming the first bad position.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability,
    Monthly Weather Review 78, 1-3.

    Examples
    --------
    >>> brier_score([0.25, 0.5], [0, 1]).tolist()
    [0.0625, 0.25]
    """
    probabilities, outcomes = checked_forecasts(p, y)
    return brier_kernel(probabilities, outcomes)


def log_score(p: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Logarithmic score of each forecast: its negative log likelihood in nats.

    ``LS(p, y) = -log(p) if y == 1 else -log(1 - p)``: 0 is perfect, log 2 = 0.693 is what a
    constant 1/2 earns, and there is no worst. Probabilities of exactly 0 or 1 are refused,
    because one such forecast that fails makes every mean infinite.

    Parameters
    ----------
    p
        Probabilities of "yes", each in (0, 1).
    y
        Outcomes, each 0 or 1.

    Returns
    -------
    numpy.ndarray
        One score per forecast.

    Raises
    ------
    ScoreInputError
        Naming the first bad position.

    References
    ----------
    Good (1952), Rational decisions, Journal of the Royal Statistical Society B 14, 107-114.

    Examples
    --------
    >>> log_score([0.5, 0.9], [1, 1]).round(4).tolist()
    [0.6931, 0.1054]
    """
    probabilities, outcomes = checked_forecasts(p, y, certain=False)
    return log_kernel(probabilities, outcomes)


def mean_score(scores: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Mean of scores, weighted if weights are given.

    ``sum(w * s) / sum(w)``.

    Parameters
    ----------
    scores
        One score per forecast.
    weights
        Positive weights, one per score; None weighs all alike.

    Returns
    -------
    float
        The mean.

    Raises
    ------
    ScoreInputError
        Naming the first bad position.

    Examples
    --------
    >>> mean_score([0.25, 1.0], weights=[2, 1])
    0.5
    """
    values = checked_values(scores, "score")
    return float(np.average(values, weights=checked_weights(weights, len(values))))


def brier_kernel(p: FloatArray, y: FloatArray) -> FloatArray:
    """Brier scores of input that is known to be good."""
    return (p - y) ** 2


def log_kernel(p: FloatArray, y: FloatArray) -> FloatArray:
    """Log scores of input that is known to be good; certain and wrong is infinite."""
    # xlogy has 0 * log(0) = 0, so that a certain forecast that came true scores 0.
    return -(xlogy(y, p) + xlogy(1.0 - y, 1.0 - p)) + 0.0


def checked_forecasts(
    p: npt.ArrayLike, y: npt.ArrayLike, *, certain: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Probabilities and outcomes as arrays of one length, or a ScoreInputError.

    Parameters
    ----------
    p, y
        Probabilities and outcomes.
    certain
        Whether probabilities of exactly 0 and 1 are admitted.

    Returns
    -------
    tuple of numpy.ndarray
        Probabilities and outcomes as floats.
    """
    probabilities = checked_values(p, "probability")
    outcomes = checked_values(y, "outcome")
    if len(probabilities) != len(outcomes):
        raise ScoreInputError(
            f"There are {len(probabilities)} probabilities but {len(outcomes)} outcomes; "
            "give one outcome per probability."
        )
    if certain:
        outside = (probabilities < 0) | (probabilities > 1)
        interval = "[0, 1]"
    else:
        outside = (probabilities <= 0) | (probabilities >= 1)
        interval = "(0, 1)"
    _refuse_first(outside, probabilities, "probability", f"outside {interval}")
    _refuse_first((outcomes != 0) & (outcomes != 1), outcomes, "outcome", "neither 0 nor 1")
    return probabilities, outcomes


def checked_values(values: npt.ArrayLike, name: str) -> FloatArray:
    """A non-empty one-dimensional array of numbers without NaN, or a ScoreInputError."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ScoreInputError(f"A {name} is missing or not a number: {error}.") from error
    if array.ndim != 1:
        raise ScoreInputError(
            f"Each {name} must come in a one-dimensional sequence, not one of {array.ndim} "
            "dimensions."
        )
    if not len(array):
        raise ScoreInputError(f"There is no {name} to score; give at least one.")
    _refuse_first(np.isnan(array), array, name, "missing")
    return array


def checked_weights(weights: npt.ArrayLike | None, length: int) -> FloatArray:
    """Positive weights of the given length (ones if None), or a ScoreInputError."""
    if weights is None:
        return np.ones(length)
    array = checked_values(weights, "weight")
    if len(array) != length:
        raise ScoreInputError(f"There are {len(array)} weights for {length} values.")
    _refuse_first(~((array > 0) & np.isfinite(array)), array, "weight", "not positive and finite")
    return array


def _refuse_first(bad: npt.NDArray[np.bool_], array: FloatArray, name: str, fault: str) -> None:
    if bad.any():
        position = int(np.argmax(bad))
        raise ScoreInputError(
            f"The {name} at position {position} (counting from 0) is {fault}: "
            f"{float(array[position])!r}."
        )
