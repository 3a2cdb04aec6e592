"""The resolvability lint: can this claim be decided from public reporting?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from newsworld_dagster.forecasting.classes import abstraction
from newsworld_dagster.forecasting.events import in_the_past, is_aside, two_events
from newsworld_dagster.forecasting.likeness import duplicate_of
from newsworld_dagster.forecasting.vagueness import FAULTS, gist_of_wording, learned_finding
from newsworld_dagster.forecasting.windows import MOST_READ, Mention, deadline_of, mentions
from newsworld_dagster.forecasting.wording import (
    has_threshold,
    unnamed,
    unobservable,
    unopened,
    unquoted,
    vague_quantity,
    vague_verb,
)

EARLY = pd.Timestamp(2000, 1, 1)

Fault = Literal[
    "no_deadline",
    "vague_verb",
    "vague_quantity",
    "compound",
    "unobservable",
    "already_happened",
    "duplicate",
]


@dataclass(frozen=True)
class Finding:
    """One fault of a claim and why it is one."""

    fault: Fault
    reason: str

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


def lint(
    statement: str,
    resolve_by: pd.Timestamp | None,
    made_at: pd.Timestamp | None = None,
    *,
    open_statements: Iterable[str] = (),
    already_reported: str | None = None,
    vector: np.ndarray | None = None,
    open_vectors: np.ndarray | None = None,
    wording_vector: np.ndarray | None = None,
    learned: bool = True,
) -> list[Finding]:
    """What stands in the way of deciding a claim.

    Parameters
    ----------
    statement
        One sentence, or a question. More than `MOST_READ` characters are none, and not read.
    resolve_by
        UTC deadline, None where there is none; then a date in the statement serves.
    made_at
        UTC moment of making, None where unknown.
    open_statements
        Statements of open claims with the same deadline's reach, to find duplicates among.
    already_reported
        A headline known at `made_at` that already reports the event, if one was found. Without
        one, only what the statement itself tells of the past counts.
    vector, open_vectors
        Unit vectors of shape (d,) and (n, d) of the statement and the open ones, if there are
        any: then close ones are duplicates too.
    wording_vector
        Unit vector of `gist_of_wording(statement, made_at)`, if there is one: then what the word
        lists let through is judged by meaning too, and more vague wordings are found.
    learned
        False leaves the learned model of wordings out.

    Returns
    -------
    list of Finding
        Empty for a claim that can be decided.
    """
    if len(statement) > MOST_READ:  # the time to read it grows with the square of its length
        said = f"it has {len(statement):,} characters; say in one sentence what is to happen"
        return [Finding("compound", said)]
    known = made_at is not None and not pd.isna(made_at)
    words = unquoted(statement)
    # Where nobody says when it was made, a date without a year still has to be known as a date.
    read_at = (
        made_at if known else EARLY if resolve_by is None or pd.isna(resolve_by) else resolve_by
    )
    dates = mentions(words, read_at)
    text = unnamed(_without(words, dates))
    threshold = has_threshold(text)
    worded = unnamed(unopened(_without(words, dates)))
    amount, mind = vague_quantity(worded, threshold), unobservable(worded)
    verb = vague_verb(worded, threshold)
    if not (verb or amount or mind):
        verb = abstraction(worded, threshold)
    if learned and not (verb or amount or mind or threshold):
        guess = learned_finding(gist_of_wording(statement, read_at), wording_vector)
        verb, amount, mind = (guess[1] if guess and guess[0] == kind else None for kind in FAULTS)
    judged: list[tuple[Fault, str | None]] = [
        ("no_deadline", _no_deadline(words, dates, resolve_by, made_at if known else None)),
        ("vague_verb", _saying(verb, "can be argued either way")),
        ("vague_quantity", _saying(amount, "names no number to check against")),
        ("compound", two_events(text)),
        ("unobservable", _saying(mind, "is not visible in public reporting")),
        (
            "already_happened",
            f"already reported when it was made: {already_reported!r}"
            if already_reported
            else _past(words, text, dates, made_at if known else None),
        ),
        (
            "duplicate",
            _saying(
                duplicate_of(
                    statement, list(open_statements), vector=vector, open_vectors=open_vectors
                ),
                "is an open claim that says the same",
            ),
        ),
    ]
    return [Finding(fault, reason) for fault, reason in judged if reason]


def _saying(found: str | None, why: str) -> str | None:
    return None if found is None else f"{found!r} {why}"


def _without(text: str, dates: Sequence[Mention]) -> str:
    for mention in reversed(dates):
        text = f"{text[: mention.start]}date{text[mention.end :]}"
    return text


def _no_deadline(
    words: str,
    dates: Sequence[Mention],
    resolve_by: pd.Timestamp | None,
    made_at: pd.Timestamp | None,
) -> str | None:
    if resolve_by is None or pd.isna(resolve_by):
        resolve_by = deadline_of(words, made_at)
        if resolve_by is None:
            return "no date is given by which it must have happened"
    elif made_at is not None:
        # "Anyone born before 2000": only a date that opens or ends the sentence is its own.
        named = [mention for mention in dates if mention.role == "deadline"]
        at_edge = any(
            not words[mention.end :].strip(" .?!”") or mention.start < len("No later than the ")
            for mention in named
        )
        if at_edge and (last := max(mention.last for mention in named)) < made_at:
            return f"the date it names, {last:%Y-%m-%d}, is not after its making"
    if made_at is not None and resolve_by <= made_at:
        return f"its deadline {resolve_by:%Y-%m-%d} is not after its making"
    return None


def _past(
    words: str, text: str, dates: Sequence[Mention], made_at: pd.Timestamp | None
) -> str | None:
    if "?" not in text and re.search(r"(?<!that )(?<!which )(?<!who )\bha(?:s|ve) already\b", text):
        return "'already' says that it has happened"
    ahead = [
        mention.role
        for mention in dates
        if mention.role != "named" and (made_at is None or mention.last >= made_at)
    ]
    if "deadline" in ahead:
        return None
    if not words.rstrip().endswith("?") and (found := in_the_past(text)):
        return f"{found!r} tells of the past"
    gone = [mention for mention in dates if mention.role == "during"]
    if gone and not ahead and made_at is not None and not is_aside(text):
        return f"{max(mention.last for mention in gone):%Y-%m-%d} had passed when it was made"
    return None
