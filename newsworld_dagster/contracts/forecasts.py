"""Editions, reports, anchors, the claim ledger and refusals."""

from __future__ import annotations

import pandera.pandas as pa

from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import (
    BANDS,
    PHASES,
    RESOLVERS,
    SECTIONS,
)

OPEN_UNIT = pa.Check.in_range(0, 1, include_min=False, include_max=False)

EDITIONS = contract(
    "forecasts.editions",
    {
        "forecaster": column(str, doc="Who forecast"),
        "day": column(TIME, doc="Partition"),
        "as_of": column(TIME, doc="UTC; nothing seen later was read"),
        "phase": column(str, pa.Check.isin(PHASES), doc="'warm_up' claims are kept but not scored"),
        "claims": column("int64", pa.Check.ge(0), doc="Claims appended"),
        "refused": column("int64", pa.Check.ge(0), doc="Claims refused by the lint"),
        "fitted_on": column("int64", pa.Check.ge(0), doc="Resolved claims the model was fitted on"),
        "input_digest": column(str, doc="SHA-256 of what was read"),
        "code_version": column(str, doc="Package version and commit"),
    },
    unique=["forecaster", "day"],
    doc="One row a forecaster and day seals what was forecast: a rerun appends nothing.",
)

REPORTS = contract(
    "forecasts.reports",
    {
        "report_id": column(str, doc="Digest of forecaster, topic and as-of moment"),
        "forecaster": column(str, doc="Who forecast"),
        "topic_id": column(str, doc="Topic"),
        "topic_label": column(str, doc="Label of the topic then"),
        "section": column(str, pa.Check.isin(SECTIONS), doc="Section of the topic then"),
        "day": column(TIME, doc="Partition"),
        "as_of": column(TIME, doc="UTC as-of moment"),
        "headline": column(str, doc="Headline of the report"),
        "overview": column(str, doc="What the coverage shows, citing sources by number"),
        "claims": column("int64", pa.Check.ge(1), doc="Claims in the report"),
        "sources": column(str, doc="JSON list of {number, article_id, note}"),
        "model": column(str, doc="Model that made the probabilities"),
    },
    unique=["report_id"],
    doc="One prediction page about one topic, as of one moment, by one forecaster.",
)

ANCHORS = contract(
    "forecasts.anchors",
    {
        "anchor_id": column(str, doc="Digest of model, vector, terms and similarity floor"),
        "topic_id": column(str, doc="Topic that the anchor was taken from"),
        "as_of": column(TIME, doc="UTC as-of moment"),
        "model": column(str, doc="Encoder of the vector"),
        "vector": column(object, doc="Unit-length topic centroid, frozen"),
        "terms": column(str, doc="JSON list: an article must contain at least one"),
        "min_similarity": column(float, pa.Check.in_range(0, 1), doc="Least cosine to the vector"),
    },
    unique=["anchor_id"],
    doc="What a rule-resolved claim counts as coverage of its topic, frozen with the claim.",
)

CLAIMS = contract(
    "forecasts.claims",
    {
        "seq": column("int64", pa.Check.ge(1), doc="Place in the ledger, from 1 without gaps"),
        "claim_id": column(str, doc="Digest of question and forecaster"),
        "question_id": column(str, doc="Same for all forecasters that answer the same question"),
        "report_id": column(str, doc="Report that the claim belongs to"),
        "topic_id": column(str, doc="Topic"),
        "topic_label": column(str, doc="Label of the topic then"),
        "section": column(str, pa.Check.isin(SECTIONS), doc="Section of the topic then"),
        "forecaster": column(str, doc="Who forecast"),
        "model": column(str, doc="Model that made the probability"),
        "prompt_digest": column(str, nullable=True, doc="Digest of the prompt, if any"),
        "input_digest": column(str, doc="SHA-256 of what the forecast was computed from"),
        "sample_index": column("int64", pa.Check.ge(0), doc="Which of several samples; 0 if one"),
        "template": column(str, doc="Kind of claim: continuation, growth, publishers, trigger:X"),
        "statement": column(str, pa.Check.str_length(min_value=10), doc="The claim, one sentence"),
        "actor": column(str, doc="Who or what acts"),
        "action": column(str, doc="What it does"),
        "threshold": column(float, nullable=True, doc="Quantity to reach, where there is one"),
        "made_at": column(TIME, doc="UTC; when the claim was made"),
        "as_of": column(TIME, doc="UTC; nothing seen later was read"),
        "day": column(TIME, doc="Partition"),
        "resolve_by": column(TIME, doc="UTC deadline, absolute"),
        "window_days": column("int64", pa.Check.ge(1), doc="Days from made_at to resolve_by"),
        "probability": column(float, OPEN_UNIT, doc="Probability of yes, in (0, 1)"),
        "band": column(str, pa.Check.isin(BANDS), doc="Confidence band of the probability"),
        "rationale": column(str, doc="Why this probability, citing sources by number"),
        "resolution_criteria": column(str, doc="How it will be decided, in words"),
        "resolver": column(str, pa.Check.isin(RESOLVERS), doc="Who decides"),
        "spec": column(str, nullable=True, doc="JSON, machine-checkable, for resolver 'rule'"),
        "sources": column(str, doc="JSON list of {number, article_id, note}"),
        "features": column(str, doc="JSON of the numbers that the probability came from"),
        "findings": column(str, doc="JSON list of lint findings; empty for a clean claim"),
        "phase": column(str, pa.Check.isin(PHASES), doc="'warm_up' claims are kept but not scored"),
        "cost_usd": column(float, pa.Check.ge(0), doc="What the claim cost"),
        "code_version": column(str, doc="Package version and commit"),
        "previous_hash": column(str, doc="row_hash of the row before; zeros for the first"),
        "row_hash": column(str, doc="SHA-256 of previous_hash and this row's content"),
    },
    unique=["claim_id"],
    doc="The ledger: every claim ever made, append-only, chained by hash.",
)

REFUSALS = contract(
    "forecasts.refusals",
    {
        "refusal_id": column(str, doc="Digest of forecaster, topic, as-of moment and statement"),
        "forecaster": column(str, doc="Who forecast"),
        "topic_id": column(str, doc="Topic"),
        "day": column(TIME, doc="Partition"),
        "as_of": column(TIME, doc="UTC as-of moment"),
        "statement": column(str, doc="What would have been claimed"),
        "reason": column(str, doc="JSON list of lint findings or the error"),
        "raw": column(str, nullable=True, doc="Raw answer, if a language model's"),
    },
    unique=["refusal_id"],
    doc="Claims that were refused, each with its reason.",
)

HEADS = contract(
    "forecasts.heads",
    {
        "head_id": column(str, doc="SHA-256 of all that follows, but for code_version"),
        "seq": column("int64", pa.Check.ge(1), doc="Place among the heads, from 1 without gaps"),
        "day": column(TIME, doc="Day whose work was signed off"),
        "claims": column("int64", pa.Check.ge(0), doc="Rows of the ledger then"),
        "claims_head": column(str, doc="row_hash of its last row; zeros for an empty one"),
        "verdicts": column("int64", pa.Check.ge(0), doc="Rows of the chain of verdicts then"),
        "verdicts_head": column(str, doc="row_hash of its last row; zeros for an empty one"),
        "previous_head": column(str, doc="head_id of the head before; zeros for the first"),
        "code_version": column(str, doc="Package version and commit"),
    },
    unique=["head_id"],
    doc="Heads of the record, signed off day by day and published: what they cover is settled.",
)
