"""The resolvability lint: can this claim be decided from public reporting?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from newsworld_dagster.contracts.terms import terms

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


# With a capital, May is a month.
_VAGUE_VERBS = re.compile(
    r"\b(quietly|could|might|(?-i:may)|seeks? to|aims? to|signals?|considers?|explores?|weighs?|"
    r"faces? (?:mounting |growing |increased )?pressure|moves? toward|continues? to|"
    r"struggles?|intensif(?:y|ies)|escalates?|gains? (?:momentum|traction)|"
    r"positions? (?:itself|themselves)|reconsiders?|walks? back|reshapes?)\b",
    re.IGNORECASE,
)
_VAGUE_QUANTITIES = re.compile(
    r"\b(significant(?:ly)?|substantial(?:ly)?|major|several|many|some|numerous|considerable|"
    r"considerably|dramatic(?:ally)?|sharp(?:ly)?|large|widespread|multiple|various|"
    r"additional|further|increasing(?:ly)?|more and more|a number of)\b",
    re.IGNORECASE,
)
_UNOBSERVABLE = re.compile(
    r"\b(quietly|secret(?:ly)?|privately|internal(?:ly)?|behind closed doors|behind the scenes|"
    r"unreported|undisclosed|intends?|believes?|feels?|hopes?|wants?|sentiment|morale)\b",
    re.IGNORECASE,
)
_EVENT_WORD = (
    r"\b(?:launch|announc|impos|fil|approv|sign|reject|ban|resign|release|reduc|eliminat|adopt|"
    r"implement|win|los|reach|rais|cut|start|end|begin|open|clos|publish|report|declar|vot|"
    r"pass|block|delay|suspend|arrest|charg|convict|acquir|merg|recall|withdraw|join|leav|"
    r"invest|sue|settle|introduc|expand|halt|issu|order|appoint|fire|strik|agree)\w*"
)
_EVENT_VERB = re.compile(_EVENT_WORD, re.IGNORECASE)
# "Launches or delays the rocket" is two events, "reports a launch or release" one: after "or"
# only a verb divides, with or without its subject, and a noun stands before a preposition.
_CONJUNCTION = re.compile(
    r"\b(?:and|as well as|while|followed by|"
    r"or(?=\s+(?:(?:an?|the|its|their)\s+\w+\s+)?(?:will\s+|to\s+)?"
    rf"{_EVENT_WORD}\s+(?!in\b|of\b|being\b)))\b",
    re.IGNORECASE,
)


def lint(
    statement: str,
    resolve_by: pd.Timestamp | None,
    made_at: pd.Timestamp | None = None,
    *,
    open_statements: Iterable[str] = (),
    already_reported: str | None = None,
) -> list[Finding]:
    """What stands in the way of deciding a claim.

    Parameters
    ----------
    statement
        One sentence.
    resolve_by
        UTC deadline, None where there is none.
    made_at
        UTC moment of making, None where unknown.
    open_statements
        Statements of open claims with the same deadline's reach, to find duplicates among.
    already_reported
        A headline known at `made_at` that already reports the event, if one was found.

    Returns
    -------
    list of Finding
        Empty for a claim that can be decided.
    """
    findings: list[Finding] = []
    if resolve_by is None or pd.isna(resolve_by):
        findings.append(Finding("no_deadline", "no date is given by which it must have happened"))
    elif made_at is not None and not pd.isna(made_at) and resolve_by <= made_at:
        findings.append(
            Finding("no_deadline", f"its deadline {resolve_by:%Y-%m-%d} is not after its making")
        )
    # What stands in quotation marks is a name, not a wording of ours.
    wording = re.sub(r"“[^”]*”|\"[^\"]*\"", "“…”", statement)
    if found := _VAGUE_VERBS.search(wording):
        findings.append(Finding("vague_verb", f"{found.group(0)!r} can be argued either way"))
    if found := _VAGUE_QUANTITIES.search(wording):
        findings.append(
            Finding("vague_quantity", f"{found.group(0)!r} names no number to check against")
        )
    parts = [part for part in _CONJUNCTION.split(wording) if part.strip()]
    if len(parts) > 1 and sum(bool(_EVENT_VERB.search(part)) for part in parts) > 1:
        findings.append(Finding("compound", "it joins two events, which may come out differently"))
    if found := _UNOBSERVABLE.search(wording):
        findings.append(
            Finding("unobservable", f"{found.group(0)!r} is not visible in public reporting")
        )
    if already_reported:
        findings.append(
            Finding("already_happened", f"already reported when it was made: {already_reported!r}")
        )
    same = " ".join(statement.lower().split())
    for other in open_statements:
        if " ".join(other.lower().split()) == same or _alike(statement, other):
            findings.append(Finding("duplicate", f"an open claim says the same: {other!r}"))
            break
    return findings


def _alike(one: str, other: str) -> bool:
    """Nearly the same content words and exactly the same numbers."""
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    a, b = terms(one), terms(other)
    return len(a & b) >= 0.9 * max(len(a | b), 1)
