from __future__ import annotations

import json

import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.stories import TimelineParameters, make_timelines
from tests.stories.digest_rows import AS_OF, CITED, DAY, article, claim, claims, topics, window

PASSED = "Oslo parliament passes harbour bill"
SIGNED = "King signs law on docks and quays"
YESTERDAY = {"day": DAY - pd.Timedelta(days=1), "fresh": False}
NOTHING_SAID = pd.DataFrame(columns=["topic_id", "date", "sentence"])


def made(
    *rows: dict,
    known: pd.DataFrame = NOTHING_SAID,
    new_claims: pd.DataFrame | None = None,
    parameters: TimelineParameters | None = None,
    **topic: object,
) -> pd.DataFrame:
    seen = window(*rows)
    frame = make_timelines(
        seen,
        topics(seen, **({"articles": 6, "publishers": 3} | topic)),
        known,
        claims() if new_claims is None else new_claims,
        CITED,
        day=DAY,
        as_of=AS_OF,
        parameters=parameters,
    )
    return meet(CONTRACTS["stories.timelines"], frame)


def said(sentence: str) -> pd.DataFrame:
    yesterday = DAY - pd.Timedelta(days=1)
    return pd.DataFrame([{"topic_id": "t-bill", "date": yesterday, "sentence": sentence}])


def bill(number: str, title: str = PASSED, **changes: object) -> dict:
    return article(number, "bill", title, **changes)


def test_a_step_is_a_sentence_of_an_article_with_its_sources() -> None:
    prose = "Oslo parliament passed the harbour bill by five votes."
    (step,) = made(
        bill("a1", summary=f"{prose} It was late and the members were tir"),
        bill("a2", "Is the harbour bill a mistake?"),
        bill("a3", duplicate_of="a1"),
    ).to_dict("records")
    assert (step["kind"], step["topic_id"], step["story_id"]) == ("step", "t-bill", "bill")
    assert (step["date"], step["day"], step["as_of"]) == (DAY, DAY, AS_OF)
    # A whole sentence goes before the headline that it spells out.
    assert (step["sentence"], step["article_id"]) == (prose, "a1")
    assert (step["articles"], step["independent_sources"]) == (3, 2)
    assert [source["independent"] for source in json.loads(step["sources"])] == [True, True, False]


@pytest.mark.parametrize(
    ("topic", "steps"),
    [
        ({}, 1),
        ({"articles": 5}, 0),
        ({"publishers": 2}, 0),
        ({"articles": 1, "publishers": 1, "has_claims": True}, 1),
    ],
)
def test_topics_of_some_size_or_with_claims_have_timelines(topic: dict, steps: int) -> None:
    assert len(made(bill("a1"), bill("a2"), **topic)) == steps


def test_a_story_that_one_publisher_tells_is_no_step() -> None:
    assert made(bill("a1")).empty
    assert made(bill("a1"), bill("a2", duplicate_of="a1")).empty
    # With one publisher today, three must have reported by now.
    before = [bill(f"b{n}", days_ago=1) for n in range(2)]
    assert made(bill("a1", SIGNED), before[0], known=said("Something else happened")).empty
    frame = made(bill("a1", SIGNED), *before, known=said("Something else happened"))
    assert frame["sentence"].tolist() == [SIGNED]
    assert frame["independent_sources"].tolist() == [1]


def test_a_step_never_says_what_the_one_before_said() -> None:
    rows = bill("a1"), bill("a2", "Harbour bill passed by Oslo parliament")
    assert made(*rows, known=said("Parliament passes harbour bill in Oslo")).empty
    frame = made(*rows, bill("a3", SIGNED), known=said("Parliament passes harbour bill in Oslo"))
    assert frame["sentence"].tolist() == [SIGNED]


def test_a_topic_that_reaches_its_size_gets_its_past_once() -> None:
    rows = (
        bill("b1", "Cabinet drafts harbour bill for Oslo fjord", days_ago=3),
        bill("b2", "Oslo fjord: cabinet wants harbour bill", days_ago=3),
        bill("c1", SIGNED, days_ago=1),
        bill("a1", "Dockers strike against new quays in Bergen"),
    )
    frame = made(*rows)
    assert frame["date"].tolist() == [DAY - pd.Timedelta(days=n) for n in (3, 1, 0)]
    assert frame["day"].unique().tolist() == [DAY]
    assert made(*rows, known=said("Something else happened"))["date"].tolist() == [DAY]
    # Nothing of the topic today: nothing is added, whatever lies in the window.
    assert made(*rows[:3]).empty


def test_a_second_step_of_a_day_needs_sources_of_its_own() -> None:
    one = [
        article(f"a{n}", "x", "Oslo ferry sinks near harbour wall", topic_id="t-bill") for n in "12"
    ]
    two = [
        article(f"b{n}", "y", "Lima tram derails at market hall", topic_id="t-bill") for n in "12"
    ]
    three = [
        article(f"c{n}", "z", "Cairo metro floods below palace", topic_id="t-bill") for n in "123"
    ]
    assert len(made(*one, *two)) == 2
    late = [article(n, "y", "Lima", topic_id="t-bill") | YESTERDAY for n in ("b3", "b4")]
    assert len(made(*one, two[0], *late, known=said("Something else happened"))) == 1
    # The most reported stories come first, and there are two steps at most.
    assert made(*one, *two, *three)["story_id"].tolist() == ["z", "x"]


def test_claims_stand_at_their_deadline_and_where_they_were_settled() -> None:
    decided = DAY + pd.Timedelta(hours=20)
    frame = made(
        new_claims=claims(
            claim(1, "t-bill", 0.7, 3),
            claim(2, "t-bill", 0.2, 5, verdict="yes", decided_at=decided, opened=True),
            claim(3, "t-bill", 0.4, 1, verdict="no", decided_at=decided),
            claim(4, "t-bill", 0.4, 1, verdict="no", decided_at=decided, opened=True,
                  settled_on=decided),
        )
    )  # fmt: skip
    rows = frame[["kind", "claim_id", "date", "verdict", "probability"]].to_numpy().tolist()
    assert [row[:3] for row in rows] == [
        ["open", "claim1", AS_OF + pd.Timedelta(days=3)],
        ["settled", "claim2", decided],
        ["open", "claim3", AS_OF + pd.Timedelta(days=1)],
        ["settled", "claim3", decided],
    ]
    assert [row[3] for row in rows if row[0] == "settled"] == ["yes", "no"]
    assert frame.loc[frame["kind"] == "open", "verdict"].isna().all()
    assert [row[4] for row in rows] == [0.7, 0.2, 0.4, 0.4]
    assert frame["sentence"].iloc[0] == "Publishers report on thing 1 by then."
    assert frame["independent_sources"].tolist() == [2, 2, 2, 2]


def test_the_same_day_gives_the_same_rows() -> None:
    rows = bill("a1"), bill("a2", SIGNED)
    pd.testing.assert_frame_equal(made(*rows), made(*rows))


def test_an_empty_day_adds_nothing() -> None:
    assert made().empty
