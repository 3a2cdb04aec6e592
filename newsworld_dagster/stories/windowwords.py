"""The words of a window of articles: how rare, how new, in a title or a name, shared by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.contracts.terms import names, stem, words
from newsworld_dagster.stories.background import Background, neighbours, stems
from newsworld_dagster.stories.lexicon import Lexicon, Numbered

_BLOCK = 1_024


class WindowWords:
    """The words of a window of articles, weighed against one another and against the time before.

    Parameters
    ----------
    titles, bodies
        Texts of the articles, shape (n,) each.
    vectors
        Unit vectors of the articles, shape (n, d).
    background
        Document frequencies of the time before the window.

    Attributes
    ----------
    terms
        Distinct stems of the window, m in all.
    indptr, indices
        The stems of each article as rows of a sparse matrix: article i holds
        `indices[indptr[i] : indptr[i + 1]]`, ascending. k is the length of `indices`.
    in_title, is_name
        Of each entry: whether it stands in the title, and whether it is one of a name, shape (k,).
    idf, idf_before, rarity, burst, cohesion
        Of each stem, shape (m,): inverse document frequency in the window, and in the time before;
        what of the former exceeds half of the largest; how much more often it stands here than
        before, as a logarithm, at least 0; how alike the articles with it are.
    lexical, lexical_rare, lexical_title, lexical_names
        TF-IDF weights of each entry, of unit length in each article, shape (k,): by either
        frequency, of the titles alone, of the names alone.
    title_mass, title_mass_before, name_mass, names_mass
        Summed IDF of each article, shape (n,): of its title, by either frequency, of the names in
        its title, and of all its names.
    matrix
        `lexical` as a sparse matrix, shape (n, m).
    length
        Stems of each article, as often as they stand there, shape (n,).
    phrase_indptr, phrase_indices, phrase_idf
        Pairs of neighbouring stems in the same way, with their IDF in the time before.
    """

    def __init__(
        self, titles: np.ndarray, bodies: np.ndarray, vectors: np.ndarray, background: Background
    ) -> None:
        self.titles, self.bodies, self.size = titles, bodies, len(titles)
        articles = list(zip(titles, bodies, strict=True))
        self._read_stems(articles, background)
        self._read_phrases(articles, background)
        self.cohesion = self._cohesion(vectors)

    def _read_stems(self, articles: Sequence[tuple[str, str]], background: Background) -> None:
        held = _STEMS.number(articles)
        self.indptr, self.indices, known, order = _table(held)
        self.terms = [held.terms[number] for number in known]
        read = [_read(*article) for article in articles]
        tf, self.in_title, self.is_name = (
            np.concatenate([np.zeros(0, dtype=kind), *parts])[order]
            for kind, parts in (
                (np.int64, (one.tf for one in read)),
                (bool, (one.in_title for one in read)),
                (bool, (one.is_name for one in read)),
            )
        )
        self._row = np.repeat(np.arange(self.size), np.diff(self.indptr))
        n, width = self.size, max(len(known), 1)
        self.frequency = np.bincount(self.indices, minlength=width)
        before = np.array([background.frequency.get(term, 0) for term in self.terms] or [0])
        self.idf = np.log((1 + n) / (1 + self.frequency)) + 1
        self.idf_before = np.log((1 + background.articles + n) / (2 + before)) + 1
        rate = (before + 0.5) / (background.articles + 1)
        self.burst = np.clip(np.log((self.frequency + 0.5) / (n * rate + 0.5)), 0, None)
        self.rarity = np.clip(self.idf - np.log(max(n, 1)) / 2, 0, None)
        weight = 1 + np.log(tf.astype(float))
        self.lexical = self._unit(weight * self.idf[self.indices])
        self.lexical_rare = self._unit(weight * self.idf_before[self.indices])
        self.lexical_title = self._unit(self.in_title * self.idf[self.indices])
        self.lexical_names = self._unit(self.is_name * self.idf[self.indices])
        self.title_mass = self._sum(self.in_title * self.idf[self.indices])
        self.title_mass_before = self._sum(self.in_title * self.idf_before[self.indices])
        weight_of_name = self.is_name * self.idf_before[self.indices]
        self.names_mass = self._sum(weight_of_name)
        self._title_name = weight_of_name * self.in_title
        self.name_mass = self._sum(self._title_name)
        self.length = np.array([one.length for one in read], dtype=np.int64)
        self.matrix = scipy.sparse.csr_matrix(
            (self.lexical.astype(np.float32), self.indices, self.indptr), shape=(n, width)
        )

    def _read_phrases(self, articles: Sequence[tuple[str, str]], background: Background) -> None:
        held = _PHRASES.number(articles)
        self.phrase_indptr, self.phrase_indices, known, _ = _table(held)
        pairs = [held.terms[number] for number in known]
        before = np.array([background.frequency.get(pair, 0) for pair in pairs] or [0])
        self.phrase_idf = np.log((1 + background.articles + self.size) / (2 + before))

    def _unit(self, values: np.ndarray) -> np.ndarray:
        norm = np.sqrt(self._sum(values**2))
        return values / np.where(norm == 0, 1, norm)[self._row]

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self._row, values, minlength=self.size)

    def _cohesion(self, vectors: np.ndarray) -> np.ndarray:
        """Mean similarity of the articles that hold a term, for terms of three articles or more.

        The sum of all cosines of a set of unit vectors is the squared length of their sum, so
        no pair has to be looked at.
        """
        most = max(0.1 * self.size, 50)
        kept = np.flatnonzero((self.frequency >= 3) & (self.frequency <= most))
        cohesion = np.zeros(len(self.frequency))
        holders = scipy.sparse.csr_matrix(
            (np.ones(len(self.indices), np.float32), self.indices, self.indptr),
            shape=self.matrix.shape,
        ).T.tocsr()[kept]
        for start in range(0, len(kept), _BLOCK):
            block = holders[start : start + _BLOCK]
            count = self.frequency[kept[start : start + _BLOCK]]
            dense = ((block @ vectors) ** 2).sum(axis=1)
            lexical = np.asarray((block @ self.matrix).power(2).sum(axis=1)).ravel()
            both = (dense + lexical) / 2
            cohesion[kept[start : start + _BLOCK]] = (both - count) / (count * (count - 1))
        return cohesion

    def missed(self, rows: np.ndarray, pair: np.ndarray, shared: np.ndarray) -> np.ndarray:
        """IDF of the rarest name in the title of each row that is not among the shared places."""
        count = self.indptr[rows + 1] - self.indptr[rows]
        ends = np.cumsum(count)
        starts = ends - count
        at = np.repeat(self.indptr[rows] - starts, count) + np.arange(count.sum())
        values = self._title_name[at]
        values[starts[pair] + shared - self.indptr[rows[pair]]] = 0
        out = np.zeros(len(rows))
        filled = count > 0
        if filled.any():
            out[filled] = np.maximum.reduceat(values, starts[filled])
        return out

    def shared(self, i: int, j: int, most: int = 5) -> dict[str, list[str]]:
        """Names and other words of article i whose stems article j holds too, most telling first.

        A name is what stands with a capital where it need not, in either of the two.
        """
        one = slice(self.indptr[i], self.indptr[i + 1])
        other = slice(self.indptr[j], self.indptr[j + 1])
        both, at_j = self.indices[one], np.searchsorted(self.indices[other], self.indices[one])
        match = at_j < other.stop - other.start
        match[match] = self.indices[other][at_j[match]] == both[match]
        both = both[match]
        is_name = self.is_name[one][match] | self.is_name[other][at_j[match]]
        order = np.argsort(-self.idf_before[both] * (1 + self.burst[both]), kind="stable")
        written = _written(f"{self.titles[i]} {self.bodies[i]}")
        found: dict[str, list[str]] = {"names": [], "shared": []}
        for place in order:
            term = self.terms[both[place]]
            found["names" if is_name[place] else "shared"].append(written.get(term, term))
        return {kind: shown[:most] for kind, shown in found.items()}


def shared_places(
    indptr: np.ndarray, indices: np.ndarray, width: int, i: np.ndarray, j: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where rows i and j of a sparse matrix hold the same column.

    Returns the number of the pair, sorted, and the two places in `indices`.
    """
    keys, places = [], []
    for rows in (i, j):
        count = indptr[rows + 1] - indptr[rows]
        start = np.repeat(indptr[rows] - np.r_[0, np.cumsum(count)[:-1]], count)
        at = start + np.arange(count.sum())
        keys.append(np.repeat(np.arange(len(rows)), count) * width + indices[at])
        places.append(at)
    if not len(keys[1]):
        return (np.zeros(0, int),) * 3
    found = np.searchsorted(keys[1], keys[0])
    found[found == len(keys[1])] = 0
    match = keys[1][found] == keys[0]
    return keys[0][match] // width, places[0][match], places[1][found[match]]


class _Article(NamedTuple):
    """An article's stems, each once, in the order of their first appearance, shape (stems,).

    Attributes
    ----------
    tf
        How often it stands there, twice for each time in the title: that says what it is about.
    in_title, is_name
        Whether it stands in the title, and whether it is one of a name.
    length
        Stems, as often as they stand there.
    """

    tf: np.ndarray
    in_title: np.ndarray
    is_name: np.ndarray
    length: int


@lru_cache(maxsize=20_000)
def _read(title: str, summary: str) -> _Article:
    head, body = stems(title), stems(summary)
    counts = Counter(head * 2 + body)
    heads = frozenset(head)
    named = {stem(word) for word in names(title, summary)}
    return _Article(
        np.array(list(counts.values()), dtype=np.int64),
        np.array([term in heads for term in counts], dtype=bool),
        np.array([term in named for term in counts], dtype=bool),
        len(head) + len(body),
    )


def _stems_of(article: tuple[str, str]) -> dict[str, None]:
    """Stems of an article in the order in which `_read` has them."""
    return dict.fromkeys(chain.from_iterable(map(stems, article)))


def _phrases_of(article: tuple[str, str]) -> dict[str, None]:
    return dict.fromkeys(pair for text in article for pair in neighbours(stems(text)))


# The live window holds most of yesterday's articles.
_STEMS = Lexicon(_stems_of)
_PHRASES = Lexicon(_phrases_of)


def _table(held: Numbered) -> tuple[np.ndarray, np.ndarray, list[int], np.ndarray]:
    """Texts that hold a term once as rows of a sparse matrix, its columns sorted in each row.

    Columns stand in the order in which the texts first have their terms, so that sums over them
    have one order whatever the numbers are. Returns indptr and indices, the number of each
    column's term, and the place in `held` of each entry.
    """
    columns, known = pd.factorize(held.numbers)
    order = np.argsort(held.rows * len(known) + columns)
    return np.r_[0, np.cumsum(held.lengths)], columns[order], known.tolist(), order


@lru_cache(maxsize=1_000)
def _written(text: str) -> dict[str, str]:
    """The first word of a text that has a stem, by the stem."""
    return {stem(word.lower()): word for word in reversed(words(text))}
