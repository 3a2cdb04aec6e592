"""The stream, day by day, and its files: articles as `newsworld import` takes them, and the truth.

Matched to the archive (51,937 articles of eleven months, and its 23 weeks of labelled stories):
mean and spread of the words of titles and summaries, the slopes of words and publishers on their
ranks, the share of stories with one article (0.75) and the mean size of the others (3.3). Not
matched: the archive has 155 articles a day; here `a_day` grows the number of events and leaves
the sizes of stories as they are. Copies, hazards and rates of topics are assumptions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from newsworld_dagster.contracts.vocabulary import SECTIONS
from tests.benchmarks.newswire.lexicon import lexicon
from tests.benchmarks.newswire.process import LIFE_DAYS, Process, cohort
from tests.benchmarks.newswire.texts import wording

# Long past, so that no clock finds the stream ahead of it.
FIRST_DAY = pd.Timestamp("2010-01-01")
MICROSECONDS = 86_400_000_000
# Days that go into a row group together.
GROUP_DAYS = 25


@dataclass(frozen=True)
class Batch:
    """Some days of the stream with the truth about them.

    Attributes
    ----------
    articles
        article_id, url, title, summary, publisher, section, published_at, first_seen_at.
    about_articles
        The truth: article_id, url, first_seen_at, publisher, story, topic, copy_of (article_id
        of the original, null), copy_kind (0 none, 1 exact, 2 one word changed, 3 more),
        aside, family (of the trigger word that it uses, -1 none).
    events
        Of the topics born in these days, future ones too: story, topic, happened_at, size
        (expected articles), family (-1 none).
    topics
        Those born in these days: topic, running, born_at, rate, decay, prominence, family,
        section, active (bit d: not quiet on day d of its life).
    """

    articles: pd.DataFrame
    about_articles: pd.DataFrame
    events: pd.DataFrame
    topics: pd.DataFrame


def stream(articles: int, process: Process, seed: int) -> Iterator[Batch]:
    """Days of news until there are as many articles as asked for, in time order.

    Topics born in the days before the first are there from the start, as they would be in a
    stream that has always run.
    """
    pending: list[pd.DataFrame] = []
    number_of: dict[int, int] = {}
    old_numbers: list[list[int]] = []
    events, topics = [], []
    for day in range(-LIFE_DAYS, 0):
        born = cohort(process, day, seed)
        pending.append(born.articles[born.articles["seen"] >= 0])
        events.append(born.events)
        topics.append(born.topics)
    made, day = 0, 0
    parts: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    while made < articles:
        born = cohort(process, day, seed)
        every = pd.concat([*pending, born.articles], ignore_index=True)
        today = (every["seen"] < day + 1).to_numpy()
        pending = [every[~today]]
        come = every[today].sort_values(["seen", "key"], ignore_index=True)
        come = come.head(articles - made)
        parts.append(_worded(come, made, number_of, seed))
        made += len(come)
        # A copy comes within a few days of its original.
        old_numbers.append(come["key"].tolist())
        if len(old_numbers) > 4:
            for key in old_numbers.pop(0):
                number_of.pop(key, None)
        events.append(born.events)
        topics.append(born.topics)
        day += 1
        if len(parts) == GROUP_DAYS or made >= articles:
            articles_now, truths = zip(*parts, strict=True)
            yield Batch(
                pd.concat(articles_now, ignore_index=True),
                pd.concat(truths, ignore_index=True),
                _dated(pd.concat(events, ignore_index=True), "happened"),
                _dated(pd.concat(topics, ignore_index=True), "born"),
            )
            parts, events, topics = [], [], []


def write(folder: Path, articles: int, process: Process, seed: int) -> dict[str, int]:
    """Write articles.parquet and truth_{articles,events,topics}.parquet; rows of each.

    The files grow by row groups, so memory does not grow with the number of articles.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ("articles", "truth_articles", "truth_events", "truth_topics")
    rows = dict.fromkeys(names, 0)
    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for batch in stream(articles, process, seed):
            frames = (batch.articles, batch.about_articles, batch.events, batch.topics)
            for name, frame in zip(names, frames, strict=True):
                schema = writers[name].schema if name in writers else None
                table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
                if name not in writers:
                    writers[name] = pq.ParquetWriter(folder / f"{name}.parquet", table.schema)
                writers[name].write_table(table)
                rows[name] += len(frame)
    finally:
        for writer in writers.values():
            writer.close()
    return rows


def moments(days: np.ndarray) -> pd.Series:
    """Days since the first as naive UTC moments, to the microsecond."""
    whole = np.rint(np.asarray(days) * MICROSECONDS).astype("timedelta64[us]")
    return pd.Series(FIRST_DAY.to_datetime64().astype("datetime64[us]") + whole)


def day_number(moment: pd.Timestamp) -> float:
    """Days since the first day of the stream."""
    return float((moment - FIRST_DAY) / pd.Timedelta(days=1))


def _dated(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.assign(**{f"{column}_at": moments(frame[column].to_numpy())}).drop(columns=column)


def _worded(
    come: pd.DataFrame, first: int, number_of: dict[int, int], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    words = lexicon()
    text = wording(come, words, seed)
    numbers = np.arange(first, first + len(come))
    number_of.update(zip(come["key"].tolist(), numbers.tolist(), strict=True))
    seen = moments(come["seen"].to_numpy())
    publisher = words.publishers[come["publisher"].to_numpy()]
    identifiers = [f"w{number:08}" for number in numbers.tolist()]
    urls = [
        f"https://www.{host}/{date}/w{number:08}"
        for host, date, number in zip(
            publisher, seen.dt.strftime("%Y/%m/%d"), numbers.tolist(), strict=True
        )
    ]
    copied = come["copy"].to_numpy() > 0
    originals = [
        f"w{number_of[root]:08}" if is_copy and root in number_of else None
        for root, is_copy in zip(come["root"].tolist(), copied.tolist(), strict=True)
    ]
    # Half a minute to two hours earlier, by the clock of the publisher.
    lag = 30 + 7_200 * np.modf(come["seen"].to_numpy() * 7919)[0]
    articles = pd.DataFrame(
        {
            "article_id": identifiers,
            "url": urls,
            "title": text["title"],
            "summary": text["summary"],
            "publisher": publisher.astype(str),
            "section": np.array(SECTIONS)[come["section"].to_numpy()],
            "published_at": (seen - pd.to_timedelta(lag.round(), unit="s")).astype(
                "datetime64[us]"
            ),
            "first_seen_at": seen,
        }
    )
    truth = pd.DataFrame(
        {
            "article_id": identifiers,
            "url": urls,
            "first_seen_at": seen,
            "publisher": publisher.astype(str),
            "story": come["story"],
            "topic": come["topic"],
            "copy_of": pd.Series(originals, dtype="str"),
            "copy_kind": come["copy"],
            "aside": text["aside"],
            "family": come["family"],
        }
    )
    return articles, truth
