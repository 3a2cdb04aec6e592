"""Verdicts on claims."""

from __future__ import annotations

from newsworld_dagster.resolution.rules import ArchivePolicy, resolution_id, resolve_rules

__all__ = ["ArchivePolicy", "resolution_id", "resolve_rules"]
