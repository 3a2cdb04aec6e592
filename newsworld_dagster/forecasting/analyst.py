"""The analyst: reports and probabilities by a language model, from the articles known then.

Three rounds of asks over all topics at once, so that a batch can answer each: the reports, the
repair of claims that cannot be decided, and several independent probabilities of every event.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from newsworld_dagster.contracts.asking import (
    Answered,
    Ask,
    Failed,
    LanguageModel,
    Outcome,
    Refused,
    Stopped,
)
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.forecasting.lint import Finding
from newsworld_dagster.forecasting.predicted_events import (
    class_record,
    class_records,
    deadline,
    event_findings,
)
from newsworld_dagster.prompts import Prompt, articles_block, list_block, load_prompt
from newsworld_dagster.prompts.citations import event_faults, report_faults
from newsworld_dagster.prompts.outputs import Event, Report

NAME = "analyst"

# A statement and the articles known then, to a passage of theirs that already reports it.
AlreadyReported = Callable[[str, pd.DataFrame], str | None]


@dataclass(frozen=True)
class AnalystParameters:
    """What a report is made from and how.

    `most_articles` of a topic are read, at most `most_of_a_publisher` of one publisher, the
    latest first. Each event gets `samples` independent probabilities, and needs more than half
    of them. `most_days` is the longest window of a claim.
    """

    most_articles: int = 24
    most_of_a_publisher: int = 4
    most_characters: int = 1200
    least_events: int = 4
    most_events: int = 8
    samples: int = 3
    most_days: int = 365
    report: Prompt = field(default_factory=functools.partial(load_prompt, "report", 1))
    repair: Prompt = field(default_factory=functools.partial(load_prompt, "claim_repair", 1))
    probability: Prompt = field(default_factory=functools.partial(load_prompt, "probability", 1))


@dataclass(frozen=True)
class TopicGiven:
    """A topic as of one moment.

    `articles` are those known then, with article_id, title, summary, publisher, first_seen_at
    and duplicate_of. `open_statements` are those of open claims on the topic.
    """

    topic_id: str
    label: str
    section: str
    articles: pd.DataFrame
    open_statements: Sequence[str] = ()


@dataclass
class EventDraft:
    """An event with what became of it: its findings, its repair, its samples."""

    event: Event
    findings: list[Finding]
    repaired: Outcome[Any] | None = None
    refused_because: str = ""
    samples: list[Outcome[Any]] = field(default_factory=list)


@dataclass
class TopicDraft:
    """A topic on its way to a report."""

    given: TopicGiven
    report_id: str
    input_digest: str
    articles: pd.DataFrame
    outcome: Outcome[Any] | None = None
    events: list[EventDraft] = field(default_factory=list)
    unfinished: str = ""

    @property
    def report(self) -> Report | None:
        """The report, once there is one."""
        return self.outcome.value if isinstance(self.outcome, Answered) else None


async def draft_reports(
    topics: Sequence[TopicGiven],
    model: LanguageModel,
    settled: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    parameters: AnalystParameters | None = None,
    already_reported: AlreadyReported | None = None,
) -> list[TopicDraft]:
    """Ask a language model for the reports of topics, to be made rows by `analyst_rows`.

    A topic for which an ask failed, or was stopped by the budget, is unfinished: nothing of it
    is to be published, and a later run finds the answers that were already paid for.

    Parameters
    ----------
    settled
        Claims that fell due and were settled by `as_of`: columns template and outcome.
    already_reported
        Finds what an article of the topic already reports; without it only the model looks.

    Raises
    ------
    ValueError
        When an article was first seen after `as_of`.
    """
    parameters = parameters or AnalystParameters()
    reported = already_reported or (lambda _statement, _articles: None)
    drafts = [_begin(topic, as_of, parameters) for topic in topics if len(topic.articles)]
    await _write(drafts, model, settled, as_of, parameters, reported)
    await _repair(drafts, model, as_of, parameters, reported)
    await _estimate(drafts, model, settled, as_of, parameters)
    return drafts


def _begin(topic: TopicGiven, as_of: pd.Timestamp, parameters: AnalystParameters) -> TopicDraft:
    known = topic.articles
    if known["first_seen_at"].max() > as_of:
        raise ValueError(f"Topic {topic.topic_id} has an article first seen after {as_of}.")
    own = known[known["duplicate_of"].isna()] if known["duplicate_of"].isna().any() else known
    latest = own.sort_values(["first_seen_at", "article_id"], ascending=[False, True])
    spread = latest[latest.groupby("publisher").cumcount() < parameters.most_of_a_publisher]
    chosen = spread.head(parameters.most_articles).iloc[::-1].reset_index(drop=True)
    chosen = chosen.assign(summary=chosen["summary"].str.slice(0, parameters.most_characters))
    texts = chosen[["article_id", "title", "summary", "publisher"]].astype(str)
    seen = [moment.isoformat() for moment in chosen["first_seen_at"]]
    return TopicDraft(
        given=topic,
        report_id="p" + digest(NAME, topic.topic_id, as_of.isoformat())[:23],
        input_digest=digest(
            as_of.isoformat(),
            [topic.topic_id, topic.label, topic.section],
            texts.to_numpy().tolist(),
            seen,
            list(topic.open_statements),
        ),
        articles=chosen,
    )


async def _write(
    drafts: Sequence[TopicDraft],
    model: LanguageModel,
    settled: pd.DataFrame,
    as_of: pd.Timestamp,
    parameters: AnalystParameters,
    reported: AlreadyReported,
) -> None:
    """The first round: the reports."""
    asks: list[Ask[Any]] = []
    for draft in drafts:
        check = functools.partial(report_faults, articles=len(draft.articles), today=as_of.date())
        values = {
            "topic": draft.given.label,
            "section": draft.given.section,
            "as_of": _moment(as_of),
            "calendar": _calendar(as_of),
            "least_events": parameters.least_events,
            "most_events": parameters.most_events,
            "articles": _block(draft),
            "open_claims": list_block("open_claims", draft.given.open_statements),
            "base_rates": list_block("base_rates", class_records(settled)),
        }
        asks.append(parameters.report.ask(values, input_digest=draft.input_digest, check=check))
    for draft, outcome in zip(drafts, await model.ask_many(asks), strict=True):
        draft.outcome = outcome
        _leave_if_not_asked(draft, outcome)
        if (report := draft.report) is None:
            continue
        known = list(draft.given.open_statements)
        for event in report.events:
            findings = event_findings(
                event,
                as_of,
                known,
                parameters.most_days,
                reported(event.statement, draft.articles),
            )
            draft.events.append(EventDraft(event, findings))
            known.append(event.statement)


async def _repair(
    drafts: Sequence[TopicDraft],
    model: LanguageModel,
    as_of: pd.Timestamp,
    parameters: AnalystParameters,
    reported: AlreadyReported,
) -> None:
    """The second round: claims that cannot be decided, each asked for once again."""
    faulty = [
        (draft, one)
        for draft in drafts
        if not draft.unfinished
        for one in draft.events
        if one.findings
    ]
    asks: list[Ask[Any]] = []
    for draft, one in faulty:
        articles = len(draft.articles)

        def check(repair: Any, articles: int = articles) -> list[str]:
            return event_faults(repair.event, articles) if repair.event else []

        values = {
            "as_of": _moment(as_of),
            "calendar": _calendar(as_of),
            "articles": _block(draft),
            "claim": list_block("claim", _fields(one.event)),
            "findings": list_block(
                "findings", (f"{found.fault}: {found.reason}" for found in one.findings)
            ),
        }
        asks.append(parameters.repair.ask(values, input_digest=draft.input_digest, check=check))
    for (draft, one), outcome in zip(faulty, await model.ask_many(asks), strict=True):
        one.repaired = outcome
        _leave_if_not_asked(draft, outcome)
        if isinstance(outcome, Refused):
            one.refused_because = f"its repair was refused: {outcome.reason}"
        elif isinstance(outcome, Answered) and outcome.value.event is None:
            one.refused_because = f"it cannot be repaired: {outcome.value.reason}"
        elif isinstance(outcome, Answered):
            others = [
                other.event.statement
                for other in draft.events
                if other is not one and not other.refused_because
            ]
            known = [*draft.given.open_statements, *others]
            one.event = outcome.value.event
            one.findings = event_findings(
                one.event,
                as_of,
                known,
                parameters.most_days,
                reported(one.event.statement, draft.articles),
            )
            if one.findings:
                one.refused_because = "it cannot be decided after its repair either"


async def _estimate(
    drafts: Sequence[TopicDraft],
    model: LanguageModel,
    settled: pd.DataFrame,
    as_of: pd.Timestamp,
    parameters: AnalystParameters,
) -> None:
    """The third round: independent probabilities of every event that can be decided."""
    wanted = [
        (draft, one, sample)
        for draft in drafts
        if not draft.unfinished
        for one in draft.events
        if not one.refused_because
        for sample in range(parameters.samples)
    ]
    asks: list[Ask[Any]] = []
    for draft, one, sample in wanted:
        days = (deadline(one.event) - as_of) / pd.Timedelta(days=1)
        values = {
            "as_of": _moment(as_of),
            "statement": one.event.statement,
            "resolution_criteria": one.event.resolution_criteria,
            "resolve_by": one.event.resolve_by,
            "days_left": f"{days:.1f}",
            "kind": one.event.kind,
            "base_rate": class_record(settled, one.event.kind),
            "articles": _block(draft),
        }
        asks.append(
            parameters.probability.ask(values, input_digest=draft.input_digest, sample=sample)
        )
    for (draft, one, _), outcome in zip(wanted, await model.ask_many(asks), strict=True):
        one.samples.append(outcome)
        _leave_if_not_asked(draft, outcome)
    for draft in drafts:
        for one in draft.events:
            usable = sum(isinstance(sample, Answered) for sample in one.samples)
            if one.samples and not draft.unfinished and 2 * usable <= parameters.samples:
                one.refused_because = (
                    f"only {usable} of {parameters.samples} probabilities could be used"
                )


def _leave_if_not_asked(draft: TopicDraft, outcome: Outcome[Any]) -> None:
    if isinstance(outcome, Failed | Stopped) and not draft.unfinished:
        draft.unfinished = outcome.reason


def _block(draft: TopicDraft) -> str:
    return articles_block(draft.articles.to_dict("records"))


def _fields(event: Event) -> list[str]:
    return [
        f"{name}: {value}"
        for name, value in event.model_dump(mode="json").items()
        if value is not None
    ]


def _moment(as_of: pd.Timestamp) -> str:
    return f"{as_of:%Y-%m-%d %H:%M} UTC ({as_of:%A})"


def _calendar(as_of: pd.Timestamp) -> str:
    """Dates of the common windows, so that nobody has to count days."""
    return ", ".join(
        f"in {days} days {as_of + pd.Timedelta(days=days):%Y-%m-%d}"
        for days in (3, 7, 14, 30, 60, 90, 180)
    )
