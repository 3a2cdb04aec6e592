"""The pair model: how likely two articles tell of one story."""

from __future__ import annotations

import gzip
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import sparse

from newsworld_dagster.stories.background import WEIGHTS
from newsworld_dagster.stories.pairs import FEATURES, PairSpace

if TYPE_CHECKING:
    import lightgbm

PACKAGED_MODEL = WEIGHTS / "pairs.txt.gz"


class PairModel(Protocol):
    """Anything that scores pairs of articles."""

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probability of one story, shape (n,), of feature rows, shape (n, len(FEATURES))."""
        ...


class PairModelError(RuntimeError):
    """The weights cannot be used."""


class BoostedPairModel:
    """Gradient-boosted trees over the features of a pair, read from a gzipped LightGBM text file.

    Parameters
    ----------
    path
        The weights; those that ship with the project when not given. `stories.training` makes
        them.
    """

    def __init__(self, path: Path = PACKAGED_MODEL) -> None:
        self.path = path

    @cached_property
    def _trees(self) -> lightgbm.Booster:
        import lightgbm

        try:
            trees = lightgbm.Booster(model_str=gzip.decompress(self.path.read_bytes()).decode())
        except (OSError, EOFError, lightgbm.basic.LightGBMError) as error:
            raise PairModelError(
                f"The pair model {self.path} cannot be read ({error}). Make it anew with "
                "`make train-stories`, or restore the file of the release."
            ) from error
        if tuple(trees.feature_name()) != FEATURES:
            raise PairModelError(
                f"The pair model {self.path} was fitted on other features than this code "
                "computes. Make it anew with `make train-stories`."
            )
        return trees

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probability of one story, shape (n,), of feature rows, shape (n, len(FEATURES))."""
        if not len(features):
            return np.zeros(0)
        # One thread: a sum of trees is the same on any machine then.
        return np.asarray(self._trees.predict(features, num_threads=1))


def pair_probabilities(space: PairSpace, model: PairModel) -> sparse.csr_matrix:
    """Probabilities of all candidate pairs of a window: symmetric, shape (n, n), 0 elsewhere."""
    first, second = space.first, space.second
    probability = model.probability(space.features(first, second))
    both = np.concatenate([probability, probability])
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    return sparse.csr_matrix((both, (rows, columns)), shape=(space.size, space.size))
