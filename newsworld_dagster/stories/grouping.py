"""Where each value stands, quicker than pandas groups a column of strings."""

from __future__ import annotations

import numpy as np
import pandas as pd


def places_by(values: np.ndarray | pd.Series) -> dict[str, np.ndarray]:
    """Ascending places of each value, nulls left out, in the order in which values first come."""
    codes, known = pd.factorize(np.asarray(values, dtype=object))  # -1 where there is none
    order = np.argsort(codes, kind="stable")[np.count_nonzero(codes < 0) :]
    ends = np.cumsum(np.bincount(codes[order], minlength=len(known))).tolist()
    bounds = zip(known, [0, *ends], ends, strict=False)
    return {value: order[start:end] for value, start, end in bounds}
