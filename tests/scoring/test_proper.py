from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.scoring import (
    ScoreInputError,
    brier_index,
    brier_score,
    log_score,
    mean_score,
    ranked_probability_score,
    spherical_score,
)


def test_published_single_brier_score() -> None:
    # scoringrules, tests/test_brier.py
    assert brier_score([0.271], [0])[0] == pytest.approx(0.073441, abs=1e-12)


def test_log_score_is_in_nats() -> None:
    scores = log_score([0.5, 0.25, 0.25], [1, 1, 0])
    assert scores == pytest.approx([math.log(2), math.log(4), math.log(4 / 3)])


def test_series_and_booleans_are_taken() -> None:
    assert brier_score(pd.Series([0.5]), np.array([True])).tolist() == [0.25]


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([0.2, 1.2], [0, 1], r"probability at position 1 .* outside \[0, 1\]: 1\.2"),
        ([0.2, math.nan], [0, 1], "probability at position 1 .* missing"),
        ([0.2, 0.3, 0.4], [0, 1, 2], "outcome at position 2 .* neither 0 nor 1"),
        ([0.2, 0.3], [0, math.nan], "outcome at position 1 .* missing"),
        ([0.2], [0, 1], "1 probabilities but 2 outcomes"),
        ([], [], "no probability"),
        (["high"], [1], "not a number"),
        ([[0.2]], [[1]], "one-dimensional"),
    ],
)
def test_bad_input_is_named(p: list, y: list, message: str) -> None:
    with pytest.raises(ScoreInputError, match=message):
        brier_score(p, y)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_log_score_refuses_certainty_that_brier_takes(certain: float) -> None:
    assert brier_score([certain], [1]).tolist() == [(certain - 1) ** 2]
    with pytest.raises(ScoreInputError, match=r"position 0 .* outside \(0, 1\)"):
        log_score([certain], [1])


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_weights_must_be_positive_and_finite(bad: float) -> None:
    with pytest.raises(ScoreInputError, match="weight at position 1"):
        mean_score([0.1, 0.2], weights=[1.0, bad])


def test_weights_must_match() -> None:
    with pytest.raises(ScoreInputError, match="1 weights for 2 values"):
        mean_score([0.1, 0.2], weights=[1.0])


@given(truth=st.floats(0.02, 0.98), said=st.floats(0.02, 0.98))
def test_honesty_is_best_under_every_score(truth: float, said: float) -> None:
    for score in (brier_score, log_score, spherical_score):
        honest = mean_score(score([truth, truth], [1, 0]), [truth, 1 - truth])
        other = mean_score(score([said, said], [1, 0]), [truth, 1 - truth])
        assert honest <= other + 1e-12


def test_published_ranked_probability_score(shared_data: Path) -> None:
    cases = json.loads((shared_data / "calibration_reference" / "expected.json").read_text())
    case = next(case for case in cases if case["name"] == "rps")
    # The publication counts categories from 1.
    found = ranked_probability_score([case["p"]], [case["obs"] - 1])
    assert found[0] == pytest.approx(case["expected"]["rps"], abs=0.5 * 10 ** -case["decimals"])


def test_brier_index_of_the_forecastbench_leaderboard(shared_data: Path) -> None:
    board = pd.read_csv(shared_data / "forecastbench" / "leaderboard_baseline_2026-03-12.csv")
    for kind in ("Dataset", "Market"):
        for score, index in zip(board[f"Brier {kind}"], board[kind], strict=True):
            # The published score has three digits, and its index is printed to one.
            least, most = brier_index(score + 0.0005), brier_index(max(0.0, score - 0.0005))
            assert least - 0.05 <= index <= most + 0.05


def test_ranked_probability_score_of_windows_is_the_sum_of_their_brier_scores() -> None:
    by_window = np.array([[0.2, 0.5, 0.7], [0.1, 0.3, 0.9]])
    shares = np.diff(np.column_stack([np.zeros(2), by_window, np.ones(2)]), axis=1)
    happened = np.array([1, 3])  # within the second window, and not within the last
    claims = [[0, 1, 1], [0, 0, 0]]
    expected = [sum(brier_score(p, y)) for p, y in zip(by_window, claims, strict=True)]
    assert ranked_probability_score(shares, happened).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("p", "category", "message"),
    [
        ([[0.5, 0.4]], [0], r"position 0 .* sum to 1: \[0\.5, 0\.4\]"),
        ([[0.5, 0.5], [1.2, -0.2]], [0, 1], "position 1 .* sum to 1"),
        ([[0.5, math.nan]], [0], "position 0 .* sum to 1"),
        ([[0.5, 0.5]], [2], "category at position 0 .* not a whole number from 0 to 1: 2"),
        ([[0.5, 0.5]], [0.5], "not a whole number"),
        ([[0.5, 0.5]], [0, 1], "1 forecasts but 2 categories"),
        ([0.5, 0.5], [0, 1], "rows of categories"),
        ([[0.5, 0.5], [1.0]], [0, 1], "rows differ in length"),
    ],
)
def test_bad_categories_are_named(p: list, category: list, message: str) -> None:
    with pytest.raises(ScoreInputError, match=message):
        ranked_probability_score(p, category)


def test_spherical_score_by_hand() -> None:
    # 0.6 and 0.8 of 1: with p = 3/7 the root is 5/7.
    assert spherical_score([3 / 7, 3 / 7], [1, 0]) == pytest.approx([0.4, 0.2])


@given(
    p=st.lists(st.floats(0, 1), min_size=1, max_size=5),
    y=st.integers(0, 1),
)
def test_scores_keep_their_bounds(p: list[float], y: int) -> None:
    outcome = [y] * len(p)
    for score in (brier_score, spherical_score):
        found = score(p, outcome)
        assert ((found >= -1e-12) & (found <= 1 + 1e-12)).all()
    both = np.column_stack([np.subtract(1, p), p])
    # Over two categories the ranked probability score is the Brier score.
    assert ranked_probability_score(both, outcome) == pytest.approx(brier_score(p, outcome))


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_brier_index_of_no_brier_score_is_refused(score: float) -> None:
    with pytest.raises(ScoreInputError, match=r"lies in \[0, 1\]"):
        brier_index(score)
