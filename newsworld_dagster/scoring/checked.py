"""The one place that checks probabilities, outcomes and weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class ScoreInputError(ValueError):
    """Forecasts, outcomes or weights that cannot be scored."""


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
    refuse_first(outside, probabilities, "probability", f"outside {interval}")
    refuse_first((outcomes != 0) & (outcomes != 1), outcomes, "outcome", "neither 0 nor 1")
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
    refuse_first(np.isnan(array), array, name, "missing")
    return array


def checked_weights(weights: npt.ArrayLike | None, length: int) -> FloatArray:
    """Positive weights of the given length (ones if None), or a ScoreInputError."""
    if weights is None:
        return np.ones(length)
    array = checked_values(weights, "weight")
    if len(array) != length:
        raise ScoreInputError(f"There are {len(array)} weights for {length} values.")
    refuse_first(~((array > 0) & np.isfinite(array)), array, "weight", "not positive and finite")
    return array


def refuse_first(bad: npt.NDArray[np.bool_], array: FloatArray, name: str, fault: str) -> None:
    """A ScoreInputError for the first bad value, if there is one."""
    if bad.any():
        position = int(np.argmax(bad))
        raise ScoreInputError(
            f"The {name} at position {position} (counting from 0) is {fault}: "
            f"{float(array[position])!r}."
        )
