from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from newsworld_dagster.forecasting import consistency as room
from newsworld_dagster.forecasting import make_edition
from newsworld_dagster.forecasting.consistency import (
    RelationError,
    arbitrage,
    hold,
    relations_of,
    summary,
)
from newsworld_dagster.forecasting.health import evaluate_consistency
from tests.forecasting.toy_desk import desk

AS_OF = pd.Timestamp("2026-02-15")
INSIDE = st.floats(0.01, 0.99)


def claim(name: str, p: float = 0.5, days: int = 7, **changes: object) -> dict[str, object]:
    spec = {"rule": "publishers", "anchor_id": "a1", "at_least": 3}
    spec |= {key: changes.pop(key) for key in list(changes) if key in
             ("rule", "anchor_id", "at_least", "family", "trigger_terms")}  # fmt: skip
    return {
        "claim_id": name,
        "forecaster": "coverage",
        "as_of": AS_OF,
        "made_at": AS_OF,
        "resolve_by": AS_OF + pd.Timedelta(days=days),
        "probability": p,
        "spec": json.dumps(spec),
    } | changes


def related(*rows: dict[str, object]) -> list[tuple[str, str, str]]:
    found = relations_of(pd.DataFrame(rows))
    return sorted(found.itertuples(index=False, name=None))


def test_sizes_worked_out_by_hand() -> None:
    # Half for a claim and 0.6 for its negation: sqrt(0.5 * 0.4) + sqrt(0.5 * 0.6) = 0.994936,
    # of which twice the negative logarithm is 0.010154, the tolerance of the paper.
    assert arbitrage("negation", [0.5], [0.6])[0] == pytest.approx(0.010154, abs=1e-6)
    assert arbitrage("negation", [0.6], [0.6])[0] == pytest.approx(-2 * math.log(2 * 0.24**0.5))
    # sqrt(0.8 * 0.2) * 2 = 0.8: -2 log 0.8.
    assert arbitrage("paraphrase", [0.8], [0.2])[0] == pytest.approx(-2 * math.log(0.8))
    for kind in ("deadline", "threshold", "implication"):
        assert arbitrage(kind, [0.8], [0.2])[0] == pytest.approx(-2 * math.log(0.8))
        assert arbitrage(kind, [0.2], [0.8])[0] == 0
    assert arbitrage("negation", [0.3], [0.7])[0] == 0
    assert arbitrage("paraphrase", [0.3], [0.3])[0] == 0


WORLDS = {
    "negation": [(1, 0), (0, 1)],
    "paraphrase": [(1, 1), (0, 0)],
    "deadline": [(1, 1), (0, 1), (0, 0)],
}


@pytest.mark.parametrize("kind", list(WORLDS))
@settings(max_examples=15, deadline=None)
@given(p=INSIDE, q=INSIDE)
def test_sizes_are_the_most_that_can_be_won_in_every_world(kind: str, p: float, q: float) -> None:
    """By search over a grid of the arbitrageur's probabilities, refined along consistent ones."""

    def sure(a: float, b: float) -> float:
        return min(
            math.log(a / p if x else (1 - a) / (1 - p))
            + math.log(b / q if y else (1 - b) / (1 - q))
            for x, y in WORLDS[kind]
        )

    size = float(arbitrage(kind, [p], [q])[0])
    grid = np.linspace(0.02, 0.98, 33)
    assert max(sure(a, b) for a, b in itertools.product(grid, grid)) <= size + 1e-9
    # Doing nothing (naming the forecaster's own) wins 0, and the consistent bets win the size.
    mirrored = kind == "negation"
    line = minimize_scalar(
        lambda a: -sure(a, 1 - a if mirrored else a), bounds=(1e-4, 1 - 1e-4), method="bounded"
    )
    assert max(0.0, -line.fun) == pytest.approx(size, abs=1e-4)


def test_later_deadlines_and_lower_thresholds_are_found_from_the_specs() -> None:
    assert related(claim("short", days=3), claim("long", days=14)) == [
        ("deadline", "short", "long")
    ]
    assert related(claim("many", at_least=8), claim("few", at_least=3)) == [
        ("threshold", "many", "few")
    ]
    # More publishers in less time implies fewer in more time, but not the other way round.
    assert related(claim("hard", days=3, at_least=8), claim("easy", days=14)) == [
        ("implication", "hard", "easy")
    ]
    assert related(claim("a", days=3, at_least=3), claim("b", days=14, at_least=8)) == []
    assert related(claim("a"), claim("b")) == [("paraphrase", "a", "b")]


def test_what_counts_less_implies_what_counts_more() -> None:
    terms = {"rule": "trigger", "family": "litigation", "trigger_terms": ["lawsuit", "sues"]}
    narrow = terms | {"trigger_terms": ["lawsuit"]}
    articles, other = claim("articles", rule="articles"), claim("publishers")
    trigger = claim("trigger", **terms)
    assert related(articles, other, trigger) == [
        ("implication", "publishers", "articles"),
        ("implication", "trigger", "articles"),
        ("implication", "trigger", "publishers"),
    ]
    assert related(claim("narrow", **narrow), claim("wide", **terms)) == [
        ("implication", "narrow", "wide")
    ]
    # Three publishers do not follow from three articles, which may be of one.
    assert related(claim("articles", rule="articles", at_least=3), claim("p", at_least=2)) == []


def test_claims_of_other_anchors_moments_and_forecasters_are_not_related() -> None:
    short = claim("short", days=3)
    assert related(short, claim("long", days=14, anchor_id="a2")) == []
    assert related(short, claim("long", days=14, forecaster="base-rate")) == []
    later = AS_OF + pd.Timedelta(days=1)
    assert related(short, claim("long", days=14, as_of=later, made_at=later)) == []
    assert related(short, claim("long", days=14, spec=None)) == []


def test_violations_are_rows_with_their_size() -> None:
    claims = pd.DataFrame([claim("short", 0.8, 3), claim("long", 0.2, 14), claim("mid", 0.5, 7)])
    held = hold(claims, relations_of(claims))
    assert list(held.columns) == list(room.VIOLATIONS)
    worst = held.iloc[0]
    assert (worst["kind"], worst["claim_id"], worst["other_id"]) == ("deadline", "short", "long")
    assert worst["excess"] == pytest.approx(0.6)
    assert worst["arbitrage"] == pytest.approx(-2 * math.log(0.8))
    assert len(held) == 3
    figures = summary(held).iloc[0]
    assert (figures["pairs"], figures["violations"], figures["share"]) == (3, 3, 1.0)
    assert figures["worst"] == worst["arbitrage"]


def test_declared_relations_are_held_and_changes_of_mind_are_not() -> None:
    later = AS_OF + pd.Timedelta(days=1)
    claims = pd.DataFrame(
        [claim("wins", 0.6), claim("loses", 0.6), claim("gone", 0.1, as_of=later), claim("x", 0.61)]
    )
    relations = pd.DataFrame(
        [
            ("negation", "wins", "loses"),
            ("paraphrase", "wins", "x"),
            ("paraphrase", "wins", "gone"),
            ("implication", "wins", "closed"),
        ],
        columns=["kind", "claim_id", "other_id"],
    )
    held = hold(claims, relations)
    assert list(held["kind"]) == ["negation", "paraphrase"]
    assert list(held["excess"]) == pytest.approx([0.2, 0.01])
    assert evaluate_consistency(held).passed  # two pairs are too few to speak of a share
    found = evaluate_consistency(held, fewest=2)
    assert not found.passed
    assert "1 of 2 pairs" in found.reason
    assert "0.60 for claim wins beside 0.60 for claim loses (coverage)" in found.reason
    assert (found.figures["negation"], found.figures["by coverage"]) == (1, 1)
    assert evaluate_consistency(held, most=0.5, fewest=2).passed
    assert evaluate_consistency(held.iloc[1:]).reason == "related claims agree"


def test_without_claims_or_relations_nothing_is_wrong() -> None:
    alone = pd.DataFrame([claim("a")])
    for claims in (alone, alone.iloc[:0], alone.assign(spec=None)):
        held = hold(claims, relations_of(claims))
        assert held.empty
        assert evaluate_consistency(held).figures == {"pairs": 0, "violations": 0}
        assert summary(held).empty


def test_bad_relations_are_named() -> None:
    claims = pd.DataFrame([claim("a"), claim("b")])
    columns = ["kind", "claim_id", "other_id"]
    with pytest.raises(RelationError, match=r"1 of 1 relations .* 'opposite'"):
        hold(claims, pd.DataFrame([("opposite", "a", "b")], columns=columns))
    with pytest.raises(RelationError, match="'a' is related to itself"):
        hold(claims, pd.DataFrame([("negation", "a", "a")], columns=columns))
    with pytest.raises(RelationError, match="lack the columns other_id"):
        hold(claims, pd.DataFrame([("negation", "a")], columns=columns[:2]))


def test_the_desk_s_own_claims_are_read() -> None:
    claims = make_edition(desk()).claims
    later = claims["made_at"] + pd.Timedelta(days=2) + pd.to_timedelta(claims["window_days"], "D")
    longer = claims.assign(claim_id="long-" + claims["claim_id"], resolve_by=later)
    both = pd.concat([claims, longer])
    held = hold(both, relations_of(both))
    own = held[held["other_id"] == "long-" + held["claim_id"]]
    assert len(own) == len(claims)
    assert set(own["kind"]) == {"deadline"}
    assert evaluate_consistency(own).passed  # the same probability for the longer window
    # Some chance was added to the short window alone.
    raised = both.assign(
        probability=both["probability"].where(both["claim_id"].str.startswith("long-"), 0.99)
    )
    assert not evaluate_consistency(hold(raised, relations_of(raised)), fewest=1).passed
