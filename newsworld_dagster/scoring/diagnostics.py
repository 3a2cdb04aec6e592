"""What a mean score hides: spread, ranking, and the score of each decision maker."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from newsworld_dagster.scoring.checked import (
    FloatArray,
    ScoreInputError,
    checked_forecasts,
    checked_values,
    checked_weights,
)
from newsworld_dagster.scoring.resampling import Labels, cluster_ratio_intervals


def sharpness(p: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Sharpness: the variance of the forecasts, whatever came of them.

    ``sum(w * (p - mean) ** 2) / sum(w)``: 0 for one who always says the same, at most 0.25. It
    is worth something only along with calibration.

    Parameters
    ----------
    p
        Probabilities in [0, 1].
    weights
        Positive weights, one per forecast.

    Returns
    -------
    float
        The variance.

    References
    ----------
    Murphy, Winkler (1992), Diagnostic verification of probability forecasts, International
    Journal of Forecasting 7, 435-455.

    Examples
    --------
    >>> sharpness([0.0, 1.0]), sharpness([0.4, 0.4])
    (0.25, 0.0)
    """
    probabilities, _ = checked_forecasts(p, np.zeros(len(checked_values(p, "probability"))))
    weight = checked_weights(weights, len(probabilities))
    mean = np.average(probabilities, weights=weight)
    return float(np.average((probabilities - mean) ** 2, weights=weight))


def area_under_curve(
    p: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """Area under the ROC curve: how well the forecasts rank.

    The chance that a forecast that came true was above one that did not, ties counting half:
    1 ranks perfectly, 0.5 not at all. It does not change under an increasing map of the
    forecasts, so it says nothing of calibration.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    float
        The area; NaN where all outcomes are the same.

    References
    ----------
    Hanley, McNeil (1982), The meaning and use of the area under a receiver operating
    characteristic (ROC) curve, Radiology 143, 29-36; computed by scikit-learn.

    Examples
    --------
    >>> area_under_curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.75
    """
    from sklearn.metrics import roc_auc_score

    probabilities, outcomes = checked_forecasts(p, y)
    weight = checked_weights(weights, len(probabilities))
    if np.ptp(outcomes) == 0:
        return float("nan")
    return float(roc_auc_score(outcomes, probabilities, sample_weight=weight))


def elementary_score(p: npt.ArrayLike, y: npt.ArrayLike, threshold: float) -> FloatArray:
    """Elementary score of each forecast: what one loses who acts above a threshold.

    ``S(p, y) = threshold if p > threshold and y == 0``, ``1 - threshold if p <= threshold and
    y == 1``, else 0: the loss of a decision maker for whom a needless action costs `threshold`
    and a missed one ``1 - threshold``. Every proper score is a mixture of these over the
    thresholds; ``Brier = 2 * integral of S over the thresholds``.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    threshold
        In [0, 1].

    Returns
    -------
    numpy.ndarray
        One score per forecast.

    References
    ----------
    Ehm, Gneiting, Jordan, Krüger (2016), Of quantiles and expectiles: consistent scoring
    functions, Choquet representations and forecast rankings, Journal of the Royal Statistical
    Society B 78, 505-562.

    Examples
    --------
    >>> elementary_score([0.2, 0.8, 0.8], [1, 0, 1], 0.25).tolist()
    [0.75, 0.25, 0.0]
    """
    probabilities, outcomes = checked_forecasts(p, y)
    _check_threshold(threshold)
    acts = probabilities > threshold
    return np.where(acts, (1 - outcomes) * threshold, outcomes * (1 - threshold))


def murphy_curve(
    p: npt.ArrayLike,
    y: npt.ArrayLike,
    thresholds: npt.ArrayLike | None = None,
    clusters: Labels | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Mean elementary score per threshold, for the Murphy diagram.

    A forecaster whose curve is nowhere above another's is better under every proper score.

    Parameters
    ----------
    p, y
        Probabilities in [0, 1] and outcomes 0 or 1.
    thresholds
        In [0, 1]; by default 0, 0.01, ..., 1.
    clusters
        One label per forecast, for example topic ids; None gives no interval.
    n_resamples, level, seed
        Of the pointwise interval, as in `clustered_mean_interval`.
    weights
        Positive weights, one per forecast.

    Returns
    -------
    pandas.DataFrame
        Columns threshold and score, and low and high if there are clusters.

    References
    ----------
    Ehm, Gneiting, Jordan, Krüger (2016), as in `elementary_score`.

    Examples
    --------
    >>> murphy_curve([0.2, 0.8], [1, 1], [0.1, 0.5])["score"].tolist()
    [0.0, 0.25]
    """
    probabilities, outcomes = checked_forecasts(p, y)
    weight = checked_weights(weights, len(probabilities))
    at = np.arange(101) / 100 if thresholds is None else checked_values(thresholds, "threshold")
    for threshold in (at.min(), at.max()):
        _check_threshold(float(threshold))
    # Above a threshold the failures count and below it the events: two running sums give all.
    order = np.argsort(probabilities, kind="stable")
    split = np.searchsorted(probabilities[order], at, side="right")
    missed = np.concatenate([[0.0], np.cumsum((weight * outcomes)[order])])[split]
    failures = np.concatenate([[0.0], np.cumsum((weight * (1 - outcomes))[order])])
    needless = failures[-1] - failures[split]
    score = ((1 - at) * missed + at * needless) / weight.sum()
    curve = pd.DataFrame({"threshold": at, "score": score})
    if clusters is None:
        return curve
    scores = (weight * elementary_score(probabilities, outcomes, float(one)) for one in at)
    low, high = cluster_ratio_intervals(scores, weight, clusters, n_resamples, level, seed)
    return curve.assign(low=low, high=high)


def _check_threshold(threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise ScoreInputError(f"A threshold lies in [0, 1]; {threshold!r} does not.")
