from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import trapezoid

from newsworld_dagster.scoring import (
    ScoreInputError,
    area_under_curve,
    brier_score,
    corp_decomposition,
    elementary_score,
    isotonic_recalibrated,
    mean_score,
    murphy_curve,
    sharpness,
)

forecasts = st.lists(
    st.tuples(
        st.integers(0, 20).map(lambda n: n / 20), st.integers(0, 1), st.integers(1, 3).map(float)
    ),
    min_size=1,
    max_size=30,
)


def columns(rows: list[tuple]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p, y, w = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return p, y, w


def test_curve_by_hand() -> None:
    curve = murphy_curve([0.3, 0.6, 0.6], [1, 0, 1], [0.0, 0.5, 0.6, 1.0], weights=[2, 1, 1])
    # At 0 all act and needless costs nothing; at 0.5 the first misses 0.5 twice and the second
    # acts for 0.5; at 0.6 none acts and three of four weights miss 0.4; at 1 nothing is missed.
    assert curve["score"].tolist() == pytest.approx([0, 1.5 / 4, 3 * 0.4 / 4, 0])


@given(rows=forecasts)
def test_curve_is_the_mean_elementary_score_and_twice_its_area_is_brier(rows: list[tuple]) -> None:
    p, y, w = columns(rows)
    curve = murphy_curve(p, y, weights=w)
    plain = [mean_score(elementary_score(p, y, at), w) for at in curve["threshold"]]
    assert curve["score"].tolist() == pytest.approx(plain, abs=1e-12)
    fine = np.arange(20_001) / 20_000
    area = trapezoid(murphy_curve(p, y, fine, weights=w)["score"], fine)
    assert 2 * area == pytest.approx(mean_score(brier_score(p, y), w), abs=1e-3)


@given(rows=forecasts)
def test_recalibration_never_worsens_miscalibration_nor_any_decision(rows: list[tuple]) -> None:
    p, y, w = columns(rows)
    recalibrated = isotonic_recalibrated(p, y, w)
    before, after = (corp_decomposition(one, y, weights=w) for one in (p, recalibrated))
    assert after.miscalibration <= before.miscalibration + 1e-12
    assert after.mean_score <= before.mean_score + 1e-12
    # Isotonic recalibration is best under every proper score, so at every threshold between
    # the levels that it takes.
    at = np.array([0.0013, 0.217, 0.4999, 0.773, 0.9987])
    worse = murphy_curve(recalibrated, y, at, weights=w) - murphy_curve(p, y, at, weights=w)
    assert (worse["score"] <= 1e-12).all()


@settings(deadline=None)  # scikit-learn is imported on the first call
@given(rows=forecasts, steepness=st.floats(0.2, 5))
def test_a_monotone_map_changes_miscalibration_but_neither_ranking_nor_discrimination(
    rows: list[tuple], steepness: float
) -> None:
    p, y, w = columns(rows)
    mapped = p**steepness
    before, after = (corp_decomposition(one, y, weights=w) for one in (p, mapped))
    assert after.discrimination == pytest.approx(before.discrimination, abs=1e-12)
    assert area_under_curve(mapped, y, w) == pytest.approx(area_under_curve(p, y, w), nan_ok=True)


def test_intervals_of_the_curve_surround_it() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(600)
    y = rng.random(600) < p
    curve = murphy_curve(p, y, clusters=np.arange(600) % 60, n_resamples=400)
    inner = curve[(curve["threshold"] > 0) & (curve["threshold"] < 1)]
    assert ((inner["low"] < inner["score"]) & (inner["score"] < inner["high"])).all()
    alone = murphy_curve(p, y, [0.5], clusters=["one"] * 600)
    assert alone[["low", "high"]].isna().all(axis=None)


def test_area_under_the_curve_with_ties_weights_and_one_kind_of_outcome() -> None:
    # Pairs of a success (0.5, weight 2) with failures 0.5 (tie) and 0.2 (won), weights 1 and 3.
    assert area_under_curve([0.5, 0.5, 0.2], [1, 0, 0], [2, 1, 3]) == pytest.approx(3.5 / 4)
    assert np.isnan(area_under_curve([0.2, 0.3], [1, 1]))


def test_sharpness_weighs() -> None:
    assert sharpness([0.0, 1.0], [3, 1]) == pytest.approx(0.75 * 0.25)
    with pytest.raises(ScoreInputError, match=r"outside \[0, 1\]"):
        sharpness([1.2])


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_thresholds_lie_in_the_unit_interval(threshold: float) -> None:
    with pytest.raises(ScoreInputError, match="threshold"):
        murphy_curve([0.5], [1], [0.2, threshold])
