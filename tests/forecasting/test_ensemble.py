from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from newsworld_dagster.forecasting.ensemble import (
    Ensemble,
    combine,
    describe,
    equal,
    fit_ensemble,
)
from newsworld_dagster.forecasting.recalibration import ForwardError

AS_OF = pd.Timestamp("2026-02-01")
MEMBERS = ["ada", "bob", "eve"]
PROBABILITY = st.floats(0.001, 0.999)


def said(table: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Rows from {question: {forecaster: probability}}."""
    return pd.DataFrame(
        [(q, f, p) for q, row in table.items() for f, p in row.items()],
        columns=["question_id", "forecaster", "probability"],
    )


def record(n: int, noise: dict[str, float], sure: float = 1.0, seed: int = 3) -> pd.DataFrame:
    """Forecasters that see the true log-odds, scaled by `sure`, through noise of their own."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1.5, n)
    outcome = (rng.random(n) < expit(truth)).astype(float)
    return pd.concat(
        pd.DataFrame(
            {
                "question_id": [f"q{k}" for k in range(n)],
                "forecaster": name,
                "probability": expit(sure * truth + rng.normal(0, size, n)),
                "outcome": outcome,
                "resolve_by": AS_OF,
                "decided_at": AS_OF,
            }
        )
        for name, size in noise.items()
    )


def test_the_mean_of_log_odds_and_its_extreme_worked_out_by_hand() -> None:
    # Odds 1/4 and 4 meet at 1; odds 9, 9 and 1/9 have the mean 9 ** (1 / 3) = 2.0801.
    rows = said({"q1": {"ada": 0.2, "bob": 0.8}, "q2": {"ada": 0.9, "bob": 0.9, "eve": 0.1}})
    found = combine(equal(MEMBERS), rows, made_at=AS_OF)
    assert found["q1"] == pytest.approx(0.5)
    assert found["q2"] == pytest.approx(2.0801 / 3.0801, abs=1e-4)
    # Twice the log-odds squares the odds.
    twice = combine(Ensemble(equal(MEMBERS).weights, 2.0), rows, made_at=AS_OF)
    assert twice["q2"] == pytest.approx(2.0801**2 / (1 + 2.0801**2), abs=1e-4)


def test_missing_members_leave_their_weight_to_the_others() -> None:
    ensemble = Ensemble({"ada": 0.5, "bob": 0.25, "eve": 0.25})
    rows = said({"q1": {"bob": 0.9, "eve": 0.5}, "q2": {"eve": 0.3}, "q3": {"zoe": 0.3}})
    found = combine(ensemble, rows, made_at=AS_OF)
    assert found["q1"] == pytest.approx(0.75)  # odds 9 and 1 in equal parts: 3
    assert found["q2"] == pytest.approx(0.3)
    assert list(found.index) == ["q1", "q2"]
    assert list(combine(ensemble, rows, made_at=AS_OF, least=2).index) == ["q1"]


@settings(max_examples=50, deadline=None)
@given(ps=st.lists(PROBABILITY, min_size=3, max_size=3), weights=st.lists(
    st.floats(0.01, 1), min_size=3, max_size=3))  # fmt: skip
def test_a_weighted_mean_lies_between_its_members(ps: list[float], weights: list[float]) -> None:
    total = sum(weights)
    ensemble = Ensemble({m: w / total for m, w in zip(MEMBERS, weights, strict=True)})
    rows = said({"q": dict(zip(MEMBERS, ps, strict=True))})
    found = combine(ensemble, rows, made_at=AS_OF)["q"]
    assert min(ps) - 1e-12 <= found <= max(ps) + 1e-12
    assert combine(ensemble, rows[::-1], made_at=AS_OF)["q"] == pytest.approx(found)
    complement = rows.assign(probability=1 - rows["probability"])
    assert combine(ensemble, complement, made_at=AS_OF)["q"] == pytest.approx(1 - found)


def test_nothing_settled_gives_equal_weights() -> None:
    nothing = record(5, dict.fromkeys(MEMBERS, 1.0)).iloc[:0]
    found = fit_ensemble(nothing, MEMBERS, as_of=AS_OF)
    assert found == Ensemble(equal(MEMBERS).weights, 1.0, AS_OF, 0)


def test_weights_move_to_the_better_member_as_the_record_grows() -> None:
    weights = []
    for n in (10, 100, 30_000):
        rows = record(n, {"ada": 0.5, "bob": 2.0, "eve": 2.0})
        weights.append(fit_ensemble(rows, MEMBERS, as_of=AS_OF).weights["ada"])
    assert 1 / 3 < weights[0] < weights[1] < weights[2]
    # With noise of these variances the best weights are as 1 / variance: 4 to 1/4 and 1/4.
    assert weights[2] == pytest.approx(8 / 9, abs=0.05)


def test_the_gradient_leads_to_the_least_loss() -> None:
    rows = record(400, {"ada": 0.7, "bob": 1.0, "eve": 1.5})
    rows = rows.sample(frac=0.8, random_state=1)  # some members are missing
    best = fit_ensemble(rows, MEMBERS, as_of=AS_OF, shrink=0)

    def loss(ensemble: Ensemble) -> float:
        p = combine(ensemble, rows, made_at=AS_OF)
        y = rows.groupby("question_id")["outcome"].first().reindex(p.index)
        return float(-np.log(np.where(y == 1, p, 1 - p)).sum())

    rng = np.random.default_rng(0)
    for _ in range(40):
        step = rng.normal(0, 0.05, 4)
        moved = np.array(list(best.weights.values())) * np.exp(step[:3])
        near = dict(zip(MEMBERS, moved / moved.sum(), strict=True))
        assert loss(Ensemble(near, best.factor + step[3])) >= loss(best) - 1e-6


def test_timid_members_are_made_more_extreme_and_few_claims_hardly_are() -> None:
    noise = dict.fromkeys(MEMBERS, 0.1)
    many = fit_ensemble(record(4_000, noise, sure=0.5), MEMBERS, as_of=AS_OF)
    few = fit_ensemble(record(8, noise, sure=0.5), MEMBERS, as_of=AS_OF)
    assert many.factor == pytest.approx(2.0, abs=0.15)
    assert abs(few.factor - 1) < abs(many.factor - 1) / 2
    assert fit_ensemble(record(100, noise), MEMBERS, as_of=AS_OF, extremise=False).factor == 1


def test_what_settled_later_is_refused_and_older_claims_too() -> None:
    rows = record(3, dict.fromkeys(MEMBERS, 1.0))
    late = rows.assign(decided_at=AS_OF + pd.Timedelta(seconds=1))
    with pytest.raises(ForwardError, match="decided_at after"):
        fit_ensemble(late, MEMBERS, as_of=AS_OF)
    fitted = fit_ensemble(rows, MEMBERS, as_of=AS_OF)
    with pytest.raises(ForwardError, match="fit one on what was settled by then"):
        combine(fitted, rows, made_at=AS_OF - pd.Timedelta(seconds=1))
    assert "fitted on 3 questions" in describe(fitted)


def test_two_answers_of_one_member_are_refused() -> None:
    rows = pd.concat([said({"q1": {"ada": 0.2}})] * 2)
    with pytest.raises(ForwardError, match="'ada' answers question 'q1' more than once"):
        combine(equal(["ada"]), rows, made_at=AS_OF)
    with pytest.raises(ValueError, match="distinct members"):
        equal(["ada", "ada"])


def test_a_mean_of_log_odds_is_not_a_mean_of_probabilities() -> None:
    rows = said({"q1": {"ada": 0.01, "bob": 0.5}})
    found = combine(equal(["ada", "bob"]), rows, made_at=AS_OF)["q1"]
    assert logit(found) == pytest.approx(logit(0.01) / 2)
