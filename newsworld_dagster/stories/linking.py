"""How much alike articles are as parts of one running thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.contracts.terms import names, words
from newsworld_dagster.stories.lexicon import Lexicon

# Articles whose log odds are worked out at once: one product of matrices for many stories.
_BLOCK = 256
# More than what a mean of log odds can gain by being rounded.
_ROUNDING = 1e-9


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
    # No mean exceeds its largest part: a thread wins only if one of its articles reaches the
    # mean of the thread that has the nearest article of all. That leaves a handful to sort.
    top = codes[places[odds[places].argmax()]]
    least = np.sort(odds[codes == top])[-nearest:].mean()
    within_reach = np.zeros(codes.max() + 1, dtype=bool)
    within_reach[codes[places[odds[places] >= least - _ROUNDING]]] = True
    places = places[within_reach[codes[places]]]
    order = places[np.lexsort((-odds[places], codes[places]))]
    threads, starts, sizes = np.unique(codes[order], return_index=True, return_counts=True)
    rank = np.arange(order.size) - np.repeat(starts, sizes)
    within = rank < nearest
    group = np.repeat(np.arange(threads.size), sizes)[within]
    means = np.bincount(group, odds[order[within]]) / np.minimum(sizes, nearest)
    best = int(means.argmax())
    return int(threads[best]), float(means[best])


def _weighted_words(window: pd.DataFrame) -> scipy.sparse.csr_matrix:
    titles, summaries = window["title"].tolist(), window["summary"].tolist()
    texts = [f"{title} {summary}" for title, summary in zip(titles, summaries, strict=True)]
    read = _WORDS.number(texts)
    return _weighted(read.numbers, read.rows, len(texts), sublinear=True)


def _weighted_names(window: pd.DataFrame) -> scipy.sparse.csr_matrix:
    articles = list(zip(window["title"].tolist(), window["summary"].tolist(), strict=True))
    read = _NAMES.number(articles)
    # The first word of a headline has a capital anyway: a name only if it is one elsewhere.
    place = np.array([_first_word_place(*article) for article in articles], dtype=np.int64)
    starts = np.cumsum(read.lengths) - read.lengths
    sure = np.ones(len(read.numbers), dtype=bool)
    sure[(starts + place)[place >= 0]] = False
    everywhere = np.zeros(len(read.terms), dtype=bool)
    everywhere[read.numbers[sure]] = True
    kept = everywhere[read.numbers]
    return _weighted(read.numbers[kept], read.rows[kept], len(articles), sublinear=False)


def _weighted(
    numbers: np.ndarray, rows: np.ndarray, size: int, *, sublinear: bool
) -> scipy.sparse.csr_matrix:
    """TF-IDF vectors of unit length, shape (size, terms).

    A row holds its terms in the order in which the window first has them, so that its cosines
    are summed in one order whatever the numbers are.

    Parameters
    ----------
    numbers
        Numbers of the terms of all texts, as often as they stand there.
    rows
        The text of each, ascending.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    if not len(numbers):  # only stop words, or no name, in the whole window
        return scipy.sparse.csr_matrix((size, 1), dtype=np.float32)
    columns, known = pd.factorize(numbers)
    entries, counts = np.unique(rows * len(known) + columns, return_counts=True)
    rows, columns = np.divmod(entries, len(known))
    indptr = np.searchsorted(rows, np.arange(size + 1))
    matrix = scipy.sparse.csr_matrix(
        (counts.astype(np.float32), columns.astype(np.int32), indptr.astype(np.int32)),
        shape=(size, len(known)),
    )
    return TfidfTransformer(sublinear_tf=sublinear).fit_transform(matrix)


def _read_words(text: str) -> list[str]:
    """Words of a text as scikit-learn reads them."""
    return _analyzer()(text)


@lru_cache(maxsize=1)
def _analyzer() -> Callable[[str], list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(stop_words="english").build_analyzer()


def _read_names(article: tuple[str, str]) -> list[str]:
    """Names of an article and the first word of its headline, sorted."""
    title, summary = article
    return sorted(names(title, summary) | _first_word(title))


def _first_word(title: str) -> frozenset[str]:
    return frozenset(word.lower() for word in words(title)[:1])


@lru_cache(maxsize=50_000)
def _first_word_place(title: str, summary: str) -> int:
    """Where `_read_names` has the first word of a headline that is no name otherwise, else -1."""
    own = names(title, summary)
    return next((sum(name < word for name in own) for word in _first_word(title) - own), -1)


# A month's window holds most of yesterday's articles.
_WORDS = Lexicon(_read_words)
_NAMES = Lexicon(_read_names)
