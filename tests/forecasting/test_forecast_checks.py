from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.forecasting import make_edition
from newsworld_dagster.forecasting.health import (
    evaluate_claims,
    evaluate_point_in_time,
    evaluate_refusals,
)
from tests.forecasting.toy_desk import AS_OF, desk

CLAIMS = make_edition(desk()).claims
SEEN = desk().window.set_index("article_id")["first_seen_at"]


def test_sound_claims_pass() -> None:
    assert evaluate_claims(CLAIMS).passed
    assert evaluate_point_in_time(CLAIMS, SEEN).passed


@pytest.mark.parametrize(
    ("column", "value", "figure"),
    [
        ("probability", 1.0, "probabilities out of range"),
        ("probability", 0.0, "probabilities out of range"),
        ("claim_id", CLAIMS["claim_id"].iloc[1], "repeated ids"),
        ("resolve_by", AS_OF, "deadlines not after the making"),
    ],
)
def test_each_fault_of_claims_is_counted(column: str, value: object, figure: str) -> None:
    wrong = CLAIMS.copy()
    wrong.loc[0, column] = value
    found = evaluate_claims(wrong)
    assert not found.passed
    assert found.figures[figure] == 1
    assert sum(found.figures.values()) == 1


def test_sources_seen_later_or_never_are_counted() -> None:
    cited = CLAIMS["sources"].iloc[0].split('"article_id": "')[1].split('"')[0]
    late = SEEN.copy()
    late[cited] = AS_OF + pd.Timedelta(microseconds=1)
    found = evaluate_point_in_time(CLAIMS, late)
    assert not found.passed
    # One report of each of the two forecasters cites it.
    assert found.figures["sources seen later"] == 2
    assert (
        evaluate_point_in_time(CLAIMS, SEEN.drop(cited)).figures["sources not in the archive"] == 2
    )


@pytest.mark.parametrize(
    ("refused", "claims", "passed"), [(0, 0, True), (1, 3, True), (2, 3, False)]
)
def test_too_many_refusals_are_reported(refused: int, claims: int, passed: bool) -> None:
    assert evaluate_refusals(refused, claims).passed is passed
