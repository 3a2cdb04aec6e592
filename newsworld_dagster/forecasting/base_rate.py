"""The `base-rate` forecaster: how often claims of this kind have come true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import compress

import pandas as pd

from newsworld_dagster.forecasting.questions import Question

NAME = "base-rate"
MODEL = "as-of frequency of template and window, shrunk to the template family's"


@dataclass(frozen=True)
class Frequency:
    """A shrunk frequency and the counts that it came from."""

    probability: float
    yes: int
    settled: int


class BaseRate:
    """As-of frequencies of yes by template and window.

    The frequency of a cell is shrunk to its template family's, and that to the overall one,
    by `weight` imaginary claims each; with no verdicts at all the probability is `prior`:

        p = (yes + weight * parent) / (n + weight)

    Parameters
    ----------
    settled
        Claims whose deadline and verdict both lie at or before the as-of moment: columns
        template, window_days, outcome (0 or 1). Claims that settled early but are not due yet
        must not be among them: they are all quick yeses.
    """

    def __init__(self, settled: pd.DataFrame, weight: float = 4.0, prior: float = 0.5) -> None:
        self.weight = weight
        self.prior = prior
        self._all = (int(settled["outcome"].sum()), len(settled))
        templates, outcomes = settled["template"].tolist(), settled["outcome"].tolist()
        families = [template.split(":")[0] for template in templates]
        cells = list(zip(templates, settled["window_days"].tolist(), strict=True))
        self._families, self._cells = _counts(families, outcomes), _counts(cells, outcomes)

    def of(self, template: str, window_days: int) -> Frequency:
        """Frequency for one template and window."""
        parent = self._shrunk(self._all, self.prior)
        parent = self._shrunk(self._families.get(template.split(":")[0], (0, 0)), parent)
        yes, settled = self._cells.get((template, window_days), (0, 0))
        return Frequency(self._shrunk((yes, settled), parent), yes, settled)

    def probability(self, question: Question) -> float:
        """Probability of yes for a question."""
        return self.of(question.template, question.window_days).probability

    def rationale(self, question: Question) -> str:
        """One or two sentences that say where the number comes from."""
        found = self.of(question.template, question.window_days)
        kind = question.template.replace("trigger:", "trigger ")
        if not found.settled:
            return (
                f"No claim of the kind “{kind}” over {question.window_days} days has fallen due "
                "yet; the figure is that of its wider family."
            )
        return (
            f"Of {found.settled} earlier claims of the kind “{kind}” over "
            f"{question.window_days} days, {found.yes} came true."
        )

    def _shrunk(self, counts: tuple[int, int], parent: float) -> float:
        yes, settled = counts
        return (yes + self.weight * parent) / (settled + self.weight)


def _counts(kinds: Sequence[Hashable], outcomes: Sequence[int]) -> dict[Hashable, tuple[int, int]]:
    """Claims that came true and all claims, of each kind."""
    asked, yes = Counter(kinds), Counter(compress(kinds, outcomes))
    return {kind: (yes[kind], number) for kind, number in asked.items()}
