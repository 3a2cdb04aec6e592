"""Coverage of every interval, on clustered forecasts whose calibration is known.

The forecasts of a topic lean the same way and so do its outcomes (a Gaussian copula), yet each
forecast is calibrated on its own: P(outcome = 1 | forecast = p) = p. Topics differ in size by a
factor of thirty. So the true mean score, skill, difference and curve are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtr

from newsworld_dagster.scoring import (
    calibration_error,
    calibration_test,
    clustered_mean_interval,
    clustered_skill_interval,
    confidence_band,
    consistency_band,
    murphy_curve,
    paired_comparison,
    reliability_curve,
)
from newsworld_dagster.scoring.diagnostics import elementary_score

TOPICS = 40
LEVELS = np.arange(1, 10) / 10


@dataclass(frozen=True)
class World:
    topic: np.ndarray
    p: np.ndarray
    y: np.ndarray
    sizes: np.ndarray


def said(leaning: np.ndarray) -> np.ndarray:
    """Forecast in tenths."""
    return LEVELS[np.searchsorted(LEVELS[:-1] + 0.05, ndtr(0.9 * leaning - 0.3))]


def world(rng: np.random.Generator, within: float = 0.4) -> World:
    sizes = np.minimum(2 + 5 * rng.pareto(1.5, TOPICS), 60).astype(int)
    topic = np.repeat(np.arange(TOPICS), sizes)

    def draw(share: float) -> np.ndarray:
        common = rng.normal(size=TOPICS)[topic]
        return np.sqrt(share) * common + np.sqrt(1 - share) * rng.normal(size=len(topic))

    p = said(draw(0.3))
    return World(topic, p, (ndtr(draw(within)) < p).astype(float), sizes)


def truth() -> dict[str, float]:
    p = said(np.random.default_rng(0).normal(size=2_000_000))
    other = 0.5 * p + 0.2
    brier = (p * (1 - p)).mean()
    constant = brier + ((p - 0.4) ** 2).mean()
    elementary = np.where(p > 0.25, (1 - p) * 0.25, p * 0.75).mean()
    return {
        "mean": brier,
        "alone": brier,
        "skill": 1 - brier / constant,
        "difference": -((other - p) ** 2).mean(),
        "murphy": elementary,
    }


@pytest.fixture(scope="module")
def covered() -> dict[str, float]:
    """Share of 95 % intervals that hold the truth; 'alone' takes the claims as independent."""
    rng = np.random.default_rng(2026)
    expected = truth()
    repetitions, draws = 500, 300
    hits = dict.fromkeys(expected, 0)
    for seed in range(repetitions):
        one = world(rng)
        brier, fixed = (one.p - one.y) ** 2, (0.4 - one.y) ** 2
        other = (0.5 * one.p + 0.2 - one.y) ** 2
        curve = murphy_curve(one.p, one.y, [0.25], one.topic, draws, seed=seed).iloc[0]
        alone = clustered_mean_interval(brier, np.arange(len(brier)), draws, seed=seed)
        found = {
            "mean": clustered_mean_interval(brier, one.topic, draws, seed=seed),
            "alone": alone,
            "skill": clustered_skill_interval(brier, fixed, one.topic, draws, seed=seed),
            "difference": paired_comparison(brier, other, one.topic, draws, seed=seed).interval,
            "murphy": curve,
        }
        for name, interval in found.items():
            hits[name] += interval.low <= expected[name] <= interval.high
    return {name: count / repetitions for name, count in hits.items()}


@pytest.mark.parametrize("name", ["mean", "skill", "difference", "murphy"])
def test_clustered_intervals_cover(covered: dict[str, float], name: str) -> None:
    assert 0.93 <= covered[name] <= 0.97


def test_a_bootstrap_of_single_claims_does_not(covered: dict[str, float]) -> None:
    assert covered["alone"] < 0.8


def test_bands_of_the_curve_cover() -> None:
    rng = np.random.default_rng(7)
    inside: dict[str, list[float]] = {"consistency": [], "confidence": [], "alone": []}
    for seed in range(70):
        one = world(rng)
        curve = reliability_curve(one.p, one.y)
        found, truly = curve["recalibrated"], curve["probability"]
        topics = {"clusters": one.topic, "y": one.y}
        bands = (
            ("consistency", found, consistency_band(one.p, 150, seed, 0.95, **topics)),
            ("confidence", truly, confidence_band(one.p, one.y, one.topic, 150, seed, 0.95)),
            ("alone", found, consistency_band(one.p, 150, seed, 0.95)),
        )
        for name, held, band in bands:
            # Rounding must not decide whether a curve at the edge of the square is inside.
            above, below = band["low"] - 1e-9 <= held, held <= band["high"] + 1e-9
            inside[name].append((above & below).mean())
    # Pointwise, over all forecasts that were said.
    assert 0.93 <= np.mean(inside["consistency"]) <= 0.975
    assert 0.93 <= np.mean(inside["confidence"]) <= 0.97
    assert np.mean(inside["alone"]) < 0.9


def test_calibration_test_and_null_band_hold_their_level_only_with_clusters() -> None:
    rng = np.random.default_rng(7)
    repetitions = 150
    rejected, held = [0, 0], [0, 0]
    for seed in range(repetitions):
        one = world(rng)
        for place, clusters in enumerate((one.topic, None)):
            test = calibration_test(one.p, one.y, clusters, 99, seed=seed)
            rejected[place] += test.p_value <= 0.05
            error = calibration_error(one.p, one.y, 10, clusters, 199, seed=seed)
            held[place] += error.null_low <= error.error <= error.null_high
    assert rejected[0] / repetitions <= 0.07
    assert 0.93 <= held[0] / repetitions <= 0.97
    assert rejected[1] / repetitions > 0.3
    assert held[1] / repetitions < 0.75


def test_elementary_truth_is_that_of_the_score() -> None:
    p = np.array([0.1, 0.5])
    mean = [
        q * elementary_score([q], [1], 0.25)[0] + (1 - q) * elementary_score([q], [0], 0.25)[0]
        for q in p
    ]
    assert mean == pytest.approx(np.where(p > 0.25, (1 - p) * 0.25, p * 0.75))
