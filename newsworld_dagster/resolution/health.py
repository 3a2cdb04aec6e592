"""Checks on outcomes."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts.findings import CheckFinding


def evaluate_verdict_order(verdicts: pd.DataFrame, claims: pd.DataFrame) -> CheckFinding:
    """Whether no verdict is older than its claim, and none is given without a claim."""
    # Joined, not mapped: a ledger that is still empty has no type that times could be held against.
    joined = verdicts.merge(claims[["claim_id", "made_at"]], on="claim_id", how="left")
    known = joined["made_at"].notna()
    early = joined["decided_at"] < joined["made_at"]
    figures: dict[str, float | int | str] = {
        "verdicts": len(verdicts),
        "older than their claim": int(early.sum()),
        "without a claim": int((~known).sum()),
    }
    passed = not early.any() and bool(known.all())
    return CheckFinding(passed, "in order" if passed else "verdicts out of order", figures)


def evaluate_overdue(
    open_claims: pd.DataFrame, as_of: pd.Timestamp, most: float = 0.05
) -> CheckFinding:
    """Whether at most `most` of the open claims are past their deadline without a verdict."""
    overdue = int((open_claims["resolve_by"] <= as_of).sum())
    share = overdue / len(open_claims) if len(open_claims) else 0.0
    figures: dict[str, float | int | str] = {"open": len(open_claims), "overdue": overdue}
    return CheckFinding(share <= most, f"{overdue} claims are overdue", figures)


def evaluate_queue(
    waiting: pd.DataFrame, as_of: pd.Timestamp, most: int = 20, most_days: int = 7
) -> CheckFinding:
    """Whether at most `most` claims wait for a person, none for more than `most_days`.

    Parameters
    ----------
    waiting
        Claims that the judge left open, with the as_of of its latest asking.
    """
    if waiting.empty:
        return CheckFinding(True, "no claim waits for a person")
    days = (as_of - waiting["as_of"].min()) / pd.Timedelta(days=1)
    figures: dict[str, float | int | str] = {"waiting": len(waiting), "longest (days)": float(days)}
    return CheckFinding(
        len(waiting) <= most and days <= most_days,
        f"{len(waiting)} claims wait for a person, the oldest for {days:.0f} days; settle them "
        "with newsworld resolve",
        figures,
    )
