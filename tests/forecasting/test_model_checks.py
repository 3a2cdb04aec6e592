"""Checks on what a language model was asked, and on what waits for a person."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.forecasting.health import evaluate_answers
from newsworld_dagster.resolution.health import evaluate_queue

DAY = pd.Timestamp("2026-02-14")
ROW = {
    "subject": "p1",
    "prompt_id": "report-1",
    "sample_index": 0,
    "as_of": DAY + pd.Timedelta(days=1),
    "day": DAY,
    "outcome": "answered",
    "reason": None,
    "cost_usd": 0.25,
}


def calls(*changes: dict) -> pd.DataFrame:
    return pd.DataFrame([ROW | change for change in changes])


def test_without_a_model_there_is_nothing_to_answer() -> None:
    assert evaluate_answers(calls().reindex(columns=list(ROW))).passed


def test_an_ask_that_failed_is_named_with_its_reason() -> None:
    found = evaluate_answers(
        calls({}, {"subject": "p2", "outcome": "failed", "reason": "the server is overloaded"})
    )
    assert not found.passed
    assert "1 of 2 asks of 2026-02-14" in found.reason
    assert "the server is overloaded" in found.reason


def test_an_ask_that_a_later_run_got_answered_is_answered() -> None:
    found = evaluate_answers(calls({"outcome": "stopped", "reason": "budget", "cost_usd": 0.0}, {}))
    assert found.passed
    assert found.figures["asked"] == 1
    assert found.figures["cost (USD)"] == 0.25


def test_only_the_last_day_counts_and_refusals_are_told() -> None:
    found = evaluate_answers(
        calls(
            {"day": DAY - pd.Timedelta(days=1), "outcome": "failed", "reason": "gone"},
            {"outcome": "refused", "reason": "no form"},
        )
    )
    assert found.passed
    assert found.figures["answers that cannot be used"] == 1


def test_a_queue_is_too_long_by_number_or_by_age() -> None:
    waiting = pd.DataFrame({"as_of": [DAY] * 3})
    assert evaluate_queue(waiting.head(0), DAY).passed
    assert evaluate_queue(waiting, DAY + pd.Timedelta(days=7)).passed
    assert not evaluate_queue(waiting, DAY + pd.Timedelta(days=8)).passed
    assert not evaluate_queue(waiting, DAY, most=2).passed
