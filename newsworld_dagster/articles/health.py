"""Checks on articles and feeds."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from newsworld_dagster.contracts import CONTRACTS, ContractError, meet
from newsworld_dagster.contracts.findings import CheckFinding


def evaluate_contract(parts: Iterable[pd.DataFrame], repeated: int) -> CheckFinding:
    """Whether stored articles meet their contract.

    Parameters
    ----------
    parts
        The articles, in parts that fit in memory.
    repeated
        How many ids stand in more than one row, of all parts together.
    """
    seen = 0
    for articles in parts:
        seen += len(articles)
        try:
            meet(CONTRACTS["news.articles"], articles)
        except ContractError as error:
            return CheckFinding(False, str(error), {"articles": seen})
    if repeated:
        return CheckFinding(False, f"{repeated} article ids stand in two rows", {"articles": seen})
    return CheckFinding(True, "all rows meet the contract", {"articles": seen})


def evaluate_volume(per_day: pd.Series, share: float = 0.3) -> CheckFinding:
    """Whether the last day brought at least `share` of the median of the 28 days before it.

    Parameters
    ----------
    per_day
        Articles of each day that has any, oldest first.
    """
    if len(per_day) < 8:
        return CheckFinding(True, "too few days of history to judge", {"days": len(per_day)})
    usual, last = float(per_day.iloc[-29:-1].median()), int(per_day.iloc[-1])
    figures: dict[str, float | int | str] = {"last day": last, "median of 28 days": usual}
    if last < share * usual:
        return CheckFinding(False, f"{last} articles where {usual:g} are usual", figures)
    return CheckFinding(True, "as many articles as usual", figures)


def evaluate_feeds(state: pd.DataFrame, share: float = 0.2) -> CheckFinding:
    """Whether at most `share` of the polled feeds failed at their last poll."""
    if state.empty:
        return CheckFinding(True, "no feed was polled: this world reads archives", {"feeds": 0})
    failed = state[state["status"] == "failed"]
    figures: dict[str, float | int | str] = {"feeds": len(state), "failed": len(failed)}
    passed = len(failed) <= share * len(state)
    return CheckFinding(passed, f"{len(failed)} of {len(state)} feeds failed", figures)
