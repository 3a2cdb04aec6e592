"""Proper scores of probability forecasts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy

from newsworld_dagster.scoring.checked import (
    FloatArray,
    ScoreInputError,
    checked_forecasts,
    checked_values,
    checked_weights,
    refuse_first,
)


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


def spherical_score(p: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
    """Spherical score of each forecast, turned so that less is better.

    ``SphS(p, y) = 1 - (p if y == 1 else 1 - p) / sqrt(p ** 2 + (1 - p) ** 2)``: 0 is perfect,
    0.2929 is what a constant 1/2 earns, 1 is worst.

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
    Good (1971), comment on Buehler, in Godambe, Sprott (eds.), Foundations of statistical
    inference, 337-339; Gneiting, Raftery (2007), Strictly proper scoring rules, prediction, and
    estimation, JASA 102, 359-378, section 3.

    Examples
    --------
    >>> spherical_score([1.0, 0.6], [1, 0]).round(4).tolist()
    [0.0, 0.4453]
    """
    probabilities, outcomes = checked_forecasts(p, y)
    said = np.where(outcomes == 1, probabilities, 1 - probabilities)
    return 1 - said / np.hypot(probabilities, 1 - probabilities)


def ranked_probability_score(p: npt.ArrayLike, category: npt.ArrayLike) -> FloatArray:
    """Ranked probability score of each forecast over ordered categories.

    ``RPS = sum over k of (P_k - O_k) ** 2``, with ``P_k`` the probability of the first ``k``
    categories and ``O_k`` whether what happened is among them. Missing by one category costs
    less than missing by three. It is not divided by the number of categories less one.

    Windows in order are such categories: "within 3 days", "after 3 and within 7 days", ...,
    "not within 30 days". ``P_k`` is then the probability of the claim with the window ``k``, and
    the score is the sum of the Brier scores of these claims.

    Parameters
    ----------
    p
        Probabilities of the categories, shape (forecasts, categories); each row sums to 1.
    category
        The category that happened, counted from 0, one per forecast.

    Returns
    -------
    numpy.ndarray
        One score per forecast: 0 is perfect, the number of categories less one is worst.

    Raises
    ------
    ScoreInputError
        Naming the first bad position.

    References
    ----------
    Epstein (1969), A scoring system for probability forecasts of ranked categories, Journal of
    Applied Meteorology 8, 985-987; Murphy (1971), A note on the ranked probability score,
    Journal of Applied Meteorology 10, 155-156.

    Examples
    --------
    >>> ranked_probability_score([[0.01, 0.32, 0.44, 0.23]], [2]).round(4).tolist()
    [0.1619]
    """
    try:
        shares = np.asarray(p, dtype=float)
    except (TypeError, ValueError) as error:
        raise ScoreInputError(
            f"A probability is missing or not a number, or the rows differ in length: {error}."
        ) from error
    if shares.ndim != 2 or 0 in shares.shape:
        raise ScoreInputError(
            "Give the probabilities as rows of categories, at least one of each; the shape is "
            f"{shares.shape}."
        )
    happened = checked_values(category, "category")
    if len(happened) != len(shares):
        raise ScoreInputError(
            f"There are {len(shares)} forecasts but {len(happened)} categories; give one per "
            "forecast."
        )
    whole = shares.sum(axis=1)
    sound = ((shares >= 0) & (shares <= 1)).all(axis=1) & (np.abs(whole - 1) <= 1e-6)
    if not sound.all():
        first = int(np.argmin(sound))
        raise ScoreInputError(
            f"The probabilities at position {first} (counting from 0) are not shares that sum to "
            f"1: {shares[first].tolist()}."
        )
    known = np.isin(happened, np.arange(shares.shape[1]))
    last = shares.shape[1] - 1
    refuse_first(~known, happened, "category", f"not a whole number from 0 to {last}")
    by = np.cumsum(shares, axis=1)[:, :-1]
    return np.sum((by - (happened[:, None] <= np.arange(last))) ** 2, axis=1)


def brier_index(mean_brier: float) -> float:
    """Brier index: a mean Brier score on a scale that is easier to speak of.

    ``100 * (1 - sqrt(mean Brier))``: 100 is perfect, 50 is what a constant 1/2 earns, 0 is
    worst. The root is taken of the mean, not of each score, so it ranks as the mean does.

    Parameters
    ----------
    mean_brier
        A mean Brier score in [0, 1]; NaN gives NaN.

    Returns
    -------
    float
        The index.

    Raises
    ------
    ScoreInputError
        When the score is outside [0, 1].

    References
    ----------
    Kučinskas, Bastani, Reynolds (2026), Introducing the Brier Index, Forecasting Research
    Institute: the measure of the ForecastBench leaderboard.

    Examples
    --------
    >>> brier_index(0.25), round(brier_index(0.0865), 1)
    (50.0, 70.6)
    """
    if mean_brier < 0 or mean_brier > 1:
        raise ScoreInputError(f"A mean Brier score lies in [0, 1]; {mean_brier!r} does not.")
    return float(100 * (1 - np.sqrt(mean_brier)))


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
    return -(scipy.special.xlogy(y, p) + scipy.special.xlogy(1.0 - y, 1.0 - p)) + 0.0
