"""Online story assignment with repair inside the live window."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from newsworld_dagster.contracts.stories import ASSIGNMENTS, LINEAGE


@dataclass(frozen=True)
class StoryParameters:
    """What makes two articles one story.

    The similarity of two articles is `dense_weight` times the cosine of their embeddings plus
    the rest times the cosine of their TF-IDF vectors, less `decay_per_day` for each day
    between them. Weights and threshold were chosen on the labelled week of February 2026.
    """

    dense_weight: float = 0.4
    decay_per_day: float = 0.015
    threshold: float = 0.33
    live_days: int = 10
    largest_repair: int = 1500


@dataclass(frozen=True)
class StoryDay:
    """What one day changed: rows for `stories.assignments` and `stories.lineage`."""

    assignments: pd.DataFrame
    lineage: pd.DataFrame


def assign_stories(
    window: pd.DataFrame,
    vectors: np.ndarray,
    *,
    day: pd.Timestamp,
    parameters: StoryParameters | None = None,
) -> StoryDay:
    """Give each new article of the live window a story, and mend the stories it touches.

    Each new article first joins, in time order, the story whose members it resembles most on
    average, or founds one. Then the stories that gained an article, and those close to it, are
    linked afresh by average linkage; where that disagrees, stories merge or split.

    Parameters
    ----------
    window
        The live window in time order: article_id, title, summary, first_seen_at, and story_id,
        which is null for the new articles.
    vectors
        Unit vectors of the articles, shape (len(window), d).
    day
        The day being processed; it stamps the rows.

    Returns
    -------
    StoryDay
    """
    parameters = parameters or StoryParameters()
    if window.empty:
        return StoryDay(_assignment_frame([]), _lineage_frame([]))
    space = _Space(window, vectors, parameters)
    before = window["story_id"].to_numpy(dtype=object)
    new = np.array([i for i, story in enumerate(before) if not isinstance(story, str)], dtype=int)
    if new.size == 0:
        return StoryDay(_assignment_frame([]), _lineage_frame([]))
    similar = space.similarity(new, np.arange(len(before)))
    online, scores = _assign_online(space, before, new, similar)
    mended = _repair(space, online, before, new, similar, day)
    ids = window["article_id"].to_numpy(dtype=object)
    rows: list[tuple[object, ...]] = []
    moves: dict[tuple[str, str], int] = {}
    founded: set[str] = {story for story in before if isinstance(story, str)}
    remaining = set(mended)
    for place, story in enumerate(mended):
        was = before[place]
        if was == story:
            continue
        if not isinstance(was, str):
            reason = "joined" if story in founded else "founded"
            score = scores[place] if reason == "joined" else 1.0
        else:
            reason = "merged" if was not in remaining else "split"
            score = space.mean_similarity(place, np.flatnonzero(mended == story))
            moves[(was, story)] = moves.get((was, story), 0) + 1
        founded.add(story)
        rows.append((ids[place], story, day, float(score), reason))
    lineage: list[tuple[object, ...]] = [
        (
            day,
            "split" if was in remaining else "merge",
            was,
            story,
            count,
            f"average linkage at {parameters.threshold:.2f} of {count} articles in the last "
            f"{parameters.live_days} days",
        )
        for (was, story), count in sorted(moves.items())
    ]
    return StoryDay(_assignment_frame(rows), _lineage_frame(lineage))


class _Space:
    """Similarities inside the window, computed for the rows that are asked for."""

    def __init__(
        self, window: pd.DataFrame, vectors: np.ndarray, parameters: StoryParameters
    ) -> None:
        self.parameters = parameters
        self.ids = window["article_id"].to_numpy(dtype=object)
        self.dense = vectors
        self.lexical = _tfidf(window)
        times = window["first_seen_at"].astype("datetime64[us]").to_numpy().astype("int64")
        unknown = window["first_seen_at"].isna().to_numpy()
        self.days = np.where(unknown, 0, times) / 86_400e6
        self.timed = ~unknown

    def similarity(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Similarity of articles, shape (len(rows), len(columns))."""
        weight = self.parameters.dense_weight
        dense = self.dense[rows] @ self.dense[columns].T
        lexical = (self.lexical[rows] @ self.lexical[columns].T).toarray()
        gap = np.abs(self.days[rows][:, None] - self.days[columns][None, :])
        gap *= self.timed[rows][:, None] & self.timed[columns][None, :]
        return weight * dense + (1 - weight) * lexical - self.parameters.decay_per_day * gap

    def mean_similarity(self, row: int, members: np.ndarray) -> float:
        others = members[members != row]
        if others.size == 0:
            return 1.0
        return float(self.similarity(np.array([row]), others).mean())


def _assign_online(
    space: _Space, before: np.ndarray, new: np.ndarray, similar: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Story and score of each article; `similar` is that of the new ones to all, in time order."""
    story_ids = before.copy()
    scores = np.ones(len(before))
    codes = np.full(len(before), -1)
    members: list[str] = []
    place: dict[str, int] = {}
    for i, story in enumerate(before):
        if isinstance(story, str):
            codes[i] = place.setdefault(story, len(place))
            if codes[i] == len(members):
                members.append(story)
    for row, i in enumerate(new):
        taken = codes >= 0
        if taken.any():
            sums = np.bincount(codes[taken], similar[row][taken], minlength=len(members))
            means = sums / np.bincount(codes[taken], minlength=len(members))
            best = int(means.argmax())
            if means[best] >= space.parameters.threshold:
                codes[i], story_ids[i], scores[i] = best, members[best], means[best]
                continue
        story = story_id(space.ids[i])
        codes[i] = len(members)
        members.append(story)
        story_ids[i] = story
    return story_ids, scores


def _repair(
    space: _Space,
    story_ids: np.ndarray,
    before: np.ndarray,
    new: np.ndarray,
    similar: np.ndarray,
    day: pd.Timestamp,
) -> np.ndarray:
    mended = story_ids.copy()
    codes, stories = pd.factorize(story_ids)
    rows, columns = np.nonzero(similar >= space.parameters.threshold)
    links = sparse.coo_matrix(
        (np.ones(rows.size), (codes[new[rows]], codes[columns])), shape=(len(stories),) * 2
    )
    _, component = sparse.csgraph.connected_components(links, directed=False)
    touched = np.unique(component[codes[new]])
    sizes = np.bincount(component[codes])
    for number in touched:
        if not 2 <= sizes[number] <= space.parameters.largest_repair:
            continue
        group = np.flatnonzero(component[codes] == number)
        labels = _average_linkage(space.similarity(group, group), space.parameters.threshold)
        mended[group] = _keep_ids(labels, story_ids[group], before[group], space.ids[group], day)
    return mended


def _average_linkage(similarity: np.ndarray, threshold: float) -> np.ndarray:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    # Distances may be shifted by a constant without changing average linkage; scipy wants them
    # non-negative.
    distance = 2.0 - similarity
    np.fill_diagonal(distance, 0.0)
    condensed = squareform((distance + distance.T) / 2, checks=False)
    return fcluster(linkage(condensed, "average"), 2.0 - threshold, criterion="distance")


def _keep_ids(
    labels: np.ndarray,
    online: np.ndarray,
    before: np.ndarray,
    article_ids: np.ndarray,
    day: pd.Timestamp,
) -> np.ndarray:
    """Name clusters after the stories that they continue; stored stories go before new ones."""
    stored = {story for story in before if isinstance(story, str)}
    first = {story: place for place, story in reversed(list(enumerate(online)))}
    counts = Counter(zip(labels.tolist(), online, strict=True))
    order = sorted(
        counts, key=lambda pair: (pair[1] not in stored, -counts[pair], first[pair[1]], pair[0])
    )
    named: dict[int, str] = {}
    taken: set[str] = set()
    for label, story in order:
        if label not in named and story not in taken:
            named[label] = story
            taken.add(story)
    for label in np.unique(labels):
        if int(label) not in named:
            oldest = article_ids[np.flatnonzero(labels == label)[0]]
            named[int(label)] = story_id(f"{oldest}@{day:%Y-%m-%d}")
    return np.array([named[int(label)] for label in labels], dtype=object)


def story_id(founder: str) -> str:
    """The id of the story that an article founds."""
    return "s" + hashlib.sha256(f"story:{founder}".encode()).hexdigest()[:15]


def _tfidf(window: pd.DataFrame) -> sparse.csr_matrix:
    from sklearn.feature_extraction.text import TfidfVectorizer

    # The headline says what the story is, so its words count twice.
    texts = window["title"] + " " + window["title"] + " " + window["summary"]
    vectoriser = TfidfVectorizer(stop_words="english", sublinear_tf=True, dtype=np.float32)
    try:
        return vectoriser.fit_transform(texts)
    except ValueError:  # only stop words in the whole window
        return sparse.csr_matrix((len(window), 1), dtype=np.float32)


def _assignment_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(ASSIGNMENTS.columns))


def _lineage_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(LINEAGE.columns))
