from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.rules import RuleSpec
from newsworld_dagster.resolution import ArchivePolicy, resolve_rules
from newsworld_dagster.resolution.health import evaluate_overdue, evaluate_verdict_order

MADE = pd.Timestamp("2026-02-14")
HOUR = pd.Timedelta(hours=1)
DAY = pd.Timedelta(days=1)
TICK = pd.Timedelta(microseconds=1)
ANCHORS = pd.DataFrame(
    {
        "anchor_id": ["other", "a1"],
        "vector": [np.array([0, 1], np.float32), np.array([1, 0], np.float32)],
        "terms": ['["boeing"]', '["artemis"]'],
        "min_similarity": [0.5, 0.5],
    }
)


def claim(claim_id: str = "c1", *, days: int = 10, at_least: int = 2, **changes: Any) -> dict:
    rule = changes.pop("rule", "publishers")
    terms = changes.pop("trigger_terms", ())
    spec = RuleSpec(rule=rule, anchor_id="a1", at_least=at_least, trigger_terms=terms)
    row = {
        "claim_id": claim_id,
        "question_id": "q1",
        "made_at": MADE,
        "resolve_by": MADE + days * DAY,
        "spec": spec.model_dump_json(),
    }
    return row | changes


def archive(*told: tuple[pd.Timestamp, str], quiet: range = range(0)) -> pd.DataFrame:
    """Reports of Artemis by moment and publisher; on the days of `quiet` other news only."""
    rows = [(moment, publisher, f"Artemis by {publisher}") for moment, publisher in told]
    rows += [(MADE + n * DAY + 12 * HOUR, "z.org", "Weather today") for n in quiet]
    frame = pd.DataFrame(rows, columns=["first_seen_at", "publisher", "title"])
    frame["first_seen_at"] = frame["first_seen_at"].astype("datetime64[us]")
    frame = frame.sort_values("first_seen_at", ignore_index=True, kind="stable")
    return frame.assign(
        article_id=[f"n{n}" for n in range(len(frame))],
        summary="",
        duplicate_of=None,
        day=frame["first_seen_at"].dt.floor("D"),
    )


def resolve(
    articles: pd.DataFrame, as_of: pd.Timestamp, *claims: dict, policy: ArchivePolicy | None = None
) -> pd.DataFrame:
    vectors = np.tile(np.array([1, 0], np.float32), (len(articles), 1))
    return resolve_rules(
        pd.DataFrame(list(claims) or [claim()]),
        ANCHORS,
        articles,
        vectors,
        as_of=as_of,
        day=as_of.floor("D"),
        code_version="0.1.0",
        policy=policy,
    )


def verdicts(articles: pd.DataFrame, as_of: pd.Timestamp, *claims: dict) -> list[str]:
    return resolve(articles, as_of, *claims)["verdict"].tolist()


TOLD = ((MADE + HOUR, "a.org"), (MADE + DAY, "b.org"))
WHOLE = range(10)


def test_yes_comes_as_soon_as_the_rule_is_met() -> None:
    articles = archive(*TOLD)
    assert verdicts(articles.head(1), MADE + 2 * HOUR) == []
    found = resolve(articles, MADE + DAY)
    assert found["verdict"].tolist() == ["yes"]
    assert found["reason"].tolist() == ["2 publishers counted, 2 were needed"]
    assert found["decided_at"].tolist() == [MADE + DAY]
    meet(CONTRACTS["outcomes.resolutions"], found)


def test_no_comes_only_with_the_deadline() -> None:
    articles = archive(TOLD[0], quiet=WHOLE)
    deadline = MADE + 10 * DAY
    assert verdicts(articles, deadline - TICK) == []
    found = resolve(articles, deadline)
    assert found["verdict"].tolist() == ["no"]
    assert "1 publishers counted by the deadline, 2 were needed" in found["reason"].iloc[0]


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (MADE - TICK, False),
        (MADE, False),
        (MADE + TICK, True),
        (MADE + 10 * DAY, True),
        (MADE + 10 * DAY + TICK, False),
    ],
)
def test_the_window_is_open_at_its_start_and_closed_at_its_end(
    moment: pd.Timestamp, counts: bool
) -> None:
    articles = archive((MADE + DAY, "a.org"), (moment, "b.org"), quiet=WHOLE)
    assert verdicts(articles, MADE + 11 * DAY) == (["yes"] if counts else ["no"])


@pytest.mark.parametrize(("days_with_news", "verdict"), [(8, "no"), (7, "void")])
def test_an_archive_with_gaps_cannot_say_no(days_with_news: int, verdict: str) -> None:
    articles = archive(quiet=range(days_with_news))
    after_grace = MADE + 17 * DAY
    found = resolve(articles, after_grace)
    assert found["verdict"].tolist() == [verdict]
    if verdict == "void":
        assert "no article on 3 of the window's 10 days" in found["reason"].iloc[0]


def test_a_void_waits_for_the_archive_to_fill_up() -> None:
    thin = archive(quiet=range(7))
    deadline = MADE + 10 * DAY
    assert verdicts(thin, deadline) == []
    assert verdicts(thin, deadline + 7 * DAY - TICK) == []
    assert verdicts(thin, deadline + 7 * DAY) == ["void"]
    assert verdicts(archive(quiet=WHOLE), deadline + DAY) == ["no"]


def test_a_gap_does_not_take_back_a_yes() -> None:
    assert verdicts(archive(*TOLD), MADE + 30 * DAY) == ["yes"]


def test_the_policy_decides_what_a_gap_is() -> None:
    lenient = ArchivePolicy(missing_share=0.5, grace_days=0)
    articles = archive(quiet=range(5))
    found = resolve(articles, MADE + 10 * DAY, policy=lenient)
    assert found["verdict"].tolist() == ["no"]
    found = resolve(articles.head(4), MADE + 10 * DAY, policy=lenient)
    assert found["verdict"].tolist() == ["void"]


def test_an_article_of_the_future_must_not_decide() -> None:
    articles = archive(*TOLD)
    with pytest.raises(ValueError, match="first seen after"):
        resolve(articles, MADE + DAY - TICK)


def test_evidence_is_the_first_article_of_each_publisher_with_its_headline() -> None:
    articles = archive((MADE + HOUR, "a.org"), (MADE + 2 * HOUR, "a.org"), (MADE + DAY, "b.org"))
    (evidence,) = resolve(articles, MADE + DAY)["evidence"]
    assert json.loads(evidence) == [
        {
            "article_id": "n0",
            "publisher": "a.org",
            "seen_at": "2026-02-14T01:00:00",
            "quote": "Artemis by a.org",
        },
        {
            "article_id": "n2",
            "publisher": "b.org",
            "seen_at": "2026-02-15T00:00:00",
            "quote": "Artemis by b.org",
        },
    ]


def test_evidence_is_kept_short() -> None:
    articles = archive(*((MADE + n * HOUR, f"p{n}.org") for n in range(1, 13)))
    (evidence,) = resolve(articles, MADE + DAY)["evidence"]
    assert len(json.loads(evidence)) == 8


def test_articles_are_counted_for_growth_and_words_for_triggers() -> None:
    articles = archive((MADE + HOUR, "a.org"), (MADE + 2 * HOUR, "a.org"), quiet=WHOLE)
    as_of = MADE + 10 * DAY
    assert verdicts(articles, as_of, claim(rule="articles")) == ["yes"]
    assert verdicts(articles, as_of, claim(rule="publishers")) == ["no"]
    named = claim(rule="trigger", trigger_terms=("by a",), at_least=1)
    assert verdicts(articles, as_of, named) == ["yes"]
    unnamed = claim(rule="trigger", trigger_terms=("recall*",), at_least=1)
    assert verdicts(articles, as_of, unnamed) == ["no"]


def test_copies_and_other_topics_are_no_voices() -> None:
    articles = archive(*TOLD, quiet=WHOLE)
    copied = articles.assign(duplicate_of=[None, None, "n0"] + [None] * (len(articles) - 3))
    assert articles["publisher"].iloc[2] == "b.org"
    assert verdicts(copied, MADE + 10 * DAY) == ["no"]


def test_both_claims_of_a_question_get_the_same_verdict() -> None:
    articles = archive(*TOLD, quiet=WHOLE)
    other = claim("c3", question_id="q2", at_least=5)
    found = resolve(articles, MADE + 10 * DAY, claim("c1"), other, claim("c2"))
    by_claim = found.set_index("claim_id")
    assert by_claim["verdict"].to_dict() == {"c1": "yes", "c2": "yes", "c3": "no"}
    shared = ["question_id", "reason", "evidence", "decided_at"]
    assert by_claim.loc["c1", shared].tolist() == by_claim.loc["c2", shared].tolist()
    assert found["resolution_id"].is_unique


def test_the_same_decision_is_the_same_row() -> None:
    articles = archive(*TOLD)
    one, other = resolve(articles, MADE + DAY), resolve(articles, MADE + DAY)
    pd.testing.assert_frame_equal(one, other)
    later = resolve(articles, MADE + 2 * DAY)
    assert later["resolution_id"].tolist() != one["resolution_id"].tolist()


def test_without_articles_or_claims_there_is_nothing_to_say() -> None:
    assert verdicts(archive(), MADE + DAY) == []
    assert verdicts(archive(), MADE + 17 * DAY) == ["void"]
    nothing = resolve_rules(
        pd.DataFrame([claim()]).head(0),
        ANCHORS,
        archive(*TOLD),
        np.zeros((2, 2), np.float32),
        as_of=MADE + DAY,
        day=MADE,
        code_version="0",
    )
    assert meet(CONTRACTS["outcomes.resolutions"], nothing).empty


def test_checks_of_outcomes() -> None:
    claims = pd.DataFrame([claim("c1"), claim("c2", days=3)])
    given = resolve(archive(*TOLD), MADE + DAY, claim("c1"), claim("c2", question_id="q2"))
    assert evaluate_verdict_order(given, claims).passed
    early = evaluate_verdict_order(given.assign(decided_at=MADE - TICK), claims)
    assert (early.passed, early.figures["older than their claim"]) == (False, 2)
    stray = evaluate_verdict_order(given, claims.head(1))
    assert (stray.passed, stray.figures["without a claim"]) == (False, 1)
    # A first day without any claim, as the warehouse gives it.
    made = claims.head(0).astype({"made_at": "datetime64[us]"})
    assert evaluate_verdict_order(given.head(0), made).passed

    assert evaluate_overdue(claims, MADE + 3 * DAY - TICK).passed
    overdue = evaluate_overdue(claims, MADE + 3 * DAY)
    assert (overdue.passed, overdue.figures) == (False, {"open": 2, "overdue": 1})
    assert evaluate_overdue(claims.head(0), MADE).passed
