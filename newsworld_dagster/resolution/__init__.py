"""Verdicts on claims, and the evidence for them."""

from __future__ import annotations

from newsworld_dagster.resolution.agreement import agreement, outcomes_of
from newsworld_dagster.resolution.claimfile import (
    ClaimFileError,
    FiledClaim,
    read_claims,
)
from newsworld_dagster.resolution.evidence import Evidence, EvidenceParameters, find_evidence
from newsworld_dagster.resolution.judge import Case, Judged, judge_claims
from newsworld_dagster.resolution.judging import JudgingPolicy, choose_cases
from newsworld_dagster.resolution.proposals import Proposal, already_reported, propose_verdict
from newsworld_dagster.resolution.rows import told_faults
from newsworld_dagster.resolution.rules import (
    ArchivePolicy,
    resolution_id,
    resolve_rules,
    window_is_covered,
)
from newsworld_dagster.resolution.verdictfile import FiledVerdict, VerdictFileError, read_verdicts

__all__ = [
    "ArchivePolicy",
    "Case",
    "ClaimFileError",
    "Evidence",
    "EvidenceParameters",
    "FiledClaim",
    "FiledVerdict",
    "Judged",
    "JudgingPolicy",
    "Proposal",
    "VerdictFileError",
    "agreement",
    "already_reported",
    "choose_cases",
    "find_evidence",
    "judge_claims",
    "outcomes_of",
    "propose_verdict",
    "read_claims",
    "read_verdicts",
    "resolution_id",
    "resolve_rules",
    "told_faults",
    "window_is_covered",
]
