from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.forecasting import chain, event_rate_claims
from tests.forecasting.toy_analyst import NO_SETTLED, Analyst, analyse, topic
from tests.llm.server import MessagesServer


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    with MessagesServer(Analyst()) as server:
        return analyse(server, [topic()]).claims


def settled(**outcomes: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        [(f"event:{kind}", one) for kind, ones in outcomes.items() for one in ones],
        columns=["template", "outcome"],
    )


def test_without_a_record_one_in_five_comes_true(claims: pd.DataFrame) -> None:
    found = event_rate_claims(claims, NO_SETTLED)
    assert found["probability"].tolist() == [0.2, 0.2]
    assert set(found["band"]) == {"Low"}


def test_each_class_has_its_own_frequency_shrunk_to_that_of_all(claims: pd.DataFrame) -> None:
    found = event_rate_claims(claims, settled(official_decision=[1, 1, 1, 0], court=[0, 0]))
    by_kind = found.set_index("template")["probability"]
    # Three of six events, shrunk by four imaginary claims at each level, from 0.2.
    overall = (3 + 4 * 0.2) / (6 + 4)
    family = (3 + 4 * overall) / (6 + 4)
    assert by_kind["event:official_decision"] == pytest.approx((3 + 4 * family) / 8, abs=1e-6)
    assert by_kind["event:legislation"] == pytest.approx(family, abs=1e-6)
    assert found["rationale"].iloc[0] == (
        "Of 4 earlier claims of the class official_decision, 3 came true."
    )


def test_they_are_claims_of_their_own_on_the_same_questions(claims: pd.DataFrame) -> None:
    found = event_rate_claims(claims, NO_SETTLED)
    assert found["question_id"].tolist() == claims["question_id"].tolist()
    assert not set(found["claim_id"]) & set(claims["claim_id"])
    assert set(found["forecaster"]) == {"base-rate"}
    assert found["cost_usd"].eq(0).all()
    both = pd.concat([found, claims])
    meet(CONTRACTS["forecasts.claims"], chain(both, (0, "0" * 64)))
