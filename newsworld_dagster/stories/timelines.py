"""Timelines: a topic's dated steps, and its claims on the same axis."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from newsworld_dagster.contracts.digests import TIMELINES
from newsworld_dagster.stories.labels import TermStatistics
from newsworld_dagster.stories.sentences import (
    Centrality,
    Sentence,
    repeats,
    reports,
    stands_alone,
    summary_sentences,
    titles,
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
class TimelineParameters:
    """Which topics have a timeline, and what is a step of it.

    A topic has one from `least_articles` articles of `least_publishers` publishers on, or when
    a claim was made on it. A step is a day of one of its stories that `least_sources`
    independent publishers reported on that day, or that `least_known` had reported by then. A
    day has at most `most_a_day` steps, and a second one only by the former. No step says what
    one of the `remembered` steps before it said: content words with a Jaccard similarity of
    `repeated` or more. A whole sentence reads better on an axis than a headline, and is taken if
    its centrality times `prose` is higher.
    """

    least_articles: int = 6
    least_publishers: int = 3
    least_sources: int = 2
    least_known: int = 3
    most_a_day: int = 2
    remembered: int = 12
    repeated: float = 0.4
    prose: float = 1.1
    window_days: int = 28


def make_timelines(
    window: pd.DataFrame,
    topics: pd.DataFrame,
    known: pd.DataFrame,
    claims: pd.DataFrame,
    cited: pd.DataFrame,
    *,
    day: pd.Timestamp,
    as_of: pd.Timestamp,
    parameters: TimelineParameters | None = None,
) -> pd.DataFrame:
    """What a day adds to the timelines of topics.

    A topic that reaches its size on this day gets the steps of the days before, too, as far as
    the window reaches.

    Parameters
    ----------
    window
        Articles of the last `window_days` days in time order: article_id, title, summary,
        publisher, duplicate_of, day, story_id and topic_id (null where there is none), and
        fresh, which is true for the articles of this day.
    topics
        `stories.topics` in force, and has_claims, true where a claim was made on the topic.
    known
        Steps written before this day: topic_id, date, sentence.
    claims
        Claims made or settled that no timeline says so yet, one a question: rows of
        `forecasts.claims` with verdict and decided_at (null without a verdict), opened, whether
        the claim is on the axis, and settled_on, the date of the verdict on the axis.
    cited
        The articles that the claims cite, in time order: article_id, publisher, duplicate_of.
    day
        The day that stamps the rows.
    as_of
        UTC moment that the inputs are as of.

    Returns
    -------
    pandas.DataFrame
        Rows for `stories.timelines`.
    """
    parameters = parameters or TimelineParameters()
    large = topics[
        topics["has_claims"]
        | (
            (topics["articles"] >= parameters.least_articles)
            & (topics["publishers"] >= parameters.least_publishers)
        )
    ]
    rows = [
        *_steps(window, set(large["topic_id"]), known, parameters),
        *_claims(claims_with_sources(claims, cited)),
    ]
    for row in rows:
        parts = (f"{day:%Y-%m-%d}", row["kind"], row["topic_id"], f"{row['date']:%Y-%m-%d}")
        key = "|".join((*parts, str(row.get("story_id") or row.get("claim_id"))))
        row["entry_id"] = "e" + hashlib.sha256(key.encode()).hexdigest()[:15]
    return pd.DataFrame(rows, columns=list(TIMELINES.columns)).assign(day=day, as_of=as_of)


def _steps(
    window: pd.DataFrame, large: set[str], known: pd.DataFrame, parameters: TimelineParameters
) -> Iterator[dict[str, Any]]:
    """Steps of the topics that have an article of the day, topic by topic, oldest first."""
    touched = window.loc[window["fresh"] & window["topic_id"].isin(list(large)), "topic_id"]
    if touched.empty:
        return
    said: defaultdict[str, list[str]] = defaultdict(list)
    for topic, sentence in zip(known["topic_id"], known["sentence"], strict=True):
        said[topic].append(sentence)
    begun = set(said)
    statistics = TermStatistics.of(window)
    of_topic: defaultdict[str, list[Article]] = defaultdict(list)
    for article in articles_of(window[window["topic_id"].isin(touched.unique())]):
        of_topic[article.topic_id].append(article)
    for topic, articles in sorted(of_topic.items()):
        for date in sorted({a.day for a in articles if a.fresh or topic not in begun}):
            for step in _of_date(articles, date, said[topic], statistics, parameters):
                yield step | {"topic_id": topic}


def _of_date(
    articles: list[Article],
    date: pd.Timestamp,
    said: list[str],
    statistics: TermStatistics,
    parameters: TimelineParameters,
) -> Iterator[dict[str, Any]]:
    """The steps of a topic's articles on one date; what they say is added to `said`."""
    stories: defaultdict[str, list[Article]] = defaultdict(list)
    for article in articles:
        if article.day <= date:
            stories[article.story_id].append(article)
    ranked = []
    for story, known in stories.items():
        of_day = [article for article in known if article.day == date]
        alone = voices(known)
        news, reported = (
            count_publishers(a for a in alone if a.day == date),
            count_publishers(alone),
        )
        if news >= parameters.least_sources or (news and reported >= parameters.least_known):
            ranked.append((news, reported, story, of_day, alone))
    written = 0
    ranked.sort(key=lambda entry: (-entry[0], -entry[1], entry[2]))
    for news, _, story, of_day, alone in ranked:
        if written == parameters.most_a_day or (written and news < parameters.least_sources):
            return
        sentence = _sentence(of_day, said[-parameters.remembered :], statistics, parameters)
        if sentence is None:
            continue
        said.append(sentence.text)
        written += 1
        yield {
            "date": date,
            "kind": "step",
            "sentence": sentence.text,
            "story_id": story,
            "article_id": sentence.article_id,
            "articles": len(of_day),
            "independent_sources": news,
            "sources": sources_json(of_day, alone),
        }


def _sentence(
    of_day: list[Article],
    said: list[str],
    statistics: TermStatistics,
    parameters: TimelineParameters,
) -> Sentence | None:
    """The most central sentence of a story's day that says something new, if there is one."""
    news = [article for article in of_day if reports(article)]
    if len(news) * 2 <= len(of_day):
        return None
    central = Centrality(of_day, statistics)
    offered = [(central.of(s.text), s) for s in titles(news)]
    title_of = {article.article_id: article.title for article in news}
    offered += [
        (central.of(s.text) * parameters.prose, s)
        for s in summary_sentences(news)
        if stands_alone(s.text, title_of[s.article_id])
    ]
    for _, sentence in sorted(offered, key=lambda pair: -pair[0]):
        if not repeats(sentence.text, said, parameters.repeated):
            return sentence
    return None


def _claims(claims: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A row where a claim was made, at its deadline, and one where it was settled."""
    for claim in claims:
        row = {
            "topic_id": claim["topic_id"],
            "sentence": claim["statement"],
            "claim_id": claim["claim_id"],
            "forecaster": claim["forecaster"],
            "probability": claim["probability"],
            "resolve_by": claim["resolve_by"],
            "sources": claim["listed"],
            "articles": claim["cited"],
            "independent_sources": claim["independent"],
        }
        if not claim["opened"]:
            yield row | {"kind": "open", "date": claim["resolve_by"]}
        if pd.notna(claim["decided_at"]) and claim["decided_at"] != claim["settled_on"]:
            yield row | {
                "kind": "settled",
                "date": claim["decided_at"],
                "verdict": claim["verdict"],
            }
