"""Fitting the pair model on labelled stories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newsworld_dagster.stories.background import Background
from newsworld_dagster.stories.pairs import FEATURES, PairSpace

if TYPE_CHECKING:
    import lightgbm

TREES = 250
# Much shrinkage, and rows and features drawn by turns: some thousand stories are little to
# learn from. One thread and a seed make the weights reproducible.
_SETTINGS = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.08,
    "max_bin": 63,
    "min_data_in_leaf": 60,
    "lambda_l2": 1.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "seed": 20260101,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True)
class LabelledPairs:
    """Candidate pairs of one labelled set.

    Attributes
    ----------
    features
        Shape (n, len(FEATURES)).
    together
        Whether the two are of one story, shape (n,).
    weights
        Weight of each pair, shape (n,), summing to the weight of the set. A story of k
        articles has about k² pairs but only k articles to place, so its pairs weigh less.
    """

    features: np.ndarray
    together: np.ndarray
    weights: np.ndarray


def labelled_pairs(
    articles: pd.DataFrame,
    stories: np.ndarray,
    vectors: np.ndarray,
    background: Background,
    weight: float = 1.0,
    events: np.ndarray | None = None,
) -> LabelledPairs:
    """Candidate pairs of a labelled set.

    Parameters
    ----------
    articles
        Columns article_id, title, summary, first_seen_at and, where known, publisher and url.
    stories
        Story of each article, shape (len(articles),); unique for one that stands alone.
    vectors
        Unit vectors, shape (len(articles), d).
    background
        Document frequencies of the time before.
    weight
        How much the set counts beside others.
    events
        Event vectors, shape (len(articles), d'), of layers that have not seen these labels: on
        those that they were fitted on they are too sure.
    """
    space = PairSpace(articles, vectors, background, events=events)
    codes, _ = pd.factorize(np.asarray(stories, dtype=object))
    size = np.bincount(codes)[codes]
    first, second = space.first, space.second
    weights = 1 / np.sqrt(np.maximum(size[first], size[second]))
    return LabelledPairs(
        space.features(first, second),
        codes[first] == codes[second],
        weight * weights / weights.sum(),
    )


def fit_pair_model(sets: list[LabelledPairs]) -> lightgbm.Booster:
    """Fit the trees on labelled pairs.

    Raises
    ------
    ValueError
        When there is nothing to learn from.
    """
    import lightgbm

    if not sets or not any(given.together.any() for given in sets):
        raise ValueError("No labelled pair of one story: give labelled sets with stories.")
    together = np.concatenate([given.together for given in sets]).astype(float)
    weights = np.concatenate([given.weights for given in sets])
    data = lightgbm.Dataset(
        np.concatenate([given.features for given in sets]),
        together,
        weight=weights * len(weights) / weights.sum(),
        feature_name=list(FEATURES),
    )
    return lightgbm.train(_SETTINGS, data, TREES)
