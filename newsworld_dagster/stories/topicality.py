"""What a pair is about, in a few numbers: studies and matches need other evidence than politics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from newsworld_dagster.stories.background import WEIGHTS

DIMENSIONS = 10
PACKAGED_DIRECTIONS = WEIGHTS / "topicality.npz"


@dataclass(frozen=True)
class Topicality:
    """The principal directions of the news.

    Attributes
    ----------
    mean
        Mean of the embeddings, shape (d,).
    axes
        Unit vectors, shape (DIMENSIONS, d).
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray) -> Topicality:
        """The directions in which embeddings of articles, shape (n, d), vary most."""
        mean = vectors.mean(axis=0, dtype=float)
        centred = vectors - mean
        _, axes = np.linalg.eigh(centred.T @ centred)
        leading = axes[:, ::-1][:, :DIMENSIONS].T
        # The sign of a direction is arbitrary: the largest coordinate is positive.
        largest = np.take_along_axis(leading, np.abs(leading).argmax(axis=1)[:, None], axis=1)
        return cls(mean.astype(np.float32), (leading * np.sign(largest)).astype(np.float32))

    def save(self, path: Path) -> None:
        """Write the directions."""
        np.savez(path, mean=self.mean, axes=self.axes)

    @classmethod
    def packaged(cls) -> Topicality:
        """Those that the packaged pair model was fitted with."""
        return _packaged()

    def features(self, vectors: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Coordinates of the mean vector of each pair, shape (len(i), DIMENSIONS).

        All zero for vectors of another width: another model's space has other directions.
        """
        if vectors.shape[1] != len(self.mean):
            return np.zeros((len(i), DIMENSIONS), np.float32)
        coordinates = (vectors - self.mean) @ self.axes.T
        return ((coordinates[i] + coordinates[j]) / 2).astype(np.float32)


@lru_cache(maxsize=1)
def _packaged() -> Topicality:
    with np.load(PACKAGED_DIRECTIONS) as stored:
        return Topicality(stored["mean"], stored["axes"])
