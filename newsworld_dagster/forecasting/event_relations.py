"""What predicted events in words owe each other: the same event by two dates, or denied."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pandas as pd

from newsworld_dagster.forecasting.consistency import RELATIONS
from newsworld_dagster.forecasting.likeness import NEGATION, duplicate_of, gist
from newsworld_dagster.forecasting.windows import mentions

# Still in office by a day does not follow from still in office by an earlier one.
_STATE = re.compile(r"\b(?:still|remains?|stays?|keeps?|continues?|holds?)\b", re.IGNORECASE)


def event_relations(claims: pd.DataFrame) -> pd.DataFrame:
    """Relations between claims without a rule, read from their words.

    Claims of one forecaster, moment and topic that say the same apart from their dates, as the
    lint tells duplicates, are a paraphrase when they fall due together, and a deadline when one
    event is to happen by two dates; the same denied, due together, is a negation. What should
    hold on a date, not by it, has no deadline relation.

    Parameters
    ----------
    claims
        Rows of `forecasts.claims`; those with a spec are left aside.

    Returns
    -------
    pandas.DataFrame
        Columns kind, claim_id and other_id: of a deadline, the first cannot come true without
        the other.
    """
    worded = claims[claims["spec"].isna()].sort_values("claim_id")
    found = []
    for _, group in worded.groupby(["forecaster", "as_of", "topic_id"]):
        for one, other in itertools.combinations(group.itertuples(index=False), 2):
            if relation := _relation(one, other):
                found.append(relation)
    return pd.DataFrame(found, columns=list(RELATIONS))


def _relation(one: Any, other: Any) -> tuple[str, str, str] | None:
    together = one.resolve_by == other.resolve_by
    mine, theirs = _undated(one.statement), _undated(other.statement)
    denied = gist(mine).negated != gist(theirs).negated
    if denied:
        mine, theirs = NEGATION.sub(" ", mine), NEGATION.sub(" ", theirs)
    if duplicate_of(mine, [theirs]) is None:
        return None
    if denied:
        return ("negation", one.claim_id, other.claim_id) if together else None
    if together:
        return ("paraphrase", one.claim_id, other.claim_id)
    if not all(_happens_by_a_date(claim.statement) for claim in (one, other)):
        return None
    first, last = sorted((one, other), key=lambda claim: claim.resolve_by)
    return ("deadline", first.claim_id, last.claim_id)


def _happens_by_a_date(statement: str) -> bool:
    dated = any(mention.role == "deadline" for mention in mentions(statement))
    return dated and not _STATE.search(statement)


def _undated(statement: str) -> str:
    """A statement without its dates."""
    for mention in reversed([found for found in mentions(statement) if found.role != "named"]):
        statement = statement[: mention.start] + statement[mention.end :]
    return statement
