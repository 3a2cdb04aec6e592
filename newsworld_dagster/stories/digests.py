"""Digests: what happened, what changed since the digest before, and what to watch.

Extractive, without a language model: a headline is a title of an article of the period, as it
stands, and so is the sentence under it.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from newsworld_dagster.contracts.digests import DIGEST_SECTIONS, DIGESTS, FRONT
from newsworld_dagster.contracts.terms import terms
from newsworld_dagster.stories.labels import TermStatistics
from newsworld_dagster.stories.sentences import (
    Centrality,
    Sentence,
    repeats,
    reports,
    summary_sentences,
    titles,
    untold,
)
from newsworld_dagster.stories.sources import (
    Article,
    articles_of,
    claims_with_sources,
    count_publishers,
    sources_json,
    voices,
)


@dataclass(frozen=True)
class DigestParameters:
    """What a digest prints.

    What happened needs articles of the period by `least_sources` independent publishers. What
    changed is a story that stood in the digest before: one new article may tell how it goes on,
    and `least_known` independent publishers must have reported it by now. A headline is not
    printed whose content words have a Jaccard similarity of `repeated` or more with one of the
    digest before, or with one higher on the page. Claims are watched that fall due within
    `horizon_days` and cite `least_sources` independent publishers. `recency` is by how much a
    sentence of the last day of a week goes before one of its first.
    """

    least_sources: int = 2
    least_known: int = 3
    most_items: int = 6
    most_front: int = 8
    most_of_a_section: int = 3
    most_of_a_topic: int = 2
    most_watched: int = 3
    horizon_days: float = 3.0
    repeated: float = 0.5
    recency: float = 0.3
    span_days: int = 10

    def least(self, kind: str) -> int:
        """Least independent publishers of an item of a kind."""
        return self.least_known if kind == "changed" else self.least_sources


DAILY = DigestParameters()
# A week has more to choose from: more sources are asked for, and one story of a topic stands
# for all.
WEEKLY = DigestParameters(
    least_sources=3,
    least_known=4,
    most_front=10,
    most_of_a_topic=1,
    horizon_days=7.0,
    span_days=14,
)


def make_digest(
    window: pd.DataFrame,
    topics: pd.DataFrame,
    before: pd.DataFrame,
    claims: pd.DataFrame,
    cited: pd.DataFrame,
    *,
    day: pd.Timestamp,
    as_of: pd.Timestamp,
    period: str = "daily",
    parameters: DigestParameters = DAILY,
) -> pd.DataFrame:
    """The digest of a day or week: a front and a page a section.

    Parameters
    ----------
    window
        Articles of the last `span_days` days in time order: article_id, title, summary,
        publisher, duplicate_of, day, story_id and topic_id (null where there is none), and
        fresh, which is true for the articles of the period.
    topics
        `stories.topics` in force.
    before
        The digest before of the same period; empty for the first.
    claims
        Open claims that fall due within `horizon_days`, one a question: rows of
        `forecasts.claims`.
    cited
        The articles that the claims cite, in time order: article_id, publisher, duplicate_of.
    day
        The day that stamps the rows; the last one of a week.
    as_of
        UTC moment that the inputs are as of.

    Returns
    -------
    pandas.DataFrame
        Rows for `stories.digests`.
    """
    desk = _Desk(window, topics, before, parameters)
    stories = desk.stories()
    due = claims_with_sources(claims, cited)
    rows: list[dict[str, Any]] = []
    for section in DIGEST_SECTIONS:
        items = desk.chosen(stories, section)
        items += _watched(due, items, before, section, as_of, parameters)
        rows += [
            {"section": section, "rank": rank} | item for rank, item in enumerate(items, start=1)
        ]
    frame = pd.DataFrame(rows, columns=list(DIGESTS.columns))
    return frame.assign(day=day, as_of=as_of, period=period)


class _Desk:
    """Chooses stories and their headlines."""

    def __init__(
        self,
        window: pd.DataFrame,
        topics: pd.DataFrame,
        before: pd.DataFrame,
        parameters: DigestParameters,
    ) -> None:
        self.window, self.parameters = window, parameters
        self.topics = topics.set_index("topic_id")[["label", "section", "publishers"]].to_dict(
            "index"
        )
        told = before[before["kind"] != "watch"]
        self.told = list(told["headline"])
        # Stories of the digest before, by what their articles are part of now: one may have
        # been merged into another since.
        listed = {
            source["article_id"] for sources in told["sources"] for source in json.loads(sources)
        }
        self.told_stories = set(window.loc[window["article_id"].isin(listed), "story_id"].dropna())
        self.statistics = TermStatistics.of(window)

    def stories(self) -> list[dict[str, Any]]:
        """Items of all stories that may be printed, best first, with their section."""
        of_topics = self.window[self.window["topic_id"].isin(list(self.topics))]
        fresh = of_topics[of_topics["fresh"]]
        several = fresh.groupby("story_id")["publisher"].nunique()
        wanted = set(several[several >= self.parameters.least_sources].index)
        wanted |= self.told_stories & set(fresh["story_id"])
        groups: defaultdict[str, list[Article]] = defaultdict(list)
        for article in articles_of(of_topics[of_topics["story_id"].isin(list(wanted))]):
            groups[article.story_id].append(article)
        found = [self._item(story, articles) for story, articles in groups.items()]
        return sorted(
            (item for item in found if item is not None),
            key=lambda item: (-item["score"], item["story_id"]),
        )

    def _item(self, story: str, articles: list[Article]) -> dict[str, Any] | None:
        articles = [article for article in articles if not untold(article)]
        fresh = [article for article in articles if article.fresh]
        alone = voices(articles)
        sources, news = count_publishers(alone), count_publishers(a for a in alone if a.fresh)
        kind = "changed" if story in self.told_stories else "happened"
        # A story known from the digest before has changed only with news of a voice of its own.
        if news == 0 or (sources if kind == "changed" else news) < self.parameters.least(kind):
            return None
        reporting = [article for article in fresh if reports(article)]
        if len(reporting) * 2 <= len(fresh):
            return None
        words = self._words(fresh, reporting)
        if words is None:
            return None
        headline, sentence = words
        topic = fresh[-1].topic_id
        earlier = count_publishers(a for a in alone if not a.fresh)
        return {
            "kind": kind,
            "status": "developing" if earlier else "new",
            "headline": headline.text,
            "article_id": headline.article_id,
            "sentence": sentence.text if sentence else None,
            "sentence_article_id": sentence.article_id if sentence else None,
            "story_id": story,
            "topic_id": topic,
            "topic_label": self.topics[topic]["label"],
            "home": self.topics[topic]["section"],
            "articles": len(articles),
            "independent_sources": sources,
            "fresh_sources": news,
            "sources": sources_json(articles, alone),
            "score": _score(news, earlier, sources, self.topics[topic]["publishers"]),
        }

    def _words(
        self, fresh: list[Article], reporting: list[Article]
    ) -> tuple[Sentence, Sentence | None] | None:
        """A headline that the digest before did not have, and a sentence that adds to it.

        Both of articles that report; the sentence is of the same one where that has one.
        """
        limit = self.parameters.repeated
        ranked = self._ranked(fresh, titles(reporting))
        headline = next((t for t in ranked if not repeats(t.text, self.told, limit)), None)
        if headline is None:
            return None
        said = [headline.text, *self.told]
        adding = [
            sentence
            for sentence in self._ranked(fresh, summary_sentences(reporting))
            if not repeats(sentence.text, said, limit)
        ]
        own = (s for s in adding if s.article_id == headline.article_id)
        # Of other articles only what goes with this headline: two content words in common.
        others = (s for s in adding if len(terms(s.text) & terms(headline.text)) >= 2)
        return headline, next(own, next(others, None))

    def _ranked(self, fresh: list[Article], sentences: list[Sentence]) -> list[Sentence]:
        """The most central first; in a week, later days count for more."""
        central = Centrality(fresh, self.statistics)
        days = {article.article_id: article.day for article in fresh}
        first, last = min(days.values()), max(days.values())
        span = max(last - first, pd.Timedelta(days=1))

        def worth(sentence: Sentence) -> float:
            lateness = (days[sentence.article_id] - first) / span
            return central.of(sentence.text) * (1 + self.parameters.recency * lateness)

        return sorted(sentences, key=worth, reverse=True)

    def chosen(self, stories: list[dict[str, Any]], section: str) -> list[dict[str, Any]]:
        """The items of one page: the kind of the best one, happened or changed, and the other."""
        most = self.parameters.most_front if section == FRONT else self.parameters.most_items
        of_topic: Counter[str] = Counter()
        of_section: Counter[str] = Counter()
        page: list[dict[str, Any]] = []
        for item in stories:
            if section not in (FRONT, item["home"]) or len(page) == most:
                continue
            if (
                of_topic[item["topic_id"]] == self.parameters.most_of_a_topic
                or (
                    section == FRONT
                    and of_section[item["home"]] == self.parameters.most_of_a_section
                )
                or repeats(
                    item["headline"], (i["headline"] for i in page), self.parameters.repeated
                )
            ):
                continue
            of_topic[item["topic_id"]] += 1
            of_section[item["home"]] += 1
            page.append(item)
        return sorted(page, key=lambda item: item["kind"] != page[0]["kind"])


def _score(news: int, earlier: int, sources: int, of_topic: int) -> float:
    """How much of a story a story is, in publishers.

    Those of the period, half of those by which it grew on the time before, and the size of the
    story and of its topic on a logarithmic scale: of two events with two sources each, the one
    that belongs to a running thread goes first.
    """
    size = 0.5 * math.log2(1 + sources) + 0.5 * math.log2(1 + of_topic)
    return news + 0.5 * max(news - earlier, 0) + size


def _doubt(claim: dict[str, Any]) -> float:
    """How far from even the odds are: 0 for a probability of a half."""
    return abs(float(claim["probability"]) - 0.5)


def _watched(
    due: list[dict[str, Any]],
    items: Iterable[dict[str, Any]],
    before: pd.DataFrame,
    section: str,
    as_of: pd.Timestamp,
    parameters: DigestParameters,
) -> list[dict[str, Any]]:
    """Claims soon due, one a topic: those of the page's topics first, the most open ones first."""
    shown = {item["topic_id"] for item in items}
    yesterday = before[before["kind"] == "watch"]
    listed = {*yesterday["claim_id"], *yesterday["headline"]}
    chosen: dict[str, dict[str, Any]] = {}
    for claim in sorted(due, key=lambda c: (c["topic_id"] not in shown, _doubt(c), c["seq"])):
        if (
            len(chosen) < parameters.most_watched
            and section in (FRONT, claim["section"])
            and claim["independent"] >= parameters.least_sources
            and listed.isdisjoint((claim["claim_id"], claim["statement"]))
        ):
            chosen.setdefault(claim["topic_id"], claim)
    return [
        {
            "kind": "watch",
            "status": "open",
            "headline": claim["statement"],
            "topic_id": claim["topic_id"],
            "topic_label": claim["topic_label"],
            "claim_id": claim["claim_id"],
            "forecaster": claim["forecaster"],
            "probability": claim["probability"],
            "resolve_by": claim["resolve_by"],
            "days_left": (claim["resolve_by"] - as_of) / pd.Timedelta(days=1),
            "articles": claim["cited"],
            "independent_sources": claim["independent"],
            "fresh_sources": 0,
            "sources": claim["listed"],
            "score": 0.0,
        }
        for claim in chosen.values()
    ]
