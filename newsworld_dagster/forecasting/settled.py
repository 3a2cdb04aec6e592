"""What a model that learns from the record is given, and the checks on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

COLUMNS = ("probability", "outcome", "resolve_by", "decided_at")


class ForwardError(ValueError):
    """Rows that a model may not learn from: settled too late, or unreadable."""


def settled_by(resolved: pd.DataFrame, as_of: pd.Timestamp) -> None:
    """Refuse rows that were not both due and decided at a moment.

    Due as well as decided: claims that settle early are all quick yeses.

    Parameters
    ----------
    resolved
        Columns `COLUMNS`, times in naive UTC.
    as_of
        The moment.

    Raises
    ------
    ForwardError
        Naming the column, the number of rows and the first of them.
    """
    missing = [name for name in COLUMNS if name not in resolved.columns]
    if missing:
        raise ForwardError(f"The settled claims lack the columns {', '.join(missing)}.")
    for name in ("resolve_by", "decided_at"):
        _refuse(resolved, resolved[name].isna(), f"no {name}")
        late = resolved[name] > as_of
        _refuse(resolved, late, f"{name} after {as_of}, the moment the model is fitted for")
    _refuse(resolved, ~resolved["outcome"].isin([0, 1]), "an outcome other than 0 and 1")


def applied_after(fitted_as_of: pd.Timestamp, made_at: pd.Timestamp) -> None:
    """Refuse to apply a model to claims made before the moment it was fitted for."""
    if not made_at >= fitted_as_of:
        raise ForwardError(
            f"A model fitted as of {fitted_as_of} was to be applied to claims made at {made_at}; "
            "fit one on what was settled by then."
        )


def log_odds(probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Log-odds of probabilities, shape (n,).

    Raises
    ------
    ForwardError
        Where a probability is not inside (0, 1), naming the first.
    """
    p = np.asarray(probabilities, dtype=float)
    bad = ~((p > 0) & (p < 1))
    if bad.any():
        place = int(np.argmax(bad))
        raise ForwardError(
            f"The probability at position {place} (counting from 0) is {float(p[place])!r}; "
            "only probabilities inside (0, 1) have log-odds."
        )
    return np.asarray(scipy.special.logit(p), dtype=float)


def _refuse(resolved: pd.DataFrame, bad: pd.Series, fault: str) -> None:
    if bad.any():
        place = int(np.argmax(bad.to_numpy()))
        name = (
            f"claim {resolved['claim_id'].iloc[place]!r}"
            if "claim_id" in resolved.columns
            else f"at position {place} (counting from 0)"
        )
        raise ForwardError(
            f"{int(bad.sum())} of {len(resolved)} settled claims cannot be learned from; the "
            f"first, {name}, has {fault}. Read them as of the moment of the fit."
        )
