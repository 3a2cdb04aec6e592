"""Topics: stories linked over weeks into running threads."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.stories import TOPIC_STORIES, TOPICS
from newsworld_dagster.stories.grouping import places_by
from newsworld_dagster.stories.labels import label_and_keywords, label_key
from newsworld_dagster.stories.linking import LinkParameters, ThreadSpace, nearest_thread
from newsworld_dagster.stories.sections import section_of, section_shares
from newsworld_dagster.stories.significance import significance_of, stage_of
from newsworld_dagster.stories.sources import Article, articles_of, count_publishers, voices
from newsworld_dagster.stories.wording import TermStatistics

# What a topic's counts are made from; `thread_articles` of the warehouse gives the older ones.
_COUNTED = ["article_id", "story_id", "publisher", "duplicate_of", "first_seen_at", "day"]


@dataclass(frozen=True)
class TopicParameters:
    """How long a topic is followed, and what makes a story part of it.

    A story can join a topic that has articles among the last `window_days` days; after as many
    days of silence a topic is closed for good. It is dormant after `quiet_days` of silence, and
    active, no longer emerging, once its articles span `settled_days`.
    """

    link: LinkParameters = field(default_factory=LinkParameters)
    window_days: int = 30
    quiet_days: int = 7
    settled_days: int = 3
    half_life_days: float = 10.0


@dataclass(frozen=True)
class TopicDay:
    """What one day changed: rows for `stories.topic_stories` and `stories.topics`."""

    links: pd.DataFrame
    topics: pd.DataFrame


def link_topics(
    window: pd.DataFrame,
    vectors: np.ndarray,
    links: pd.DataFrame,
    topics: pd.DataFrame,
    section_vectors: dict[str, np.ndarray],
    *,
    day: pd.Timestamp,
    earlier: pd.DataFrame | None = None,
    encoder: str | None = None,
    parameters: TopicParameters | None = None,
) -> TopicDay:
    """Link the day's stories to topics, and describe the topics whose articles changed.

    Parameters
    ----------
    window
        Articles of the last `window_days` days in time order, with columns article_id, title,
        summary, publisher, section, first_seen_at, day, duplicate_of, story_id and fresh, which
        is true for the articles that got their story on this day.
    vectors
        Unit vectors of the articles, shape (len(window), d).
    links
        `stories.topic_stories` in force before this day.
    topics
        `stories.topics` in force before this day.
    section_vectors
        Unit vector of each section's description, for articles whose source names none.
    day
        The day being processed.
    earlier
        Articles of these topics from before the window: topic_id and what is counted
        (article_id, story_id, publisher, duplicate_of, first_seen_at, day).
    encoder
        Name of the encoder that made the vectors.

    Returns
    -------
    TopicDay
    """
    parameters = parameters or TopicParameters()
    if window.empty:  # a gap in the archive; topics of before it may still be alive
        return TopicDay(
            pd.DataFrame(columns=list(TOPIC_STORIES.columns)),
            pd.DataFrame(columns=list(TOPICS.columns)),
        )
    made, topic_ids = _link(window, vectors, links, day, parameters)
    older = pd.DataFrame(columns=["topic_id", *_COUNTED]) if earlier is None else earlier
    describer = _Describer(window, vectors, topic_ids, older, topics, day, parameters)
    shares = section_shares(vectors, section_vectors, encoder=encoder, day=day)
    return TopicDay(made, describer.describe(shares))


def latest_topics(before: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """The last row of each topic, once a day's rows of `stories.topics` stand behind others."""
    both = pd.concat([frame for frame in (before, made) if len(frame)] or [before])
    both = both.drop_duplicates("topic_id", keep="last")
    return both.sort_values("topic_id", ignore_index=True)


def _link(
    window: pd.DataFrame,
    vectors: np.ndarray,
    links: pd.DataFrame,
    day: pd.Timestamp,
    parameters: TopicParameters,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows for `stories.topic_stories`, and the topic of each article of the window."""
    space = ThreadSpace(window, vectors, parameters.link)
    stories = window["story_id"]
    known: dict[str, str] = dict(zip(links["story_id"], links["topic_id"], strict=True))
    codes, names = pd.factorize(stories.map(known))
    topic_names = list(names)
    places_of = places_by(stories)
    fresh = stories[window["fresh"].to_numpy(dtype=bool)].drop_duplicates()
    new = [story for story in fresh if story not in known]
    rows = []
    all_odds = space.odds_of([places_of[story] for story in new])
    for story, odds in zip(new, all_odds, strict=True):
        places = places_of[story]
        code, score = nearest_thread(odds, codes, parameters.link.nearest)
        if score < parameters.link.threshold:
            topic = "t" + hashlib.sha256(f"topic:{story}".encode()).hexdigest()[:15]
            code, probability = len(topic_names), 1.0
            topic_names.append(topic)
        else:
            probability = float(1 / (1 + np.exp(-score)))
        codes[places] = code
        rows.append((story, topic_names[code], day, probability))
    made = pd.DataFrame(rows, columns=list(TOPIC_STORIES.columns))
    return made, np.array([*topic_names, None], dtype=object)[codes]


class _Describer:
    """Describes the topics of a day from the articles that are in force on it."""

    def __init__(
        self,
        window: pd.DataFrame,
        vectors: np.ndarray,
        topic_ids: np.ndarray,
        earlier: pd.DataFrame,
        topics: pd.DataFrame,
        day: pd.Timestamp,
        parameters: TopicParameters,
    ) -> None:
        self.window, self.vectors, self.day, self.parameters = window, vectors, day, parameters
        self.topic_ids = pd.Series(topic_ids, index=window.index, dtype=object)
        brief = ("topic_id", "label", "articles", "last_seen_at")
        self.known = {
            topic: (label, articles, seen)
            for topic, label, articles, seen in zip(
                *(topics[name].tolist() for name in brief), strict=True
            )
        }
        self.titles = window["title"].to_numpy(dtype=object)
        self.summaries = window["summary"].to_numpy(dtype=object)
        self.sections = window["section"].to_numpy(dtype=object)
        self.fresh = window["fresh"].to_numpy(dtype=bool)
        held = window[_COUNTED].assign(topic_id=self.topic_ids)
        both = pd.concat([earlier[["topic_id", *_COUNTED]], held]) if len(earlier) else held
        both = both.dropna(subset=["topic_id"])
        self.counts: dict[str, int] = both["topic_id"].value_counts().to_dict()
        touched = self.topic_ids[self.fresh].drop_duplicates().tolist()
        gained = set(touched)
        lost = sorted(
            topic
            for topic, (_, articles, _) in self.known.items()
            if topic not in gained and articles != self.counts.get(topic, 0)
        )
        self.changed = [*touched, *lost]
        # Only what changed is looked at row by row.
        self.articles: defaultdict[str, list[Article]] = defaultdict(list)
        for article in articles_of(both[both["topic_id"].isin(self.changed)]):
            self.articles[article.topic_id].append(article)
        before = topics[topics["topic_id"].isin(self.changed)]
        self.rows: dict[str, dict[str, Any]] = before.set_index("topic_id").to_dict("index")
        age = (day - window["day"]).dt.days.to_numpy()
        self.weights = 0.5 ** (age / parameters.half_life_days)

    def describe(self, shares: np.ndarray) -> pd.DataFrame:
        """Rows for `stories.topics`, of topics that gained articles or lost some to another."""
        statistics = TermStatistics.of(self.window)
        awake = self.day - pd.Timedelta(days=self.parameters.window_days)
        taken = {  # by whom; of two rows made before labels were unique, either may hold it
            label_key(str(label)): topic
            for topic, (label, _, seen) in self.known.items()
            if seen > awake
        }
        places_of = places_by(self.topic_ids)
        rows = []
        for topic in self.changed:
            if not self.counts.get(topic):
                rows.append(self._emptied(topic))
                continue
            places = places_of.get(topic)
            if places is None:  # lost articles of before the window: only the counts change
                rows.append(self._remembered(topic))
                continue
            rows.append(self._described(topic, places, shares, statistics, taken))
        return pd.DataFrame(rows, columns=list(TOPICS.columns))

    def _described(
        self,
        topic: str,
        places: np.ndarray,
        shares: np.ndarray,
        statistics: TermStatistics,
        taken: dict[str, str],
    ) -> dict[str, object]:
        before = self.known[topic][0] if topic in self.known else None
        if before is not None and taken.get(label_key(before)) == topic:
            del taken[label_key(before)]
        label, keywords = label_and_keywords(
            self.titles[places],
            self.summaries[places],
            statistics,
            self.weights[places],
            before=before,
            taken=taken.keys(),
        )
        taken[label_key(label)] = topic
        vector = _unit((self.vectors[places] * self.weights[places, None]).sum(axis=0))
        return {
            "label": label,
            "keywords": json.dumps(keywords),
            "section": section_of(self.sections[places], shares[places]),
            "vector": vector,
        } | self._counted(topic, self._novelty(topic, places))

    def _novelty(self, topic: str, places: np.ndarray) -> float:
        """How far the day's articles lie from the topic as it stood, in [0, 1]."""
        fresh = places[self.fresh[places]]
        if topic not in self.known or fresh.size == 0:
            return float(topic not in self.known)
        cosine = float(_unit(self.vectors[fresh].mean(axis=0)) @ self.rows[topic]["vector"])
        return min(max(1.0 - cosine, 0.0), 1.0)

    def _counted(self, topic: str, novelty: float) -> dict[str, object]:
        articles = self.articles[topic]
        own = voices(articles)
        first = min(article.first_seen_at for article in articles)
        last = max(article.first_seen_at for article in articles)
        last_day = last.floor("D")
        return {
            "topic_id": topic,
            "day": self.day,
            "articles": len(articles),
            "publishers": count_publishers(own),
            "stories": len({article.story_id for article in articles}),
            "first_seen_at": first,
            "last_seen_at": last,
            "lifecycle": stage_of(first, last, self.parameters.settled_days),
            "dormant_from": last_day + pd.Timedelta(days=self.parameters.quiet_days + 1),
            "closed_from": last_day + pd.Timedelta(days=self.parameters.window_days),
        } | asdict(significance_of(own, novelty, self.day))

    def _remembered(self, topic: str) -> dict[str, object]:
        kept = {name: self.rows[topic][name] for name in ("label", "keywords", "section")}
        return kept | {"vector": self.rows[topic]["vector"]} | self._counted(topic, 0.0)

    def _emptied(self, topic: str) -> dict[str, object]:
        """The last row of a topic whose articles have all moved to other topics."""
        nothing = dict.fromkeys(("articles", "publishers", "stories", "independent_publishers"), 0)
        still = dict.fromkeys(("growth", "novelty", "persistence", "significance"), 0.0)
        row = self.rows[topic] | nothing | still
        return row | {
            "topic_id": topic,
            "day": self.day,
            "lifecycle": "closed",
            "dormant_from": self.day,
            "closed_from": self.day,
        }


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
