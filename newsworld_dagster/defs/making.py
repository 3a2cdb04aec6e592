"""What the steps over days do for one day: read, compute, write. Nothing here knows of Dagster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIVE_DAYS
from newsworld_dagster.defs.analysis import analyse, judge
from newsworld_dagster.defs.signing import sign_off
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import (
    MEMBERS,
    DeskInput,
    DeskParameters,
    chain,
    make_edition,
    with_learned,
)
from newsworld_dagster.resolution import resolve_rules
from newsworld_dagster.stories import (
    DAILY,
    WEEKLY,
    DigestParameters,
    RunningBackground,
    StoryParameters,
    TimelineParameters,
    TopicParameters,
    TrendingParameters,
    assign_stories,
    latest_topics,
    link_topics,
    make_digest,
    make_timelines,
    trending_terms,
)
from newsworld_dagster.warehouse import Reader, TextMemory, VectorMemory

# What grouping reads of articles, beside their texts.
GROUPED = (
    "article_id",
    "publisher",
    "url",
    "first_seen_at",
    "content_digest",
)
# What settling and asking read of articles, beside their texts, and of open claims.
READ = (
    "article_id",
    "publisher",
    "first_seen_at",
    "day",
    "content_digest",
    "duplicate_of",
)
# What linking reads, and what is told to readers is made of.
LINKED = (*READ, "section")
SETTLED_FROM = ("claim_id", "question_id", "made_at", "resolve_by", "resolver", "spec")
ASKED = ("question_id", "topic_id", "template", "window_days", "made_at", "statement")
# Whose probability stands for a question.
PREFERRED = ("coverage", "base-rate")
# The weekly digest is made with the day on which its week ends.
SUNDAY = 6


@dataclass(frozen=True)
class Day:
    """A day to be made.

    Attributes
    ----------
    day
        The partition.
    moment
        What it is computed as of, naive UTC: its end, or an earlier moment.
    phase
        'warm_up' or 'record'.
    backfill
        Whether it is one of several of a run.
    """

    day: pd.Timestamp
    moment: pd.Timestamp
    phase: str
    backfill: bool


class Maker(Protocol):
    """Makes the rows of a step day after day; it keeps in mind only what the warehouse has too."""

    def __init__(self, world: World) -> None:
        """Make the rows of a world."""
        ...

    def make(self, given: Day) -> None:
        """Read what was known, compute, and write the day's rows."""
        ...


class StoriesMaker:
    """Assigns the articles of a day to stories."""

    def __init__(self, world: World) -> None:
        self.world, self.parameters = world, StoryParameters()
        self.vectors = VectorMemory(world.encoder.name)
        self.events = VectorMemory(world.encoder.event_name)
        self.texts = TextMemory()
        self.background = RunningBackground()

    def make(self, given: Day) -> None:
        """Write the day's assignments and lineage."""
        day, live = given.day, self.parameters.live_days
        before = day - pd.Timedelta(days=1)
        with self.world.warehouse.read() as reader:
            # What the day itself assigned before is made anew; what earlier days did stands.
            window = reader.live_window(before, given.moment, live, GROUPED)
            window = self.texts.put(reader, window)
            matrix = self.vectors.of(reader, window["content_digest"])
            events = self.events.of(reader, window["content_digest"])
            older = reader.older_members(before, given.moment, live)
            history = reader.history(given.moment, live)
            background = self.background.of(history, reader.texts(self.background.missing(history)))
        made = assign_stories(
            window,
            matrix,
            day=day,
            model=self.world.pair_model,
            background=background,
            older=older,
            parameters=self.parameters,
            events=events,
        )
        with self.world.warehouse.write() as writer:
            writer.replace_partition("stories.assignments", [day], made.assignments)
            writer.replace_partition("stories.lineage", [day], made.lineage)


class TopicsMaker:
    """Links the stories of a day to topics."""

    def __init__(self, world: World) -> None:
        self.world, self.parameters = world, TopicParameters()
        self.vectors = VectorMemory(world.encoder.name)
        self.texts = TextMemory()
        # The day that was made last, and the topics as it left them.
        self._left: tuple[pd.Timestamp, pd.DataFrame] | None = None

    @cached_property
    def sections(self) -> dict[str, np.ndarray]:
        """Unit vector of each section's description."""
        with self.world.warehouse.read() as reader:
            return self.world.section_vectors(reader)

    def make(self, given: Day) -> None:
        """Write the day's links, and the topics whose articles it changed."""
        day, days = given.day, self.parameters.window_days
        reach = day - pd.Timedelta(days=days + 1)
        sections = self.sections
        with self.world.warehouse.read() as reader:
            window = reader.live_window(day, given.moment, days, LINKED)
            window = window[window["story_id"].notna()].reset_index(drop=True)
            window = self.texts.put(reader, window)
            window["fresh"] = window["assigned_on"] == day
            matrix = self.vectors.of(reader, window["content_digest"])
            links = reader.topic_stories_as_of(day, reach)
            known = self._known(reader, day, reach)
            earlier = reader.thread_articles(day, given.moment - pd.Timedelta(days=days), days)
        made = link_topics(
            window,
            matrix,
            links,
            known,
            sections,
            day=day,
            earlier=earlier,
            encoder=self.world.encoder.name,
            parameters=self.parameters,
        )
        with self.world.warehouse.write() as writer:
            writer.replace_partition("stories.topic_stories", [day], made.links)
            writer.replace_partition("stories.topics", [day], made.topics)
        self._left = day, latest_topics(known, made.topics)

    def _known(self, reader: Reader, day: pd.Timestamp, reach: pd.Timestamp) -> pd.DataFrame:
        """The topics alive as a day begins; read, where the day before was not made here."""
        if self._left is not None and self._left[0] == day - pd.Timedelta(days=1):
            known = self._left[1]
        else:
            known = reader.topics_as_of(day, reach)
        return known[known["closed_from"] > day]


class LedgerMaker:
    """Settles what a day can settle, then forecasts and signs off.

    The analyst and the judge take part where there is a language model.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.vectors = VectorMemory(world.encoder.name)
        self.texts = TextMemory()

    @cached_property
    def triggers(self) -> Mapping[str, np.ndarray]:
        """Unit vector of each trigger family's description."""
        with self.world.warehouse.read() as reader:
            return self.world.trigger_vectors(reader)

    def make(self, given: Day) -> None:
        """Append the day's verdicts, claims and head."""
        asked = self.world.analyst_on
        self.settle(given)
        if asked:
            judge(self.world, given.day, given.moment, backfill=given.backfill)
        self.forecast(given)
        if asked:
            analyse(self.world, given.day, given.phase, backfill=given.backfill)
        sign_off(self.world, given.day, given.moment)

    def settle(self, given: Day) -> int:
        """Append the verdicts that can be given by rule as of the moment; returns their number."""
        with self.world.warehouse.read() as reader:
            claims = reader.open_claims(given.moment, SETTLED_FROM)
            claims = claims[claims["resolver"] == "rule"]
            if claims.empty:
                return 0
            specs = [json.loads(spec) for spec in claims["spec"].unique()]
            anchors = reader.anchors(pd.Series([spec["anchor_id"] for spec in specs], dtype=str))
            articles = reader.articles_as_of(given.moment, claims["made_at"].min(), READ)
            articles = self.texts.put(reader, articles)
            matrix = self.vectors.of(reader, articles["content_digest"])
        verdicts = resolve_rules(
            claims,
            anchors,
            articles,
            matrix,
            as_of=given.moment,
            day=given.day,
            code_version=self.world.code_version,
        )
        if verdicts.empty:
            return 0
        with self.world.warehouse.write() as writer:
            return writer.append("outcomes.resolutions", verdicts)

    def forecast(self, given: Day) -> int:
        """Append the day's edition, unless the day is sealed; returns the number of claims.

        Behind the desk's claims come those of the forecasters that learn from the record, fitted
        on what had fallen due and was settled by then.
        """
        world, moment = self.world, given.moment
        triggers = self.triggers
        with world.warehouse.read() as reader:
            if not reader.editions_of(given.day).empty:
                return 0
            window = reader.live_window(given.day, moment, LIVE_DAYS, READ)
            window = window[window["topic_id"].notna()].reset_index(drop=True)
            if window.empty:
                return 0
            window = self.texts.put(reader, window)
            known = DeskInput(
                day=given.day,
                as_of=moment,
                window=window,
                vectors=self.vectors.of(reader, window["content_digest"]),
                topics=reader.topics_as_of(moment, moment - pd.Timedelta(days=2)),
                settled=reader.settled_questions(moment),
                open_claims=reader.open_claims(moment, ASKED).drop_duplicates("question_id"),
                trigger_vectors=triggers,
                embedding_model=world.encoder.name,
                phase=given.phase,
                code_version=world.code_version,
            )
            record = reader.settled_forecasts(moment, MEMBERS, "rule")
        edition = make_edition(known, DeskParameters(topics_per_day=world.settings.topics_per_day))
        edition = with_learned(edition, record)
        with world.warehouse.write() as writer:
            if not writer.editions_of(given.day).empty:
                return 0
            writer.append("forecasts.editions", edition.editions)
            writer.append("forecasts.reports", edition.reports)
            writer.append("forecasts.anchors", edition.anchors)
            writer.append("forecasts.refusals", edition.refusals)
            return writer.append("forecasts.claims", chain(edition.claims, writer.ledger_head()))


class TrendingMaker:
    """Makes the strips of a day."""

    def __init__(self, world: World) -> None:
        self.world, self.parameters = world, TrendingParameters()
        self.texts = TextMemory()

    def make(self, given: Day) -> None:
        """Write the day's strips."""
        reach = self.parameters.recent_days + self.parameters.history_days
        with self.world.warehouse.read() as reader:
            window = reader.trending_window(given.day, given.moment, reach, LINKED)
            window = self.texts.put(reader, window)
        made = trending_terms(window, day=given.day, as_of=given.moment, parameters=self.parameters)
        with self.world.warehouse.write() as writer:
            writer.replace_partition("stories.trending", [given.day], made)


class DigestsMaker:
    """Writes the digest of a day, and of the week that ends with it."""

    def __init__(self, world: World) -> None:
        self.world, self.texts = world, TextMemory()

    def make(self, given: Day) -> None:
        """Write the day's digests, which look back at those before."""
        with self.world.warehouse.read() as reader:
            made = [self._digest(reader, given, "daily", DAILY)]
            if given.day.weekday() == SUNDAY:
                made.append(self._digest(reader, given, "weekly", WEEKLY))
        with self.world.warehouse.write() as writer:
            writer.replace_partition("stories.digests", [given.day], pd.concat(made))

    def _digest(
        self, reader: Reader, given: Day, period: str, parameters: DigestParameters
    ) -> pd.DataFrame:
        day, moment = given.day, given.moment
        span = pd.Timedelta(days=7 if period == "weekly" else 1)
        window = reader.live_window(day, moment, parameters.span_days, LINKED)
        window = self.texts.put(reader, window)
        window["fresh"] = window["day"] > day - span
        claims = reader.claims_due(moment, parameters.horizon_days, PREFERRED)
        return make_digest(
            window,
            reader.topics_as_of(
                moment, moment - pd.Timedelta(days=parameters.span_days), vectors=False
            ),
            reader.digest_before(day, period),
            claims,
            reader.cited_articles(claims, moment),
            day=day,
            as_of=moment,
            period=period,
            parameters=parameters,
        )


class TimelinesMaker:
    """Writes what a day adds to the timelines of topics."""

    def __init__(self, world: World) -> None:
        self.world, self.parameters = world, TimelineParameters()
        self.texts = TextMemory()

    def make(self, given: Day) -> None:
        """Write the day's steps, claims and verdicts."""
        day, moment = given.day, given.moment
        with self.world.warehouse.read() as reader:
            window = reader.live_window(day, moment, self.parameters.window_days, LINKED)
            window = self.texts.put(reader, window)
            window["fresh"] = window["day"] == day
            topics = reader.topics_as_of(moment, moment - pd.Timedelta(days=2), vectors=False)
            topics["has_claims"] = topics["topic_id"].isin(reader.topics_with_claims(moment))
            known = reader.steps_before(day)
            claims = reader.claims_for_timelines(day, moment, PREFERRED)
            cited = reader.cited_articles(claims, moment)
        made = make_timelines(
            window,
            topics,
            known,
            claims,
            cited,
            day=day,
            as_of=moment,
            parameters=self.parameters,
        )
        with self.world.warehouse.write() as writer:
            writer.replace_partition("stories.timelines", [day], made)
