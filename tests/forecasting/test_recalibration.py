from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from newsworld_dagster.forecasting.recalibration import (
    ForwardError,
    describe,
    fit,
    recalibrate,
)

AS_OF = pd.Timestamp("2026-02-01")
METHODS = ("platt", "isotonic")
GRID = expit(np.linspace(-8, 8, 161))
PROBABILITY = st.floats(0.0005, 0.9995)


def settled(p: object, y: object, **changes: object) -> pd.DataFrame:
    frame = pd.DataFrame({"probability": p, "outcome": y}, dtype=float)
    frame = frame.assign(resolve_by=AS_OF, decided_at=AS_OF - pd.Timedelta(days=1))
    return frame.assign(**changes)


def world(n: int, slope: float, intercept: float, seed: int = 5) -> pd.DataFrame:
    """Forecasts whose truth is a straight line in log-odds."""
    rng = np.random.default_rng(seed)
    said = rng.normal(0, 1.5, n)
    return settled(expit(said), rng.random(n) < expit(intercept + slope * said))


@pytest.mark.parametrize("method", METHODS)
def test_nothing_settled_changes_nothing(method: str) -> None:
    model = fit(settled([], []), as_of=AS_OF, method=method)
    assert recalibrate(model, GRID, made_at=AS_OF) == pytest.approx(GRID, abs=1e-12)
    assert model.fitted_on == 0


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(PROBABILITY, st.booleans()), max_size=60))
def test_maps_never_fall_and_stay_inside(method: str, rows: list[tuple[float, bool]]) -> None:
    model = fit(
        settled([p for p, _ in rows], [float(y) for _, y in rows]), as_of=AS_OF, method=method
    )
    found = recalibrate(model, GRID, made_at=AS_OF)
    assert (np.diff(found) >= -1e-12).all()
    assert ((found > 0) & (found < 1)).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_shrunk_fit_comes_to_the_plain_one_with_many_claims(method: str) -> None:
    # An overconfident forecaster: twice too sure, and too high.
    inside = GRID[(GRID > 0.02) & (GRID < 0.98)]
    gaps = []
    for n in (30, 300, 3_000, 30_000):
        rows = world(n, 0.5, -0.6)
        shrunk, plain = (
            recalibrate(fit(rows, as_of=AS_OF, method=method, shrink=s), inside, made_at=AS_OF)
            for s in (1.0, 0.0)
        )
        gaps.append(float(np.abs(shrunk - plain).max()))
    assert gaps[0] > gaps[2] > gaps[3]
    assert gaps[0] > 0.03
    assert gaps[3] < 0.01
    # And both come to the truth.
    truth = expit(-0.6 + 0.5 * logit(inside))
    assert shrunk == pytest.approx(truth, abs=0.05)


def test_platt_of_one_claim_worked_out_by_hand() -> None:
    # Said 1/2, came true: log-odds 0 leave the slope alone, and the intercept b solves
    # b / 0.25 = 1 - expit(b): 0.1178 / 0.25 = 0.4712 beside 1 - 0.5294 = 0.4706.
    model = fit(settled([0.5], [1]), as_of=AS_OF)
    assert model.slope == pytest.approx(1.0, abs=1e-6)
    assert model.intercept == pytest.approx(0.1177, abs=2e-4)
    assert model.intercept / 0.25 == pytest.approx(1 - expit(model.intercept), abs=1e-5)


def test_plain_platt_is_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    rows = world(2_000, 0.7, 0.3)
    model = fit(rows, as_of=AS_OF, shrink=0)
    reference = LogisticRegression(C=1e12, tol=1e-10)
    reference.fit(logit(rows[["probability"]].to_numpy()), rows["outcome"].to_numpy(dtype=int))
    assert model.slope == pytest.approx(reference.coef_[0, 0], abs=1e-4)
    assert model.intercept == pytest.approx(reference.intercept_[0], abs=1e-4)


def test_a_forecaster_that_is_worse_than_chance_is_flattened_not_turned_round() -> None:
    model = fit(world(4_000, -0.8, 0.0), as_of=AS_OF)
    assert model.slope == 0
    low, high = recalibrate(model, [0.1, 0.9], made_at=AS_OF)
    assert low == high == pytest.approx(0.5, abs=0.03)


def test_isotonic_knots_worked_out_by_hand() -> None:
    # 12 claims at log-odds 0, 9 of them true: the knot says (9 + 4 / 2) / (12 + 4) = 11 / 16.
    # The next, at 0.5, has no claims and says expit(0.5) = 0.622, lower, so the two are pooled:
    # (11 + 4 * 0.62246) / 20 = 0.67449; the next, expit(1) = 0.731, is above that.
    model = fit(settled([0.5] * 12, [1] * 9 + [0] * 3), as_of=AS_OF, method="isotonic")
    found = recalibrate(model, expit(np.array([-0.5, 0, 0.25, 0.5, 1, 6])), made_at=AS_OF)
    assert found[0] == pytest.approx(expit(-0.5))
    assert found[1:4] == pytest.approx([0.67449] * 3, abs=1e-5)
    assert found[4:] == pytest.approx(expit(np.array([1, 6])))


@pytest.mark.parametrize("method", METHODS)
def test_calibrated_forecasts_are_left_nearly_alone(method: str) -> None:
    model = fit(world(20_000, 1, 0), as_of=AS_OF, method=method)
    inside = GRID[(GRID > 0.03) & (GRID < 0.97)]
    assert recalibrate(model, inside, made_at=AS_OF) == pytest.approx(inside, abs=0.03)


@pytest.mark.parametrize("column", ["resolve_by", "decided_at"])
@pytest.mark.parametrize("method", METHODS)
def test_claims_settled_later_are_refused(method: str, column: str) -> None:
    rows = settled([0.2, 0.7], [0, 1], claim_id=["c1", "c2"])
    rows.loc[1, column] = AS_OF + pd.Timedelta(microseconds=1)
    with pytest.raises(ForwardError, match=f"1 of 2 .* 'c2', has {column} after 2026-02-01"):
        fit(rows, as_of=AS_OF, method=method)
    rows.loc[1, column] = pd.NaT
    with pytest.raises(ForwardError, match=f"'c2', has no {column}"):
        fit(rows, as_of=AS_OF, method=method)


def test_a_model_is_not_applied_to_older_claims() -> None:
    model = fit(settled([0.2], [0]), as_of=AS_OF)
    with pytest.raises(ForwardError, match=r"fitted as of 2026-02-01 .* made at 2026-01-31"):
        recalibrate(model, [0.5], made_at=AS_OF - pd.Timedelta(days=1))


def test_bad_input_is_named() -> None:
    with pytest.raises(ForwardError, match=r"position 1 .* is 1.0"):
        fit(settled([0.2, 1.0], [0, 1]), as_of=AS_OF)
    with pytest.raises(ForwardError, match=r"position 0 .* has an outcome other than 0 and 1"):
        fit(settled([0.2], [0.5]), as_of=AS_OF)
    with pytest.raises(ForwardError, match="lack the columns decided_at"):
        fit(settled([0.2], [1]).drop(columns="decided_at"), as_of=AS_OF)
    with pytest.raises(ValueError, match="no method 'beta'"):
        fit(settled([0.2], [1]), as_of=AS_OF, method="beta")


def test_models_say_what_they_are() -> None:
    rows = settled([0.2, 0.7], [0, 1])
    assert describe(fit(rows, as_of=AS_OF)).endswith(
        "fitted on 2 claims settled by 2026-02-01 00:00"
    )
    assert "isotonic" in describe(fit(rows, as_of=AS_OF, method="isotonic"))
