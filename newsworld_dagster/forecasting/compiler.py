"""From questions and probabilities to reports and claims that a reader can check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.forecasts import CLAIMS, REFUSALS, REPORTS
from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.forecasting import base_rate, coverage
from newsworld_dagster.forecasting.base_rate import BaseRate
from newsworld_dagster.forecasting.coverage import CoverageModel
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.forecasting.lint import Finding, lint
from newsworld_dagster.forecasting.questions import Question, TopicBrief

MOST_SOURCES = 5


@dataclass(frozen=True)
class ReportDraft:
    """A topic, what its anchor matched, and the questions chosen with their probabilities."""

    brief: TopicBrief
    matched: pd.DataFrame
    similarity: np.ndarray
    questions: Sequence[Question]
    probabilities: np.ndarray
    open_statements: Sequence[str]


@dataclass(frozen=True)
class Compiled:
    """One forecaster's report with its claims and refusals, as rows."""

    report: dict[str, object] | None
    claims: list[dict[str, object]]
    refusals: list[dict[str, object]]


def compile_report(
    draft: ReportDraft,
    rates: BaseRate,
    model: CoverageModel,
    *,
    day: pd.Timestamp,
    phase: str,
    input_digest: str,
    code_version: str,
) -> list[Compiled]:
    """The report of each forecaster on the same questions."""
    chosen = _chosen(draft)
    sources, overview = _sources(draft, chosen), _overview(draft, chosen)
    findings = [
        lint(
            question.statement,
            question.resolve_by,
            question.made_at,
            open_statements=draft.open_statements,
        )
        for question in draft.questions
    ]
    answers = {
        base_rate.NAME: (
            base_rate.MODEL,
            [rates.probability(question) for question in draft.questions],
            [rates.rationale(question) for question in draft.questions],
        ),
        coverage.NAME: (
            coverage.MODEL,
            [float(p) for p in draft.probabilities],
            [_coverage_rationale(question, draft, rates, model) for question in draft.questions],
        ),
    }
    return [
        _compile_one(
            draft,
            forecaster,
            *answer,
            findings,
            sources=sources,
            overview=overview,
            day=day,
            phase=phase,
            input_digest=input_digest,
            code_version=code_version,
        )
        for forecaster, answer in answers.items()
    ]


def frames(compiled: Sequence[Compiled]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Reports, claims (without the chain's columns) and refusals, as frames."""
    chained = ("seq", "previous_hash", "row_hash")
    claim_columns = [name for name in CLAIMS.columns if name not in chained]
    # The ledger runs forecaster by forecaster, so that one edition reads as one block.
    parts = sorted(compiled, key=lambda one: str((one.report or {}).get("forecaster", "")))
    return (
        pd.DataFrame([p.report for p in parts if p.report], columns=list(REPORTS.columns)),
        pd.DataFrame([row for p in parts for row in p.claims], columns=claim_columns),
        pd.DataFrame([row for p in parts for row in p.refusals], columns=list(REFUSALS.columns)),
    )


def _compile_one(
    draft: ReportDraft,
    forecaster: str,
    model: str,
    probabilities: Sequence[float],
    rationales: Sequence[str],
    findings: Sequence[Sequence[Finding]],
    *,
    sources: str,
    overview: str,
    day: pd.Timestamp,
    phase: str,
    input_digest: str,
    code_version: str,
) -> Compiled:
    brief = draft.brief
    report_id = "p" + digest(forecaster, brief.topic_id, brief.as_of.isoformat())[:23]
    claims: list[dict[str, object]] = []
    refusals: list[dict[str, object]] = []
    for question, probability, rationale, faults in zip(
        draft.questions, probabilities, rationales, findings, strict=True
    ):
        reasons = json.dumps([fault.as_dict() for fault in faults], ensure_ascii=False)
        if faults:
            refusals.append(
                {
                    "refusal_id": "x" + digest(report_id, question.statement)[:23],
                    "forecaster": forecaster,
                    "topic_id": brief.topic_id,
                    "day": day,
                    "as_of": brief.as_of,
                    "statement": question.statement,
                    "reason": reasons,
                    "raw": None,
                }
            )
            continue
        claims.append(
            {
                "claim_id": "c" + digest(question.question_id, forecaster)[:23],
                "question_id": question.question_id,
                "report_id": report_id,
                "topic_id": brief.topic_id,
                "topic_label": brief.label,
                "section": brief.section,
                "forecaster": forecaster,
                "model": model,
                "prompt_digest": None,
                "input_digest": input_digest,
                "sample_index": 0,
                "template": question.template,
                "statement": question.statement,
                "actor": "news publishers",
                "action": question.action,
                "threshold": float(question.threshold),
                "made_at": question.made_at,
                "as_of": brief.as_of,
                "day": day,
                "resolve_by": question.resolve_by,
                "window_days": question.window_days,
                "probability": round(float(probability), 6),
                "band": confidence_band(probability),
                "rationale": rationale,
                "resolution_criteria": question.resolution_criteria,
                "resolver": "rule",
                "spec": question.spec.model_dump_json(),
                "sources": sources,
                "features": json.dumps(
                    {name: round(value, 6) for name, value in question.features.items()}
                ),
                "findings": reasons,
                "phase": phase,
                "cost_usd": 0.0,
                "code_version": code_version,
            }
        )
    report = None
    if claims:
        report = {
            "report_id": report_id,
            "forecaster": forecaster,
            "topic_id": brief.topic_id,
            "topic_label": brief.label,
            "section": brief.section,
            "day": day,
            "as_of": brief.as_of,
            "headline": _headline(draft, probabilities),
            "overview": overview,
            "claims": len(claims),
            "sources": sources,
            "model": model,
        }
    return Compiled(report, claims, refusals)


def _chosen(draft: ReportDraft) -> list[int]:
    """Positions of the articles that the report rests on: the latest, then the most central.

    One a publisher, all of the last seven days.
    """
    seen = draft.matched["first_seen_at"].to_numpy()
    ids, publishers = draft.matched["article_id"].tolist(), draft.matched["publisher"].tolist()
    recent = _recent(draft, seen)
    central = sorted(recent, key=lambda place: (-draft.similarity[place], ids[place]))
    by_publisher: dict[str, int] = {}
    for place in (recent[-1], *central):
        by_publisher.setdefault(publishers[place], place)
    return list(by_publisher.values())[:MOST_SOURCES]


def _recent(draft: ReportDraft, seen: np.ndarray) -> list[int]:
    """Positions of the articles of the last seven days, in time order."""
    start = (draft.brief.as_of - pd.Timedelta(days=7)).to_datetime64()
    recent = np.flatnonzero(seen > start)
    return recent[np.argsort(seen[recent], kind="stable")].tolist()


def _sources(draft: ReportDraft, chosen: Sequence[int]) -> str:
    """JSON of the articles that the report rests on, numbered, each with what it is there for."""
    first = _recent(draft, draft.matched["first_seen_at"].to_numpy())[0]
    ids = draft.matched["article_id"].tolist()
    sources = []
    for number, place in enumerate(chosen, start=1):
        if number == 1:
            note = "the latest report"
        elif place == first:
            note = "the first report of the week"
        else:
            note = f"close to the heart of the topic (similarity {draft.similarity[place]:.2f})"
        sources.append({"number": number, "article_id": ids[place], "note": note})
    return json.dumps(sources, ensure_ascii=False)


def _headline(draft: ReportDraft, probabilities: Sequence[float]) -> str:
    """The claim that the forecaster is surest of."""
    sure = max(range(len(probabilities)), key=lambda place: abs(probabilities[place] - 0.5))
    question, chance = draft.questions[sure], round(100 * probabilities[sure])
    return (
        f"{draft.brief.label}: {chance} % for {question.short} within {question.window_days} days"
    )


def _overview(draft: ReportDraft, chosen: Sequence[int]) -> str:
    signals = draft.brief.signals
    titles, publishers = draft.matched["title"].tolist(), draft.matched["publisher"].tolist()
    cited = "; ".join(
        f"“{titles[place]}” ({publishers[place]}) [{number}]"
        for number, place in enumerate(chosen[:3], start=1)
    )
    return (
        f"In the seven days before {draft.brief.as_of:%Y-%m-%d}, "
        f"{_count(signals.articles[7], 'article')} from "
        f"{_count(signals.publishers[7], 'publisher')} covered {draft.brief.label}, "
        f"{signals.articles[3]} of them in the last three days. Among them: {cited}."
    )


def _coverage_rationale(
    question: Question, draft: ReportDraft, rates: BaseRate, model: CoverageModel
) -> str:
    signals = draft.brief.signals
    pace = (
        "has picked up"
        if signals.articles[3] * 7 > 1.25 * signals.articles[7] * 3
        else "has slackened"
        if signals.articles[3] * 7 < 0.75 * signals.articles[7] * 3
        else "holds steady"
    )
    known = rates.of(question.template, question.window_days)
    record = (
        f"earlier claims of this kind came true in {known.yes} of {known.settled} cases"
        if known.settled
        else "no earlier claim of this kind has fallen due"
    )
    source = (
        f"a model fitted on {model.fitted_on} settled claims"
        if model.fitted_on
        else "the base rate, as too few claims have settled to fit a model"
    )
    return (
        f"There were {question.reference}; coverage {pace} [1], with "
        f"{_count(signals.articles[3], 'article')} in three days and "
        f"{_count(signals.publishers[28], 'publisher')} in four weeks; "
        f"{record}. The probability is from {source}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
