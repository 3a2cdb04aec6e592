"""What an analyst's report holds beside its claims, and what its language model was asked."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import pandas as pd
import pandera.pandas as pa

from newsworld_dagster.contracts.asking import Outcome
from newsworld_dagster.contracts.forecasts import OPEN_UNIT
from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import BANDS

TEXT_KINDS: Final = ("situation", "signal", "outlook", "implications")
OUTCOMES: Final = ("answered", "refused", "failed", "stopped")
_NOT_NEGATIVE = pa.Check.ge(0)

ANALYSES = contract(
    "forecasts.analyses",
    {
        "report_id": column(str, doc="Report"),
        "label": column(str, doc="Topic label of the analyst's own"),
        "confidence": column(str, pa.Check.isin(BANDS), doc="How well the articles support it"),
        "articles": column("int64", pa.Check.ge(1), doc="Articles that were read"),
        "prompt_digest": column(str, doc="Digest of the prompt of the report"),
        "input_digest": column(str, doc="SHA-256 of what the report was written from"),
        "request_digest": column(str, doc="SHA-256 of the request that gave the report"),
        "cost_usd": column(float, _NOT_NEGATIVE, doc="Of the report with all its claims"),
        "tokens": column("int64", _NOT_NEGATIVE, doc="Of the report with all its claims"),
        "seconds": column(float, _NOT_NEGATIVE, doc="Waiting for answers, added up"),
    },
    unique=["report_id"],
    doc="One row a report of a language model: what forecasts.reports does not hold.",
)

REPORT_TEXTS = contract(
    "forecasts.report_texts",
    {
        "report_id": column(str, doc="Report"),
        "place": column("int64", pa.Check.ge(1), doc="Place in the report, from 1"),
        "kind": column(str, pa.Check.isin(TEXT_KINDS), doc="Which section it belongs to"),
        "heading": column(str, doc="Heading; empty where the section's name stands for it"),
        "by": column(TIME, nullable=True, doc="UTC day that ends the window, of the outlook"),
        "text": column(str, pa.Check.str_length(min_value=1), doc="Text, citing sources as [n]"),
        "cites": column(str, doc="JSON list of the numbers that the text cites"),
    },
    unique=["report_id", "place"],
    doc="The article of a report in its sections, in reading order.",
)

SAMPLES = contract(
    "forecasts.samples",
    {
        "sample_id": column(str, doc="Digest of claim and sample index"),
        "claim_id": column(str, doc="Claim, or refused claim, that it is a probability of"),
        "report_id": column(str, doc="Report"),
        "sample_index": column("int64", pa.Check.ge(0), doc="Which of the independent samples"),
        "probability": column(float, OPEN_UNIT, nullable=True, doc="Null where it was refused"),
        "weight": column(float, _NOT_NEGATIVE, doc="Weight in the mean of log-odds"),
        "reasoning": column(str, nullable=True, doc="JSON of the steps that led to it"),
        "fault": column(str, nullable=True, doc="Why it was refused"),
        "model": column(str, doc="Model"),
        "prompt_digest": column(str, doc="Digest of the prompt"),
        "request_digest": column(str, doc="SHA-256 of request and sample"),
        "tokens": column("int64", _NOT_NEGATIVE, doc="Input and output"),
        "cost_usd": column(float, _NOT_NEGATIVE, doc="What it cost"),
        "seconds": column(float, _NOT_NEGATIVE, doc="Latency"),
    },
    unique=["sample_id"],
    doc="Every probability that a language model gave; the claim holds what they combine to.",
)

MODEL_CALLS = contract(
    "forecasts.model_calls",
    {
        "call_id": column(str, doc="Digest of what was asked, as of when, and what came of it"),
        "subject": column(str, doc="Report, claim or other thing that it was asked for"),
        "topic_id": column(str, nullable=True, doc="Topic"),
        "day": column(TIME, doc="Partition"),
        "as_of": column(TIME, doc="UTC as-of moment"),
        "asked_at": column(TIME, doc="UTC by the clock; later than as_of in a replay"),
        "prompt_id": column(str, doc="Prompt and version"),
        "prompt_digest": column(str, doc="Digest of the prompt"),
        "input_digest": column(str, doc="SHA-256 of the data in the request"),
        "request_digest": column(str, doc="SHA-256 of request and sample"),
        "sample_index": column("int64", pa.Check.ge(0), doc="Which of several samples"),
        "model": column(str, doc="Model"),
        "outcome": column(str, pa.Check.isin(OUTCOMES), doc="What came of it"),
        "fault": column(str, nullable=True, doc="Kind of fault of a refused answer"),
        "reason": column(str, nullable=True, doc="Why there is no answer that can be used"),
        "raw": column(str, nullable=True, doc="The answer as it came"),
        "input_tokens": column(
            "int64", _NOT_NEGATIVE, doc="Neither written to nor read from cache"
        ),
        "output_tokens": column("int64", _NOT_NEGATIVE, doc="Of the answer"),
        "cache_write_tokens": column("int64", _NOT_NEGATIVE, doc="Written to the prompt cache"),
        "cache_read_tokens": column("int64", _NOT_NEGATIVE, doc="Read from the prompt cache"),
        "requests": column("int64", _NOT_NEGATIVE, doc="2 or more where it was asked again"),
        "cost_usd": column(float, _NOT_NEGATIVE, doc="When it was first asked"),
        "charged_usd": column(float, _NOT_NEGATIVE, doc="In this run; 0 from the response store"),
        "seconds": column(float, _NOT_NEGATIVE, doc="Latency when it was first asked"),
    },
    unique=["call_id"],
    doc="One row an ask of a language model, whatever came of it.",
)


def call_row(
    subject: str,
    outcome: Outcome[Any],
    topic_id: str | None,
    day: pd.Timestamp,
    as_of: pd.Timestamp,
    asked_at: pd.Timestamp,
) -> dict[str, Any]:
    """A row of `forecasts.model_calls`: one ask about a subject, whatever came of it.

    The same answer out of the response store is the same row; what was paid for twice is two.
    """
    bill = outcome.bill
    paid = asked_at.isoformat() if bill.charged_usd else ""
    kind = type(outcome).__name__.lower()
    key = json.dumps([subject, bill.prompt_id, bill.sample, as_of.isoformat(), kind, paid])
    return {
        "call_id": "m" + hashlib.sha256(key.encode()).hexdigest()[:23],
        "subject": subject,
        "topic_id": topic_id,
        "day": day,
        "as_of": as_of,
        "asked_at": asked_at,
        "prompt_id": bill.prompt_id,
        "prompt_digest": bill.prompt_digest,
        "input_digest": bill.input_digest,
        "request_digest": bill.request_digest,
        "sample_index": bill.sample,
        "model": bill.model,
        "outcome": kind,
        "fault": getattr(outcome, "fault", None),
        "reason": getattr(outcome, "reason", None),
        "raw": getattr(outcome, "raw", None),
        "input_tokens": bill.usage.input_tokens,
        "output_tokens": bill.usage.output_tokens,
        "cache_write_tokens": bill.usage.cache_write_tokens,
        "cache_read_tokens": bill.usage.cache_read_tokens,
        "requests": bill.requests,
        "cost_usd": bill.cost_usd,
        "charged_usd": bill.charged_usd,
        "seconds": bill.seconds,
    }
