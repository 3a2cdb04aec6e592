from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.forecasting import lint
from newsworld_dagster.forecasting.vagueness import (
    FAULTS,
    VagueModel,
    fit_vagueness,
    gist_of_wording,
    hashed,
    learned_finding,
    packaged_models,
    reads_vectors_of,
    senses_of,
)

MADE = pd.Timestamp("2026-02-14 12:00")
LATER = pd.Timestamp("2026-12-31")


@pytest.mark.parametrize(
    ("fault", "statement"),
    [
        ("vague_verb", "The alliance deepens its engagement by 30 June 2026."),
        ("vague_verb", "Ties between Seoul and Tokyo blossom."),
        ("vague_quantity", "A wave of defections hits the party by 30 June 2026."),
        ("vague_quantity", "Plenty of senators vote no."),
        ("vague_quantity", "House prices in Sydney edge lower."),
        ("unobservable", "Insiders lose faith in the project."),
        ("unobservable", "Sentiment sours by 30 June 2026."),
        ("unobservable", "The minister is relieved and grows weary of her post."),
        ("unobservable", "Will the chairman resent the verdict?"),
        ("unobservable", "Envoys meet in secret."),
    ],
)
def test_classes_of_words_are_found_in_claims_that_no_list_holds(
    fault: str, statement: str
) -> None:
    assert fault in {f.fault for f in lint(statement, LATER, MADE, learned=False)}


@pytest.mark.parametrize(
    "statement",
    [
        "Surge Energy cuts its dividend.",
        "Momentum Metropolitan raises its dividend.",
        "Mood Media files for Chapter 11.",
        "Strong Roots is bought by McCain.",
        "House prices in Sydney fall by 2 % or more.",
        "The suspect arrested in Lyon is charged by 1 May 2026.",
        "A poll says that voters trust the chancellor less.",
        "Austria wins the most gold medals.",
        "A fleet of 12 ships sails to Manila.",
        "The Philippine president is impeached.",
    ],
)
def test_names_numbers_and_what_is_measured_are_no_fault(statement: str) -> None:
    assert lint(statement, LATER, MADE) == []


def test_a_gist_has_no_dates_and_no_names() -> None:
    assert (
        gist_of_wording("Will Acme buy Globex in Ohio by 30 June 2026?", MADE)
        == "Will Name buy Name in Name"
    )


def test_words_have_classes_of_meaning() -> None:
    assert "v.emotion" in senses_of("fears")
    assert "n.feeling" in senses_of("anger")
    assert senses_of("qwrtzp") == ()


def test_features_of_a_gist_are_the_same_on_every_machine() -> None:
    places, values = hashed("the bill passes")
    again, same = hashed("the bill passes")
    assert places.tolist() == again.tolist()
    assert values.tolist() == same.tolist()
    assert len(hashed("")[0]) == 0


def test_a_model_learns_what_it_is_shown() -> None:
    events = ["the court rules", "the plant closes", "the bill passes", "the ship sinks"] * 3
    faulty = ["relations sour again", "a heap of trouble", "she secretly weeps"] * 3
    model = fit_vagueness(
        events + faulty, [""] * len(events) + list(FAULTS) * 3, np.ones(len(events + faulty))
    )
    assert [model.finding(text) for text in events] == [None] * len(events)
    assert [model.finding(text)[0] for text in faulty[:3]] == list(FAULTS)  # type: ignore[index]
    assert model.finding("relations sour again")[1] in "relations sour again"  # type: ignore[index]


def test_a_vector_can_tip_the_balance() -> None:
    weights = np.zeros((4, 2**15 + 2))
    weights[0, -2:] = 5.0, -5.0
    model = VagueModel(weights, np.zeros(4), 0.9)
    assert model.finding("anything goes here", np.array([1.0, 0.0])) is not None
    assert model.finding("anything goes here", np.array([0.0, 1.0])) is None


def test_packaged_models_know_their_encoders() -> None:
    words, vectors = packaged_models()
    assert vectors.weights.shape[1] - words.weights.shape[1] == 384
    assert reads_vectors_of("all-MiniLM-L6-v2-int8")
    assert not reads_vectors_of("another-model")


@given(st.text())
def test_any_text_has_a_gist_and_at_most_one_finding(text: str) -> None:
    found = learned_finding(gist_of_wording(text, MADE))
    assert found is None or found[0] in FAULTS
