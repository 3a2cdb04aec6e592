from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.forecasting.base_rate import BaseRate
from newsworld_dagster.forecasting.coverage import FLOOR, LEAST_SETTLED, CoverageModel
from newsworld_dagster.forecasting.questions import Question, continuation, growth
from newsworld_dagster.forecasting.signals import features_of, signals_of
from tests.forecasting.toy_desk import AS_OF, brief, signals

BUSY, QUIET = brief(signals=signals(40, 15)), brief(signals=signals(3, 2))


def settled(number: int, *, busy_wins: bool = True) -> pd.DataFrame:
    """Continuations of busy and quiet topics in turn, decided by how busy they were."""
    questions = [continuation((BUSY, QUIET)[n % 2], 7) for n in range(number)]
    return pd.DataFrame(
        {
            "template": [question.template for question in questions],
            "window_days": [question.window_days for question in questions],
            "features": [json.dumps(question.features) for question in questions],
            "outcome": [int((n % 2 == 0) == busy_wins) for n in range(number)],
        }
    )


def fit(claims: pd.DataFrame) -> CoverageModel:
    return CoverageModel(claims, BaseRate(claims))


def test_an_obvious_signal_is_learnt() -> None:
    asked = [continuation(BUSY, 7), continuation(QUIET, 7)]
    model = fit(settled(200))
    assert model.fitted_on == 200
    high, low = model.probabilities(asked)
    assert high > 0.9
    assert low < 0.1
    low, high = fit(settled(200, busy_wins=False)).probabilities(asked)
    assert low < 0.1
    assert high > 0.9


def test_too_few_claims_give_the_base_rate() -> None:
    claims = settled(LEAST_SETTLED - 1)
    model = fit(claims)
    assert model.fitted_on == 0
    asked = [continuation(BUSY, 7), continuation(QUIET, 7), growth(BUSY, 3, 0.5)]
    expected = [BaseRate(claims).probability(question) for question in asked]
    assert model.probabilities(asked).tolist() == pytest.approx(expected)
    assert fit(settled(LEAST_SETTLED)).fitted_on == LEAST_SETTLED


@pytest.mark.parametrize(("outcome", "expected"), [(1, 1 - FLOOR), (0, FLOOR)])
def test_certainty_is_cut_off(outcome: int, expected: float) -> None:
    # One outcome only: nothing to fit on, and a base rate beyond the floor.
    model = fit(settled(1000).assign(outcome=outcome))
    assert model.fitted_on == 0
    assert model.probabilities([continuation(BUSY, 7)]).tolist() == [expected]


def test_a_fitted_model_keeps_to_the_floor_too() -> None:
    extreme = brief(signals=signals(100_000, 50_000))
    found = fit(settled(400)).probabilities([continuation(extreme, 30), continuation(QUIET, 3)])
    assert (found >= FLOOR).all()
    assert (found <= 1 - FLOOR).all()
    assert found[0] == 1 - FLOOR


def test_the_same_claims_give_the_same_model() -> None:
    asked: list[Question] = [continuation(BUSY, 14), growth(QUIET, 30, 1.0)]
    one, other = (fit(settled(300)).probabilities(asked) for _ in range(2))
    assert np.array_equal(one, other)


def test_what_was_read_for_another_day_changes_no_model() -> None:
    asked: list[Question] = [continuation(BUSY, 14), growth(QUIET, 30, 1.0)]
    claims = settled(300)
    alone = fit(claims).probabilities(asked)
    # Another day's claims have a feature more, and values that these do not have.
    richer = claims["features"].map(lambda text: json.dumps(json.loads(text) | {"a_new_one": 3.5}))
    assert fit(claims.assign(features=richer)).fitted_on == 300
    assert fit(claims.assign(features="{}")).fitted_on == 300
    assert np.array_equal(fit(claims).probabilities(asked), alone)
    assert np.array_equal(fit(settled(300)[::-1]).probabilities(asked).round(9), alone.round(9))


def test_a_feature_that_a_claim_lacks_is_zero_whatever_its_order() -> None:
    asked: list[Question] = [continuation(BUSY, 14), continuation(QUIET, 3)]

    def with_extra(values: list[float | None], *, first: bool) -> np.ndarray:
        claims = settled(300).assign(outcome=[int(n % 3 == 0) for n in range(300)])
        texts = []
        for text, value in zip(claims["features"], values * 100, strict=True):
            extra = {} if value is None else {"a_new_one": value}
            found = json.loads(text)
            texts.append(json.dumps(extra | found if first else found | extra))
        return fit(claims.assign(features=texts)).probabilities(asked)

    whole = with_extra([2.0, 0.0, 1.0], first=True)
    lacking = with_extra([2.0, None, 1.0], first=False)
    assert np.array_equal(whole, lacking)
    assert not np.array_equal(whole, with_extra([0.0, 2.0, 1.0], first=True))


def test_no_questions_no_answers() -> None:
    assert fit(settled(200)).probabilities([]).shape == (0,)


def matched(*hours_and_publishers: tuple[float, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "first_seen_at": [AS_OF - pd.Timedelta(hours=h) for h, _ in hours_and_publishers],
            "publisher": [publisher for _, publisher in hours_and_publishers],
        }
    )


def test_signals_count_the_days_before_the_moment() -> None:
    found = signals_of(matched((12, "a"), (30, "a"), (71, "b"), (72, "b"), (24 * 20, "c")), AS_OF)
    assert found.articles == {1: 1, 3: 3, 7: 4, 14: 4, 28: 5}
    assert found.publishers == {1: 1, 3: 2, 7: 2, 14: 2, 28: 3}
    assert found.quiet_days == 0.5
    assert found.age_days == 20
    # Of the last fourteen days: the first, second, third and fourth.
    assert found.active_days == 4
    assert found.newness == 3 / 5


def test_signals_refuse_the_future() -> None:
    assert signals_of(matched((0, "a")), AS_OF).articles[1] == 1
    with pytest.raises(ValueError, match="first seen after 2026-02-15"):
        signals_of(matched((1, "a"), (-1e-6, "a")), AS_OF)


def test_an_unseen_topic_has_signals_of_zero() -> None:
    found = signals_of(matched(), AS_OF)
    assert set(found.articles.values()) == {0}
    assert (found.quiet_days, found.age_days, found.newness) == (28.0, 0.0, 0.0)


def test_reach_compares_the_past_stretched_to_the_window_with_the_threshold() -> None:
    given = {"template": "growth", "window_days": 14, "threshold": 20}
    by_articles = features_of(signals(12, 6), counts="articles", **given)
    assert by_articles["reach_7"] == pytest.approx(math.log((12 * 2 + 0.5) / 20.5))
    by_publishers = features_of(signals(12, 6), counts="publishers", **given)
    assert by_publishers["reach_7"] == pytest.approx(math.log((6 * 2**0.7 + 0.5) / 20.5))
    assert "trigger_seen" not in by_articles
