"""Verdicts on claims."""

from __future__ import annotations

from newsworld_dagster.resolution.judge import Case, Judged, judge_claims
from newsworld_dagster.resolution.rules import ArchivePolicy, resolution_id, resolve_rules

__all__ = ["ArchivePolicy", "Case", "Judged", "judge_claims", "resolution_id", "resolve_rules"]
