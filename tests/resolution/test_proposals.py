from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.resolution import Evidence, already_reported, propose_verdict


def found(*passages: tuple[str, float]) -> list[Evidence]:
    return [
        Evidence(f"a{number}", cosine, cosine, passage)
        for number, (passage, cosine) in enumerate(passages)
    ]


def test_reports_of_the_event_propose_yes_and_rest_on_their_passages() -> None:
    evidence = found(
        ("Board approves the merger", 0.9),
        ("Will the board approve the merger?", 0.8),
        ("Shares jump on merger approval", 0.7),
        ("Board meets on an unrelated matter", 0.3),
    )
    proposal = propose_verdict("The board approves the merger.", evidence)
    assert (proposal.verdict, proposal.score) == ("yes", 1.0)
    assert [one.article_id for one in proposal.passages] == ["a0", "a2"]
    assert proposal.reason == "2 of 2 passages that report an outcome report the event"


def test_passages_that_turn_the_claim_round_propose_no() -> None:
    evidence = found(("Board rejects the merger", 0.9), ("Merger rejected", 0.7))
    proposal = propose_verdict("The board approves the merger.", evidence)
    assert (proposal.verdict, proposal.score) == ("no", 1.0)


def test_a_claim_of_a_failure_is_borne_out_by_one() -> None:
    evidence = found(("Minister loses the confidence vote", 0.9))
    assert propose_verdict("The minister loses the vote.", evidence).verdict == "yes"
    assert propose_verdict("The minister wins the vote.", evidence).verdict == "no"


def test_the_score_is_the_share_of_the_weight() -> None:
    evidence = found(("Merger approved", 0.9), ("Deal done", 0.7), ("Merger rejected", 0.6))
    proposal = propose_verdict("The board approves the merger.", evidence)
    assert proposal.verdict == "yes"
    assert proposal.score == pytest.approx(1.6 / 2.2, abs=1e-4)
    torn = found(("Merger approved", 0.7), ("Merger rejected", 0.7))
    assert propose_verdict("The board approves the merger.", torn).verdict is None


@pytest.mark.parametrize(
    "evidence",
    [[], found(("Board to vote on the merger", 0.9)), found(("Board approves the merger", 0.4))],
    ids=["nothing", "only what is to come", "only what is far"],
)
def test_without_a_near_report_nothing_is_proposed(evidence: list[Evidence]) -> None:
    proposal = propose_verdict("The board approves the merger.", evidence)
    assert (proposal.verdict, proposal.score, proposal.passages) == (None, 0.0, ())


@pytest.mark.parametrize(
    ("title", "reported"),
    [
        ("Council approves the bridge toll", True),
        ("Council expected to approve the bridge toll", False),
        ("Council rejects the bridge toll", False),
        ("Storm closes the harbour", False),
    ],
)
def test_an_event_is_already_reported_only_by_a_near_report_of_it(
    title: str, reported: bool
) -> None:
    def encode(texts: Sequence[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "toll" in text else [0.0, 1.0] for text in texts])

    articles = pd.DataFrame(
        {
            "article_id": ["a1"],
            "title": [title],
            "summary": [""],
            "first_seen_at": [pd.Timestamp("2026-02-14")],
            "duplicate_of": [None],
        }
    )
    found = already_reported(
        "The council approves the bridge toll by 2026-03-01.", articles, encode([title]), encode
    )
    assert found == (title if reported else None)
