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
# A text of them takes some 100 bytes beside its own.
_MOST_READINGS = 100_000
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

        self._names, values = _READINGS.of(settled["features"].tolist())
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


class _Readings:
    """Features in JSON, read once each: the whole record is asked for anew on each day."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._place: dict[str, int] = {}
        self._values = pd.DataFrame()

    def of(self, features: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Sorted names of the features of some texts, and their values; 0 where one has none."""
        unread = [text for text in dict.fromkeys(features) if text not in self._place]
        if len(self._place) + len(unread) > _MOST_READINGS:
            self._begin()
            unread = list(dict.fromkeys(features))
        if unread:
            self._values = pd.concat([self._values, _parsed(unread)], ignore_index=True)
            start = len(self._place)
            self._place |= {text: start + number for number, text in enumerate(unread)}
        own = self._values.iloc[[self._place[text] for text in features]]
        own = own.loc[:, own.notna().any()]
        names = sorted(own.columns)
        return names, np.ascontiguousarray(own[names].fillna(0.0).to_numpy())


_READINGS = _Readings()


def _parsed(features: Sequence[str]) -> pd.DataFrame:
    """Values of features in JSON, one object a text; missing where one has none.

    By arrow, all in one block: what type a column has is inferred from the first.
    """
    lines = "\n".join(features).encode()
    table = pa.json.read_json(
        pa.BufferReader(lines),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
    )
    columns = {name: table[name].cast(pa.float64()).to_numpy() for name in table.column_names}
    return pd.DataFrame(columns, index=range(len(features)))
