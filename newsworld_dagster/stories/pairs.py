"""What can be said about two articles: the features that the pair model reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.stories.background import Background
from newsworld_dagster.stories.slugs import slug_words
from newsworld_dagster.stories.topicality import DIMENSIONS, Topicality
from newsworld_dagster.stories.windowwords import WindowWords, shared_places

# Features of a pair, in the order of the columns. Those of two numbers are given as their
# maximum and minimum, so that a pair has no first and second.
FEATURES = (
    "dense",  # cosine of the embeddings
    "event",  # cosine of the event vectors
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
    "density_event",
    "behind_max",  # by how much it lies behind the article's largest (0 at least) of close pairs
    "behind_min",
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
    events
        Unit vectors of the articles as reports of events, shape (len(window), d'); where the
        encoder has none, `vectors`.
    """

    def __init__(
        self,
        window: pd.DataFrame,
        vectors: np.ndarray,
        background: Background,
        parameters: PairParameters | None = None,
        events: np.ndarray | None = None,
    ) -> None:
        self.parameters = parameters or PairParameters()
        self.dense = np.ascontiguousarray(vectors, dtype=np.float32)
        self.events = self.dense
        if events is not None:
            self.events = np.ascontiguousarray(events, dtype=np.float32)
        self.size = len(window)
        titles = window["title"].to_numpy(dtype=object)
        self.words = WindowWords(titles, _bodies(window), self.dense, background)
        times = window["first_seen_at"].astype("datetime64[us]").to_numpy().astype("int64")
        self.timed = ~window["first_seen_at"].isna().to_numpy()
        self.days = np.where(self.timed, times, 0) / 86_400e6
        publishers = window["publisher"].fillna("") if "publisher" in window else [""] * len(window)
        codes, known = pd.factorize(np.asarray(publishers, dtype=object))
        self.publisher = np.where(np.asarray(known, dtype=object)[codes] == "", -1, codes)
        self.first, self.second = self._candidates()

    def _candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """Pairs worth a look, and on the way each article's density and neighbourhood."""
        first, second, dense, lexical, event = self._close_pairs()
        both = np.concatenate([np.arange(len(first))] * 2)
        ways = np.concatenate([first, second]), np.concatenate([second, first])
        table = scipy.sparse.csr_matrix((both, ways), shape=(self.size, self.size))
        table.sort_indices()
        pair, column = table.data, table.indices
        row = np.repeat(np.arange(self.size), np.diff(table.indptr))
        self.density = np.stack(
            [self._mean_of_largest(row, cosines[pair]) for cosines in (dense, lexical, event)]
        )
        self.nearest = np.zeros(self.size)
        np.maximum.at(self.nearest, row, event[pair])
        values = ((dense + lexical) / 2)[pair]
        rank = _ranks(row, values)
        near = rank < _NEAREST
        self.near = self._neighbourhoods(row[near], column[near], values[near])
        kept = np.zeros(len(first), dtype=bool)
        kept[pair[rank < self.parameters.most]] = True
        return first[kept], second[kept]

    def _close_pairs(self) -> tuple[np.ndarray, ...]:
        """Pairs that reach the floor, first before second, with their three cosines."""
        found = []
        matrix = self.words.matrix
        for start in range(0, self.size, _BLOCK):
            stop = start + _BLOCK
            dense = self.dense[start:stop] @ self.dense[start:].T
            lexical = (matrix[start:stop] @ matrix[start:].T).toarray()
            row, column = np.nonzero(np.triu(dense + lexical >= 2 * self.parameters.floor, 1))
            at = (row, column)
            event = self.events[start:stop] @ self.events[start:].T
            found.append((row + start, column + start, dense[at], lexical[at], event[at]))
        if not found:
            return np.zeros(0, int), np.zeros(0, int), np.zeros(0), np.zeros(0), np.zeros(0)
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))

    def _mean_of_largest(self, row: np.ndarray, values: np.ndarray) -> np.ndarray:
        largest = _ranks(row, values) < _DENSEST
        return np.bincount(row[largest], values[largest], minlength=self.size) / _DENSEST

    def _neighbourhoods(
        self, row: np.ndarray, column: np.ndarray, values: np.ndarray
    ) -> scipy.sparse.csr_matrix:
        """Unit rows: how far each of the nearest exceeds the floor, and the article itself."""
        own = np.arange(self.size)
        weights = np.concatenate([values - self.parameters.floor, np.full(self.size, 0.5)])
        rows, columns = np.concatenate([row, own]), np.concatenate([column, own])
        norm = np.sqrt(np.bincount(rows, weights**2, minlength=self.size))
        return scipy.sparse.csr_matrix(
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
        held = self.words
        pair, at_i, at_j = shared_places(held.indptr, held.indices, len(held.idf), i, j)
        term = held.indices[at_i]
        titles = held.in_title[at_i] & held.in_title[at_j]
        both_names = held.is_name[at_i] & held.is_name[at_j]

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(pair, values, minlength=len(i))

        def largest(values: np.ndarray) -> np.ndarray:
            out = np.zeros(len(i))
            if len(pair):
                starts = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])
                out[pair[starts]] = np.maximum.reduceat(values, starts)
            return out

        idf, before = held.idf[term], held.idf_before[term]
        burst, cohesion = held.burst[term], held.cohesion[term]
        unusual = burst * np.minimum(before, 8) / 8
        held_i, held_j = held.in_title[at_i], held.in_title[at_j]
        covered = _both(
            total(idf * held_i) / np.maximum(held.title_mass[i], 1e-6),
            total(idf * held_j) / np.maximum(held.title_mass[j], 1e-6),
        )
        covered_before = _both(
            total(before * held_i) / np.maximum(held.title_mass_before[i], 1e-6),
            total(before * held_j) / np.maximum(held.title_mass_before[j], 1e-6),
        )
        name_i, name_j = held_i & held.is_name[at_i], held_j & held.is_name[at_j]
        named = _both(
            total(before * name_i) / np.maximum(held.name_mass[i], 1e-6),
            total(before * name_j) / np.maximum(held.name_mass[j], 1e-6),
        )
        missed = _both(held.missed(i, pair, at_i), held.missed(j, pair, at_j))
        differing = (
            held.names_mass[i]
            + held.names_mass[j]
            - total(before * held.is_name[at_i])
            - total(before * held.is_name[at_j])
        )
        phrase, at, _ = shared_places(
            held.phrase_indptr, held.phrase_indices, len(held.phrase_idf), i, j
        )
        phrases = np.bincount(phrase, held.phrase_idf[held.phrase_indices[at]], minlength=len(i))
        event = np.einsum("ij,ij->i", self.events[i], self.events[j])
        behind = _both(self.nearest[i] - event, self.nearest[j] - event)
        columns = {
            "dense": np.einsum("ij,ij->i", self.dense[i], self.dense[j]),
            "event": event,
            "lexical": total(held.lexical[at_i] * held.lexical[at_j]),
            "lexical_title": total(held.lexical_title[at_i] * held.lexical_title[at_j]),
            "lexical_rare": total(held.lexical_rare[at_i] * held.lexical_rare[at_j]),
            "names": total(held.lexical_names[at_i] * held.lexical_names[at_j]),
            "shared": total(idf),
            "shared_title": total(idf * titles),
            "shared_rare": total(held.rarity[term]),
            "shared_names": total(held.rarity[term] * both_names),
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
            "density_event": self.density[2, i] + self.density[2, j],
            "behind_max": behind[0],
            "behind_min": behind[1],
            "days": np.abs(self.days[i] - self.days[j]) * (self.timed[i] & self.timed[j]),
            "same_publisher": (self.publisher[i] == self.publisher[j]) & (self.publisher[i] >= 0),
            "length": np.minimum(held.length[i], held.length[j]),
        }
        own = np.column_stack([columns[name] for name in FEATURES[:_TOPICS]]).astype(np.float32)
        return np.hstack([own, Topicality.packaged().features(self.dense, i, j)])


def _bodies(window: pd.DataFrame) -> np.ndarray:
    """Summaries, each with the words of its article's address behind it."""
    if "url" not in window:
        return window["summary"].to_numpy(dtype=object)
    both = zip(window["summary"], window["url"].fillna(""), strict=True)
    return np.array([f"{summary} {slug_words(url)}".strip() for summary, url in both], dtype=object)


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
