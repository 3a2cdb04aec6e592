"""Filling the cache of vectors, for the asset and for whoever searches before it was made."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.defs.world import World
from newsworld_dagster.embeddings import embed_texts

# Texts that are embedded and stored together: an interrupted run keeps what it has embedded.
SHARE = 2048


def texts_to_embed(missing: pd.DataFrame) -> pd.DataFrame:
    """The texts of articles (content_digest, title, summary): content_digest, text."""
    return pd.DataFrame(
        {
            "content_digest": missing["content_digest"],
            "text": [
                embedded_text(title, summary)
                for title, summary in zip(missing["title"], missing["summary"], strict=True)
            ],
        }
    )


def store_vectors(world: World, texts: pd.DataFrame) -> None:
    """Embed texts (content_digest, text) and add them to the cache, share by share."""
    for start in range(0, len(texts), SHARE):
        rows = embed_texts(texts.iloc[start : start + SHARE], world.encoder)
        with world.warehouse.write() as writer:
            writer.append("embeddings.vectors", rows)
        world.progress(f"embeddings: {min(start + SHARE, len(texts))} of {len(texts)} texts")
