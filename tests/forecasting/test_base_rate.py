from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.forecasting.base_rate import BaseRate
from newsworld_dagster.forecasting.questions import continuation, growth, trigger
from tests.forecasting.toy_desk import NO_SETTLED, brief, seen


def settled(*cells: tuple[str, int, int, int]) -> pd.DataFrame:
    """Claims as (template, window, yes, number)."""
    return pd.DataFrame(
        [
            {"template": template, "window_days": window, "outcome": int(n < yes)}
            for template, window, yes, number in cells
            for n in range(number)
        ]
    )


SETTLED = settled(("growth", 3, 6, 8), ("growth", 7, 0, 2), ("continuation", 3, 10, 10))


@pytest.mark.parametrize(
    ("template", "window", "probability", "yes", "number"),
    [
        # All: (16 + 4 * 1/2) / 24 = 3/4. Growth: (6 + 4 * 3/4) / 14 = 9/14.
        ("growth", 3, (6 + 4 * 9 / 14) / 12, 6, 8),
        ("growth", 7, (0 + 4 * 9 / 14) / 6, 0, 2),
        ("growth", 30, 9 / 14, 0, 0),
        # Continuation: (10 + 3) / 14 = 13/14.
        ("continuation", 3, (10 + 4 * 13 / 14) / 14, 10, 10),
        ("trigger:ban", 7, 3 / 4, 0, 0),
    ],
)
def test_a_cell_is_shrunk_to_its_family_and_that_to_all(
    template: str, window: int, probability: float, yes: int, number: int
) -> None:
    found = BaseRate(SETTLED).of(template, window)
    assert found.probability == pytest.approx(probability, abs=1e-12)
    assert (found.yes, found.settled) == (yes, number)


def test_triggers_are_one_family() -> None:
    rates = BaseRate(settled(("trigger:ban", 7, 0, 6), ("trigger:recall", 7, 2, 6)))
    # All and family: (2 + 2) / 16 = 1/4; (2 + 1) / 16 = 3/16.
    assert rates.of("trigger:delay", 14).probability == pytest.approx(3 / 16)
    assert rates.of("trigger:ban", 7).probability == pytest.approx((0 + 0.75) / 10)


def test_without_verdicts_everything_is_even() -> None:
    assert BaseRate(NO_SETTLED).of("growth", 3).probability == 0.5


def test_weight_is_the_number_of_imagined_claims() -> None:
    heavy = BaseRate(settled(("growth", 3, 4, 4)), weight=12)
    # All 10/16, family (4 + 12 * 10/16) / 16 = 23/32, cell (4 + 12 * 23/32) / 16.
    assert heavy.of("growth", 3).probability == pytest.approx((4 + 12 * 23 / 32) / 16)


def test_the_rationale_gives_the_counts() -> None:
    rates = BaseRate(SETTLED)
    asked = growth(brief(), 3, 0.5)
    assert rates.rationale(asked) == (
        "Of 8 earlier claims of the kind “growth” over 3 days, 6 came true."
    )
    assert "No claim of the kind “continuation” over 14 days" in rates.rationale(
        continuation(brief(), 14)
    )
    unseen = trigger(brief(), 7, seen("ban"))
    assert "“trigger ban”" in rates.rationale(unseen)
    assert rates.probability(unseen) == rates.of("trigger:ban", 7).probability
