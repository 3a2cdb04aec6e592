from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.forecasting.combining import combine
from newsworld_dagster.prompts.citations import cited

PROBABILITIES = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8)


def test_by_hand() -> None:
    assert combine([0.5], [2.0]) == 0.5
    # Odds 9 and 1/4: their geometric mean is 1.5.
    assert combine([0.9, 0.2], [1, 1]) == pytest.approx(0.6)
    # Odds 4 twice and 1/4 once: 4 ** (1/3).
    odds = 4 ** (1 / 3)
    assert combine([0.8, 0.8, 0.2], [1, 1, 1]) == pytest.approx(odds / (1 + odds))
    assert combine([0.8, 0.2], [2, 1]) == pytest.approx(odds / (1 + odds))


@given(PROBABILITIES, st.data())
def test_it_lies_between_and_turns_with_the_question(
    probabilities: list[float], data: st.DataObject
) -> None:
    size = len(probabilities)
    weights = data.draw(st.lists(st.floats(0.1, 10), min_size=size, max_size=size))
    both = combine(probabilities, weights)
    assert min(probabilities) - 1e-9 <= both <= max(probabilities) + 1e-9
    assert combine([1 - p for p in probabilities], weights) == pytest.approx(1 - both)
    assert combine(probabilities[::-1], weights[::-1]) == pytest.approx(both)


@pytest.mark.parametrize(
    ("probabilities", "weights"),
    [([], []), ([0.5], []), ([0.0], [1]), ([1.0], [1]), ([math.nan], [1]), ([0.5], [0]),
     ([0.5, 0.5], [1, -1]), ([0.5], [math.inf]), ([0.5], [math.nan])],
)  # fmt: skip
def test_what_cannot_be_combined(probabilities: list[float], weights: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must|cannot"):
        combine(probabilities, weights)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("none", []),
        ("one [2].", [2]),
        ("two [1, 3] and again [3]", [1, 3]),
        ("apart [1][2]", [1, 2]),
        ("a span [4-6], a dash [7–8], and [9 and 10]; [11;12]", [4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ("no number [a], a year in round brackets (2026), a link [x](y)", []),
        ("backwards [6-4]", [6, 4]),
        ("wide [1-999]", [1, 999]),
        ("zero [0]", [0]),
    ],
)
def test_what_a_text_cites(text: str, numbers: list[int]) -> None:
    assert cited(text) == numbers
