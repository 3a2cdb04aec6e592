"""Embeddings: encoder protocol, sentence-transformers encoder, content-addressed cache."""

from __future__ import annotations

from newsworld_dagster.embeddings.cache import embed_texts
from newsworld_dagster.embeddings.encoder import (
    DEFAULT_MODEL,
    EVENTS,
    FLOAT32_MODEL,
    Encoder,
    ModelUnavailableError,
    SentenceTransformerEncoder,
)

__all__ = [
    "DEFAULT_MODEL",
    "EVENTS",
    "FLOAT32_MODEL",
    "Encoder",
    "ModelUnavailableError",
    "SentenceTransformerEncoder",
    "embed_texts",
]
