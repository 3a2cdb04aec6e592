"""Event layers: in the graph, in their file, and how they are fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from onnx import helper
from sklearn.metrics import average_precision_score

from newsworld_dagster.embeddings import (
    DEFAULT_MODEL,
    FLOAT32_MODEL,
    ModelUnavailableError,
    SentenceTransformerEncoder,
    event_weights,
)
from newsworld_dagster.embeddings import encoder as encoder_module
from newsworld_dagster.embeddings.event_graph import add_event_layers
from newsworld_dagster.embeddings.event_weights import (
    load_event_layers,
    quantised,
    restored,
    save_event_layers,
    version,
)
from newsworld_dagster.embeddings.tuning import (
    LabelledTexts,
    event_vectors,
    fit_event_layers,
    models_own_layers,
    read_texts,
)

TEXTS = [
    "Artemis II launch delayed after a hydrogen leak on the pad, NASA says",
    "Rain",
    "The central bank left its rate at 4.25% and said inflation would fall below 2% by June.",
]


def test_layers_with_the_models_own_weights_make_its_own_vectors() -> None:
    encoder = SentenceTransformerEncoder(event_layers=models_own_layers())
    vectors, events = encoder.encode_with_events(TEXTS)
    assert events == pytest.approx(vectors, abs=1e-5)
    assert encoder.encode(TEXTS) == pytest.approx(vectors, abs=1e-6)


def test_the_layers_that_ship_leave_the_vectors_alone_and_make_others_for_events() -> None:
    encoder = SentenceTransformerEncoder()
    vectors, events = encoder.encode_with_events(TEXTS)
    own = SentenceTransformerEncoder(event_layers=models_own_layers())
    assert vectors == pytest.approx(own.encode(TEXTS), abs=1e-5)
    assert events.shape == (3, 384)
    assert events.dtype == np.float32
    assert np.linalg.norm(events, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert np.abs((vectors * events).sum(axis=1) - 1).min() > 0.01


def test_event_vectors_are_cached_under_a_name_that_tells_their_weights() -> None:
    name = SentenceTransformerEncoder().event_name
    assert name == f"{DEFAULT_MODEL}-events-{version(load_event_layers())}"
    assert SentenceTransformerEncoder(FLOAT32_MODEL).event_name == FLOAT32_MODEL
    own = SentenceTransformerEncoder(event_layers=models_own_layers()).event_name
    assert own.startswith(f"{DEFAULT_MODEL}-events-")
    assert own != name


def test_in_float32_they_point_where_those_at_work_point() -> None:
    stored = load_event_layers()
    _, at_work = SentenceTransformerEncoder().encode_with_events(TEXTS)
    exact = event_vectors(stored, read_texts(TEXTS))
    assert (exact * at_work).sum(axis=1).min() > 0.97
    assert np.abs(exact @ exact.T - at_work @ at_work.T).max() < 0.05


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, monkeypatch) -> None:
    cut = tmp_path / "event_layers.npz"
    cut.write_bytes(event_weights.PACKAGED_EVENT_LAYERS.read_bytes()[:5_000])
    with pytest.raises(ValueError, match=r"event_layers\.npz is damaged"):
        load_event_layers(cut)
    monkeypatch.setattr(encoder_module, "load_event_layers", lambda: load_event_layers(cut))
    with pytest.raises(ModelUnavailableError, match=r"is damaged.*make train-stories"):
        SentenceTransformerEncoder().encode(["a text"])


def test_texts_far_from_each_other_teach_nothing() -> None:
    texts = LabelledTexts(read_texts(TEXTS), np.eye(3, dtype=np.float32), np.arange(3))
    with pytest.raises(ValueError, match="No labelled text has others near it"):
        fit_event_layers([texts])


@settings(max_examples=30)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-4, 4, width=32),
    )
)
def test_stored_matrices_are_within_half_a_step_of_what_they_stand_for(matrix) -> None:
    weights = {"4.output.dense.weight": matrix, "4.output.dense.bias": matrix[:, 0].copy()}
    stored = quantised(weights)
    assert stored["4.output.dense.weight"].dtype == np.int8
    assert stored["4.output.dense.weight"].shape == matrix.T.shape
    back = restored(stored)
    assert set(back) == set(weights)
    np.testing.assert_array_equal(back["4.output.dense.bias"], matrix[:, 0])
    step = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert (np.abs(back["4.output.dense.weight"] - matrix) <= step / 2 + 1e-6).all()


def test_weights_are_the_same_after_a_file(tmp_path: Path) -> None:
    stored = load_event_layers()
    save_event_layers(stored, tmp_path / "layers.npz")
    again = load_event_layers(tmp_path / "layers.npz")
    assert set(again) == set(stored)
    for name, value in stored.items():
        np.testing.assert_array_equal(again[name], value)


def test_layers_that_do_not_fit_the_graph_are_named() -> None:
    incomplete = {
        name: value for name, value in models_own_layers().items() if "5.output.dense" not in name
    }
    with pytest.raises(ModelUnavailableError, match=r"5\.output\.dense\.weight"):
        SentenceTransformerEncoder(event_layers=incomplete).encode(["a text"])
    bare = helper.make_graph([], "bare", [], [])
    with pytest.raises(ValueError, match=r"no layer inner\.encoder\.layer\.4"):
        add_event_layers(helper.make_model(bare), models_own_layers())


# One event told by an actor and an act, and the same acts of others: what is alike in words is not
# what is together.
ACTORS = ("Ruritania", "Acme", "Lisbon", "the senate", "Osprey FC", "Dr Vance", "Meridian", "Tonga")
ACTS = ("raised taxes", "won an appeal", "opened a museum", "halted a merger", "lost a vote")
WAYS = ("{} {}, officials said", "How {} came to be: {}", "Critics react after {} {}")


def labelled(actors: tuple[str, ...]) -> tuple[list[str], np.ndarray]:
    texts, stories = [], []
    for number, actor in enumerate(actors):
        for way in WAYS:
            for act in ACTS:
                texts.append(way.format(actor, act))
                stories.append(number)
    return texts, np.array(stories)


def separation(vectors: np.ndarray, stories: np.ndarray) -> float:
    i, j = np.triu_indices(len(stories), 1)
    return average_precision_score(stories[i] == stories[j], (vectors @ vectors.T)[i, j])


def test_fitted_layers_bring_together_what_readers_put_together() -> None:
    encoder = SentenceTransformerEncoder(event_layers=models_own_layers())
    texts, stories = labelled(ACTORS[:5])
    vectors = encoder.encode(texts)
    given = [LabelledTexts(read_texts(texts), vectors, stories)]
    stored = fit_event_layers(given, passes=24)
    others, apart = labelled(ACTORS[5:])
    before = separation(encoder.encode(others), apart)
    after = separation(event_vectors(stored, read_texts(others)), apart)
    assert after > before + 0.05
    again = fit_event_layers(given, passes=24)
    assert all(np.array_equal(again[name], value) for name, value in stored.items())
