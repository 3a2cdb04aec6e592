from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.embeddings import (
    DEFAULT_MODEL,
    FLOAT32_MODEL,
    ModelUnavailableError,
    SentenceTransformerEncoder,
    embed_texts,
)
from newsworld_dagster.settings import Settings

TEXTS = [
    "NASA delays the Artemis II launch after a hydrogen leak was found on the pad on Tuesday",
    "Rain",
    "Artemis II rocket launch delayed by a leak",
]


@pytest.fixture(scope="module")
def encoder() -> SentenceTransformerEncoder:
    made = SentenceTransformerEncoder(batch_size=2)
    made.encode(["load the model"])
    return made


def test_vectors_are_unit_length_in_the_order_of_the_texts(
    encoder: SentenceTransformerEncoder,
) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    # Texts are sorted by length on the way; each must come back to its own place.
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    assert vectors == pytest.approx(alone, abs=1e-5)
    cosines = vectors @ vectors.T
    assert cosines[0, 2] > 0.7 > 0.4 > cosines[0, 1]


# Of unlike length and kind, so that their token rows differ in scale.
COMPANY = [
    "",
    "Markets",
    "¡Últimas noticias! Élections législatives : résultats à 20 h — 東京 📈",
    "The central bank left its rate at 4.25% and said inflation would fall below 2% by June.",
    "A ferry with 214 people on board ran aground off the coast before dawn; all were rescued, "
    "the coast guard said, and divers will look at the hull when the wind drops.",
    "word " * 400,
]


@pytest.mark.parametrize("model", [DEFAULT_MODEL, FLOAT32_MODEL])
def test_a_vector_depends_on_its_text_alone(model: str) -> None:
    encoder = SentenceTransformerEncoder(model)
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    for company in (COMPANY, COMPANY[::-1] * 15, TEXTS[::-1]):
        among = encoder.encode([*company, *TEXTS])[-len(TEXTS) :]
        assert np.abs(among - alone).max() < 1e-5


def test_int8_vectors_point_where_those_of_float32_point(
    encoder: SentenceTransformerEncoder,
) -> None:
    # Without the empty text, whose two tokens say nothing: there it is 0.95.
    texts = [*TEXTS, *filter(None, COMPANY)]
    exact = SentenceTransformerEncoder(FLOAT32_MODEL).encode(texts)
    found = encoder.encode(texts)
    assert (exact * found).sum(axis=1).min() > 0.98
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    assert np.abs(exact @ exact.T - found @ found.T).max() < 0.05


def test_vectors_that_differ_are_cached_under_names_that_differ() -> None:
    assert SentenceTransformerEncoder().name == "all-MiniLM-L6-v2-int8"
    assert SentenceTransformerEncoder(FLOAT32_MODEL).name == "all-MiniLM-L6-v2"
    assert Settings().embedding_model == DEFAULT_MODEL


def test_progress_is_told_up_to_the_end(encoder: SentenceTransformerEncoder) -> None:
    told: list[tuple[int, int]] = []
    encoder.encode(["text"] * 20, progress=lambda done, of: told.append((done, of)))
    assert told == [(16, 20), (20, 20)]


def test_no_texts_need_no_model() -> None:
    assert SentenceTransformerEncoder("there is no such model").encode([]).shape == (0, 0)


def test_texts_become_rows_of_the_cache(encoder: SentenceTransformerEncoder) -> None:
    texts = pd.DataFrame({"content_digest": ["d1", "d2"], "text": TEXTS[:2]}, index=[5, 9])
    rows = meet(CONTRACTS["embeddings.vectors"], embed_texts(texts, encoder))
    assert rows["model"].tolist() == [DEFAULT_MODEL] * 2 + [encoder.event_name] * 2
    assert rows["content_digest"].tolist() == ["d1", "d2"] * 2
    expected = np.vstack(encoder.encode_with_events(TEXTS[:2]))
    assert np.stack(list(rows["vector"])) == pytest.approx(expected, abs=1e-6)
    assert embed_texts(texts.head(0), encoder).shape == (0, 3)


# In a process of its own: the hub's client reads the environment when it is first imported.
OFFLINE = """
import json
from newsworld_dagster.embeddings import ModelUnavailableError, SentenceTransformerEncoder
made = list(SentenceTransformerEncoder().encode(["a text"]).shape)
try:
    SentenceTransformerEncoder("no-such-model-here").encode(["a text"])
except ModelUnavailableError as error:
    print(json.dumps([made, str(error)]))
"""


# A sentence-transformers model of any kind, made here: mean of random word vectors.
FOLDER = """
import sys
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers
words = Tokenizer(models.WordLevel({"a": 0, "text": 1, "?": 2}, unk_token="?"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=7)]).save(sys.argv[1])
"""


def test_any_sentence_transformers_folder_can_be_chosen(tmp_path: os.PathLike[str]) -> None:
    folder = f"{tmp_path}/own"
    subprocess.run([sys.executable, "-c", FOLDER, folder], check=True, capture_output=True)
    encoder = SentenceTransformerEncoder(folder)
    vectors = encoder.encode(["a text", "a"])
    assert encoder.name == folder
    assert vectors.shape == (2, 7)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(2), abs=1e-5)


def test_the_default_model_needs_no_hub_and_an_unknown_one_is_explained() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    shape, message = json.loads(done.stdout.splitlines()[-1])
    assert shape == [1, 384]
    assert "'no-such-model-here' could not be loaded" in message
    assert "NEWSWORLD_EMBEDDING_MODEL" in message
    assert DEFAULT_MODEL in message


def test_a_folder_without_a_model_is_explained(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(ModelUnavailableError, match="NEWSWORLD_EMBEDDING_MODEL"):
        SentenceTransformerEncoder(f"{tmp_path}/nothing").encode(["a text"])
