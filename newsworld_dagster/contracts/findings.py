"""What a check of the data found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CheckFinding:
    """Whether data pass a check, why, and the figures behind it."""

    passed: bool
    reason: str
    figures: dict[str, float | int | str] = field(default_factory=dict)
