"""The `coverage` forecaster: a model of how attention to a topic goes on."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from newsworld_dagster.forecasting.base_rate import BaseRate
from newsworld_dagster.forecasting.questions import Question

NAME = "coverage"
MODEL = "logistic regression on coverage signals, refitted on every day's settled claims"
LEAST_SETTLED = 150
FLOOR = 0.02

_FAMILIES = ("continuation", "publishers", "growth", "trigger")
_CROSSED = ("reach_3", "reach_7", "reach_14", "reach_28", "window")


class CoverageModel:
    """Probabilities from coverage signals.

    A logistic regression (L2, standardised features) on the settled claims. While fewer than
    `LEAST_SETTLED` have settled it answers with the base rate. Probabilities stay between
    FLOOR and 1 - FLOOR.

    Parameters
    ----------
    settled
        Claims whose deadline and verdict both lie at or before the as-of moment: columns
        template, window_days, features (JSON), outcome (0 or 1).
    base_rate
        Fitted on the same claims.
    """

    def __init__(self, settled: pd.DataFrame, base_rate: BaseRate) -> None:
        self.base_rate = base_rate
        self.fitted_on = 0
        self._names: list[str] = []
        if len(settled) < LEAST_SETTLED or settled["outcome"].nunique() < 2:
            return
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        read = [_features(text) for text in settled["features"].tolist()]
        self._names = sorted({name for names in {names for names, _ in read} for name in names})
        design = self._design(_table(read, self._names), settled["template"].tolist())
        # Claims are many and features few: Newton's method gets to the optimum itself, in less
        # time than it takes others to come near it.
        regression = LogisticRegression(C=0.3, solver="newton-cholesky", tol=1e-8)
        self._model = make_pipeline(StandardScaler(), regression)
        self._model.fit(design, settled["outcome"].to_numpy(dtype=int))
        self.fitted_on = len(settled)

    def probabilities(self, questions: Sequence[Question]) -> np.ndarray:
        """Probability of yes for each question, shape (len(questions),)."""
        if not questions:
            return np.zeros(0)
        if not self.fitted_on:
            raw = np.array([self.base_rate.probability(question) for question in questions])
        else:
            design = self._design(
                _table([_named(question.features) for question in questions], self._names),
                [question.template for question in questions],
            )
            raw = self._model.predict_proba(design)[:, 1]
        return np.clip(raw, FLOOR, 1 - FLOOR)

    def _design(self, values: np.ndarray, templates: Sequence[str]) -> np.ndarray:
        """Features, template families, and the reach of each family on its own slope."""
        of = np.array([template.split(":")[0] for template in templates])
        families = (of[:, None] == np.array(_FAMILIES)).astype(float)
        crossed = [
            values[:, self._names.index(name), None] * families
            for name in _CROSSED
            if name in self._names
        ]
        return np.hstack([values, families, *crossed])


Named = tuple[tuple[str, ...], np.ndarray]


# The whole record is asked for anew on each day.
@lru_cache(maxsize=100_000)
def _features(text: str) -> Named:
    found: dict[str, float] = json.loads(text)
    return _named(found)


def _named(features: Mapping[str, float]) -> Named:
    """Names of features and their values, 0 for one without."""
    return tuple(features), np.array([value or 0.0 for value in features.values()], dtype=float)


def _table(read: Sequence[Named], names: Sequence[str]) -> np.ndarray:
    """Values of named features, shape (rows, names); 0 where a row has none."""
    table = np.zeros((len(read), len(names)))
    alike = defaultdict[tuple[str, ...], list[int]](list)
    for place, (own, _) in enumerate(read):
        alike[own].append(place)
    column_of = {name: column for column, name in enumerate(names)}
    for own, places in alike.items():
        known = [number for number, name in enumerate(own) if name in column_of]
        columns = [column_of[own[number]] for number in known]
        values = np.stack([read[place][1] for place in places])
        table[np.ix_(places, columns)] = values[:, known]
    return table
