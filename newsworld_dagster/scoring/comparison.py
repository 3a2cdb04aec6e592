"""Forecasters held against each other: on shared questions, or adjusted for which they took."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.scoring.bootstrap import paired_comparison
from newsworld_dagster.scoring.checked import FloatArray, ScoreInputError
from newsworld_dagster.scoring.proper import brier_score, log_score
from newsworld_dagster.scoring.reliability import ScoreName

COLUMNS: Final = ("forecaster", "question_id", "probability", "outcome")
SCORES: Final[dict[str, Callable[[FloatArray, FloatArray], FloatArray]]] = {
    "brier": brier_score,
    "log": log_score,
}


def compare_forecasters(
    forecasts: pd.DataFrame,
    reference: str | None = None,
    score: ScoreName = "brier",
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Paired comparison of every forecaster with a reference, or of every two.

    Parameters
    ----------
    forecasts
        One row a forecaster and question, with the columns `COLUMNS`; rows without outcome are
        left aside. Clusters are topic_id, else cluster, else the questions themselves. A column
        weight weighs the questions, by the product of both forecasters' weights' root.
    reference
        A forecaster; None compares every two, the first in the alphabet against the second.
    score
        'brier' or 'log'.
    n_resamples, level, seed
        As in `paired_comparison`.

    Returns
    -------
    pandas.DataFrame
        forecaster, reference, n (shared questions), clusters, difference (negative: the
        forecaster is better), low, high, p_value; NaN where nothing is shared. P-values are not
        corrected for how many comparisons there are.

    References
    ----------
    As in `paired_comparison`.

    Examples
    --------
    >>> table = pd.DataFrame({"forecaster": ["a", "a", "b", "b"], "question_id": [1, 2, 1, 2],
    ...                       "probability": [0.9, 0.2, 0.5, 0.5], "outcome": [1, 0, 1, 0]})
    >>> found = compare_forecasters(table, "b")
    >>> found["n"].tolist(), found["difference"].round(3).tolist()
    ([2], [-0.225])
    """
    scored = _scored(forecasts, score)
    names = sorted(scored["forecaster"].unique())
    if reference is not None and reference not in names:
        raise ScoreInputError(
            f"No settled forecast is by {reference!r}; there are some by {', '.join(names)}."
        )
    pairs = (
        [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        if reference is None
        else [(name, reference) for name in names if name != reference]
    )
    sides = {name: rows.set_index("question_id") for name, rows in scored.groupby("forecaster")}
    lines = []
    for one, other in pairs:
        both = sides[one].join(sides[other], how="inner", suffixes=("_a", "_b"))
        line = {"forecaster": one, "reference": other, "n": len(both), "clusters": 0}
        if len(both):
            found = paired_comparison(
                both["score_a"],
                both["score_b"],
                both["cluster_a"],
                n_resamples,
                level,
                seed,
                weights=np.sqrt(both["weight_a"] * both["weight_b"]),
            )
            line |= {
                "clusters": found.interval.clusters,
                "difference": found.difference,
                "low": found.interval.low,
                "high": found.interval.high,
                "p_value": found.p_value,
            }
        lines.append(line)
    names_out = ["forecaster", "reference", "n", "clusters", "difference", "low", "high", "p_value"]
    return pd.DataFrame(lines, columns=names_out)


def difficulty_adjusted(forecasts: pd.DataFrame, score: ScoreName = "brier") -> pd.DataFrame:
    """Mean scores as if every forecaster had answered every question.

    Least squares of ``score = forecaster + question + error``, weighted if there is a column
    weight; adjusted is the forecaster's effect plus the mean effect of all questions. Who took
    hard questions is not punished for it, nor who took easy ones rewarded. It rests on the
    forecasters being compared through questions that they share: only the largest group that
    is so connected is adjusted.

    Parameters
    ----------
    forecasts
        One row a forecaster and question, with the columns `COLUMNS`; rows without outcome are
        left aside.
    score
        'brier' or 'log'.

    Returns
    -------
    pandas.DataFrame
        forecaster, n, mean (as it stands), adjusted (NaN outside of the largest connected
        group), questions (in that group), in the order of the names.

    References
    ----------
    Abowd, Kramarz, Margolis (1999), High wage workers and high wage firms, Econometrica 67,
    251-333 (two-way effects); Karger et al. (2025), ForecastBench, ICLR (for forecasters and
    questions).

    Examples
    --------
    >>> table = pd.DataFrame({"forecaster": ["a", "a", "b"], "question_id": [1, 2, 2],
    ...                       "probability": [0.9, 0.4, 0.5], "outcome": [1, 1, 1]})
    >>> difficulty_adjusted(table)["adjusted"].round(3).tolist()
    [0.185, 0.075]
    """
    scored = _scored(forecasts, score)
    who, names = pd.factorize(scored["forecaster"], sort=True)
    what, questions = pd.factorize(scored["question_id"])
    size = len(names) + len(questions)
    graph = scipy.sparse.coo_array(
        (np.ones(len(who)), (who, what + len(names))), shape=(size, size)
    )
    _, part = scipy.sparse.csgraph.connected_components(graph, directed=False)
    mass = np.bincount(part[who], scored["weight"])
    kept = part[who] == int(np.argmax(mass))
    # Questions are swept out, which leaves a system as large as there are forecasters.
    weight = scored["weight"].to_numpy(float) * kept
    value = scored["score"].to_numpy(float)
    shape = (len(names), len(questions))
    answers = scipy.sparse.coo_array((weight, (who, what)), shape=shape).tocsr()
    total = np.bincount(what, weight, len(questions))
    inverse = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
    swept = np.bincount(what, weight * value, len(questions)) * inverse
    system = (
        np.diag(np.bincount(who, weight, len(names)))
        - (answers @ (answers * inverse[None, :]).T).toarray()
    )
    right = np.bincount(who, weight * (value - swept[what]), len(names))
    effect = np.linalg.lstsq(system, right, rcond=None)[0]
    difficulty = swept - (answers.T @ effect) * inverse
    mean_difficulty = float(difficulty[total > 0].mean())
    inside = np.bincount(who, kept, len(names)) > 0
    own = scored["weight"].to_numpy(float)
    return pd.DataFrame(
        {
            "forecaster": names,
            "n": np.bincount(who, minlength=len(names)),
            "mean": np.bincount(who, own * value, len(names)) / np.bincount(who, own, len(names)),
            "adjusted": np.where(inside, effect + mean_difficulty, np.nan),
            "questions": int((total > 0).sum()),
        }
    )


def peer_scores(forecasts: pd.DataFrame, score: ScoreName = "log") -> pd.DataFrame:
    """Peer score: by how much a forecaster beats the others on the same questions.

    Per question ``100 * (mean score of the others - own score)``, so that more is better and 0
    is as good as they are; then the (weighted) mean over the questions that someone else
    answered too. With the log score this is Metaculus' peer score without its time weighting.

    Parameters
    ----------
    forecasts
        One row a forecaster and question, with the columns `COLUMNS`; rows without outcome are
        left aside.
    score
        'brier' or 'log'.

    Returns
    -------
    pandas.DataFrame
        forecaster, n (questions with others), peer_score (NaN without any), in the order of the
        names.

    References
    ----------
    Metaculus, Scores FAQ, "What is the Peer score?".

    Examples
    --------
    >>> table = pd.DataFrame({"forecaster": ["a", "b"], "question_id": [1, 1],
    ...                       "probability": [0.9, 0.5], "outcome": [1, 1]})
    >>> peer_scores(table)["peer_score"].round(2).tolist()
    [58.78, -58.78]
    """
    scored = _scored(forecasts, score)
    one = scored.groupby("question_id")["score"]
    count = one.transform("size")
    others = (one.transform("sum") - scored["score"]) / (count - 1).where(count > 1)
    scored = scored.assign(peer=100 * (others - scored["score"]))
    lines = []
    for name, rows in scored.groupby("forecaster"):
        met = rows[rows["peer"].notna()]
        mean = np.average(met["peer"], weights=met["weight"]) if len(met) else np.nan
        lines.append({"forecaster": name, "n": len(met), "peer_score": float(mean)})
    return pd.DataFrame(lines, columns=["forecaster", "n", "peer_score"])


def _scored(forecasts: pd.DataFrame, score: str) -> pd.DataFrame:
    """Settled rows with forecaster, question_id, cluster, weight and score."""
    if score not in SCORES:
        raise ScoreInputError(f"There is no score {score!r}; choose 'brier' or 'log'.")
    missing = [name for name in COLUMNS if name not in forecasts.columns]
    if missing:
        raise ScoreInputError(f"The forecasts lack the columns {', '.join(missing)}.")
    rows = forecasts[forecasts["outcome"].notna()]
    if rows.empty:
        raise ScoreInputError("No forecast has an outcome yet; there is nothing to compare.")
    twice = rows.duplicated(["forecaster", "question_id"])
    if twice.any():
        first = rows[twice].iloc[0]
        raise ScoreInputError(
            f"{first['forecaster']} has more than one row for question {first['question_id']}; "
            "give one."
        )
    cluster = next((name for name in ("topic_id", "cluster") if name in rows), "question_id")
    probability, outcome = rows["probability"].to_numpy(float), rows["outcome"].to_numpy(float)
    return pd.DataFrame(
        {
            "forecaster": rows["forecaster"].to_numpy(),
            "question_id": rows["question_id"].to_numpy(),
            "cluster": rows[cluster].to_numpy(),
            "weight": rows["weight"].to_numpy(float) if "weight" in rows else 1.0,
            "score": SCORES[score](probability, outcome),
        }
    )
