"""The frames of an edition as rows that pages look up, cleaned once, indexed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.rows import Row, grouped, records, status
from newsworld_dagster.edition.text import clean_frame

BASELINE = "base-rate"
# Articles on a page, so that none grows heavy on a busy day.
A_LIST = 300


@dataclass(frozen=True)
class Given:
    """What an edition is made from.

    Attributes
    ----------
    as_of
        UTC moment of the newest edition.
    frames
        From `Reader.edition_frames`.
    preferred
        Forecasters, the one whose probability stands for a question first; others follow, and
        `base-rate`, which is the yardstick, comes last.
    charts
        SVG by name, dark ones under NAME-dark: reliability of each forecaster and what else the
        scorecard shows. What a chart says is in its `Chart.alt`.
    site_url
        Where the edition will be found, for feeds and cards, which need whole addresses.
    """

    as_of: pd.Timestamp
    frames: Mapping[str, pd.DataFrame]
    preferred: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    site_url: str = "http://127.0.0.1:8000/"


@dataclass(frozen=True)
class Chart:
    """A chart as a still picture for light and dark, with what it shows in words."""

    name: str
    title: str
    alt: str
    light: str
    dark: str


@dataclass
class Archive:
    """Everything that pages look up; each index is made once, on its first use."""

    given: Given
    frames: dict[str, pd.DataFrame] = field(init=False)
    # What lists say of a report or claim, made once: many pages say the same.
    made: dict[tuple[str, bool], Row] = field(init=False, default_factory=dict)
    _cited: dict[int, list[Row]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.frames = {name: clean_frame(frame) for name, frame in self.given.frames.items()}

    def rows(self, name: str) -> list[Row]:
        """A frame's rows, with None for what is missing."""
        frame = self.frames[name].drop(columns="vector", errors="ignore")
        return records(frame)

    @property
    def as_of(self) -> pd.Timestamp:
        """UTC moment of the newest edition."""
        return self.given.as_of

    @cached_property
    def rank(self) -> dict[str, int]:
        """Place of each forecaster, the most preferred first, the yardstick last."""
        preferred = [name for name in self.given.preferred if name != BASELINE]
        names = set(self.frames["claims"]["forecaster"].unique())
        others = sorted(names - {*preferred, BASELINE})
        ordered = [*preferred, *others, BASELINE]
        return {name: place for place, name in enumerate(ordered) if name in names}

    @cached_property
    def articles(self) -> dict[str, Row]:
        """Articles by id, newest first."""
        return {row["article_id"]: row for row in self.rows("articles")}

    @cached_property
    def article_parts(self) -> list[tuple[str, list[Row]]]:
        """Path and articles of each page that lists them, newest first."""
        return [
            (paths.articles(day, start // A_LIST + 1), rows[start : start + A_LIST])
            for day, rows in grouped(self.articles.values(), "day").items()
            for start in range(0, len(rows), A_LIST)
        ]

    @cached_property
    def pages_of_articles(self) -> dict[str, str]:
        """The page that lists each article."""
        return {row["article_id"]: path for path, rows in self.article_parts for row in rows}

    @cached_property
    def claims(self) -> list[Row]:
        """Claims in the ledger's order, each with its status as of the edition."""
        rows = self.rows("claims")
        for row in rows:
            row["status"] = status(row, self.as_of)
        return rows

    @cached_property
    def questions(self) -> dict[str, list[Row]]:
        """Claims by question, the preferred forecaster's first."""
        return {
            key: sorted(rows, key=lambda row: (self.rank[row["forecaster"]], row["seq"]))
            for key, rows in grouped(self.claims, "question_id").items()
        }

    @cached_property
    def question_of(self) -> dict[str, str]:
        """The question of each claim."""
        return {row["claim_id"]: row["question_id"] for row in self.claims}

    @cached_property
    def claims_of(self) -> dict[str, list[Row]]:
        """Claims by report, likeliest first: those of its own forecaster.

        The yardstick's answers to an analyst's questions are kept under the analyst's report.
        """
        author = {row["report_id"]: row["forecaster"] for row in self.rows("reports")}
        own = [row for row in self.claims if author.get(row["report_id"]) == row["forecaster"]]
        return {
            key: sorted(rows, key=lambda row: (-row["probability"], row["seq"]))
            for key, rows in grouped(own, "report_id").items()
        }

    @cached_property
    def reports(self) -> dict[str, Row]:
        """Reports by id, newest first, the preferred forecaster's first."""
        rows = [row for row in self.rows("reports") if row["report_id"] in self.claims_of]
        rows.sort(key=lambda row: (-row["as_of"].value, self.rank[row["forecaster"]]))
        return {row["report_id"]: row for row in rows}

    @cached_property
    def analyses(self) -> dict[str, Row]:
        """What a language model said of its reports, by report."""
        return {row["report_id"]: row for row in self.rows("analyses")}

    @cached_property
    def leading(self) -> list[Row]:
        """One report a topic and moment, by the most preferred forecaster, newest first."""
        seen = set()
        found = []
        for row in self.reports.values():
            key = (row["topic_id"], row["as_of"])
            if key not in seen:
                seen.add(key)
                found.append(row)
        found.sort(key=lambda row: (-row["as_of"].value, -(row["significance"] or 0)))
        return found

    @cached_property
    def topics(self) -> dict[str, Row]:
        """Topics as they are now, by id."""
        return {row["topic_id"]: row for row in self.rows("topics")}

    @cached_property
    def axis(self) -> dict[str, list[Row]]:
        """Timelines by topic: steps, open claims, settled claims, each oldest first."""
        return grouped(self.rows("axis"), "topic_id")

    @cached_property
    def editions(self) -> list[Row]:
        """Days with an edition, newest first."""
        return self.rows("editions")[::-1]

    @cached_property
    def digests(self) -> dict[tuple[pd.Timestamp, str], list[Row]]:
        """Digest items by day and period, newest day first."""
        found: dict[tuple[pd.Timestamp, str], list[Row]] = defaultdict(list)
        for row in self.rows("digests"):
            found[(row["day"], row["period"])].append(row)
        return dict(sorted(found.items(), reverse=True))

    @cached_property
    def trending(self) -> dict[tuple[pd.Timestamp, str], list[Row]]:
        """The strip by day and section."""
        found: dict[tuple[pd.Timestamp, str], list[Row]] = defaultdict(list)
        for row in self.rows("trending"):
            found[(row["day"], row["section"])].append(row)
        return dict(found)

    @cached_property
    def relatives(self) -> dict[str, list[str]]:
        """For each report the nearest of the same forecaster and the week before, other topics.

        Nearness is the cosine of the topics' centroids as they were; nothing later is looked at,
        so that a page does not change when the next one is published.
        """
        found: dict[str, list[str]] = {}
        frame = self.frames["reports"]
        frame = frame[frame["vector"].notna() & frame["report_id"].isin(list(self.reports))]
        for _, own in frame.groupby("forecaster"):
            vectors = np.stack(list(own["vector"])).astype(np.float32)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
            moments = own["as_of"].to_numpy()
            ids, topics = own["report_id"].to_numpy(), own["topic_id"].to_numpy()
            for moment in np.unique(moments):
                here = np.flatnonzero(moments == moment)
                near = (moments <= moment) & (moments > moment - np.timedelta64(7, "D"))
                there = np.flatnonzero(near)[::-1]
                likeness = vectors[here] @ vectors[there].T
                for place, line in zip(here, likeness, strict=True):
                    found[ids[place]] = _nearest(line, ids[there], topics[there], topics[place])
        return found

    def topic_path(self, topic_id: str | None) -> str | None:
        """A topic's timeline, where it has one."""
        return paths.topic(topic_id) if topic_id in self.axis and topic_id else None

    def article_path(self, article_id: str | None) -> str | None:
        """An article's place in the list of its day, where it is listed."""
        row = self.articles.get(article_id or "")
        if row is None:
            return None
        return paths.article(self.pages_of_articles[row["article_id"]], row["article_id"])

    def question_path(self, claim_id: str | None) -> str | None:
        """The page of a claim, where there is one."""
        question = self.question_of.get(claim_id or "")
        return paths.question(question) if question else None

    def cited(self, sources: list[Row]) -> list[Row]:
        """Sources with the article behind each: publisher, title, link, date, place."""
        # The list lives as long as the frames do, so its identity names it.
        if id(sources) not in self._cited:
            self._cited[id(sources)] = self._with_articles(sources)
        return self._cited[id(sources)]

    def _with_articles(self, sources: list[Row]) -> list[Row]:
        found = []
        for source in sources:
            article = self.articles.get(source.get("article_id", ""))
            found.append(
                {
                    "number": source.get("number"),
                    "note": source.get("note", ""),
                    "independent": source.get("independent", True),
                    "publisher": (article or source).get("publisher", ""),
                    "title": article["title"] if article else "An article that is no longer kept",
                    "url": article["url"] if article else None,
                    "date": article["first_seen_at"] if article else None,
                    "path": self.article_path(source.get("article_id")),
                    "topic_id": article["topic_id"] if article else None,
                }
            )
        return found


def _nearest(
    likeness: np.ndarray, ids: np.ndarray, topics: np.ndarray, own: str, most: int = 5
) -> list[str]:
    """The likeliest reports of other topics, one a topic, above a faint likeness."""
    found: list[str] = []
    seen = {own}
    for place in np.argsort(-likeness, kind="stable"):
        if len(found) == most or likeness[place] < 0.15:
            break
        if topics[place] not in seen:
            seen.add(topics[place])
            found.append(str(ids[place]))
    return found
