from __future__ import annotations

import pytest

from newsworld_dagster.contracts.triggers import found_term, trigger_families

FAMILIES = trigger_families()
POSITIVE = [(name, text) for name, family in FAMILIES.items() for text in family.positive]
NEGATIVE = [(name, text) for name, family in FAMILIES.items() for text in family.negative]


@pytest.mark.parametrize(("name", "headline"), POSITIVE)
def test_family_is_found_in_its_examples(name: str, headline: str) -> None:
    found = FAMILIES[name].found_in(headline)
    assert found is not None
    assert found in headline


@pytest.mark.parametrize(("name", "headline"), NEGATIVE)
def test_family_is_not_found_in_its_counterexamples(name: str, headline: str) -> None:
    assert FAMILIES[name].found_in(headline) is None


def test_every_family_is_complete() -> None:
    named_by_the_design = (
        "litigation resignation approval delay strike ceasefire recall acquisition launch "
        "arrest verdict ban"
    )
    assert set(named_by_the_design.split()) <= set(FAMILIES)
    for name, family in FAMILIES.items():
        assert family.name == name
        assert family.event
        assert family.positive, name
        assert family.negative, name
        assert len(set(family.terms)) == len(family.terms), name


@pytest.mark.parametrize(
    ("terms", "text", "found"),
    [
        (("sue",), "They SUE today", "SUE"),
        (("sue",), "An issue and a suede shoe", None),
        (("delay*",), "Two delays.", "delays"),
        (("steps down",), "He steps\n down", "steps\n down"),
        (("steps down",), "He steps right down", None),
        (("cease-fire",), "a cease-fire, then", "cease-fire"),
        (("cease.fire",), "a cease-fire", None),
    ],
)
def test_terms_are_whole_words(terms: tuple[str, ...], text: str, found: str | None) -> None:
    assert found_term(terms, text) == found
