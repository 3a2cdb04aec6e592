"""Verdicts and the scorecard."""

from __future__ import annotations

import pandera.pandas as pa

from newsworld_dagster.contracts.frames import TIME, column, contract

RESOLUTIONS = contract(
    "outcomes.resolutions",
    {
        "resolution_id": column(str, doc="Digest of claim, verdict, moment and reason"),
        "claim_id": column(str, doc="Claim"),
        "question_id": column(str, doc="Question of the claim"),
        "verdict": column(str, pa.Check.isin(["yes", "no", "void"]), doc="The verdict"),
        "decided_at": column(TIME, doc="UTC as-of moment of the decision"),
        "day": column(TIME, doc="Partition that decided it"),
        "decided_by": column(str, doc="'rule', 'judge' or 'person'"),
        "evidence": column(str, doc="JSON list of {article_id, publisher, seen_at, quote}"),
        "reason": column(str, doc="Why, in words"),
        "supersedes": column(str, nullable=True, doc="resolution_id that this one corrects"),
        "code_version": column(str, doc="Package version and commit"),
    },
    unique=["resolution_id"],
    doc="Verdicts, append-only: a correction supersedes, and the current verdict is a view.",
)

VERDICT_CHAIN = contract(
    "outcomes.verdict_chain",
    {
        "seq": column("int64", pa.Check.ge(1), doc="Place in the chain, from 1 without gaps"),
        "resolution_id": column(str, doc="Verdict that is sealed here"),
        "sealed_at": column(TIME, doc="UTC as-of moment of the sealing"),
        "previous_hash": column(str, doc="row_hash of the row before; zeros for the first"),
        "row_hash": column(str, doc="SHA-256 of previous_hash and the verdict's content"),
    },
    unique=["resolution_id"],
    doc="The chain of hashes over verdicts, in the order in which they were sealed.",
)

JUDGE_QUEUE = contract(
    "outcomes.judge_queue",
    {
        "queue_id": column(str, doc="Digest of claim and moment"),
        "claim_id": column(str, doc="Claim"),
        "question_id": column(str, doc="Question of the claim"),
        "day": column(TIME, doc="Partition that judged it"),
        "as_of": column(TIME, doc="UTC as-of moment of the judging"),
        "because": column(str, doc="Why the passes of the judge do not decide it"),
        "passes": column(str, doc="JSON list of {verdict, reason, void_because}"),
        "evidence": column(str, doc="JSON list of {article_id, publisher, seen_at, quote}"),
    },
    unique=["queue_id"],
    doc="Claims that the judge leaves to a person, each with what its passes found.",
)

SCORECARD = contract(
    "scorecards.scorecard",
    {
        "by": column(
            str, doc="Grouping: all, window, section, template, family, month (of making), band"
        ),
        "group": column(str, doc="Value of the grouping"),
        "forecaster": column(str, doc="Who forecast"),
        "made": column("int64", pa.Check.ge(0), doc="Claims made"),
        "due": column("int64", pa.Check.ge(0), doc="Of these, deadline reached"),
        "scored": column("int64", pa.Check.ge(0), doc="Of the due, settled yes or no"),
        "void": column("int64", pa.Check.ge(0), doc="Of the due, void"),
        "pending": column("int64", pa.Check.ge(0), doc="Not yet due"),
        "overdue": column("int64", pa.Check.ge(0), doc="Due without a verdict"),
        "early": column("int64", pa.Check.ge(0), doc="Pending, but already settled"),
        "base_rate": column(float, nullable=True, doc="Share of yes among the scored"),
        "brier": column(float, nullable=True, doc="Mean Brier score"),
        "brier_low": column(float, nullable=True, doc="95 % interval, bootstrap by topic"),
        "brier_high": column(float, nullable=True, doc="95 % interval, bootstrap by topic"),
        "log_score": column(float, nullable=True, doc="Mean negative log likelihood, nats"),
        "skill": column(float, nullable=True, doc="1 - Brier / Brier of base-rate, same claims"),
        "skill_low": column(float, nullable=True, doc="95 % interval, bootstrap by topic"),
        "skill_high": column(float, nullable=True, doc="95 % interval, bootstrap by topic"),
        "miscalibration": column(float, nullable=True, doc="CORP, Brier"),
        "discrimination": column(float, nullable=True, doc="CORP, Brier"),
        "uncertainty": column(float, nullable=True, doc="CORP, Brier"),
        "topics": column("int64", pa.Check.ge(0), doc="Topics among the scored: the clusters"),
    },
    unique=["by", "group", "forecaster"],
    doc="What the ledger says, per forecaster and group.",
)
