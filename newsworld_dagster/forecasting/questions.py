"""Questions: what can be asked of a topic and checked by rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from newsworld_dagster.contracts.rules import RuleSpec
from newsworld_dagster.contracts.triggers import TriggerFamily
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.forecasting.signals import Signals, features_of

# Thresholds that a reader can hold in mind, not numbers tuned to come out even.
PUBLISHER_LADDER = (3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50)
HISTORY_DAYS = 28


@dataclass(frozen=True)
class TriggerSignals:
    """What the recent coverage of a topic says about one trigger family."""

    family: TriggerFamily
    affinity: float
    seen_articles: int
    seen_publishers: int
    level: float


@dataclass(frozen=True)
class TopicBrief:
    """All that a question may draw on about one topic, as of one moment."""

    topic_id: str
    label: str
    section: str
    anchor_id: str
    as_of: pd.Timestamp
    signals: Signals
    triggers: tuple[TriggerSignals, ...]


@dataclass(frozen=True)
class Question:
    """A checkable question about one topic, before anyone puts a probability to it.

    `template` is 'continuation', 'publishers', 'growth' or 'trigger:FAMILY'; `threshold` counts
    publishers, or articles for growth. The wording is made only when it is asked for: most
    candidates are never asked.
    """

    brief: TopicBrief
    template: str
    window_days: int
    threshold: int
    trigger: TriggerSignals | None = None

    @property
    def family(self) -> str:
        """The template without its trigger family."""
        return self.template.split(":")[0]

    @property
    def made_at(self) -> pd.Timestamp:
        """When it is asked: the as-of moment."""
        return self.brief.as_of

    @property
    def resolve_by(self) -> pd.Timestamp:
        """The deadline, UTC."""
        return self.brief.as_of + pd.Timedelta(days=self.window_days)

    @cached_property
    def spec(self) -> RuleSpec:
        """What will be counted."""
        if self.trigger is not None:
            return RuleSpec(
                rule="trigger",
                anchor_id=self.brief.anchor_id,
                at_least=self.threshold,
                family=self.trigger.family.name,
                trigger_terms=self.trigger.family.terms,
            )
        return RuleSpec(
            rule="articles" if self.family == "growth" else "publishers",
            anchor_id=self.brief.anchor_id,
            at_least=self.threshold,
        )

    @cached_property
    def question_id(self) -> str:
        """The same for all forecasters that answer the question."""
        key = (self.brief.topic_id, self.made_at.isoformat(), self.window_days, self.template)
        return "q" + digest(*key, self.spec.model_dump())[:23]

    @cached_property
    def features(self) -> dict[str, float]:
        """What the coverage model sees."""
        trigger = self.trigger
        return features_of(
            self.brief.signals,
            template=self.template,
            window_days=self.window_days,
            threshold=self.threshold,
            counts="articles" if self.family == "growth" else "publishers",
            trigger_affinity=trigger.affinity if trigger else 0.0,
            trigger_seen=trigger.seen_articles if trigger else 0,
            trigger_level=trigger.level if trigger else 0.0,
        )

    @property
    def statement(self) -> str:
        """The claim in one sentence."""
        label, deadline = self.brief.label, _date(self.resolve_by)
        if self.trigger is not None:
            return (
                f"At least {self.threshold} different publishers report "
                f"{self.trigger.family.event} in coverage of “{label}” by {deadline}."
            )
        if self.family == "growth":
            before = self.brief.signals.articles[HISTORY_DAYS]
            since = _date(self.made_at - pd.Timedelta(days=HISTORY_DAYS))
            return (
                f"At least {self.threshold} more articles on “{label}” appear by {deadline}, "
                f"lifting the count since {since} from {before} to {before + self.threshold}."
            )
        if self.family == "continuation":
            return (
                f"“{label}” stays in the news: at least {self.threshold} different publishers "
                f"report on it between {_date(self.made_at)} and {deadline}."
            )
        return (
            f"At least {self.threshold} different publishers report on “{label}” between "
            f"{_date(self.made_at)} and {deadline}."
        )

    @property
    def short(self) -> str:
        """What has to happen, for a headline."""
        if self.trigger is not None:
            return f"{self.trigger.family.event} reported"
        if self.family == "growth":
            return f"{self.threshold} more articles"
        return f"{self.threshold} or more publishers reporting"

    @property
    def action(self) -> str:
        """What the actor does."""
        if self.trigger is not None:
            return f"report {self.trigger.family.event} in coverage of {self.brief.label}"
        if self.family == "growth":
            return f"publish at least {self.threshold} more articles on {self.brief.label}"
        return f"report on {self.brief.label}"

    @property
    def resolution_criteria(self) -> str:
        """How it will be decided, in words."""
        if self.trigger is not None:
            counted = (
                f"articles of at least {self.threshold} different publishers that match the "
                "topic's anchor and use one of the words of the family "
                f"“{self.trigger.family.name}” in headline or summary"
            )
        elif self.family == "growth":
            counted = f"at least {self.threshold} articles that match the topic's anchor"
        else:
            counted = (
                f"articles of at least {self.threshold} different publishers that match the "
                "topic's anchor"
            )
        return (
            f"Yes if {counted} are first seen after {self.made_at:%Y-%m-%d %H:%M} and up to "
            f"{self.resolve_by:%Y-%m-%d %H:%M} UTC; copies of the same text count once. "
            "No otherwise."
        )

    @property
    def reference(self) -> str:
        """The recent past that the question is to be held against."""
        signals = self.brief.signals
        if self.trigger is not None:
            return f"{self.trigger.seen_articles} such articles in the last 14 days"
        if self.family == "growth":
            return f"{signals.articles[HISTORY_DAYS]} articles in the last {HISTORY_DAYS} days"
        span = span_of(self.window_days)
        return f"{signals.publishers[span]} publishers in the last {span} days"


def continuation(brief: TopicBrief, window_days: int) -> Question:
    """Will the topic stay in the news?"""
    return Question(brief, "continuation", window_days, 2 if window_days <= 7 else 3)


def publishers(brief: TopicBrief, window_days: int, stretch: float) -> Question:
    """Will the topic reach a number of publishers near `stretch` times its recent one?"""
    goal = max(brief.signals.publishers[span_of(window_days)] * stretch, PUBLISHER_LADDER[0])
    step = min(PUBLISHER_LADDER, key=lambda step: abs(math.log(step / goal)))
    return Question(brief, "publishers", window_days, step)


def growth(brief: TopicBrief, window_days: int, share: float) -> Question:
    """Will the articles of the last four weeks be added to by `share` of their number?"""
    before = brief.signals.articles[HISTORY_DAYS]
    return Question(brief, "growth", window_days, max(math.ceil(before * share), 3))


def trigger(brief: TopicBrief, window_days: int, signals: TriggerSignals) -> Question:
    """Will the coverage report an event of the family?"""
    return Question(brief, f"trigger:{signals.family.name}", window_days, 2, signals)


def span_of(window_days: int) -> int:
    """The past span that a window is compared with: 28 days stand for 30."""
    return HISTORY_DAYS if window_days == 30 else window_days


def _date(moment: pd.Timestamp) -> str:
    return f"{moment.day} {moment:%B %Y}"
