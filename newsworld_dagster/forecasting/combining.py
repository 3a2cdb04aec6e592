"""Several probabilities of one event made one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import scipy


def combine(probabilities: Sequence[float], weights: Sequence[float]) -> float:
    """The weighted mean of the log-odds, as a probability.

        p = expit(sum(w * logit(p)) / sum(w))

    Parameters
    ----------
    probabilities
        Each in (0, 1).
    weights
        As many, none negative, not all zero.

    Raises
    ------
    ValueError
        When they are not so.
    """
    if len(probabilities) != len(weights) or not len(probabilities):
        raise ValueError(f"{len(probabilities)} probabilities cannot have {len(weights)} weights.")
    if not all(0 < p < 1 for p in probabilities):
        raise ValueError(f"Probabilities must lie strictly between 0 and 1: {list(probabilities)}.")
    if not all(0 <= w < math.inf for w in weights) or not sum(weights) > 0:
        raise ValueError(f"Weights must be finite, not negative and not all 0: {list(weights)}.")
    odds = sum(
        w * float(scipy.special.logit(p)) for p, w in zip(probabilities, weights, strict=True)
    )
    return float(scipy.special.expit(odds / sum(weights)))
