"""Ensembles: several forecasters' log-odds, weighed and summed into one forecast.

An ensemble says ``d * sum(w * l) / sum(w)`` in log-odds, over the members that answered: weights
``w`` of at least 0 that sum to 1, and one factor ``d`` that makes the mean more extreme (above 1)
or less. Both are fitted forward and shrunk: the weights to equal ones by a Dirichlet prior worth
4 imaginary claims a member, the weight of the house's other priors; the factor to 1 by a normal
prior with the standard deviation of Platt's slope, because it is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from newsworld_dagster.forecasting.recalibration import SLOPE_SD
from newsworld_dagster.forecasting.settled import (
    ForwardError,
    applied_after,
    log_odds,
    settled_by,
)

FloatArray = npt.NDArray[np.float64]

MEMBER_CLAIMS: Final = 4.0
BEGINNING: Final = pd.Timestamp("1970-01-01")


@dataclass(frozen=True)
class Ensemble:
    """Weights by member, summing to 1, and the factor on the mean log-odds."""

    weights: dict[str, float]
    factor: float = 1.0
    as_of: pd.Timestamp = BEGINNING
    fitted_on: int = 0


def equal(members: Sequence[str]) -> Ensemble:
    """The mean log-odds of the members: nothing is fitted, so it holds for any moment."""
    if not members or len(set(members)) != len(members):
        raise ValueError(f"An ensemble needs distinct members, not {list(members)}.")
    return Ensemble({name: 1 / len(members) for name in members})


def fit_ensemble(
    resolved: pd.DataFrame,
    members: Sequence[str],
    *,
    as_of: pd.Timestamp,
    extremise: bool = True,
    shrink: float = 1.0,
) -> Ensemble:
    """Fit weights and factor to the questions that had settled at a moment.

    Parameters
    ----------
    resolved
        One row a forecaster and question: forecaster, question_id, probability in (0, 1),
        outcome (0 or 1), resolve_by and decided_at (naive UTC). Other forecasters' rows are left
        aside; a question may lack some of the members.
    members
        Names of the forecasters to combine.
    as_of
        The moment, naive UTC.
    extremise
        Whether the factor is fitted; else it is 1.
    shrink
        Strength of the priors; 0 is the plain fit.

    Returns
    -------
    Ensemble
        The equal one when nothing has settled.

    Raises
    ------
    ForwardError
        When a row was decided or fell due after `as_of`, or cannot be read.
    """
    start = equal(members)
    rows = resolved[resolved["forecaster"].isin(members)]
    settled_by(rows, as_of)
    if rows.empty:
        return Ensemble(start.weights, as_of=as_of)
    table = answers(rows, members)
    y = rows.groupby("question_id")["outcome"].first().reindex(table.index).to_numpy(dtype=float)
    present = table.notna().to_numpy(dtype=float)
    x = np.nan_to_num(table.to_numpy())

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        weights, factor = scipy.special.softmax(at[:-1]), at[-1]
        reach = present @ weights
        mean = (x @ weights) / reach
        z = factor * mean
        residual = scipy.special.expit(z) - y
        by_weight = ((factor * residual / reach)[:, None] * (x - mean[:, None] * present)).sum(0)
        pull = shrink * MEMBER_CLAIMS * (len(weights) * weights - 1)
        gradient = np.append(
            weights * (by_weight - weights @ by_weight) + pull,
            (residual @ mean + shrink * (factor - 1) / SLOPE_SD**2) if extremise else 0.0,
        )
        value = (
            np.logaddexp(0, z).sum()
            - y @ z
            - shrink * MEMBER_CLAIMS * np.log(weights).sum()
            + shrink * (factor - 1) ** 2 / (2 * SLOPE_SD**2)
        )
        return float(value), gradient

    found = scipy.optimize.minimize(
        loss,
        np.append(np.zeros(len(members)), 1.0),
        jac=True,
        method="L-BFGS-B",
        # Beyond these bounds a weight is less than a ten-thousandth of another.
        bounds=[(-6, 6)] * len(members) + [(0, None) if extremise else (1, 1)],
        options={"ftol": 1e-13, "maxiter": 500},
    )
    weights = scipy.special.softmax(found.x[:-1])
    named = {name: float(weight) for name, weight in zip(members, weights, strict=True)}
    return Ensemble(named, float(found.x[-1]), as_of, len(table))


def combine(
    ensemble: Ensemble, forecasts: pd.DataFrame, *, made_at: pd.Timestamp, least: int = 1
) -> pd.Series:
    """One probability a question.

    Parameters
    ----------
    ensemble
        What `equal` or `fit_ensemble` returned.
    forecasts
        One row a forecaster and question: forecaster, question_id, probability in (0, 1).
    made_at
        When these claims are made, naive UTC.
    least
        Members that must have answered; a question with fewer gets no forecast.

    Returns
    -------
    pandas.Series
        Probabilities in (0, 1) by question_id, sorted by it.

    Raises
    ------
    ForwardError
        When the claims are older than what the ensemble learned from, or a row cannot be read.
    """
    applied_after(ensemble.as_of, made_at)
    members = list(ensemble.weights)
    rows = forecasts[forecasts["forecaster"].isin(members)]
    table = answers(rows, members)
    table = table[table.notna().sum(axis=1) >= max(least, 1)]
    weights = np.array(list(ensemble.weights.values()))
    mean = (np.nan_to_num(table.to_numpy()) @ weights) / (table.notna().to_numpy() @ weights)
    combined = np.clip(scipy.special.expit(ensemble.factor * mean), 1e-12, 1 - 1e-12)
    return pd.Series(combined, index=table.index, name="probability")


def describe(ensemble: Ensemble) -> str:
    """One phrase for the `model` column of a claim."""
    shares = ", ".join(f"{name} {weight:.2f}" for name, weight in ensemble.weights.items())
    return (
        f"log-odds of {shares}, times {ensemble.factor:.2f}, fitted on {ensemble.fitted_on} "
        "questions"
    )


def answers(rows: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    """Log-odds by question and member, NaN where a member did not answer."""
    repeated = rows.duplicated(["forecaster", "question_id"])
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise ForwardError(
            f"{first['forecaster']!r} answers question {first['question_id']!r} more than once; "
            "give each of its samples a name of its own, or combine them first."
        )
    said = rows[rows["forecaster"].isin(members)]
    places, questions = pd.factorize(said["question_id"], sort=True)
    table = np.full((len(questions), len(members)), np.nan)
    columns = pd.Index(members).get_indexer(said["forecaster"])
    table[places, columns] = log_odds(said["probability"])
    return pd.DataFrame(
        table,
        index=pd.Index(questions, name="question_id"),
        columns=pd.Index(members, name="forecaster"),
    )
