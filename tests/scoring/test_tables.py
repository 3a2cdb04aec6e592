from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.scoring.tables import (
    disagreements,
    elapsed_at_yes,
    fates_table,
    timing_table,
)

MADE = pd.Timestamp("2026-01-01")


def claims() -> pd.DataFrame:
    """Five claims over 8 days: yes on days 1, 4 and 8, a no, and one not yet due with a yes."""
    days = [1, 4, 8, 8, 2]
    return pd.DataFrame(
        {
            "window_days": 8,
            "is_due": [True, True, True, True, False],
            "verdict": ["yes", "yes", "yes", "no", "yes"],
            "made_at": MADE,
            "decided_at": [MADE + pd.Timedelta(days=day) for day in days],
            "resolve_by": MADE + pd.Timedelta(days=8),
        }
    )


def test_timing_counts_due_claims_only() -> None:
    assert elapsed_at_yes(claims())["elapsed"].tolist() == pytest.approx(
        [1 / 8, 1 / 2, 1, float("nan")], nan_ok=True
    )
    (row,) = timing_table(claims()).to_dict("records")
    assert row == {
        "Window": "8 days",
        "Due": 4,
        "Came true": 3,
        "Median day": "4.0",
        "In the first quarter": "33%",
        "In the first half": "67%",
        "In the last quarter": "33%",
    }
    assert timing_table(claims().iloc[:0]).empty


def test_a_verdict_after_the_deadline_is_at_the_end_of_the_window() -> None:
    late = claims().head(1).assign(decided_at=MADE + pd.Timedelta(days=9))
    assert elapsed_at_yes(late)["elapsed"].tolist() == [1]


def test_disagreements_come_widest_first_and_name_who_was_nearer() -> None:
    rows = [("q1", "a", 0.9, 0), ("q1", "b", 0.1, 0), ("q2", "a", 0.6, 1), ("q2", "b", 0.5, 1),
            ("q3", "a", 0.2, 0)]  # fmt: skip
    scored = pd.DataFrame(rows, columns=["question_id", "forecaster", "probability", "outcome"])
    scored = scored.assign(topic_label="Bridge", template="growth", window_days=7)
    found = disagreements(scored, "a", "b")
    assert found[["a", "b", "Came out", "Nearer"]].to_numpy().tolist() == [
        ["90%", "10%", "no", "b"],
        ["60%", "50%", "yes", "a"],
    ]
    assert len(disagreements(scored, "a", "b", most=1)) == 1
    assert disagreements(scored, "a", "nobody").empty


def test_fates_keep_groups_without_scores() -> None:
    mart = pd.DataFrame(
        [{"cohort": "2026-01", "forecaster": "a", "made": 2, "due": 0, "scored": 0, "void": 0,
          "pending": 2, "overdue": 0, "early": 1, "brier": float("nan"),
          "log_score": float("nan"), "skill": float("nan")}]
    )  # fmt: skip
    (row,) = fates_table(mart, "cohort", "Made in").to_dict("records")
    assert (row["Made in"], row["Made"], row["Early"], row["Brier"]) == ("2026-01", 2, 1, "–")
