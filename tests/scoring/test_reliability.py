from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.scoring import (
    ScoreInputError,
    calibration_bins,
    consistency_band,
    corp_decomposition,
    isotonic_recalibrated,
    reliability_curve,
)

P = [0.4, 0.3, 0.2, 0.1, 0.5, 0.9]
Y = [0, 0, 0, 1, 1, 1]

PARTS = ("mean_score", "miscalibration", "discrimination", "uncertainty")

forecasts = st.lists(
    st.tuples(
        st.integers(1, 19).map(lambda n: n / 20), st.integers(0, 1), st.integers(1, 3).map(float)
    ),
    min_size=1,
    max_size=40,
)


def columns(rows: list[tuple]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p, y, w = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return p, y, w


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        # model-diagnostics' test_decompose_with_numbers, from R's reliabilitydiag
        ("brier", (0.2266667, 0.1016667, 0.125, 0.25)),
        ("log", (0.6986228, 0.3237327, 0.3182571, 0.6931472)),
    ],
)
def test_six_points_as_printed_by_r(score: str, expected: tuple[float, ...]) -> None:
    parts = corp_decomposition(P, Y, score)
    assert [getattr(parts, name) for name in PARTS] == pytest.approx(expected, abs=5e-8)


def test_published_decompositions(shared_data: Path) -> None:
    folder = shared_data / "calibration_reference"
    niamey = pd.read_csv(folder / "niamey_2016_EMOS.csv")
    checked = []
    for case in json.loads((folder / "expected.json").read_text()):
        if "uncertainty" not in case["expected"]:
            continue
        p, y = case.get("p", niamey["EMOS"]), case.get("y", niamey["obs"])
        parts = corp_decomposition(p, y, "log" if "logloss" in case["name"] else "brier")
        for name, value in case["expected"].items():
            # Printed digits, where R prints significant digits: 0.0183 has 3, as 0.232 has.
            digits = len(f"{value}".split(".")[1])
            assert getattr(parts, name) == pytest.approx(value, abs=0.5 * 10**-digits), case["name"]
        checked.append(case["name"])
    assert checked == ["niamey_EMOS", "r_six_points_brier", "r_six_points_logloss"]


def test_equal_forecasts_get_equal_recalibration() -> None:
    # Sorted, these would need no pooling; as one forecast, 0.4 came true every second time.
    assert isotonic_recalibrated([0.4, 0.4, 0.8], [0, 1, 1]).tolist() == [0.5, 0.5, 1.0]


def test_unknown_score_is_named() -> None:
    with pytest.raises(ScoreInputError, match="no score 'rps'"):
        corp_decomposition(P, Y, "rps")  # type: ignore[arg-type]


@given(rows=forecasts, score=st.sampled_from(["brier", "log"]))
def test_parts_sum_to_the_score_and_keep_their_bounds(rows: list[tuple], score: str) -> None:
    p, y, w = columns(rows)
    parts = corp_decomposition(p, y, score, weights=w)
    total = parts.miscalibration - parts.discrimination + parts.uncertainty
    assert total == pytest.approx(parts.mean_score, abs=1e-12)
    assert parts.miscalibration >= -1e-12
    assert -1e-12 <= parts.discrimination <= parts.uncertainty + 1e-12


@given(rows=forecasts, seed=st.integers(0, 99))
def test_order_does_not_matter_and_weights_are_repetitions(rows: list[tuple], seed: int) -> None:
    p, y, w = columns(rows)
    whole = corp_decomposition(p, y, weights=w)
    order = np.random.default_rng(seed).permutation(len(p))
    repeated = np.repeat(order, w[order].astype(int))
    again = corp_decomposition(p[repeated], y[repeated])
    for name in PARTS:
        assert getattr(again, name) == pytest.approx(getattr(whole, name), abs=1e-12)


@given(rows=forecasts)
def test_recalibrated_forecasts_are_calibrated_and_rank_as_well(rows: list[tuple]) -> None:
    p, y, w = columns(rows)
    before = corp_decomposition(p, y, weights=w)
    after = corp_decomposition(isotonic_recalibrated(p, y, w), y, weights=w)
    assert after.miscalibration == pytest.approx(0, abs=1e-12)
    assert after.discrimination == pytest.approx(before.discrimination, abs=1e-12)


def test_curve_has_one_row_per_distinct_probability() -> None:
    curve = reliability_curve([0.9, 0.1, 0.1], [1, 1, 0], weights=[1, 1, 3])
    assert curve.to_dict("list") == {
        "probability": [0.1, 0.9],
        "recalibrated": [0.25, 1.0],
        "weight": [4.0, 1.0],
    }


def test_bins_by_hand() -> None:
    bins = calibration_bins([0.0, 0.25, 0.5, 0.5, 1.0], [0, 1, 0, 1, 1], bins=4)
    assert bins["count"].tolist() == [1, 1, 2, 1]
    assert bins["mean_probability"].tolist() == [0.0, 0.25, 0.5, 1.0]
    assert bins["observed"].tolist() == [0.0, 1.0, 0.5, 1.0]
    # Wilson's 95 % interval of 1 in 2: 0.5 ± sqrt(1 / (4 (2 + z²)) · z²) = 0.0945 to 0.9055
    assert bins["observed_low"][2] == pytest.approx(0.0945, abs=5e-5)
    assert bins["observed_high"][2] == pytest.approx(0.9055, abs=5e-5)


def test_every_tenth_falls_into_the_bin_that_it_opens() -> None:
    tenths = [n / 10 for n in range(10)]
    assert calibration_bins(tenths, [0] * 10)["count"].tolist() == [1] * 10


def test_empty_bins_stay_without_figures() -> None:
    bins = calibration_bins([0.9], [1], bins=2)
    assert bins["count"].tolist() == [0, 1]
    assert bins.loc[0, ["mean_probability", "observed", "observed_low"]].isna().all()


def test_band_holds_calibrated_forecasts_and_not_others() -> None:
    rng = np.random.default_rng(4)
    p = rng.choice(np.arange(1, 20) / 20, 2000)
    band = consistency_band(p, 400, seed=1)

    def share_outside(chance: np.ndarray) -> float:
        curve = reliability_curve(p, rng.random(len(p)) < chance)
        assert curve["probability"].tolist() == band["probability"].tolist()
        outside = (curve["recalibrated"] < band["low"]) | (curve["recalibrated"] > band["high"])
        return float(outside.mean())

    calibrated = np.mean([share_outside(p) for _ in range(40)])
    assert 0.05 < calibrated < 0.15  # the pointwise level is 90 %
    assert share_outside(p**2) > 0.5


def test_band_of_many_distinct_forecasts_is_on_a_grid_and_repeatable() -> None:
    p = np.random.default_rng(0).random(5000)
    band = consistency_band(p, 20, seed=3)
    assert len(band) <= 501
    pd.testing.assert_frame_equal(band, consistency_band(p[::-1], 20, seed=3))
