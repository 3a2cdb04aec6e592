"""Anchors: what later articles count as coverage of a topic, frozen when a claim is made."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.forecasts import ANCHORS
from newsworld_dagster.contracts.terms import names, terms


@dataclass(frozen=True)
class AnchorParameters:
    """How wide an anchor reaches."""

    least_similarity: float = 0.42
    greatest_similarity: float = 0.6
    quantile: float = 0.15
    name_share: float = 0.25
    rare_name: float = 0.04
    most_terms: int = 4


def anchor_of(
    topic_id: str,
    vector: np.ndarray,
    members: pd.DataFrame,
    member_vectors: np.ndarray,
    name_counts: Counter[str],
    window_articles: int,
    *,
    model: str,
    as_of: pd.Timestamp,
    parameters: AnchorParameters | None = None,
) -> dict[str, object]:
    """A row of `forecasts.anchors` for a topic.

    Parameters
    ----------
    vector
        The topic's centroid, shape (d,), unit length.
    members
        The topic's recent articles: title, summary.
    member_vectors
        Their unit vectors, shape (n, d).
    name_counts, window_articles
        In how many of the window's articles each name stands, and how many articles it has: a
        telling name is rare outside the topic.
    """
    parameters = parameters or AnchorParameters()
    counts = Counter(
        name
        for title, summary in zip(members["title"], members["summary"], strict=True)
        for name in names(title, summary) | (terms(title) & name_counts.keys())
    )
    outside = max(window_articles - len(members), 1)
    # By name where counts are alike: sets have no order that outlives the process.
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    telling = [
        name
        for name, count in ranked
        if count >= parameters.name_share * len(members)
        and (name_counts[name] - count) / outside <= parameters.rare_name
    ]
    required = telling[: parameters.most_terms] or [name for name, _ in ranked[:2]]
    floor = float(
        np.clip(
            np.quantile(member_vectors @ vector, parameters.quantile),
            parameters.least_similarity,
            parameters.greatest_similarity,
        )
    )
    floor = round(floor, 4)
    digest = hashlib.sha256(
        json.dumps([model, required, floor]).encode() + np.asarray(vector, "<f4").tobytes()
    ).hexdigest()
    return {
        "anchor_id": "a" + digest[:23],
        "topic_id": topic_id,
        "as_of": as_of,
        "model": model,
        "vector": np.asarray(vector, np.float32),
        "terms": json.dumps(required),
        "min_similarity": floor,
    }


def anchor_frame(rows: Sequence[dict[str, object]]) -> pd.DataFrame:
    """Rows of `anchor_of` as a frame."""
    return pd.DataFrame(list(rows), columns=list(ANCHORS.columns))
