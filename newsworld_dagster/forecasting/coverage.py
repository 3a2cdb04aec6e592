"""The `coverage` forecaster: a model of how attention to a topic goes on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.json

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

        self._names, values = _read(settled["features"].tolist())
        design = self._design(values, settled["template"].tolist())
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
            rows = (question.features for question in questions)
            design = self._design(
                np.array([[row.get(name, 0.0) for name in self._names] for row in rows]),
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


def _read(features: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Sorted names of features in JSON, one object a text, and their values; 0 where one has none.

    By arrow, as the whole record is read anew each day. All in one block: what type a column has
    is inferred from the first.
    """
    lines = "\n".join(features).encode()
    table = pa.json.read_json(
        pa.BufferReader(lines),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
    )
    names = sorted(table.column_names)
    columns = (table[name].cast(pa.float64()).fill_null(0.0).to_numpy() for name in names)
    return names, np.column_stack(list(columns))
