from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.contracts.vocabulary import WINDOWS_DAYS
from newsworld_dagster.forecasting.questions import Question, growth, publishers
from newsworld_dagster.forecasting.selection import SelectionParameters, candidates, select
from tests.forecasting.toy_desk import AS_OF, NO_OPEN, brief, seen, signals

NEVER_BLIND = SelectionParameters(blind_share=0)
ALWAYS_BLIND = SelectionParameters(blind_share=1)
QUESTIONS = candidates(brief())


def chosen(
    probabilities: np.ndarray,
    parameters: SelectionParameters = NEVER_BLIND,
    *,
    fitted: bool = True,
    open_claims: pd.DataFrame = NO_OPEN,
) -> list[int]:
    return select(QUESTIONS, probabilities, open_claims, fitted=fitted, parameters=parameters)


def flat(probability: float) -> np.ndarray:
    return np.full(len(QUESTIONS), probability)


def test_every_window_asks_every_kind() -> None:
    kinds = {(question.family, question.window_days) for question in QUESTIONS}
    for window in WINDOWS_DAYS:
        assert {("continuation", window), ("publishers", window), ("growth", window)} <= kinds
        assert (("trigger", window) in kinds) is (window > 3)
    keys = [(q.template, q.window_days, q.threshold) for q in QUESTIONS]
    assert len(set(keys)) == len(keys)
    assert len({q.question_id for q in QUESTIONS}) == len(QUESTIONS)


def test_what_two_publishers_have_reported_is_not_asked() -> None:
    asked = candidates(brief(triggers=(seen("ban", 0), seen("delay", 1), seen("recall", 2))))
    families = {question.template for question in asked if question.family == "trigger"}
    assert families == {"trigger:ban", "trigger:delay"}


@pytest.mark.parametrize(
    ("stretch", "threshold"),
    [
        (0.34, 3),  # 2.04, but three is the least
        (1.0, 6),
        (1.5, 10),  # nine: 8 is at a ratio of 1.125, 10 at 1.11
        (2.0, 12),
        (3.0, 20),  # eighteen: 15 is at a ratio of 1.2, 20 at 1.11
    ],
)
def test_publisher_thresholds_are_steps_of_a_ladder(stretch: float, threshold: int) -> None:
    assert publishers(brief(signals=signals(12, 6)), 7, stretch).threshold == threshold


@pytest.mark.parametrize(("share", "threshold"), [(0.2, 3), (0.35, 5), (0.5, 6), (1.5, 18)])
def test_growth_thresholds_are_shares_of_the_last_four_weeks(share: float, threshold: int) -> None:
    assert growth(brief(signals=signals(12, 6)), 7, share).threshold == threshold


def test_the_nearly_certain_is_not_claimed() -> None:
    assert chosen(flat(0.97)) == []
    assert chosen(flat(0.03)) == []


def test_slots_are_filled_by_what_they_want() -> None:
    families = [QUESTIONS[place].family for place in chosen(flat(0.8))]
    assert families.count("trigger") == 1
    assert len(families) == 3  # two likely ones and a trigger
    families = [QUESTIONS[place].family for place in chosen(flat(0.2))]
    assert families.count("trigger") == 1
    assert len(families) == 2  # one unlikely one and a trigger
    assert [QUESTIONS[place].family for place in chosen(flat(0.5))] == ["trigger"]


def test_a_blind_draw_may_take_what_no_slot_wants() -> None:
    families = [QUESTIONS[place].family for place in chosen(flat(0.5), ALWAYS_BLIND)]
    assert len(families) == 2
    assert families[0] != "trigger"


def test_the_likeliest_trigger_is_taken() -> None:
    triggers = [place for place, q in enumerate(QUESTIONS) if q.family == "trigger"]
    probabilities = flat(0.5)
    probabilities[triggers[7]] = 0.6
    probabilities[triggers[9]] = 0.99  # nearly certain, so not worth asking
    assert chosen(probabilities) == [triggers[7]]


def test_until_a_model_is_fitted_claims_are_drawn_blindly() -> None:
    places = chosen(flat(0.999), fitted=False)
    assert [QUESTIONS[place].family == "trigger" for place in places] == [False, False, True]


def open_claim(template: str, window: int, made_at: pd.Timestamp) -> pd.DataFrame:
    return pd.DataFrame({"template": [template], "window_days": [window], "made_at": [made_at]})


@pytest.mark.parametrize(
    ("days_ago", "free"),
    [(0.5, False), (3.4, False), (3.5, True), (6, True)],
)
def test_an_open_claim_bars_its_kind_for_half_its_window(days_ago: float, free: bool) -> None:
    only = [q for q in QUESTIONS if (q.template, q.window_days) == ("trigger:ban", 7)]
    made_at = AS_OF - pd.Timedelta(days=days_ago)
    found = select(
        only,
        np.array([0.5]),
        open_claim("trigger:ban", 7, made_at),
        fitted=True,
        parameters=NEVER_BLIND,
    )
    assert bool(found) is free


def test_one_count_in_two_wordings_is_asked_once() -> None:
    # Over 14 days both ask for three publishers; nothing else is likely enough.
    same = {("continuation", 14, 3), ("publishers", 14, 3)}
    keys = [(q.template, q.window_days, q.threshold) for q in QUESTIONS]
    places = [place for place, key in enumerate(keys) if key in same]
    assert len(places) == 2
    probabilities = flat(0.99)
    probabilities[places] = 0.8
    assert len(chosen(probabilities)) == 1


@settings(max_examples=60, deadline=None)
@given(
    probabilities=st.lists(st.floats(0.02, 0.98), min_size=len(QUESTIONS), max_size=len(QUESTIONS)),
    fitted=st.booleans(),
    cap=st.integers(1, 4),
)
def test_choices_never_clash_and_keep_the_cap(
    probabilities: list[float], fitted: bool, cap: int
) -> None:
    parameters = SelectionParameters(blind_share=1, most_per_topic=cap)
    places = chosen(np.array(probabilities), parameters, fitted=fitted)
    asked: list[Question] = [QUESTIONS[place] for place in places]
    assert len(asked) <= cap
    assert sum(question.family == "trigger" for question in asked) <= 1
    assert len({(q.template, q.window_days) for q in asked}) == len(asked)
    # Continuation and publishers may come to the same count: one question, not two.
    assert len({(q.spec, q.window_days) for q in asked}) == len(asked)
    assert places == chosen(np.array(probabilities), parameters, fitted=fitted)
