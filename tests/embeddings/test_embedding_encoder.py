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
    ModelUnavailableError,
    SentenceTransformerEncoder,
    embed_texts,
)

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


def test_progress_is_told_up_to_the_end(encoder: SentenceTransformerEncoder) -> None:
    told: list[tuple[int, int]] = []
    encoder.encode(["text"] * 20, progress=lambda done, of: told.append((done, of)))
    assert told == [(16, 20), (20, 20)]


def test_no_texts_need_no_model() -> None:
    assert SentenceTransformerEncoder("there is no such model").encode([]).shape == (0, 0)


def test_texts_become_rows_of_the_cache(encoder: SentenceTransformerEncoder) -> None:
    texts = pd.DataFrame({"content_digest": ["d1", "d2"], "text": TEXTS[:2]}, index=[5, 9])
    rows = meet(CONTRACTS["embeddings.vectors"], embed_texts(texts, encoder))
    assert rows["model"].tolist() == [DEFAULT_MODEL] * 2
    assert rows["content_digest"].tolist() == ["d1", "d2"]
    assert np.stack(list(rows["vector"])) == pytest.approx(encoder.encode(TEXTS[:2]), abs=1e-6)
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
