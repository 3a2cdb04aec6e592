"""Filling the cache of vectors, for the asset and for whoever searches before it was made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.defs.world import World
from newsworld_dagster.embeddings import Encoder, embed_texts
from newsworld_dagster.warehouse import Reader

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


def whole_vectors(reader: Reader, articles: pd.DataFrame, encoder: Encoder) -> np.ndarray:
    """Vectors aligned with articles, those that were pruned computed again and kept nowhere.

    Returns
    -------
    numpy.ndarray
        float32, shape (len(articles), d); shape (0, 0) for no articles.
    """
    texts = articles.drop_duplicates("content_digest")
    known = texts["content_digest"].isin(reader.known_texts(encoder.name, texts["content_digest"]))
    if known.all():
        return reader.vectors(encoder.name, articles["content_digest"])
    rows = texts_to_embed(texts[~known])
    made = encoder.encode(rows["text"].tolist())
    stored = reader.vectors(encoder.name, texts.loc[known, "content_digest"])
    matrix = np.vstack([part for part in (stored, made) if len(part)])
    digests = [*texts.loc[known, "content_digest"], *rows["content_digest"]]
    place = pd.Series(range(len(digests)), index=digests)
    return matrix[place.loc[articles["content_digest"]].to_numpy()]


def store_vectors(world: World, texts: pd.DataFrame) -> None:
    """Embed texts (content_digest, text) and add them to the cache, share by share."""
    for start in range(0, len(texts), SHARE):
        rows = embed_texts(texts.iloc[start : start + SHARE], world.encoder)
        with world.warehouse.write() as writer:
            writer.append("embeddings.vectors", rows)
        world.progress(f"embeddings: {min(start + SHARE, len(texts))} of {len(texts)} texts")
