"""Trigger families: event kinds that a headline can be checked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

FAMILIES_FILE = Path(__file__).with_name("triggers.yaml")


@dataclass(frozen=True)
class TriggerFamily:
    """One kind of event: how it is named and the words that report it."""

    name: str
    event: str
    terms: tuple[str, ...]
    positive: tuple[str, ...]
    negative: tuple[str, ...]

    def found_in(self, text: str) -> str | None:
        """The first word or phrase of `text` that reports the event, or None."""
        return found_term(self.terms, text)


@cache
def trigger_families() -> dict[str, TriggerFamily]:
    """All families by name, in the order of the file."""
    raw = yaml.safe_load(FAMILIES_FILE.read_text(encoding="utf-8"))
    return {
        name: TriggerFamily(
            name, entry["event"], *(tuple(entry[key]) for key in ("terms", "positive", "negative"))
        )
        for name, entry in raw.items()
    }


@lru_cache(maxsize=400_000)
def found_term(terms: tuple[str, ...], text: str) -> str | None:
    """The first of `terms` in `text` as whole words, or None; `*` stands for any ending."""
    match = _pattern(terms).search(text)
    return match.group(0) if match else None


@lru_cache(maxsize=50_000)
def families_in(text: str) -> frozenset[str]:
    """Names of the families one of whose terms stands in a text."""
    families = trigger_families()
    # Three texts in four report no event at all, which one search says.
    if _pattern(_all_terms()).search(text) is None:
        return frozenset()
    return frozenset(
        name for name, family in families.items() if _pattern(family.terms).search(text)
    )


@cache
def _all_terms() -> tuple[str, ...]:
    return tuple(term for family in trigger_families().values() for term in family.terms)


@cache
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    parts = (re.escape(term).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for term in terms)
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)
