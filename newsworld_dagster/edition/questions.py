"""Claim pages: one a question, with what each forecaster said and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import FAMILY, Archive, family_key
from newsworld_dagster.edition.briefs import window
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.render import Page, iso, percent
from newsworld_dagster.edition.rows import Row, told

# The plot of a history: width and height of its inside, in units of the SVG.
PLOT = (600, 160)


def question_pages(archive: Archive) -> Iterator[Page]:
    """One page a question."""
    for question in archive.questions:
        yield Page(paths.question(question), "claim.html", _question, (question,))


def _question(archive: Archive, question: str) -> Row:
    claims = archive.questions.get(question)
    first = claims[0]
    family = archive.families.get(family_key(*(first[name] for name in FAMILY)))
    return {
        "meta": {
            "title": first["statement"],
            "description": _description(first),
            "kind": "article",
            "date": iso(first["made_at"]),
            "card": f"cards/{first['section'].lower()}.png",
            "data": _structured(first),
        },
        "label": first["topic_label"],
        "topic": archive.topic_path(first["topic_id"]),
        "window": window(first["window_days"]),
        "criteria": first["resolution_criteria"],
        "rule": rule_in_words(first["spec"]),
        "sources": archive.cited(first["sources"]),
        "numbers": [source["number"] for source in first["sources"]],
        "answers": [_answer(archive, claim) for claim in claims],
        "verdict": _verdict(archive, first),
        "overruled": [
            told(row, "verdict", "decided_at", "decided_by", "reason")
            for row in archive.overruled.get(first["claim_id"])
        ],
        "history": _history(archive, family, question) if len(family) > 1 else None,
    } | told(first, "statement", "section", "status", "made_at", "resolve_by", "resolver")


def rule_in_words(spec: str | None) -> str | None:
    """A machine-checkable rule as a sentence; None for a claim that a judge decides.

    Examples
    --------
    >>> rule_in_words('{"rule":"articles","anchor_id":"a","at_least":3}')
    'At least 3 matching articles, copies of one text counted once.'
    """
    if not spec:
        return None
    rule = json.loads(spec)
    least = rule["at_least"]
    if rule["rule"] == "articles":
        return (
            f"At least {least} matching article{'s' if least > 1 else ''}, copies of one text "
            "counted once."
        )
    said = f"Articles of at least {least} different publisher{'s' if least > 1 else ''}"
    if rule["rule"] == "publishers":
        return f"{said} that match the topic."
    words = ", ".join(f"“{term}”" for term in rule["trigger_terms"])
    return f"{said} that match the topic and hold one of the words {words} (* is any ending)."


def _answer(archive: Archive, claim: Record) -> Row:
    names = ("claim_id", "forecaster", "model", "probability", "band", "rationale", "seq")
    answer = told(claim, *names, "row_hash", "previous_hash", "code_version")
    answer["report"] = archive.report_path(claim["report_id"])
    if claim["verdict"] in ("yes", "no"):
        answer["brier"] = (claim["probability"] - (claim["verdict"] == "yes")) ** 2
    return answer


def _verdict(archive: Archive, claim: Record) -> Row | None:
    if not claim["verdict"]:
        return None
    evidence = [
        source | {"quote": found.get("quote", "")}
        for source, found in zip(archive.cited(claim["evidence"]), claim["evidence"], strict=True)
    ]
    told_of = told(claim, "verdict", "decided_at", "decided_by", "reason")
    return told_of | {"evidence": evidence}


def _history(archive: Archive, family: list[Record], own: str) -> Row:
    """What each forecaster answered each time, as table rows and as lines of a plot."""
    family = sorted(family, key=lambda claim: claim["made_at"])
    asked = [archive.questions.get(claim["question_id"]) for claim in family]
    start, end = asked[0][0]["made_at"], asked[-1][0]["made_at"]
    span = max((end - start).total_seconds(), 1.0)
    names = list(dict.fromkeys(claim["forecaster"] for claims in asked for claim in claims))
    lines: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    rows = []
    for claims in asked:
        answers = {claim["forecaster"]: claim["probability"] for claim in claims}
        across = PLOT[0] * (claims[0]["made_at"] - start).total_seconds() / span
        for name, probability in answers.items():
            lines[name].append((round(across, 1), round(PLOT[1] * (1 - probability), 1)))
        first = claims[0]
        rows.append(
            {
                "path": None
                if first["question_id"] == own
                else paths.question(first["question_id"]),
                "made_at": first["made_at"],
                "resolve_by": first["resolve_by"],
                "statement": first["statement"],
                "status": first["status"],
                "answers": [answers.get(name) for name in names],
            }
        )
    return {
        "names": names,
        "rows": rows[::-1],
        "lines": [{"name": name, "points": lines[name]} for name in names],
        "start": start,
        "end": end,
    }


def _description(claim: Record) -> str:
    fate = {"open": "still open", "overdue": "overdue", "void": "void"}.get(
        claim["status"], f"settled: {claim['status']}"
    )
    return (
        f"{percent(claim['probability'])} said {claim['forecaster']} on "
        f"{claim['made_at'].day} {claim['made_at']:%B %Y}; {fate}. How it is decided, the evidence "
        "and the ledger's hash."
    )


def _structured(claim: Record) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "Claim",
        "text": claim["statement"],
        "datePublished": iso(claim["made_at"]),
        "expires": iso(claim["resolve_by"]),
        "author": {"@type": "Organization", "name": f"NewsWorld, forecaster {claim['forecaster']}"},
    }
