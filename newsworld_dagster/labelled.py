"""Labelled stories: what the pair model is fitted on and judged by.

The labels of the archive's weeks are in data/labels/stories; the articles they point to, and the
other sets, are not part of the project. They are looked for in the folder that
NEWSWORLD_SHARED_DATA names.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.embeddings.event_weights import Weights
from newsworld_dagster.settings import PROJECT
from newsworld_dagster.stories import Background
from newsworld_dagster.stories.training import LabelledPairs, labelled_pairs

LABELS = PROJECT / "data" / "labels" / "stories"
# The word counts that ship end where the first begins.
VALIDATION = ("2026-03-16", "2026-03-23")
# The week whose labels came with the archive.
REFERENCE = "2026-02-14"
HISTORY_DAYS = 60
FOLDS = 5


@dataclass(frozen=True)
class LabelledSet:
    """One labelled collection of articles.

    Attributes
    ----------
    name
        First day of a week of the archive, `ecbplus` or `wikitimes_2015_09`.
    articles
        Columns article_id, title, summary, publisher, url, first_seen_at, in time order.
    stories
        Story of each article, shape (n,); its own id for one that stands alone.
    background
        Document frequencies of the time before: for a week, of the 60 days before it; for the
        undated and the old, those that ship with the project.
    folds
        Number of the fold of each article, shape (n,): no story is in two folds. A week is a
        fold of its own.
    """

    name: str
    articles: pd.DataFrame
    stories: np.ndarray
    background: Background
    folds: np.ndarray

    @property
    def is_week(self) -> bool:
        """Whether it is a week of the archive."""
        return self.name[:2] == "20"

    def texts(self) -> list[str]:
        """What is embedded of the articles."""
        pairs = zip(self.articles["title"], self.articles["summary"], strict=True)
        return [embedded_text(title, summary) for title, summary in pairs]

    def vectors(self, encoder: Encoder) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors and event vectors of the articles, shape (n, d) each."""
        return encoder.encode_with_events(self.texts())

    def views(self, vectors: np.ndarray, events: np.ndarray) -> list[LabelledPairs]:
        """The pairs of the set as they are met, which share its weight; all sets weigh the same.

        Those of a week with the counts of the 60 days before it, as in the daily job, and with
        those that ship, as in `newsworld cluster`.

        Parameters
        ----------
        vectors
            Unit vectors of the articles, shape (n, d).
        events
            Event vectors, shape (n, d), of layers that have not seen these labels.
        """
        known = [self.background, *([Background.packaged()] if self.is_week else [])]
        share = 1 / len(known)
        return [
            labelled_pairs(self.articles, self.stories, vectors, background, share, events)
            for background in known
        ]


def archive(shared: Path) -> pd.DataFrame:
    """The archive of news: article_id, title, summary, publisher, url, first_seen_at, by time."""
    table = pd.read_parquet(shared / "news_gnews" / "articles.parquet")
    seen = pd.to_datetime(table["first_seen_utc"], utc=True).dt.tz_localize(None)
    table = table.assign(
        summary=table["summary"].fillna(""), first_seen_at=seen.astype("datetime64[us]")
    )
    columns = ["article_id", "title", "summary", "publisher", "url", "first_seen_at"]
    return table.sort_values(["first_seen_at", "article_id"], ignore_index=True)[columns]


def weeks(shared: Path, news: pd.DataFrame, validation: bool = False) -> list[LabelledSet]:
    """The labelled weeks: those for training, or those for validation alone.

    Raises
    ------
    FileNotFoundError
        Where the shared data or the labels are absent.
    """
    if validation:
        files = [LABELS / f"{week}.csv" for week in VALIDATION]
    else:
        own = [path for path in LABELS.glob("????-??-??.csv") if path.stem not in VALIDATION]
        files = [*sorted(own), shared / "news_gnews_stories" / "labels.csv"]
    return [_week(path, news) for path in files]


def fitted_apart(
    sets: Sequence[LabelledSet], vectors: Sequence[np.ndarray]
) -> tuple[Weights, list[np.ndarray]]:
    """Event layers fitted on all weeks of some sets, and the sets' vectors from others.

    For the vectors of half of the weeks the other half is learned from: layers are too sure of
    what they were fitted on, and whoever learned from such vectors would trust them too much.
    Weeks that follow each other tell of the same events: they change halves two by two. What is no
    week is not learned from.

    Parameters
    ----------
    vectors
        Unit vectors of the articles of each set, shape (n, d).

    Returns
    -------
    tuple
        Weights as `embeddings.event_weights` stores them, and the event vectors of each set, shape
        (n, d).
    """
    from newsworld_dagster.embeddings import tuning

    read = [tuning.read_texts(one.texts()) for one in sets]
    learnt = {
        one.name: tuning.LabelledTexts(texts, encoded, pd.factorize(one.stories)[0])
        for one, texts, encoded in zip(sets, read, vectors, strict=True)
        if one.is_week
    }
    half = {name: place // 2 % 2 for place, name in enumerate(sorted(learnt))}
    # The longest first, that the others fill the time beside it.
    parts = [
        list(learnt.values()),
        *([learnt[name] for name in learnt if half[name] != other] for other in (0, 1)),
    ]
    whole, *halves = Parallel(n_jobs=min(len(parts), cpu_count()))(
        delayed(tuning.fit_event_layers)(part) for part in parts
    )
    return whole, [
        tuning.event_vectors(halves[half[one.name]] if one.is_week else whole, texts)
        for one, texts in zip(sets, read, strict=True)
    ]


def background_before(news: pd.DataFrame, day: pd.Timestamp) -> Background:
    """Document frequencies of the 60 days of the archive before a day."""
    since = day - pd.Timedelta(days=HISTORY_DAYS)
    before = news[news["first_seen_at"].between(since, day, inclusive="left")]
    return Background.of(before["title"], before["summary"])


def ecbplus(shared: Path) -> LabelledSet:
    """ECB+: documents of 66 seminal events; its 33 topics are dealt into folds."""
    table = pd.read_parquet(shared / "ecbplus" / "docs.parquet")
    return _undated("ecbplus", table["doc_id"], table["text"], table["story_id"], table["topic"])


def wikitimes(shared: Path) -> LabelledSet:
    """WikiTimes of September 2015: the events that are filed under a story."""
    table = pd.read_parquet(shared / "wikitimes_2015_09" / "events.parquet")
    table = table[table["story_id"].notna()].sort_values(["date", "event_id"], kind="stable")
    return _undated(
        "wikitimes_2015_09",
        table["event_id"],
        table["text"],
        table["story_id"],
        table["story_id"],
        pd.to_datetime(table["date"]),
    )


def _week(path: Path, news: pd.DataFrame) -> LabelledSet:
    labels = pd.read_csv(path, keep_default_na=False)
    week = news.merge(labels, on="article_id", validate="one_to_one")
    if len(week) != len(labels):
        raise FileNotFoundError(
            f"{len(labels) - len(week)} labelled articles of {path.name} are not in the archive."
        )
    alone = week["story"] == ""
    stories = week["story"].where(~alone, week["article_id"]).to_numpy(dtype=object)
    name = REFERENCE if path.stem == "labels" else path.stem
    return LabelledSet(
        name,
        week.drop(columns="story"),
        stories,
        background_before(news, pd.Timestamp(name)),
        np.zeros(len(week), dtype=int),
    )


def _undated(
    name: str,
    ids: pd.Series,
    texts: pd.Series,
    stories: pd.Series,
    groups: pd.Series,
    times: pd.Series | None = None,
) -> LabelledSet:
    articles = pd.DataFrame(
        {
            "article_id": ids.astype(str).to_numpy(),
            "title": texts.to_numpy(),
            "summary": "",
            "publisher": "",
            "url": "",
            "first_seen_at": pd.NaT if times is None else times.to_numpy(),
        }
    )
    articles["first_seen_at"] = articles["first_seen_at"].astype("datetime64[us]")
    # A checksum deals groups into folds alike on every machine.
    folds = np.array([zlib.crc32(str(group).encode()) % FOLDS for group in groups])
    named = stories.astype(str).to_numpy(dtype=object)
    return LabelledSet(name, articles, named, Background.packaged(), folds)
