"""Embed each text once."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts.stories import VECTORS
from newsworld_dagster.embeddings.encoder import Encoder, Progress


def embed_texts(
    texts: pd.DataFrame, encoder: Encoder, progress: Progress | None = None
) -> pd.DataFrame:
    """Rows for `embeddings.vectors`.

    Parameters
    ----------
    texts
        Columns content_digest and text, one row a digest: the texts not yet in the cache.

    Returns
    -------
    pandas.DataFrame
        Shape (len(texts), 3), meeting the contract of `embeddings.vectors`.
    """
    vectors = encoder.encode(texts["text"].tolist(), progress)
    return pd.DataFrame(
        {
            "model": encoder.name,
            "content_digest": texts["content_digest"].to_numpy(),
            "vector": list(vectors),
        },
        columns=list(VECTORS.columns),
    )
