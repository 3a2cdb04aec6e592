from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from newsworld_dagster.contracts.rules import RuleSpec, matches, tally


def anchor(vector: list[float], terms: list[str], floor: float) -> dict[str, object]:
    return {
        "anchor_id": "a",
        "vector": np.array(vector, np.float32),
        "terms": json.dumps(terms),
        "min_similarity": floor,
    }


ARTICLES = pd.DataFrame(
    {
        "title": ["Artemis crew ready", "Crew waits", "Artemis crew ready", "Artemis far off"],
        "summary": ["", "The ARTEMIS rocket stands.", "", ""],
        "duplicate_of": [None, None, "first", None],
    }
)
# Cosines to (1, 0): 1, 0.8, 1 and 0.6.
VECTORS = np.array([[1, 0], [0.8, 0.6], [1, 0], [0.6, 0.8]], np.float32)


@pytest.mark.parametrize(
    ("terms", "floor", "expected"),
    [
        (["artemis"], 0.5, [0, 1, 3]),  # the third is a copy and never counts
        (["artemis"], 0.7, [0, 1]),
        (["artemis"], 0.9, [0]),
        (["waits", "far"], 0.5, [1, 3]),  # any of the terms will do
        (["rocket"], 0.5, [1]),  # in the summary, too
        (["moon"], 0.0, []),
        ([], 0.5, [0, 1, 3]),  # no terms, no condition
    ],
)
def test_an_article_matches_by_similarity_and_term(
    terms: list[str], floor: float, expected: list[int]
) -> None:
    anchors = pd.DataFrame([anchor([1, 0], terms, floor)])
    (found,) = matches(ARTICLES, VECTORS, anchors)
    assert found.tolist() == expected


def test_the_floor_itself_is_enough() -> None:
    anchors = pd.DataFrame([anchor([1, 0], [], 0.5)])
    vectors = np.array([[0.5, np.sqrt(0.75)]], np.float32)
    (found,) = matches(ARTICLES.head(1), vectors, anchors)
    assert found.tolist() == [0]


def test_each_anchor_gets_its_own_answer() -> None:
    anchors = pd.DataFrame([anchor([0, 1], [], 0.7), anchor([1, 0], [], 0.9)])
    assert [found.tolist() for found in matches(ARTICLES, VECTORS, anchors)] == [[3], [0]]
    nothing = matches(ARTICLES.head(0), VECTORS[:0], anchors)
    assert [found.tolist() for found in nothing] == [[], []]
    assert matches(ARTICLES, VECTORS, anchors.head(0)) == []


MATCHED = pd.DataFrame(
    {
        "article_id": ["a1", "a2", "a3", "a4"],
        "title": ["NASA delays launch", "Launch today", "Delay again", "Launch postponed"],
        "summary": ["", "Not delayed, they say.", "", ""],
        "publisher": ["one.org", "one.org", "two.org", "one.org"],
    }
)


@pytest.mark.parametrize(
    ("rule", "count", "evidence"),
    [
        ("articles", 4, ["a1", "a2", "a3", "a4"]),
        ("publishers", 2, ["a1", "a3"]),  # the first article of each publisher
        ("trigger", 2, ["a1", "a3"]),
    ],
)
def test_each_rule_counts_its_own_thing(rule: str, count: int, evidence: list[str]) -> None:
    for at_least, met in ((count, True), (count + 1, False)):
        spec = RuleSpec(
            rule=rule, anchor_id="a", at_least=at_least, trigger_terms=("delay", "delays")
        )
        found = tally(spec, MATCHED)
        assert found.count == count
        assert found.met is met
        assert found.evidence["article_id"].tolist() == evidence


def test_trigger_words_may_stand_in_the_summary() -> None:
    spec = RuleSpec(rule="trigger", anchor_id="a", at_least=1, trigger_terms=("delayed",))
    assert tally(spec, MATCHED).evidence["article_id"].tolist() == ["a2"]
    never = RuleSpec(rule="trigger", anchor_id="a", at_least=1, trigger_terms=("recall",))
    assert tally(never, MATCHED).count == 0


def test_nothing_matched_meets_nothing() -> None:
    for rule in ("articles", "publishers", "trigger"):
        spec = RuleSpec(rule=rule, anchor_id="a", at_least=1, trigger_terms=("delay",))
        assert tally(spec, MATCHED.head(0)).met is False


@pytest.mark.parametrize(
    "changes", [{"at_least": 0}, {"rule": "mood"}, {"note": "x"}, {"anchor_id": None}]
)
def test_a_broken_spec_is_refused(changes: dict[str, object]) -> None:
    given = {"rule": "articles", "anchor_id": "a", "at_least": 1} | changes
    with pytest.raises(ValidationError):
        RuleSpec.model_validate(given)


def test_a_spec_survives_the_ledger() -> None:
    spec = RuleSpec(
        rule="trigger", anchor_id="a", at_least=2, family="delay", trigger_terms=("delay*",)
    )
    assert RuleSpec.model_validate_json(spec.model_dump_json()) == spec
