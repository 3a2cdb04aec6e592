"""What predicted events in words owe each other."""

from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.forecasting.consistency import hold
from newsworld_dagster.forecasting.event_relations import event_relations

AS_OF = pd.Timestamp("2026-02-15")
VOTE = "The council of Lindholm approves the bridge toll by {}."
MARCH, MAY = "2026-03-01", "2026-05-01"


def claims(*told: tuple[str, str, float], **changes: object) -> pd.DataFrame:
    """Claims of one forecaster on one topic: statement, deadline, probability."""
    return pd.DataFrame(
        [
            {
                "claim_id": f"c{number}",
                "forecaster": "analyst",
                "as_of": AS_OF,
                "topic_id": "t1",
                "statement": statement.format(by),
                "resolve_by": pd.Timestamp(by) + pd.Timedelta(days=1),
                "spec": None,
                "probability": probability,
            }
            | changes
            for number, (statement, by, probability) in enumerate(told, start=1)
        ]
    )


def related(*told: tuple[str, str, float], **changes: object) -> list[tuple[str, str, str]]:
    return list(event_relations(claims(*told, **changes)).itertuples(index=False, name=None))


def test_the_same_event_by_an_earlier_date_implies_it_by_the_later() -> None:
    # Whatever the order in which they are written.
    assert related((VOTE, MAY, 0.3), (VOTE, MARCH, 0.6)) == [("deadline", "c2", "c1")]
    held = hold(claims((VOTE, MAY, 0.3), (VOTE, MARCH, 0.6)), event_relations(
        claims((VOTE, MAY, 0.3), (VOTE, MARCH, 0.6))
    ))  # fmt: skip
    assert held["excess"].tolist() == [pytest.approx(0.3)]
    assert held["arbitrage"].iloc[0] > 0.01


def test_another_event_is_not_related() -> None:
    other = "The council of Lindholm opens the ferry by {}."
    assert related((VOTE, MARCH, 0.6), (other, MAY, 0.3)) == []


def test_the_same_in_other_words_due_together_is_a_paraphrase() -> None:
    again = "Lindholm's council approves the toll for the bridge by {}."
    assert related((VOTE, MARCH, 0.6), (again, MARCH, 0.4)) == [("paraphrase", "c1", "c2")]


def test_an_event_and_its_denial_exclude_each_other_only_when_due_together() -> None:
    denied = "The council of Lindholm does not approve the bridge toll by {}."
    assert related((VOTE, MARCH, 0.6), (denied, MARCH, 0.6)) == [("negation", "c1", "c2")]
    assert related((VOTE, MARCH, 0.6), (denied, MAY, 0.6)) == []


def test_what_should_hold_on_a_date_owes_nothing_to_another_date() -> None:
    state = "The mayor of Lindholm remains in office on {}."
    assert related((state, MARCH, 0.6), (state, MAY, 0.9)) == []


def test_rules_other_moments_and_other_topics_are_left_aside() -> None:
    assert related((VOTE, MARCH, 0.6), (VOTE, MAY, 0.3), spec="{}") == []
    apart = claims((VOTE, MARCH, 0.6), (VOTE, MAY, 0.3))
    assert event_relations(apart.assign(topic_id=["t1", "t2"])).empty
    assert event_relations(apart.assign(as_of=[AS_OF, AS_OF + pd.Timedelta(days=1)])).empty
