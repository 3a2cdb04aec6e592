"""What can be said about two articles: the features that the pair model reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from newsworld_dagster.contracts.terms import names, stem, words
from newsworld_dagster.stories.background import Background, neighbours, stems
from newsworld_dagster.stories.lexicon import Lexicon, Numbered
from newsworld_dagster.stories.slugs import slug_words
from newsworld_dagster.stories.topicality import DIMENSIONS, Topicality

# Features of a pair, in the order of the columns. Those of two numbers are given as their
# maximum and minimum, so that a pair has no first and second.
FEATURES = (
    "dense",  # cosine of the embeddings
    "lexical",  # cosine of the TF-IDF vectors, with the window's document frequencies
    "lexical_title",  # the same of the titles alone
    "lexical_rare",  # the same with the background's document frequencies
    "names",  # cosine of the names
    "shared",  # summed IDF of the shared stems
    "shared_title",  # of those that stand in both titles
    "shared_rare",  # of the shared stems, what exceeds half of the largest IDF
    "shared_names",  # the same of shared names
    "shared_background",  # summed background IDF of the shared stems
    "covered_max",  # share of the title's IDF that the other's text holds
    "covered_min",
    "covered_background_max",  # the same with the background's IDF
    "covered_background_min",
    "named_max",  # share of the title's names, by background IDF, that the other's text holds
    "named_min",
    "missed_max",  # background IDF of the rarest name of the title that the other lacks
    "missed_min",
    "differing",  # summed background IDF of the names that only one of the two texts holds
    "rarest",  # background IDF of the rarest shared stem
    "rarest_title",
    "burst_max",  # of the shared stems: the most unusual frequency against the background
    "burst_title_max",
    "burst_sum",
    "burst_title_sum",
    "cohesion_max",  # of the shared stems: how alike the articles with it are
    "cohesion_title_max",
    "cohesion_burst_max",
    "phrases",  # summed background IDF of the shared pairs of neighbouring stems
    "neighbourhood",  # cosine of the two lists of nearest articles
    "density_dense",  # mean of the ten largest cosines among close pairs, summed over the two
    "density_lexical",
    "days",  # between them, 0 where a time is missing
    "same_publisher",
    "length",  # stems of the shorter one
    # where the pair lies in the news: sports and studies ask for other evidence than politics
    *(f"topic_{number}" for number in range(DIMENSIONS)),
)
_TOPICS = len(FEATURES) - DIMENSIONS
_NEAREST = 12
_DENSEST = 10
_CHUNK = 40_000
_BLOCK = 1_024


@dataclass(frozen=True)
class PairParameters:
    """Which pairs are looked at.

    A pair is a candidate when the mean of its two cosines, of embeddings and of TF-IDF vectors,
    reaches `floor`, and the one is among the `most` nearest of the other.
    """

    floor: float = 0.15
    most: int = 40


class PairSpace:
    """The pairs of a window of articles.

    Parameters
    ----------
    window
        Columns article_id, title, summary, first_seen_at and, where they are known, publisher and
        url, whose words count as if they stood at the end of the summary.
    vectors
        Unit vectors of the articles, shape (len(window), d).
    background
        Document frequencies of the time before the window.
    """

    def __init__(
        self,
        window: pd.DataFrame,
        vectors: np.ndarray,
        background: Background,
        parameters: PairParameters | None = None,
    ) -> None:
        self.parameters = parameters or PairParameters()
        self.dense = np.ascontiguousarray(vectors, dtype=np.float32)
        self.size = len(window)
        self.titles = window["title"].to_numpy(dtype=object)
        self.bodies = _bodies(window)
        self._read_text(background)
        times = window["first_seen_at"].astype("datetime64[us]").to_numpy().astype("int64")
        self.timed = ~window["first_seen_at"].isna().to_numpy()
        self.days = np.where(self.timed, times, 0) / 86_400e6
        publishers = window["publisher"].fillna("") if "publisher" in window else [""] * len(window)
        codes, known = pd.factorize(np.asarray(publishers, dtype=object))
        self.publisher = np.where(np.asarray(known, dtype=object)[codes] == "", -1, codes)
        self.first, self.second = self._candidates()

    def _read_text(self, background: Background) -> None:
        articles = list(zip(self.titles, self.bodies, strict=True))
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
        self.row = np.repeat(np.arange(self.size), np.diff(self.indptr))
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
        self.title_name = weight_of_name * self.in_title
        self.name_mass = self._sum(self.title_name)
        self.length = np.array([one.length for one in read], dtype=np.int64)
        self.matrix = sparse.csr_matrix(
            (self.lexical.astype(np.float32), self.indices, self.indptr), shape=(n, width)
        )
        self._read_phrases(articles, background)
        self.cohesion = self._cohesion()

    def _read_phrases(self, articles: Sequence[tuple[str, str]], background: Background) -> None:
        held = _PHRASES.number(articles)
        self.phrase_indptr, self.phrase_indices, known, _ = _table(held)
        pairs = [held.terms[number] for number in known]
        before = np.array([background.frequency.get(pair, 0) for pair in pairs] or [0])
        self.phrase_idf = np.log((1 + background.articles + self.size) / (2 + before))

    def _unit(self, values: np.ndarray) -> np.ndarray:
        norm = np.sqrt(self._sum(values**2))
        return values / np.where(norm == 0, 1, norm)[self.row]

    def _sum(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.row, values, minlength=self.size)

    def _cohesion(self) -> np.ndarray:
        """Mean similarity of the articles that hold a term, for terms of three articles or more.

        The sum of all cosines of a set of unit vectors is the squared length of their sum, so
        no pair has to be looked at.
        """
        most = max(0.1 * self.size, 50)
        kept = np.flatnonzero((self.frequency >= 3) & (self.frequency <= most))
        cohesion = np.zeros(len(self.frequency))
        holders = sparse.csr_matrix(
            (np.ones(len(self.indices), np.float32), self.indices, self.indptr),
            shape=self.matrix.shape,
        ).T.tocsr()[kept]
        for start in range(0, len(kept), _BLOCK):
            block = holders[start : start + _BLOCK]
            count = self.frequency[kept[start : start + _BLOCK]]
            dense = ((block @ self.dense) ** 2).sum(axis=1)
            lexical = np.asarray((block @ self.matrix).power(2).sum(axis=1)).ravel()
            both = (dense + lexical) / 2
            cohesion[kept[start : start + _BLOCK]] = (both - count) / (count * (count - 1))
        return cohesion

    def _candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs worth a look, and on the way each article's density and neighbourhood."""
        first, second, dense, lexical = self._close_pairs()
        both = np.concatenate([np.arange(len(first))] * 2)
        ways = np.concatenate([first, second]), np.concatenate([second, first])
        table = sparse.csr_matrix((both, ways), shape=(self.size, self.size))
        table.sort_indices()
        pair, column = table.data, table.indices
        row = np.repeat(np.arange(self.size), np.diff(table.indptr))
        self.density = np.stack(
            [self._mean_of_largest(row, cosines[pair]) for cosines in (dense, lexical)]
        )
        values = ((dense + lexical) / 2)[pair]
        rank = _ranks(row, values)
        near = rank < _NEAREST
        self.near = self._neighbourhoods(row[near], column[near], values[near])
        kept = np.zeros(len(first), dtype=bool)
        kept[pair[rank < self.parameters.most]] = True
        return first[kept], second[kept]

    def _close_pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Pairs that reach the floor, first before second, with their two cosines."""
        found = []
        for start in range(0, self.size, _BLOCK):
            stop = start + _BLOCK
            dense = self.dense[start:stop] @ self.dense[start:].T
            lexical = (self.matrix[start:stop] @ self.matrix[start:].T).toarray()
            row, column = np.nonzero(np.triu(dense + lexical >= 2 * self.parameters.floor, 1))
            at = (row, column)
            found.append((row + start, column + start, dense[at], lexical[at]))
        if not found:
            return np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros(0)
        first, second, dense, lexical = (np.concatenate(part) for part in zip(*found, strict=True))
        return first, second, dense, lexical

    def _mean_of_largest(self, row: np.ndarray, values: np.ndarray) -> np.ndarray:
        largest = _ranks(row, values) < _DENSEST
        return np.bincount(row[largest], values[largest], minlength=self.size) / _DENSEST

    def _neighbourhoods(
        self, row: np.ndarray, column: np.ndarray, values: np.ndarray
    ) -> sparse.csr_matrix:
        """Unit rows: how far each of the nearest exceeds the floor, and the article itself."""
        own = np.arange(self.size)
        weights = np.concatenate([values - self.parameters.floor, np.full(self.size, 0.5)])
        rows, columns = np.concatenate([row, own]), np.concatenate([column, own])
        norm = np.sqrt(np.bincount(rows, weights**2, minlength=self.size))
        return sparse.csr_matrix(
            (weights / norm[rows], (rows, columns)), shape=(self.size, self.size)
        )

    def features(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Features of pairs, float32, shape (len(first), len(FEATURES))."""
        parts = [
            self._chunk(first[start : start + _CHUNK], second[start : start + _CHUNK])
            for start in range(0, len(first), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(FEATURES)), np.float32)

    def _chunk(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        pair, at_i, at_j = _shared(self.indptr, self.indices, len(self.frequency), i, j)
        term = self.indices[at_i]
        titles = self.in_title[at_i] & self.in_title[at_j]
        both_names = self.is_name[at_i] & self.is_name[at_j]

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(pair, values, minlength=len(i))

        def largest(values: np.ndarray) -> np.ndarray:
            out = np.zeros(len(i))
            if len(pair):
                starts = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])
                out[pair[starts]] = np.maximum.reduceat(values, starts)
            return out

        idf, before = self.idf[term], self.idf_before[term]
        burst, cohesion = self.burst[term], self.cohesion[term]
        unusual = burst * np.minimum(before, 8) / 8
        held_i, held_j = self.in_title[at_i], self.in_title[at_j]
        covered = _both(
            total(idf * held_i) / np.maximum(self.title_mass[i], 1e-6),
            total(idf * held_j) / np.maximum(self.title_mass[j], 1e-6),
        )
        covered_before = _both(
            total(before * held_i) / np.maximum(self.title_mass_before[i], 1e-6),
            total(before * held_j) / np.maximum(self.title_mass_before[j], 1e-6),
        )
        name_i, name_j = held_i & self.is_name[at_i], held_j & self.is_name[at_j]
        named = _both(
            total(before * name_i) / np.maximum(self.name_mass[i], 1e-6),
            total(before * name_j) / np.maximum(self.name_mass[j], 1e-6),
        )
        missed = _both(self._missed(i, pair, at_i), self._missed(j, pair, at_j))
        differing = (
            self.names_mass[i]
            + self.names_mass[j]
            - total(before * self.is_name[at_i])
            - total(before * self.is_name[at_j])
        )
        phrase, at, _ = _shared(self.phrase_indptr, self.phrase_indices, len(self.phrase_idf), i, j)
        phrases = np.bincount(phrase, self.phrase_idf[self.phrase_indices[at]], minlength=len(i))
        columns = {
            "dense": np.einsum("ij,ij->i", self.dense[i], self.dense[j]),
            "lexical": total(self.lexical[at_i] * self.lexical[at_j]),
            "lexical_title": total(self.lexical_title[at_i] * self.lexical_title[at_j]),
            "lexical_rare": total(self.lexical_rare[at_i] * self.lexical_rare[at_j]),
            "names": total(self.lexical_names[at_i] * self.lexical_names[at_j]),
            "shared": total(idf),
            "shared_title": total(idf * titles),
            "shared_rare": total(self.rarity[term]),
            "shared_names": total(self.rarity[term] * both_names),
            "shared_background": total(before - 1),
            "covered_max": covered[0],
            "covered_min": covered[1],
            "covered_background_max": covered_before[0],
            "covered_background_min": covered_before[1],
            "named_max": named[0],
            "named_min": named[1],
            "missed_max": missed[0],
            "missed_min": missed[1],
            "differing": differing,
            "rarest": largest(before),
            "rarest_title": largest(before * titles),
            "burst_max": largest(unusual),
            "burst_title_max": largest(unusual * titles),
            "burst_sum": total(burst * before),
            "burst_title_sum": total(burst * before * titles),
            "cohesion_max": largest(cohesion),
            "cohesion_title_max": largest(cohesion * titles),
            "cohesion_burst_max": largest(cohesion * burst),
            "phrases": phrases,
            "neighbourhood": np.asarray(self.near[i].multiply(self.near[j]).sum(axis=1)).ravel(),
            "density_dense": self.density[0, i] + self.density[0, j],
            "density_lexical": self.density[1, i] + self.density[1, j],
            "days": np.abs(self.days[i] - self.days[j]) * (self.timed[i] & self.timed[j]),
            "same_publisher": (self.publisher[i] == self.publisher[j]) & (self.publisher[i] >= 0),
            "length": np.minimum(self.length[i], self.length[j]),
        }
        own = np.column_stack([columns[name] for name in FEATURES[:_TOPICS]]).astype(np.float32)
        return np.hstack([own, Topicality.packaged().features(self.dense, i, j)])

    def _missed(self, rows: np.ndarray, pair: np.ndarray, shared: np.ndarray) -> np.ndarray:
        """IDF of the rarest name in the title of each row that is not among the shared places."""
        count = self.indptr[rows + 1] - self.indptr[rows]
        ends = np.cumsum(count)
        starts = ends - count
        at = np.repeat(self.indptr[rows] - starts, count) + np.arange(count.sum())
        values = self.title_name[at]
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


def _bodies(window: pd.DataFrame) -> np.ndarray:
    """Summaries, each with the words of its article's address behind it."""
    if "url" not in window:
        return window["summary"].to_numpy(dtype=object)
    both = zip(window["summary"], window["url"].fillna(""), strict=True)
    return np.array([f"{summary} {slug_words(url)}".strip() for summary, url in both], dtype=object)


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


def _ranks(row: np.ndarray, cosines: np.ndarray) -> np.ndarray:
    """Rank of each entry in its row, 0 for the largest; of equal ones the first goes before.

    `row` is sorted. One key orders rows and, within them, cosines, which differ by 2 at most.
    """
    order = np.argsort(4.0 * row - cosines, kind="stable")
    size = np.bincount(row, minlength=1)
    ranks = np.empty(len(row), dtype=int)
    ranks[order] = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
    return ranks


def _both(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.maximum(one, other), np.minimum(one, other)


def _shared(
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
