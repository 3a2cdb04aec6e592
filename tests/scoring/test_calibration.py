from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.scoring import (
    ScoreInputError,
    calibration_error,
    calibration_test,
    confidence_band,
    consistency_band,
    corp_decomposition,
    reliability_curve,
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


def test_statistic_of_the_test_is_the_corp_miscalibration() -> None:
    rng = np.random.default_rng(0)
    p, w = rng.integers(1, 20, 300) / 20, rng.integers(1, 4, 300)
    y = rng.random(300) < p**2
    found = calibration_test(p, y, weights=w, n_resamples=19)
    expected = corp_decomposition(p, y, weights=w).miscalibration
    assert found.miscalibration == pytest.approx(expected, abs=1e-12)
    by_cluster = calibration_test(p, y, np.arange(300) % 30, weights=w, n_resamples=19)
    assert by_cluster.miscalibration == pytest.approx(expected, abs=1e-12)
    assert (found.clusters, by_cluster.clusters) == (300, 30)


def test_bad_forecasts_are_found_and_good_ones_pass() -> None:
    rng = np.random.default_rng(1)
    p = rng.integers(1, 20, 800) / 20
    topics = np.arange(800) % 80
    draw = rng.random(800)
    for clusters in (None, topics):
        good = calibration_test(p, draw < p, clusters, 199)
        bad = calibration_test(p, draw < p**2, clusters, 199)
        assert good.p_value > 0.05
        assert good.miscalibration <= good.bound
        assert bad.p_value == 1 / 200
        assert bad.miscalibration > bad.bound


def test_error_by_hand() -> None:
    # Bin [0, 0.5): forecasts 0.2 and 0.4, one of two true: |0.5 - 0.3| = 0.2, weight 2 of 5.
    # Bin [0.5, 1]: forecasts 0.7, 0.8 and 0.9, all true: |1 - 0.8| = 0.2, weight 3 of 5.
    found = calibration_error([0.2, 0.4, 0.7, 0.8, 0.9], [0, 1, 1, 1, 1], bins=2)
    assert found.error == pytest.approx(0.2)
    # Debiased: 2/5 * (0.04 - 0.25 / 1) + 3/5 * (0.04 - 0) = -0.06, of which no root is taken.
    assert found.debiased == 0
    # Without the doubtful bin: 0.04 - 0 in the only one.
    assert calibration_error([0.7, 0.8, 0.9], [1, 1, 1], bins=2).debiased == pytest.approx(0.2)
    weighted = calibration_error([0.2, 0.8], [0, 0], bins=2, weights=[3, 1])
    assert weighted.error == pytest.approx((3 * 0.2 + 0.8) / 4)


def test_null_band_holds_what_a_bootstrap_would_call_an_error() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for seed in range(60):
        p = rng.random(500)
        found = calibration_error(p, rng.random(500) < p, bins=15, n_resamples=199, seed=seed)
        assert found.error > 0.01  # calibrated, and yet never without error
        inside += found.null_low <= found.error <= found.null_high
    assert 54 <= inside <= 60  # of a band of 95 %
    off = calibration_error(p, rng.random(500) < p**2, bins=15, n_resamples=199)
    assert off.error > off.null_high
    assert off.debiased > 0.1


@settings(max_examples=40, deadline=None)
@given(rows=forecasts, seed=st.integers(0, 99))
def test_error_keeps_its_bounds_and_takes_weights_as_repetitions(
    rows: list[tuple], seed: int
) -> None:
    p, y, w = columns(rows)
    found = calibration_error(p, y, weights=w, n_resamples=9)
    assert 0 <= found.error <= 1
    assert 0 <= found.debiased <= 1
    assert 0 <= found.null_low <= found.null_high <= 1
    order = np.random.default_rng(seed).permutation(len(p))
    repeated = np.repeat(order, w[order].astype(int))
    again = calibration_error(p[repeated], y[repeated], n_resamples=9)
    assert again.error == pytest.approx(found.error, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(rows=forecasts, clusters=st.integers(2, 6))
def test_bands_lie_in_the_unit_square_about_each_forecast(rows: list[tuple], clusters: int) -> None:
    p, y, w = columns(rows)
    labels = np.arange(len(p)) % clusters
    for band in (
        consistency_band(p, 19, y=y, clusters=labels, weights=w),
        confidence_band(p, y, labels, 19, weights=w),
    ):
        assert band["probability"].tolist() == sorted(set(p))
        known = band.dropna()
        assert ((known["low"] >= 0) & (known["low"] <= known["high"])).all()
        assert (known["high"] <= 1).all()
        assert known["low"].is_monotonic_increasing
        assert known["high"].is_monotonic_increasing


def test_confidence_band_surrounds_the_curve_and_narrows_with_more_topics() -> None:
    rng = np.random.default_rng(2)
    widths = []
    for topics in (20, 320):
        p = rng.integers(1, 10, 10 * topics) / 10
        names = np.repeat(np.arange(topics), 10)
        y = rng.random(len(p)) < p
        band = confidence_band(p, y, names, 300)
        curve = reliability_curve(p, y)
        inside = (band["low"] <= curve["recalibrated"]) & (curve["recalibrated"] <= band["high"])
        assert inside.all()
        widths.append(float((band["high"] - band["low"]).mean()))
    assert widths[1] < 0.4 * widths[0]


def test_one_cluster_gives_no_confidence_band() -> None:
    assert confidence_band([0.2, 0.8], [0, 1], ["a", "a"])["low"].isna().all()


def test_bad_input_is_named() -> None:
    with pytest.raises(ScoreInputError, match="give both or none"):
        consistency_band([0.5], clusters=["a"])
    with pytest.raises(ScoreInputError, match="number of bins"):
        calibration_error([0.5], [1], bins=0)
    with pytest.raises(ScoreInputError, match="1 cluster labels for 2 rows"):
        calibration_test([0.5, 0.5], [1, 0], ["a"])
