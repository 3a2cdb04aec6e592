"""Predicted events: from what a language model wrote to claims that can be decided."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pandas as pd

from newsworld_dagster.forecasting.lint import Finding, lint
from newsworld_dagster.prompts.outputs import Event

TEMPLATE = "event:"
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def deadline(event: Event) -> pd.Timestamp:
    """UTC end of the last day that counts."""
    return pd.Timestamp(event.resolve_by) + pd.Timedelta(days=1)


def window_days(event: Event, made_at: pd.Timestamp) -> int:
    """Days from the making of a claim to its deadline, a part of a day counted whole."""
    return math.ceil((deadline(event) - made_at) / pd.Timedelta(days=1))


def event_findings(
    event: Event,
    made_at: pd.Timestamp,
    open_statements: Sequence[str],
    most_days: int,
    already_reported: str | None = None,
) -> list[Finding]:
    """What stands in the way of deciding an event: the lint, and its dates against each other.

    `already_reported` is a passage known at `made_at` that reports the event, if there is one.
    """
    resolve_by = deadline(event)
    findings = lint(
        event.statement,
        resolve_by,
        made_at,
        open_statements=open_statements,
        already_reported=already_reported,
    )
    dates = _DATE.findall(event.statement)
    if dates and event.resolve_by.isoformat() not in dates:
        findings.append(
            Finding(
                "no_deadline",
                f"its statement says {dates[-1]}, its deadline is {event.resolve_by}",
            )
        )
    if resolve_by > made_at + pd.Timedelta(days=most_days + 1):
        findings.append(Finding("no_deadline", f"its deadline is more than {most_days} days away"))
    return findings


def class_record(settled: pd.DataFrame, kind: str) -> str:
    """What became of earlier claims of a class of events, in a sentence for the prompt.

    Parameters
    ----------
    settled
        Claims that fell due and were settled by the as-of moment, one row a question: columns
        template ('event:KIND' for these) and outcome (0 or 1).
    """
    events = settled[settled["template"].str.startswith(TEMPLATE)]
    overall = _share(events, "claims on events of all classes")
    own = _share(events[events["template"] == TEMPLATE + kind], f"claims of the class {kind}")
    if not len(events):
        return (
            "no claim on an event has settled yet; of questions written from news elsewhere about "
            "one in five came out yes"
        )
    return f"{own}; {overall}"


def class_records(settled: pd.DataFrame) -> list[str]:
    """The record of every class that has one, the largest first."""
    events = settled[settled["template"].str.startswith(TEMPLATE)]
    if not len(events):
        return [class_record(settled, "")]
    kinds = events["template"].str.removeprefix(TEMPLATE).value_counts()
    return [
        _share(events[events["template"] == TEMPLATE + str(kind)], f"claims of the class {kind}")
        for kind in sorted(kinds.index, key=lambda name: (-kinds[name], name))
    ] + [_share(events, "claims on events of all classes")]


def _share(claims: pd.DataFrame, what: str) -> str:
    if not len(claims):
        return f"no {what} have settled yet"
    yes = int(claims["outcome"].sum())
    return f"of {len(claims)} settled {what}, {yes} came true ({yes / len(claims):.0%})"
