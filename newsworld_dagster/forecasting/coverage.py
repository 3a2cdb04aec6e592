"""The `coverage` forecaster: a model of how attention to a topic goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence

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

        rows = [json.loads(text) for text in settled["features"]]
        self._names = sorted({name for row in rows for name in row})
        design = self._design(rows, list(settled["template"]))
        self._model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500))
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
                [question.features for question in questions],
                [question.template for question in questions],
            )
            raw = self._model.predict_proba(design)[:, 1]
        return np.clip(raw, FLOOR, 1 - FLOOR)

    def _design(self, rows: Sequence[dict[str, float]], templates: Sequence[str]) -> np.ndarray:
        """Features, template families, and the reach of each family on its own slope."""
        values = np.array([[row.get(name, 0.0) for name in self._names] for row in rows])
        families = np.array(
            [[template.split(":")[0] == family for family in _FAMILIES] for template in templates],
            dtype=float,
        )
        crossed = [
            values[:, self._names.index(name), None] * families
            for name in _CROSSED
            if name in self._names
        ]
        return np.hstack([values, families, *crossed])
