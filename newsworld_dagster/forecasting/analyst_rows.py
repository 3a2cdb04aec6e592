"""The analyst's reports as rows of tables, to be appended as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.analysis import (
    ANALYSES,
    MODEL_CALLS,
    REPORT_TEXTS,
    SAMPLES,
    call_row,
)
from newsworld_dagster.contracts.asking import Answered, Bill, Outcome, Refused
from newsworld_dagster.contracts.forecasts import CLAIMS, REFUSALS, REPORTS
from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.forecasting.analyst import (
    NAME,
    AnalystParameters,
    EventDraft,
    TopicDraft,
)
from newsworld_dagster.forecasting.combining import combine
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.forecasting.predicted_events import TEMPLATE, deadline, window_days
from newsworld_dagster.prompts.citations import cited
from newsworld_dagster.prompts.outputs import Report

_CHAINED = ("seq", "previous_hash", "row_hash")
CLAIM_COLUMNS = [name for name in CLAIMS.columns if name not in _CHAINED]


@dataclass(frozen=True)
class Analyses:
    """Rows for the tables of schema `forecasts`; the claims are not yet chained.

    `unfinished` has topic_id and reason of the topics that are to be asked again by a later
    run: nothing of theirs is in the other frames but their calls.
    """

    reports: pd.DataFrame
    analyses: pd.DataFrame
    texts: pd.DataFrame
    claims: pd.DataFrame
    samples: pd.DataFrame
    refusals: pd.DataFrame
    calls: pd.DataFrame
    unfinished: pd.DataFrame


@dataclass(frozen=True)
class Stamp:
    """What every row of a run is stamped with; `asked_at` is the moment by the clock."""

    day: pd.Timestamp
    as_of: pd.Timestamp
    phase: str
    code_version: str
    asked_at: pd.Timestamp


def analyst_rows(
    drafts: Sequence[TopicDraft],
    stamp: Stamp,
    parameters: AnalystParameters | None = None,
    weights: Sequence[float] | None = None,
) -> Analyses:
    """Rows of drafted reports.

    Parameters
    ----------
    weights
        Weight of each sample by its index, in the mean of log-odds; all the same without.

    Raises
    ------
    ContractError
        When a row does not meet the contract of its table.
    """
    parameters = parameters or AnalystParameters()
    maker = _Rows(stamp, parameters, list(weights or [1.0] * parameters.samples))
    for draft in drafts:
        maker.take(draft)
    return Analyses(
        reports=_frame(REPORTS, maker.reports),
        analyses=_frame(ANALYSES, maker.analyses),
        texts=_frame(REPORT_TEXTS, maker.texts),
        claims=pd.DataFrame(maker.claims, columns=CLAIM_COLUMNS),
        samples=_frame(SAMPLES, maker.samples),
        refusals=_frame(REFUSALS, maker.refusals),
        calls=_frame(MODEL_CALLS, maker.calls),
        unfinished=pd.DataFrame(maker.unfinished, columns=["topic_id", "reason"]),
    )


class _Rows:
    """Rows as they are collected, draft by draft."""

    def __init__(self, stamp: Stamp, parameters: AnalystParameters, weights: list[float]) -> None:
        if len(weights) != parameters.samples or not all(weight > 0 for weight in weights):
            raise ValueError(
                f"{parameters.samples} samples need as many weights above 0, not {weights}."
            )
        self.stamp = stamp
        self.parameters = parameters
        self.weights = weights
        prompts = (parameters.report, parameters.repair, parameters.probability)
        self.prompt_digest = digest(*(prompt.digest for prompt in prompts))
        self.reports: list[dict[str, Any]] = []
        self.analyses: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []
        self.claims: list[dict[str, Any]] = []
        self.samples: list[dict[str, Any]] = []
        self.refusals: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.unfinished: list[dict[str, Any]] = []

    def take(self, draft: TopicDraft) -> None:
        bills = []
        for subject, outcome in _outcomes(draft):
            self._call(draft, subject, outcome)
            bills.append(outcome.bill)
        if draft.unfinished:
            self.unfinished.append({"topic_id": draft.given.topic_id, "reason": draft.unfinished})
            return
        if isinstance(draft.outcome, Refused):
            self._refuse(
                draft,
                0,
                f"Report on {draft.given.label}",
                [{"fault": draft.outcome.fault, "reason": draft.outcome.reason}],
                draft.outcome.raw,
            )
        if not isinstance(draft.outcome, Answered):
            return
        report: Report = draft.outcome.value
        good = [one for one in draft.events if not one.refused_because]
        for place, one in enumerate(draft.events, start=1):
            self._samples(draft, one)
            if one.refused_because:
                reasons = [{"fault": "refused", "reason": one.refused_because}]
                found = [finding.as_dict() for finding in one.findings]
                self._refuse(draft, place, one.event.statement, reasons + found, _raw(one))
        if not good:
            return
        for one in good:
            self._claim(draft, report, one, draft.outcome.bill.cost_usd / len(good))
        self._report(draft, report, bills, len(good))

    def _report(
        self, draft: TopicDraft, report: Report, bills: Sequence[Bill], claims: int
    ) -> None:
        self.reports.append(
            {
                "report_id": draft.report_id,
                "forecaster": NAME,
                "topic_id": draft.given.topic_id,
                "topic_label": draft.given.label,
                "section": draft.given.section,
                "day": self.stamp.day,
                "as_of": self.stamp.as_of,
                "headline": report.headline,
                "overview": report.situation,
                "claims": claims,
                "sources": _sources(draft, report, [s.number for s in report.sources]),
                "model": bills[0].model,
            }
        )
        self.analyses.append(
            {
                "report_id": draft.report_id,
                "label": report.label,
                "confidence": report.confidence,
                "articles": len(draft.articles),
                "prompt_digest": bills[0].prompt_digest,
                "input_digest": draft.input_digest,
                "request_digest": bills[0].request_digest,
                "cost_usd": sum(bill.cost_usd for bill in bills),
                "tokens": sum(bill.usage.total for bill in bills),
                "seconds": sum(bill.seconds for bill in bills),
            }
        )
        texts = [
            ("situation", "", None, report.situation),
            *(("signal", one.name, None, one.text) for one in report.signals),
            *(
                ("outlook", one.heading, pd.Timestamp(one.by), one.text)
                for one in sorted(report.outlook, key=lambda one: one.by)
            ),
            ("implications", "", None, report.implications),
        ]
        self.texts += [
            {
                "report_id": draft.report_id,
                "place": place,
                "kind": kind,
                "heading": heading,
                "by": by,
                "text": text,
                "cites": json.dumps(cited(text)),
            }
            for place, (kind, heading, by, text) in enumerate(texts, start=1)
        ]

    def _claim(self, draft: TopicDraft, report: Report, one: EventDraft, share: float) -> None:
        event = one.event
        answers = {
            index: sample.value.probability
            for index, sample in enumerate(one.samples)
            if isinstance(sample, Answered)
        }
        weights = [self.weights[index] for index in answers]
        probability = round(combine(list(answers.values()), weights), 6)
        features = {f"sample_{index}": value for index, value in answers.items()}
        features |= {f"weight_{index}": self.weights[index] for index in answers}
        own = [one.repaired, *one.samples]
        self.claims.append(
            {
                "claim_id": _claim_id(draft, one),
                "question_id": _question_id(draft, one),
                "report_id": draft.report_id,
                "topic_id": draft.given.topic_id,
                "topic_label": draft.given.label,
                "section": draft.given.section,
                "forecaster": NAME,
                "model": one.samples[0].bill.model,
                "prompt_digest": self.prompt_digest,
                "input_digest": draft.input_digest,
                "sample_index": 0,
                "template": TEMPLATE + event.kind,
                "statement": event.statement,
                "actor": event.actor,
                "action": event.action,
                "threshold": event.threshold,
                "made_at": self.stamp.as_of,
                "as_of": self.stamp.as_of,
                "day": self.stamp.day,
                "resolve_by": deadline(event),
                "window_days": window_days(event, self.stamp.as_of),
                "probability": probability,
                "band": confidence_band(probability),
                "rationale": event.rationale,
                "resolution_criteria": event.resolution_criteria,
                "resolver": "judge",
                "spec": None,
                "sources": _sources(draft, report, event.sources),
                "features": json.dumps(features),
                "findings": "[]",
                "phase": self.stamp.phase,
                "cost_usd": share + sum(call.bill.cost_usd for call in own if call is not None),
                "code_version": self.stamp.code_version,
            }
        )

    def _samples(self, draft: TopicDraft, one: EventDraft) -> None:
        for index, sample in enumerate(one.samples):
            claim_id, bill = _claim_id(draft, one), sample.bill
            value = sample.value if isinstance(sample, Answered) else None
            self.samples.append(
                {
                    "sample_id": "s" + digest(claim_id, index)[:23],
                    "claim_id": claim_id,
                    "report_id": draft.report_id,
                    "sample_index": index,
                    "probability": value.probability if value else None,
                    "weight": self.weights[index] if value else 0.0,
                    "reasoning": value.model_dump_json() if value else None,
                    "fault": sample.fault if isinstance(sample, Refused) else None,
                    "model": bill.model,
                    "prompt_digest": bill.prompt_digest,
                    "request_digest": bill.request_digest,
                    "tokens": bill.usage.total,
                    "cost_usd": bill.cost_usd,
                    "seconds": bill.seconds,
                }
            )

    def _refuse(
        self,
        draft: TopicDraft,
        place: int,
        statement: str,
        reasons: list[dict[str, str]],
        raw: str | None,
    ) -> None:
        """A refusal of the report, place 0, or of its event at a place from 1."""
        self.refusals.append(
            {
                "refusal_id": "x" + digest(draft.report_id, place, statement)[:23],
                "forecaster": NAME,
                "topic_id": draft.given.topic_id,
                "day": self.stamp.day,
                "as_of": self.stamp.as_of,
                "statement": statement,
                "reason": json.dumps(reasons, ensure_ascii=False),
                "raw": raw,
            }
        )

    def _call(self, draft: TopicDraft, subject: str, outcome: Outcome[Any]) -> None:
        stamp = (draft.given.topic_id, self.stamp.day, self.stamp.as_of, self.stamp.asked_at)
        self.calls.append(call_row(subject, outcome, *stamp))


def _outcomes(draft: TopicDraft) -> Iterator[tuple[str, Outcome[Any]]]:
    """All that was asked for a topic, each with what it was about; the report first."""
    if draft.outcome is not None:
        yield draft.report_id, draft.outcome
    for place, one in enumerate(draft.events, start=1):
        if one.repaired is not None:
            yield f"{draft.report_id}/{place}", one.repaired
        for sample in one.samples:
            yield f"{draft.report_id}/{place}", sample


def _question_id(draft: TopicDraft, one: EventDraft) -> str:
    event = one.event
    key = (draft.given.topic_id, event.statement, event.resolve_by.isoformat())
    return "q" + digest(draft.report_id, *key)[:23]


def _claim_id(draft: TopicDraft, one: EventDraft) -> str:
    return "c" + digest(_question_id(draft, one), NAME)[:23]


def _sources(draft: TopicDraft, report: Report, numbers: Sequence[int]) -> str:
    """JSON of cited articles by their numbers, each with what it contributed."""
    notes = {source.number: source.note for source in report.sources}
    ids = list(draft.articles["article_id"])
    return json.dumps(
        [
            {"number": number, "article_id": ids[number - 1], "note": notes.get(number, "")}
            for number in dict.fromkeys(numbers)
        ],
        ensure_ascii=False,
    )


def _raw(one: EventDraft) -> str | None:
    """The answer that the refusal rests on, if it is one of the event's own."""
    refused = [call for call in (one.repaired, *one.samples) if isinstance(call, Refused)]
    if refused:
        return refused[-1].raw
    return one.repaired.raw if isinstance(one.repaired, Answered) else None


def _frame(schema: pa.DataFrameSchema, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return meet(schema, pd.DataFrame(rows, columns=list(schema.columns)))
