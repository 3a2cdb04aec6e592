"""From an event in words to a claim with a date, a probability, its band and its findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.forecasting.likeness import SAME_DEADLINE
from newsworld_dagster.forecasting.lint import Finding, lint
from newsworld_dagster.forecasting.windows import deadline_of
from newsworld_dagster.forecasting.wording import unquoted


@dataclass(frozen=True)
class Claim:
    """A predicted event as compiled; it may enter the ledger when `findings` is empty."""

    statement: str
    made_at: pd.Timestamp
    resolve_by: pd.Timestamp | None
    probability: float
    band: str
    findings: tuple[Finding, ...]


def compile_claim(
    statement: str,
    probability: float,
    made_at: pd.Timestamp,
    *,
    window: str = "",
    open_claims: pd.DataFrame | None = None,
    already_reported: str | None = None,
    vector: np.ndarray | None = None,
    open_vectors: np.ndarray | None = None,
) -> Claim:
    """Give a predicted event its absolute deadline and band, and lint it.

    Parameters
    ----------
    statement
        One sentence. A deadline that it names itself goes before the window.
    probability
        Of yes, in (0, 1).
    made_at
        UTC moment of making.
    window
        The time it leaves, in words: "within 1 month", "by the end of Q2".
    open_claims
        Open claims to find duplicates among, with the columns statement and resolve_by (UTC).
    already_reported
        A headline known at `made_at` that already reports the event, if one was found.
    vector, open_vectors
        Unit vectors of shape (d,) and (n, d) of the statement and the open claims, if there are
        any.

    Raises
    ------
    ValueError
        When the probability is not inside (0, 1).
    """
    if not 0 < probability < 1:
        raise ValueError(
            f"The probability of {statement!r} is {probability}; give a number between 0 and 1, "
            "both excluded."
        )
    resolve_by = _own_deadline(statement, made_at) or deadline_of(window, made_at)
    others: Sequence[str] = ()
    if open_claims is not None and resolve_by is not None:
        near = ((open_claims["resolve_by"] - resolve_by).abs() <= SAME_DEADLINE).to_numpy()
        others = list(open_claims["statement"][near])
        open_vectors = None if open_vectors is None else open_vectors[near]
    findings = lint(
        statement,
        resolve_by,
        made_at,
        open_statements=others,
        already_reported=already_reported,
        vector=vector,
        open_vectors=open_vectors,
    )
    return Claim(
        statement, made_at, resolve_by, probability, confidence_band(probability), tuple(findings)
    )


def _own_deadline(statement: str, made_at: pd.Timestamp) -> pd.Timestamp | None:
    return deadline_of(unquoted(statement), made_at)
