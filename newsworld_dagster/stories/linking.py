"""How much alike articles are as parts of one running thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import sparse

from newsworld_dagster.contracts.terms import names, words

# Articles whose log odds are worked out at once: one product of matrices for many stories.
_BLOCK = 256


@dataclass(frozen=True)
class LinkParameters:
    """What makes two articles parts of one thread, as log odds.

    `dense` times the cosine of the embeddings, plus `named` times the cosine of their names
    weighted by rarity, plus `joint` times the geometric mean of the embeddings' and the words'
    cosine, less `gap` times log(1 + days between them), plus `intercept`. A logistic regression
    fitted on all pairs of Wikipedia current events of July 2024 to June 2025, by whether they
    stood under the same heading.

    A story joins the thread whose `nearest` articles are most alike on average, from
    `threshold` on.
    """

    dense: float = 5.67
    named: float = 4.11
    joint: float = 4.26
    gap: float = 0.39
    intercept: float = -7.16
    threshold: float = -1.0
    nearest: int = 2


class ThreadSpace:
    """Log odds that articles of a window are parts of one thread.

    Parameters
    ----------
    window
        Articles with columns title, summary and first_seen_at.
    vectors
        Their unit vectors, shape (len(window), d).
    """

    def __init__(
        self, window: pd.DataFrame, vectors: np.ndarray, parameters: LinkParameters
    ) -> None:
        self.parameters = parameters
        self.dense = vectors
        self.lexical = _weighted_words(window)
        self.named = _weighted_names(window)
        seen = window["first_seen_at"].astype("datetime64[us]").to_numpy().astype("int64")
        self.days = seen / 86_400e6
        self._lexical_columns = self.lexical.T.tocsr()
        self._named_columns = self.named.T.tocsr()

    def odds_of(self, stories: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        """Mean log odds of each story's articles against the whole window, shape (len(window),).

        Parameters
        ----------
        stories
            Places of each story's articles in the window.
        """
        start = 0
        while start < len(stories):
            stop, held = start + 1, len(stories[start])
            while stop < len(stories) and held + len(stories[stop]) <= _BLOCK:
                held += len(stories[stop])
                stop += 1
            block = stories[start:stop]
            odds = self._log_odds(np.concatenate(block))
            ends = np.cumsum([len(places) for places in block])
            for places, end in zip(block, ends, strict=True):
                yield odds[end - len(places) : end].mean(axis=0)
            start = stop

    def _log_odds(self, rows: np.ndarray) -> np.ndarray:
        """Log odds of `rows` against the whole window, shape (len(rows), len(window))."""
        chosen = self.parameters
        dense = self.dense[rows] @ self.dense.T
        lexical = (self.lexical[rows] @ self._lexical_columns).toarray()
        named = (self.named[rows] @ self._named_columns).toarray()
        gap = np.log1p(np.abs(self.days[rows][:, None] - self.days[None, :]))
        joint = np.sqrt(np.clip(dense, 0, None) * np.clip(lexical, 0, None))
        return (
            chosen.dense * dense
            + chosen.named * named
            + chosen.joint * joint
            - chosen.gap * gap
            + chosen.intercept
        )


def nearest_thread(odds: np.ndarray, codes: np.ndarray, nearest: int) -> tuple[int, float]:
    """The thread whose articles are most alike, and the mean log odds of its nearest ones.

    Parameters
    ----------
    odds
        Mean log odds of a story's articles against each article of the window, shape (n,).
    codes
        Thread of each article, shape (n,); -1 for articles of none.

    Returns
    -------
    tuple
        (-1, -inf) where no article has a thread.
    """
    places = np.flatnonzero(codes >= 0)
    if places.size == 0:
        return -1, -np.inf
    order = places[np.lexsort((-odds[places], codes[places]))]
    threads, starts, sizes = np.unique(codes[order], return_index=True, return_counts=True)
    rank = np.arange(order.size) - np.repeat(starts, sizes)
    within = rank < nearest
    group = np.repeat(np.arange(threads.size), sizes)[within]
    means = np.bincount(group, odds[order[within]]) / np.minimum(sizes, nearest)
    best = int(means.argmax())
    return int(threads[best]), float(means[best])


def _weighted_words(window: pd.DataFrame) -> sparse.csr_matrix:
    from sklearn.feature_extraction.text import TfidfVectorizer

    titles, summaries = window["title"].tolist(), window["summary"].tolist()
    texts = [f"{title} {summary}" for title, summary in zip(titles, summaries, strict=True)]
    return _fitted(TfidfVectorizer(analyzer=_read, sublinear_tf=True, dtype=np.float32), texts)


@lru_cache(maxsize=100_000)
def _read(text: str) -> tuple[str, ...]:
    """Words of a text as scikit-learn reads them: a month's window holds most of yesterday's."""
    return tuple(_analyzer()(text))


@lru_cache(maxsize=1)
def _analyzer() -> Callable[[str], list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(stop_words="english").build_analyzer()


def _weighted_names(window: pd.DataFrame) -> sparse.csr_matrix:
    from sklearn.feature_extraction.text import TfidfVectorizer

    titles, summaries = window["title"].tolist(), window["summary"].tolist()
    found = [names(title, summary) for title, summary in zip(titles, summaries, strict=True)]
    everywhere = frozenset().union(*found)
    # The first word of a headline has a capital anyway: a name only if it is one elsewhere.
    documents = [
        sorted(own | (everywhere & {word.lower() for word in words(title)[:1]}))
        for own, title in zip(found, titles, strict=True)
    ]
    return _fitted(TfidfVectorizer(analyzer=_as_is, dtype=np.float32), documents)


def _as_is(document: list[str]) -> list[str]:
    return document


def _fitted(vectoriser: object, documents: object) -> sparse.csr_matrix:
    try:
        return vectoriser.fit_transform(documents)  # type: ignore[attr-defined]
    except ValueError:  # only stop words, or no name, in the whole window
        return sparse.csr_matrix((len(documents), 1), dtype=np.float32)  # type: ignore[arg-type]
