"""Which claims are put to the judge, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.resolution import Case, choose_cases

MADE, DEADLINE = pd.Timestamp("2026-02-15"), pd.Timestamp("2026-03-15")
STATEMENT = "The council opens the bridge by 2026-03-14."
OPENED, REFUSED = "The council opened the bridge", "The council never opened the bridge"
OTHER = "The weather stays fine"
WHOLE = list(pd.date_range("2026-02-01", "2026-03-31", freq="D"))


def encode(texts: Sequence[str]) -> np.ndarray:
    """Everything about the bridge points one way, the rest another."""
    return np.array([[1.0, 0.0] if "bridge" in text else [0.0, 1.0] for text in texts])


def articles(*titles_and_days: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "article_id": f"a{n}",
                "title": title,
                "summary": "",
                "publisher": f"paper{n}.example",
                "first_seen_at": pd.Timestamp(f"2026-{day} 08:00"),
                "duplicate_of": None,
            }
            for n, (title, day) in enumerate(titles_and_days, start=1)
        ]
    )


def question(**changes: Any) -> dict[str, Any]:
    given = {
        "question_id": "q1",
        "claim_ids": ["c1", "c2"],
        "statement": STATEMENT,
        "resolution_criteria": "Yes if cars cross it.",
        "made_at": MADE,
        "resolve_by": DEADLINE,
        "verdict": None,
        "resolution_ids": [None, None],
        "last_asked": pd.NaT,
    }
    return given | changes


def chosen(
    known: pd.DataFrame, as_of: str, *, days: list[pd.Timestamp] = WHOLE, **changes: Any
) -> list[Case]:
    moment = pd.Timestamp(f"2026-{as_of}")
    known = known[known["first_seen_at"] <= moment]
    return list(
        choose_cases(
            pd.DataFrame([question(**changes)]),
            known,
            encode([f"{title}" for title in known["title"]]),
            encode,
            as_of=moment,
            days_with_news=days,
        )
    )


def test_a_quiet_day_asks_nothing() -> None:
    assert chosen(articles((OTHER, "02-20")), "02-21") == []


def test_a_report_of_the_event_is_asked_about_at_once() -> None:
    (case,) = chosen(articles((OTHER, "02-19"), (OPENED, "02-20")), "02-21")
    assert (case.claim_id, case.fellows, case.standing) == ("c1", ("c2",), None)
    assert case.articles["article_id"].iloc[0] == "a2"


def test_what_the_judge_has_seen_is_no_reason_to_ask_again() -> None:
    known = articles((OPENED, "02-20"))
    assert chosen(known, "02-25", last_asked=pd.Timestamp("2026-02-21")) == []
    later = articles((OPENED, "02-20"), (OPENED, "02-24"))
    assert len(chosen(later, "02-25", last_asked=pd.Timestamp("2026-02-21"))) == 1


def test_at_the_deadline_every_claim_with_articles_is_asked_about_once() -> None:
    known = articles((OTHER, "02-20"))
    asked_before = pd.Timestamp("2026-02-21")
    assert chosen(known, "03-14 23:00", last_asked=asked_before) == []
    (case,) = chosen(known, "03-15", last_asked=asked_before)
    assert case.complete
    assert chosen(known, "03-16", last_asked=pd.Timestamp("2026-03-15")) == []


def test_an_archive_with_gaps_leaves_the_claim_alone_until_it_is_filled() -> None:
    known = articles((OTHER, "02-20"))
    assert chosen(known, "03-16", days=WHOLE[:20]) == []
    assert len(chosen(known, "03-20", days=WHOLE)) == 1


def test_articles_before_the_claim_and_long_after_its_deadline_do_not_count() -> None:
    assert chosen(articles((OPENED, "02-14")), "03-20") == []
    (case,) = chosen(articles((OTHER, "02-20"), (OPENED, "03-25")), "03-26")
    assert case.articles["article_id"].tolist() == ["a1"]


def test_late_evidence_against_a_verdict_is_asked_about_and_supersedes() -> None:
    standing = {
        "verdict": "no",
        "resolution_ids": ["r1", "r2"],
        "last_asked": pd.Timestamp("2026-03-15"),
    }
    known = articles((OTHER, "02-20"), (OPENED, "03-17"))
    (case,) = chosen(known, "03-18", **standing)
    assert case.standing == ("no", {"c1": "r1", "c2": "r2"})
    # What speaks for the verdict that stands is no reason to ask.
    assert chosen(articles((OTHER, "02-20"), (REFUSED, "03-17")), "03-18", **standing) == []


def test_an_article_of_the_future_is_not_let_in() -> None:
    with pytest.raises(ValueError, match="must not decide"):
        list(
            choose_cases(
                pd.DataFrame([question()]),
                articles((OPENED, "02-20")),
                np.ones((1, 2)),
                encode,
                as_of=pd.Timestamp("2026-02-19"),
                days_with_news=WHOLE,
            )
        )
