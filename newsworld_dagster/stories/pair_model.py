"""The pair model: how likely two articles tell of one story."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.stories.background import WEIGHTS
from newsworld_dagster.stories.pairs import FEATURES, PairSpace
from newsworld_dagster.stories.trees import FEATURES_KEY

if TYPE_CHECKING:
    import onnxruntime

PACKAGED_MODEL = WEIGHTS / "pairs.onnx.gz"
FITTED_ON = WEIGHTS / "fitted_on.json"


class FittedOn(NamedTuple):
    """What the packaged weights saw.

    Attributes
    ----------
    encoder, events
        Names of its vectors and of its event vectors.
    until
        Labels and word counts are of days before this one.
    """

    encoder: str
    events: str
    until: pd.Timestamp

    @classmethod
    def packaged(cls) -> FittedOn:
        """Of the weights that ship with the project."""
        stored = json.loads(FITTED_ON.read_text(encoding="utf-8"))
        return cls(stored["encoder"], stored["events"], pd.Timestamp(stored["until"]))

    def save(self) -> None:
        """Write it beside the weights."""
        stored = self._asdict() | {"until": f"{self.until:%Y-%m-%d}"}
        FITTED_ON.write_text(json.dumps(stored) + "\n", encoding="utf-8")

    def caveats(self, encoder: str, events: str, days: Sequence[pd.Timestamp]) -> list[str]:
        """What a reader of the stories of some days should know of the weights behind them.

        Parameters
        ----------
        encoder, events
            Names of the vectors and of the event vectors that the stories were made by.
        """
        found = []
        early = sum(day < self.until for day in days)
        if early:
            found.append(
                f"{early} of {len(days)} days lie before {self.until:%Y-%m-%d}: the pair model "
                "was fitted on labels or word counts of later days than these"
            )
        if encoder != self.encoder:
            found.append(
                f"the pair model was fitted on vectors of {self.encoder}, not of {encoder}: "
                f"fit it anew with `make train-stories ENCODER={encoder}`"
            )
        elif events != self.events:
            found.append(
                f"the pair model was fitted on event vectors of {self.events}, not of {events}: "
                "fit both anew with `make train-stories`"
            )
        return found


class PairModel(Protocol):
    """Anything that scores pairs of articles."""

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probability of one story, shape (n,), of feature rows, shape (n, len(FEATURES))."""
        ...


class PairModelError(RuntimeError):
    """The weights cannot be used."""


class BoostedPairModel:
    """Gradient-boosted trees over the features of a pair, read from a gzipped ONNX file.

    Parameters
    ----------
    path
        The weights; those that ship with the project when not given. `stories.training` makes
        them.
    """

    def __init__(self, path: Path = PACKAGED_MODEL) -> None:
        self.path = path

    @cached_property
    def _trees(self) -> onnxruntime.InferenceSession:
        try:
            trees = session(gzip.decompress(self.path.read_bytes()))
        # What onnxruntime raises has no base of its own.
        except Exception as error:
            raise PairModelError(
                f"The pair model {self.path} cannot be read ({error}). Make it anew with "
                "`make train-stories`, or restore the file of the release."
            ) from error
        held = trees.get_modelmeta().custom_metadata_map
        if held.get(FEATURES_KEY, "").split() != list(FEATURES):
            raise PairModelError(
                f"The pair model {self.path} was fitted on other features than this code "
                "computes. Make it anew with `make train-stories`."
            )
        return trees

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probability of one story, shape (n,), of feature rows, shape (n, len(FEATURES))."""
        if not len(features):
            return np.zeros(0)
        return probabilities(self._trees, features)


def session(model: bytes) -> onnxruntime.InferenceSession:
    """Trees of an ONNX file, at work on one thread: their sum is the same on any machine then."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def probabilities(trees: onnxruntime.InferenceSession, features: np.ndarray) -> np.ndarray:
    """What trees say of feature rows, float64, shape (n,)."""
    rows = np.ascontiguousarray(features, dtype=np.float32)
    (score,) = trees.run(None, {trees.get_inputs()[0].name: rows})
    return scipy.special.expit(score[:, 0].astype(float))


def pair_probabilities(
    space: PairSpace, model: PairModel, stories: np.ndarray, linked: float
) -> scipy.sparse.csr_matrix:
    """Probabilities of the pairs that new articles bring into play: symmetric, shape (n, n).

    Scored are the candidate pairs of the new articles and of all that these reach, over pairs
    of `linked` or more and from an article to the others of its story. The rest, which placing
    the new articles never looks at, is 0.

    Parameters
    ----------
    stories
        Story of each article, shape (n,); null for the new ones.
    """
    first, second, n = space.first, space.second, space.size
    rows, columns = np.concatenate([first, second]), np.concatenate([second, first])
    number = np.concatenate([np.arange(len(first))] * 2)
    pairs_of = scipy.sparse.csr_matrix((number, (rows, columns)), shape=(n, n))
    new = np.array([not isinstance(story, str) for story in stories], dtype=bool)
    story = np.where(new, -1, pd.factorize(stories)[0])
    probability = np.zeros(len(first))
    scored, reached = np.zeros(len(first), dtype=bool), new.copy()
    frontier = np.flatnonzero(new)
    while frontier.size:
        at_hand = np.unique(pairs_of[frontier].data)
        due = at_hand[~scored[at_hand]]
        probability[due] = model.probability(space.features(first[due], second[due]))
        scored[due] = True
        close = at_hand[probability[at_hand] >= linked]
        touched = np.union1d(first[close], second[close])
        found = np.isin(story, np.setdiff1d(story[touched], -1))
        found[touched] = True
        frontier = np.flatnonzero(found & ~reached)
        reached |= found
    both = np.concatenate([probability, probability])
    kept = np.concatenate([scored, scored])
    return scipy.sparse.csr_matrix((both[kept], (rows[kept], columns[kept])), shape=(n, n))
