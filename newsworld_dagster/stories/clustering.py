"""Online story assignment with repair inside the live window."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.contracts.stories import ASSIGNMENTS, LINEAGE
from newsworld_dagster.stories.background import Background
from newsworld_dagster.stories.decoding import expected_agreement, expected_clusters
from newsworld_dagster.stories.grouping import places_by
from newsworld_dagster.stories.pair_model import PairModel, pair_probabilities
from newsworld_dagster.stories.pairs import PairSpace

# Expected agreement that sums of floats may differ by.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class StoryParameters:
    """What makes articles one story.

    A new article joins the story with which the mean probability of its pairs reaches `threshold`.
    The repair merges by expected agreement (see `expected_clusters`), from groups certain to
    `start` on. What it would part or merge stays as it is, unless expected agreement is then larger
    than with the stored stories as they are and the new articles placed beside them as well as can
    be: by `margin` for each article that would leave its story. Stories without an article in the
    last `live_days` days stand as they are. Groups that no pair of `linked` or more joins are put
    together each by itself; one of more than `largest_repair` articles, whose pairs would take too
    much memory, is first cut at links twice as strong, and again.
    """

    threshold: float = 0.36
    recall_weight: float = 1.2
    start: float = 0.7
    margin: float = 0.0
    linked: float = 0.15
    live_days: int = 10
    largest_repair: int = 1_500


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
    model: PairModel,
    background: Background,
    older: Mapping[str, int] | None = None,
    parameters: StoryParameters | None = None,
    events: np.ndarray | None = None,
) -> StoryDay:
    """Give each new article of the live window a story, and mend the stories it touches.

    Each new article first joins, in time order, the story whose members it most probably belongs
    with, or founds one. Then the stories that gained an article, and those close to it, are
    put together afresh; where that disagrees, stories merge or split.

    Parameters
    ----------
    window
        The live window in time order: article_id, title, summary, first_seen_at, story_id, which
        is null for the new articles, and publisher and url, where they are known.
    vectors
        Unit vectors of the articles, shape (len(window), d).
    day
        The day being processed; it stamps the rows.
    model
        Scores pairs of articles.
    background
        Document frequencies of the time before the window.
    older
        How many articles a story of the window has before it; 0 where it is not named.
    events
        Event vectors of the articles, shape (len(window), d'); `vectors` where there are none.

    Returns
    -------
    StoryDay
    """
    parameters, older = parameters or StoryParameters(), older or {}
    before = window["story_id"].to_numpy(dtype=object)
    new = np.array([i for i, story in enumerate(before) if not isinstance(story, str)], dtype=int)
    if new.size == 0:
        return StoryDay(_assignment_frame([]), _lineage_frame([]))
    space = PairSpace(window, vectors, background, events=events)
    probability = pair_probabilities(space, model, before, parameters.linked)
    ids = window["article_id"].to_numpy(dtype=object)
    online = _assign_online(probability, ids, before, new, parameters.threshold)
    mended = _repair(probability, ids, online, before, new, day, older, parameters)
    reasons = Reasons(space, probability, window)
    known: set[str] = {story for story in before if isinstance(story, str)}
    remaining = {*mended, *(story for story, count in older.items() if count)}
    of_story = places_by(mended)
    rows: list[tuple[object, ...]] = []
    moves: dict[tuple[str, str], list[int]] = {}
    for place, story in enumerate(mended):
        was = before[place]
        if was == story:
            continue
        if not isinstance(was, str):
            reason = "joined" if story in known else "founded"
        else:
            reason = "merged" if was not in remaining else "split"
            moves.setdefault((was, story), []).append(place)
        known.add(story)
        members = of_story[story]
        score = 1.0 if reason == "founded" else reasons.mean_probability([place], members)
        rows.append((ids[place], story, day, score, reason, reasons.nearest(place, members)))
    lineage = [
        _move(was, story, places, of_story, remaining, reasons, day)
        for (was, story), places in sorted(moves.items())
    ]
    return StoryDay(_assignment_frame(rows), _lineage_frame(lineage))


def _move(
    was: str,
    story: str,
    places: list[int],
    of_story: Mapping[str, np.ndarray],
    remaining: set[str],
    reasons: Reasons,
    day: pd.Timestamp,
) -> tuple[object, ...]:
    one, members = len(places) == 1, of_story[story]
    if len(members) == len(places):
        text = "1 article stands by itself" if one else f"{len(places)} articles stand apart"
    else:
        there = reasons.mean_probability(places, members)
        subject = "1 article goes" if one else f"{len(places)} articles go"
        text = f"{subject} with the story joined at a mean of {there:.2f}"
    left = of_story.get(was)
    if left is not None:
        here = reasons.mean_probability(places, left)
        text += f", with the one left at {here:.2f}"
        if len(members) > len(places) and here > there:
            text += "; all that were put together afresh agree better so"
    return day, "split" if was in remaining else "merge", was, story, len(places), text


class Reasons:
    """Why an article is where it is."""

    def __init__(
        self, space: PairSpace, probability: scipy.sparse.csr_matrix, window: pd.DataFrame
    ) -> None:
        self.space, self.probability = space, probability
        self.ids = window["article_id"].to_numpy(dtype=object)

    def mean_probability(self, places: list[int], members: np.ndarray) -> float:
        """Mean probability of the pairs of places with members; 1 where there is none."""
        other = np.zeros(len(self.ids), dtype=bool)
        other[members] = True
        other[places] = False
        count = np.count_nonzero(other)
        if count == 0:
            return 1.0
        columns, values = self._rows(places)
        return float(values[other[columns]].sum() / (len(places) * count))

    def _rows(self, places: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Columns and values of what the matrix of probabilities holds in some of its rows."""
        matrix, indptr = self.probability, self.probability.indptr
        parts = [slice(indptr[place], indptr[place + 1]) for place in places]
        columns, values = (
            [whole[part] for part in parts] for whole in (matrix.indices, matrix.data)
        )
        return np.concatenate(columns), np.concatenate(values)

    def nearest(self, place: int, members: np.ndarray, most: int = 3) -> str:
        """The nearest members of the story, or of all articles for one that stands alone.

        JSON: a list of {article_id, probability, names, shared, member}, nearest first.
        """
        found, values = self._rows([place])
        if len(members) > 1:
            member = np.zeros(len(self.ids), dtype=bool)
            member[members] = True
            found, values = found[member[found]], values[member[found]]
        order = np.lexsort((self.ids[found], -values))[:most]
        return json.dumps(
            [
                {
                    "article_id": self.ids[found[n]],
                    "probability": round(float(values[n]), 3),
                    **self.space.words.shared(place, int(found[n])),
                    "member": len(members) > 1,
                }
                for n in order
            ],
            ensure_ascii=False,
        )


def _assign_online(
    probability: scipy.sparse.csr_matrix,
    ids: np.ndarray,
    before: np.ndarray,
    new: np.ndarray,
    threshold: float,
) -> np.ndarray:
    """Story of each article after the new ones were placed one by one, in time order."""
    stories = before.copy()
    codes, known = pd.factorize(before)  # -1 for the new ones
    names = list(known)
    sizes = list(np.bincount(codes[codes >= 0], minlength=len(names)))
    for i in new:
        row = slice(probability.indptr[i], probability.indptr[i + 1])
        near, values = codes[probability.indices[row]], probability.data[row]
        near, values = near[near >= 0], values[near >= 0]
        candidates, inverse = np.unique(near, return_inverse=True)
        if candidates.size:
            means = np.bincount(inverse, values) / np.array([sizes[c] for c in candidates])
            if means.max() >= threshold:
                codes[i] = candidates[means.argmax()]
        if codes[i] < 0:
            codes[i] = len(names)
            names.append(story_id(ids[i]))
            sizes.append(0)
        sizes[codes[i]] += 1
        stories[i] = names[codes[i]]
    return stories


def _repair(
    probability: scipy.sparse.csr_matrix,
    ids: np.ndarray,
    online: np.ndarray,
    before: np.ndarray,
    new: np.ndarray,
    day: pd.Timestamp,
    older: Mapping[str, int],
    parameters: StoryParameters,
) -> np.ndarray:
    """Put the touched groups together afresh.

    Clusters whose pairs all stay well below one half never gain by merging, so groups that no
    pair of `linked` or more joins are treated each by itself.
    """
    mended = online.copy()
    codes, _ = pd.factorize(online)
    mass = 1 + np.asarray(probability.sum(axis=1)).ravel()
    is_new = np.zeros(len(online), dtype=bool)
    is_new[new] = True
    everything = np.arange(len(online))
    for group in _groups(probability, codes, everything, parameters.linked, parameters):
        if len(group) < 2 or not is_new[group].any():
            continue
        mended[group] = _mend(
            probability[group][:, group].toarray(),
            mass[group],
            before[group],
            partial(
                _keep_ids,
                online=online[group],
                before=before[group],
                article_ids=ids[group],
                day=day,
                older=older,
            ),
            parameters,
        )
    return mended


def _mend(
    pairs: np.ndarray,
    mass: np.ndarray,
    before: np.ndarray,
    named: Callable[[np.ndarray], np.ndarray],
    parameters: StoryParameters,
) -> np.ndarray:
    """Stories of a group put together afresh, where that is worth the moves.

    Else the stored ones stay, and the new articles are placed beside them as well as can be. That
    is decided apart, and whole, for each part that shares no story of either kind with another:
    expected agreement is a sum over these. If all was taken as it comes, stories would fall apart
    and come back for nothing, for merging by steps finds not always the best there is.
    """
    placed = partial(
        expected_clusters,
        pairs,
        mass,
        recall_weight=parameters.recall_weight,
        start=parameters.start,
    )
    anew = named(placed())
    held = pd.factorize(before)[0]  # -1 for the new ones
    stored = held >= 0
    if not stored.any():
        return anew
    stayed = named(placed(held=held))
    # One number for a name in both: no two parts may come to use it.
    one, other = np.split(pd.factorize(np.concatenate([stayed, anew]))[0], 2)
    stories = max(one.max(), other.max()) + 1
    shared = scipy.sparse.coo_matrix((np.ones(len(one)), (one, other)), shape=(stories, stories))
    part = scipy.sparse.csgraph.connected_components(shared, directed=False)[1][one]
    stood, reached = (
        expected_agreement(pairs, mass, clusters, recall_weight=parameters.recall_weight)
        for clusters in (one, other)
    )
    gone = np.bincount(part, stored & (anew != before))
    grown = np.bincount(part, reached - stood) - parameters.margin * gone
    # Nobody leaves a story for nothing, nor for what rounding makes of it.
    pays = (grown > _ROUNDING) | ((gone == 0) & (grown >= 0))
    return np.where(pays[part], anew, stayed)


def _groups(
    probability: scipy.sparse.csr_matrix,
    codes: np.ndarray,
    places: np.ndarray,
    linked: float,
    parameters: StoryParameters,
) -> Iterator[np.ndarray]:
    """Places of `places` that links of `linked` or more join, none larger than can be repaired.

    A story stays whole: it may be what is larger.
    """
    own, inverse = np.unique(codes[places], return_inverse=True)
    pairs = probability[places][:, places].tocoo()
    close = pairs.data >= linked
    links = scipy.sparse.coo_matrix(
        (np.ones(close.sum()), (inverse[pairs.row[close]], inverse[pairs.col[close]])),
        shape=(len(own),) * 2,
    )
    count, component = scipy.sparse.csgraph.connected_components(links, directed=False)
    of_place = component[inverse]
    order = np.argsort(of_place, kind="stable")
    bounds = np.searchsorted(of_place[order], np.arange(count + 1))
    for start, stop in itertools.pairwise(bounds):
        group = places[order[start:stop]]
        if len(group) > parameters.largest_repair and linked < 1 and len(own) > 1:
            yield from _groups(probability, codes, group, 2 * linked, parameters)
        elif len(group) <= parameters.largest_repair:
            yield group


def _keep_ids(
    labels: np.ndarray,
    online: np.ndarray,
    before: np.ndarray,
    article_ids: np.ndarray,
    day: pd.Timestamp,
    older: Mapping[str, int],
) -> np.ndarray:
    """Name clusters after the stories that they continue; stored stories go before new ones.

    Of those, the one with the most articles in the cluster, counting what it has before the
    window. A stored story is continued where articles of it are, not where new ones joined it
    and left again.
    """
    stored = {story for story in before if isinstance(story, str)}
    first = {story: place for place, story in reversed(list(enumerate(online)))}
    counts = Counter(
        (label, story)
        for label, was, story in zip(labels.tolist(), before, online, strict=True)
        if isinstance(was, str) or story not in stored
    )
    order = sorted(
        counts,
        key=lambda pair: (
            pair[1] not in stored,
            -counts[pair] - older.get(pair[1], 0),
            -counts[pair],
            first[pair[1]],
            pair[0],
        ),
    )
    named: dict[int, str] = {}
    taken: set[str] = set()
    for label, story in order:
        if label not in named and story not in taken:
            named[label] = story
            taken.add(story)
    for label in np.unique(labels):
        if int(label) not in named:
            founder = f"{article_ids[np.flatnonzero(labels == label)[0]]}@{day:%Y-%m-%d}"
            while (fresh := story_id(founder)) in stored:  # parted on this day before
                founder += "@"
            named[int(label)] = fresh
    return np.array([named[int(label)] for label in labels], dtype=object)


def story_id(founder: str) -> str:
    """The id of the story that an article founds."""
    return "s" + hashlib.sha256(f"story:{founder}".encode()).hexdigest()[:15]


def _assignment_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(ASSIGNMENTS.columns))


def _lineage_frame(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(LINEAGE.columns))
