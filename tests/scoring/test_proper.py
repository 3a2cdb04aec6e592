from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.scoring import ScoreInputError, brier_score, log_score, mean_score


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
def test_honesty_is_best_under_both_scores(truth: float, said: float) -> None:
    for score in (brier_score, log_score):
        honest = mean_score(score([truth, truth], [1, 0]), [truth, 1 - truth])
        other = mean_score(score([said, said], [1, 0]), [truth, 1 - truth])
        assert honest <= other + 1e-12
