"""Topics: stories linked over weeks into running threads."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.stories import TOPIC_STORIES, TOPICS
from newsworld_dagster.contracts.terms import names
from newsworld_dagster.stories.labels import TermStatistics, label_and_keywords
from newsworld_dagster.stories.sections import section_of


@dataclass(frozen=True)
class TopicParameters:
    """What makes a story part of a topic.

    A story joins the live topic with the nearest centroid when the cosine reaches `strict`, or
    reaches `loose` while the two share a telling name: one that stands in at least
    `name_share` of the articles of both and in few others. Chosen by reading the links of May
    and June 2025.
    """

    loose: float = 0.52
    strict: float = 0.75
    name_share: float = 0.3
    rare_name: float = 0.03
    dormant_days: int = 30
    window_days: int = 28
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
    parameters: TopicParameters | None = None,
) -> TopicDay:
    """Link the day's stories to topics, and describe the topics that they touch.

    Parameters
    ----------
    window
        Articles of the last `window_days` days in time order, with columns article_id, title,
        summary, publisher, section, first_seen_at, day, story_id and fresh, which is true for
        the articles that got their story on this day.
    vectors
        Unit vectors of the articles, shape (len(window), d).
    links
        `stories.topic_stories` in force before this day.
    topics
        `stories.topics` in force before this day, alive or not.
    section_vectors
        Unit vector of each section's description, for articles whose source names none.
    day
        The day being processed.

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
    state = _TopicState(window, vectors, links, topics, day, parameters)
    rows = [
        (story, *state.link(story), day)
        for story in window.loc[window["fresh"], "story_id"].drop_duplicates()
        if story not in state.topic_of
    ]
    linked = pd.DataFrame(rows, columns=["story_id", "topic_id", "score", "day"])
    return TopicDay(
        linked[list(TOPIC_STORIES.columns)], state.describe(section_vectors)[list(TOPICS.columns)]
    )


class _TopicState:
    def __init__(
        self,
        window: pd.DataFrame,
        vectors: np.ndarray,
        links: pd.DataFrame,
        topics: pd.DataFrame,
        day: pd.Timestamp,
        parameters: TopicParameters,
    ) -> None:
        self.window, self.vectors, self.day, self.parameters = window, vectors, day, parameters
        self.topic_of: dict[str, str] = dict(zip(links["story_id"], links["topic_id"], strict=True))
        remembered = ["articles", "publishers", "stories", "first_seen_at"]
        self.known = topics.set_index("topic_id")[remembered].to_dict("index")
        self.names = [
            names(title, summary)
            for title, summary in zip(window["title"], window["summary"], strict=True)
        ]
        self.frequency = Counter(name for found in self.names for name in found)
        self.places = window.groupby("story_id").indices
        alive = topics[topics["last_seen_at"] >= day - pd.Timedelta(days=parameters.dormant_days)]
        self.live_ids = list(alive["topic_id"])
        # One row more for each of the day's stories, any of which may found a topic.
        width = vectors.shape[1]
        self.centroids = np.zeros((len(alive) + len(self.places), width), np.float32)
        if len(alive):
            self.centroids[: len(alive)] = np.stack(list(alive["vector"]))
        by_topic: dict[str, list[int]] = {}
        for story, places in self.places.items():
            topic = self.topic_of.get(str(story))
            if topic is not None:
                by_topic.setdefault(topic, []).extend(places)
        self.places_of_topic = by_topic

    def link(self, story: str) -> tuple[str, float]:
        places = self.places[story]
        centroid = _unit(self.vectors[places].mean(axis=0))
        score, best = 1.0, None
        if self.live_ids:
            cosines = self.centroids[: len(self.live_ids)] @ centroid
            for candidate in np.argsort(-cosines)[:5]:
                cosine = float(cosines[candidate])
                if cosine < self.parameters.loose:
                    break
                topic = self.live_ids[candidate]
                if cosine >= self.parameters.strict or self._share_a_name(places, topic):
                    score, best = cosine, topic
                    break
        if best is None:
            best = "t" + hashlib.sha256(f"topic:{story}".encode()).hexdigest()[:15]
            if best not in self.live_ids:
                self.centroids[len(self.live_ids)] = centroid
                self.live_ids.append(best)
        self.topic_of[story] = best
        self.places_of_topic.setdefault(best, []).extend(places)
        return best, score

    def _share_a_name(self, places: np.ndarray, topic: str) -> bool:
        mine = self._telling_names(list(places))
        return bool(mine & self._telling_names(self.places_of_topic.get(topic, [])))

    def _telling_names(self, places: list[int]) -> set[str]:
        counts = Counter(name for place in places for name in self.names[place])
        outside = max(len(self.window) - len(places), 1)
        return {
            name
            for name, count in counts.items()
            if count >= self.parameters.name_share * len(places)
            and (self.frequency[name] - count) / outside <= self.parameters.rare_name
        }

    def describe(self, section_vectors: dict[str, np.ndarray]) -> pd.DataFrame:
        """Rows for `stories.topics` of the topics that gained an article on the day."""
        topic_ids = self.window["story_id"].map(self.topic_of)
        touched = topic_ids[self.window["fresh"]].drop_duplicates()
        statistics = TermStatistics.of(self.window)
        age = (self.day - self.window["day"]).dt.days.to_numpy()
        weights = 0.5 ** (age / self.parameters.half_life_days)
        places_of = topic_ids.groupby(topic_ids).indices
        window = self.window
        titles, summaries = window["title"].to_numpy(), window["summary"].to_numpy()
        publishers, story_ids = window["publisher"].to_numpy(), window["story_id"].to_numpy()
        seen, fresh = window["first_seen_at"].to_numpy(), window["fresh"].to_numpy()
        named = window["section"].to_numpy(dtype=object)
        rows = []
        for topic in touched:
            places = places_of[topic]
            known = self.known.get(topic, {})
            label, keywords = label_and_keywords(
                titles[places], summaries[places], statistics, weights[places]
            )
            first = pd.Timestamp(seen[places].min())
            # Counts grow by what is new: the window forgets what the topic's row remembers.
            rows.append(
                {
                    "topic_id": topic,
                    "day": self.day,
                    "label": label,
                    "keywords": json.dumps(keywords),
                    "section": section_of(named[places], self.vectors[places], section_vectors),
                    "articles": int(fresh[places].sum()) + known.get("articles", 0),
                    "publishers": max(len(set(publishers[places])), known.get("publishers", 0)),
                    "stories": max(len(set(story_ids[places])), known.get("stories", 0)),
                    "first_seen_at": min(known.get("first_seen_at", first), first),
                    "last_seen_at": pd.Timestamp(seen[places].max()),
                    "vector": _unit((self.vectors[places] * weights[places, None]).sum(axis=0)),
                }
            )
        return pd.DataFrame(rows, columns=list(TOPICS.columns))


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
