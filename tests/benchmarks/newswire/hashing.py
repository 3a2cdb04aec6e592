"""Random numbers by counter: the same keys give the same number, in any order and any batch.

A copy that is seen days after its original can so be worded from the original's key alone, and no
text has to be kept. The mixing function is the finaliser of SplitMix64 (Steele, Lea and Flood,
Fast splittable pseudorandom number generators, OOPSLA 2014).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UInts = npt.NDArray[np.uint64]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mixed(*keys: npt.ArrayLike) -> UInts:
    """64 mixed bits of whole-number keys, broadcast against each other."""
    state: UInts = np.zeros(1, np.uint64)
    with np.errstate(over="ignore"):
        for key in keys:
            state = (state ^ np.asarray(key).astype(np.uint64)) + _STEP
            state = (state ^ (state >> np.uint64(30))) * _FIRST
            state = (state ^ (state >> np.uint64(27))) * _SECOND
            state = state ^ (state >> np.uint64(31))
    return state


def uniform(*keys: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1) of whole-number keys."""
    shares = (mixed(*keys) >> np.uint64(11)).astype(np.float64)
    return np.asarray(shares * 2.0**-53)
