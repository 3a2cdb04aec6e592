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
        Shape (len(texts), 3), or twice as many rows where the encoder has event vectors of their
        own; meeting the contract of `embeddings.vectors`.
    """
    vectors, events = encoder.encode_with_events(texts["text"].tolist(), progress)
    found = {encoder.name: vectors, encoder.event_name: events}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "model": model,
                    "content_digest": texts["content_digest"].to_numpy(),
                    "vector": list(of_model),
                },
                columns=list(VECTORS.columns),
            )
            for model, of_model in found.items()
        ],
        ignore_index=True,
    )
