from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import newsworld_dagster as nw
from newsworld_dagster.contracts.triggers import trigger_families
from newsworld_dagster.resolution.nearness import nearness
from newsworld_dagster.scoring.faults import DECISIONS, TAXONOMY, propose_faults
from newsworld_dagster.warehouse import Snapshot

MADE = pd.Timestamp("2026-01-01")
DEADLINE = pd.Timestamp("2026-01-08")


def miss(**more: object) -> dict[str, object]:
    """A confident yes that came out no, far from what was needed."""
    return {
        "template": "publishers",
        "outcome": 0,
        "resolve_by": DEADLINE,
        "window_days": 7,
        "is_corrected": False,
        "findings": 0,
        "needed": 9.0,
        "counted": 1.0,
        "met_at": pd.NaT,
        "foreign_share": np.nan,
    } | more


@pytest.mark.parametrize(
    ("found", "label", "sign"),
    [
        (miss(), "follow-through", "1 counted, 9 were needed"),
        (miss(is_corrected=True), "resolver error", "corrected"),
        (miss(outcome=1, counted=30.0, foreign_share=0.75), "resolver error", "75% of the"),
        (miss(outcome=1, counted=30.0, foreign_share=0.5), "follow-through", "30 counted"),
        (miss(findings=2), "vague claim", "2 faults"),
        (miss(met_at=DEADLINE + pd.Timedelta(days=2)), "timing", "met 2.0 days after"),
        (miss(met_at=DEADLINE + pd.Timedelta(days=8)), "follow-through", "1 counted"),
        (miss(counted=6.0), "threshold", "6 counted, 9 were needed"),
        (miss(counted=5.0), "follow-through", "5 counted"),
        (miss(needed=2.0), "threshold", "1 counted, 2 were needed"),
        (miss(needed=1.0, counted=0.0, template="trigger:approval"), "incentives", "decision"),
        (miss(needed=2.0, counted=0.0, template="trigger:delay"), "follow-through", "0 counted"),
        (miss(outcome=1, counted=12.0), "threshold", "12 counted, 9 were needed"),
        (miss(outcome=1, counted=13.0), "follow-through", "13 counted"),
        (miss(needed=np.nan, counted=np.nan), "", "read it"),
    ],
)
def test_labels_are_proposed_by_what_was_measured(
    found: dict[str, object], label: str, sign: str
) -> None:
    row = propose_faults(pd.DataFrame([found])).iloc[0]
    assert row["proposed"] == label
    assert sign in row["sign"]


def test_the_taxonomy_is_whole() -> None:
    assert set(TAXONOMY) == {
        "incentives", "follow-through", "timing", "threshold", "vague claim", "resolver error",
    }  # fmt: skip
    assert set(trigger_families()) >= DECISIONS


def test_a_rule_is_counted_to_the_deadline_and_on() -> None:
    # One direction for the topic; publishers a, b, a, c on days 2, 5, 6 and 10; day 3 is another
    # topic's. At least 3 publishers were needed by day 7.
    days = [1, 4, 5, 9]
    articles = pd.DataFrame(
        {
            "article_id": ["1", "2", "3", "4"],
            "title": "Bridge opens",
            "summary": "",
            "publisher": ["a", "b", "a", "c"],
            "first_seen_at": [MADE + pd.Timedelta(days=day) for day in days],
            "duplicate_of": None,
        }
    )
    vectors = np.array([[1.0, 0.0]] * 4)
    anchors = pd.DataFrame(
        [{"anchor_id": "x", "vector": [1.0, 0.0], "terms": "[]", "min_similarity": 0.5}]
    )
    spec = {"rule": "publishers", "anchor_id": "x", "at_least": 3}
    claims = pd.DataFrame(
        [
            {"claim_id": "late", "spec": json.dumps(spec)},
            {"claim_id": "never", "spec": json.dumps(spec | {"at_least": 4})},
            {"claim_id": "met", "spec": json.dumps(spec | {"at_least": 2})},
        ]
    ).assign(made_at=MADE, resolve_by=DEADLINE)
    found = nearness(claims, anchors, articles, vectors).set_index("claim_id")
    assert found["counted"].tolist() == [2, 2, 2]
    assert found.loc["late", "met_at"] == MADE + pd.Timedelta(days=9)
    assert pd.isna(found.loc["never", "met_at"])
    assert found.loc["met", "met_at"] == MADE + pd.Timedelta(days=4)
    assert found.loc["late", "counted_ids"] == ["1", "2"]
    assert found.loc["late", "later_ids"] == ["4"]


def test_misses_of_claims_without_a_rule_are_listed_for_reading(
    full: Snapshot, empty: Snapshot
) -> None:
    found = nw.worst_misses(full, "coverage", 5)
    worst = full.scored_claims("coverage")["brier"].nlargest(5)
    assert found["brier"].tolist() == pytest.approx(worst.tolist())
    assert set(found["sign"]) == {"no rule to count: read it"}
    assert nw.worst_misses(empty, "coverage").empty
    assert nw.to_read(empty, nw.worst_misses(empty, "coverage")).empty
