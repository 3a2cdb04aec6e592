from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.vocabulary import EVERYWHERE
from newsworld_dagster.stories import burst_score, trending_terms
from newsworld_dagster.stories.health import evaluate_trending

DAY = pd.Timestamp("2026-02-11")
AS_OF = DAY + pd.Timedelta(days=1)
USUAL = 5  # articles a day of news that never changes


def article(
    number: str, title: str, summary: str = "", *, days_ago: int = 0, **changes: object
) -> dict[str, object]:
    return {
        "article_id": number,
        "title": title,
        "summary": summary,
        "publisher": f"{number}.org",
        "section": "World",
        "first_seen_at": DAY - pd.Timedelta(days=days_ago) + pd.Timedelta(hours=8),
        "duplicate_of": None,
        "story_id": "s1",
        "topic_id": "t1",
    } | changes


def usual_days(days: int = 30) -> list[dict[str, object]]:
    """The same five reports on every day, each by a newsroom of its own."""
    topics = ["rain in the valley", "trains run late", "bread costs more", "a choir sings"]
    return [
        article(
            f"u{ago}x{n}",
            f"why {text}",
            "our daily word on it from Vienna",
            days_ago=ago,
            publisher=f"usual{n}.org",
            topic_id=f"u{n}",
        )
        for ago in range(days)
        for n, text in enumerate([*topics, "Wordle hints for everyone"])
    ]


def strips(*fresh: dict[str, object], days: int = 30) -> pd.DataFrame:
    made = trending_terms(pd.DataFrame([*usual_days(days), *fresh]), day=DAY, as_of=AS_OF)
    return meet(CONTRACTS["stories.trending"], made)


def strip(*fresh: dict[str, object], section: str = EVERYWHERE) -> list[str]:
    made = strips(*fresh)
    return made.loc[made["section"] == section, "term"].tolist()


def voices(title: str, summary: str = "", n: int = 3, **changes: object) -> list[dict]:
    return [article(f"v{k}", title.format(k), summary.format(k), **changes) for k in range(n)]


@pytest.mark.parametrize(
    ("count", "expected", "history", "swing", "score"),
    [
        # 1 / (1.5 + 0.5) + 1 / 2 = 1: geometric, and each publisher more is a tenth as likely.
        (1, 1 / 9, 1.5, 2.0, 1.0),
        (4, 1 / 9, 1.5, 2.0, 4.0),
        # 1 / (3.5 + 0.5) + 1 / 4 = 1 / 2: shape 2 and mean 2, so 1 - 1/4 - 2/8 = 1/2.
        (2, 2.0, 3.5, 4.0, math.log10(2)),
    ],
)
def test_the_score_is_the_tail_of_a_negative_binomial(
    count: float, expected: float, history: float, swing: float, score: float
) -> None:
    found = burst_score(np.array([count]), np.array([expected]), np.array([history]), swing)
    assert found == pytest.approx([score])


@given(
    st.integers(1, 60),
    st.floats(0.01, 30),
    st.integers(0, 200),
    st.floats(0.5, 20),
)
def test_the_score_grows_with_the_count_and_falls_with_what_is_usual(
    count: int, expected: float, history: int, swing: float
) -> None:
    past = np.array([history, history])
    more = burst_score(np.array([count, count + 1]), np.full(2, expected), past, swing)
    usual = burst_score(np.full(2, count), np.array([expected, expected * 1.5]), past, swing)
    assert 0 <= more[0] < more[1]
    assert usual[1] < usual[0]


def test_a_burst_has_its_counts_and_its_score() -> None:
    made = strips(*voices("Ferry sinks off Hong Kong, outlet {} says"))
    row = made[made["section"] == EVERYWHERE].iloc[0]
    assert row[["term", "kind", "articles", "publishers", "rank"]].tolist() == [
        "Hong Kong", "name", 3, 3, 1,
    ]  # fmt: skip
    # Never heard of in 28 days with five articles each; two days with ten, and these three.
    expected = 0.5 * 13 / 140
    shape = 1 / (1 / 0.5 + 1 / 4)
    assert row["expected"] == pytest.approx(expected)
    assert row["score"] == pytest.approx(-np.log10(nbinom.sf(2, shape, shape / (shape + expected))))
    assert row[["story_id", "topic_id"]].tolist() == ["s1", "t1"]
    assert row["first_seen_at"] == DAY + pd.Timedelta(hours=8)


def test_a_name_is_first_seen_in_its_history() -> None:
    old = article("old", "a bank of Hong Kong closes", days_ago=20)
    row = strips(old, *voices("Ferry sinks off Hong Kong, outlet {} says")).iloc[0]
    assert row["first_seen_at"] == DAY - pd.Timedelta(days=20) + pd.Timedelta(hours=8)
    assert row["expected"] == pytest.approx(1.5 * 13 / 141)


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        # A name, whole, under one form, with what is called by its surname alone.
        (["crowds mourn Alex Pretti", "what Pretti carried", "agents shot Pretti"], "Alex Pretti"),
        (["Judge frees Ana Cruz", "the case of Ana Cruz", "Ana Cruz goes home"], "Ana Cruz"),
        (["vote on the Tate Act", "the Tate Acts explained", "a Tate Act vote"], "Tate Act"),
        # What stands before a name is no part of it, and a doctor's title is.
        (["a word by President Ruiz", "why President Ruiz left", "for President Ruiz"], "Ruiz"),
        (["a word by Dr. Oz", "why Dr. Oz left", "questions for Dr. Oz"], "Dr. Oz"),
        (["the 2026 Pluto Awards end", "at the Pluto Awards", "a Pluto Awards night"],
         "Pluto Awards"),
        # A possessive that is the name stays; a full stop after an initial ends nothing.
        (["fries at McDonald's", "the McDonald's menu", "a McDonald's burger"], "McDonald’s"),
        (["why the voters of Robert F. Kerr stay away", "a long day of rallies with Robert F. Kerr",
          "a last vote for Robert F. Kerr as his party decides"],
         "Robert F. Kerr"),
        # Headlines in Title Case count for names that are names elsewhere.
        (["Storm Hits Cape Verde At Night", "Cape Verde Counts Its Dead", "aid for Cape Verde"],
         "Cape Verde"),
        # Two names side by side are two, of which the one of more articles stays.
        (["a word on Paramount and Netflix", "a bid of Paramount and Netflix",
          "how Paramount and Netflix fell out", "a share of Netflix"], "Netflix"),
        (["a long word on why Paramount's Warner Bros bid fails", "a bid of Paramount is refused",
          "who pays for Paramount's Warner Bros bid in the end", "a bid for Warner Bros"],
         "Paramount"),
        # The day that a name was heard on is no part of it.
        (["a long talk with Oscar Leal on Monday", "the rally of Oscar Leal on Monday",
          "what was said to Oscar Leal on Monday"], "Oscar Leal"),
        (["the oldest wooden tools", "who made wooden tools", "their wooden tools"],
         "wooden tools"),
    ],
)  # fmt: skip
def test_terms_are_printed_as_a_newspaper_prints_them(titles: list[str], expected: str) -> None:
    assert strip(*(article(f"v{n}", title) for n, title in enumerate(titles))) == [expected]


def test_a_surname_of_two_people_says_too_little() -> None:
    shared = "a film premiere with the cast in town"
    people = [
        article("v1", "a talk with Kristen Stewart", shared),
        article("v2", "a joke by Patrick Stewart", shared),
        article("v3", "the film of Jon Stewart", shared),
        article("v4", "what Stewart said", shared),
    ]
    assert "Stewart" not in " ".join(strip(*people))


def test_one_piece_of_news_has_one_place_in_a_strip() -> None:
    both = voices("in Havana police hold Oscar Leal, outlet {} says")
    more = article("v9", "streets of Havana stay dark")
    assert strip(*both, more) == ["Havana"]


def test_the_burst_that_more_newsrooms_carry_stands_first() -> None:
    wide = voices("blackout in Havana again, number {}", n=6)
    narrow = [
        article(f"n{k}", f"a comet named Zora passes, number {k}", topic_id="t2") for k in range(3)
    ]
    assert strip(*wide, *narrow) == ["Havana", "Zora"]


@pytest.mark.parametrize(
    "fresh",
    [
        voices("ferry sinks off Hong Kong, says {}", n=2),
        voices("ferry sinks off Hong Kong, says {}", n=6, publisher="one.org"),
        # Syndicated copies of one text are one voice.
        [
            *voices("ferry sinks off Hong Kong", n=1),
            *(article(f"c{n}", "ferry sinks off Hong Kong", duplicate_of="v0") for n in range(5)),
        ],
        # A newsroom that prints its own name makes no news of itself.
        [article(f"p{n}", "how CBS News reports", publisher="cbsnews.com") for n in range(2)]
        + [article("q", "a day at CBS News", publisher="other.org")]
        + [article("r", "a night at CBS News", publisher="third.org")],
        # Yesterday's burst has nothing new today.
        voices("ferry sinks off Hong Kong, says {}", days_ago=1),
        # Words of no weight, whatever their case.
        voices("officials say it on Monday, {}", "the White officials say so."),
        # Of an agency, whoever prints it.
        voices("rain in the hills, the Associated Press says, {}"),
        # News of three places called Paris is no news of Paris.
        [
            article("x", "fashion parade opens in Paris", topic_id="a"),
            article("y", "studio cuts jobs at Paris", topic_id="b"),
            article("z", "striker leaves for Paris", topic_id="c"),
        ],
    ],
)
def test_what_does_not_trend(fresh: list[dict]) -> None:
    assert strip(*fresh) == []


def test_what_comes_every_day_does_not_trend() -> None:
    made = strips()
    assert made.empty
    # Vienna stands in every summary of every day.
    assert "Vienna" not in strip(*voices("ferry sinks off Hong Kong, says {}"))


def test_a_section_has_its_own_strip() -> None:
    fresh = [
        *voices("ferry sinks off Hong Kong, says {}"),
        article("b1", "Acme Corp buys a rival", section="Business", topic_id="t2"),
        article("b2", "regulators look at Acme Corp", section="Business", topic_id="t2"),
    ]
    banks = [
        article(f"k{ago}", "banks lend less", days_ago=ago, section="Business")
        for ago in range(2, 20)
    ]
    made = strips(*fresh, *banks)
    assert made.groupby("section")["term"].agg(list).to_dict() == {
        EVERYWHERE: ["Hong Kong"],
        "Business": ["Acme Corp"],  # two newsrooms do in a section
        "World": ["Hong Kong"],
    }
    row = made.set_index("section").loc["Business"]
    assert row["expected"] == pytest.approx(0.5 * 2 / 18)


def test_without_a_history_nothing_is_unusual() -> None:
    assert strips(*voices("ferry sinks off Hong Kong, says {}"), days=15).empty


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_articles_does_not_matter(random) -> None:
    rows = [
        *usual_days(),
        *voices("in Havana police hold Oscar Leal, outlet {} says", n=4),
        article("w1", "what Leal did", topic_id="t2"),
        article("w2", "wooden tools found", topic_id="t2"),
        article("w3", "the wooden tools of Greece", topic_id="t2"),
        article("w4", "Greece digs up wooden tools", topic_id="t2"),
    ]
    before = trending_terms(pd.DataFrame(rows), day=DAY, as_of=AS_OF)
    random.shuffle(rows)
    after = trending_terms(pd.DataFrame(rows), day=DAY, as_of=AS_OF)
    assert len(before) > 2
    pd.testing.assert_frame_equal(after, before)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 12), st.integers(1, 3))
def test_a_usual_rate_never_trends(publishers: int, every: int) -> None:
    rows = [
        article(f"r{ago}x{n}", f"markets of Hong Kong open, {n}", days_ago=ago, publisher=f"p{n}")
        for ago in range(0, 30, every)
        for n in range(publishers)
    ]
    assert strip(*rows) == []


@settings(max_examples=10, deadline=None)
@given(st.integers(3, 9))
def test_one_newsroom_more_never_lowers_a_score(publishers: int) -> None:
    def score(n: int) -> float:
        return float(strips(*voices("ferry sinks off Hong Kong, says {}", n=n))["score"].iloc[0])

    assert score(publishers + 1) > score(publishers)


def strip_of(*terms: str) -> pd.DataFrame:
    return pd.DataFrame({"section": EVERYWHERE, "term": list(terms)})


OTHER = strip_of("Havana", "Zora", "Acme Corp", "Alex Pretti", "Tate Act")


@pytest.mark.parametrize(
    ("strips", "articles", "history", "passed"),
    [
        (strip_of("Hong Kong"), 300, 4000, True),
        (strip_of(), 300, 4000, False),
        (strip_of(), 99, 4000, True),
        (strip_of(), 300, 99, True),
        (strip_of("Hong Kong", "News"), 300, 4000, False),
        (strip_of("Hong Kong", "officials say"), 300, 4000, False),
        (OTHER, 300, 4000, False),
        (strip_of("Havana", "Zora", "Acme Corp", "Alex Pretti", "Hong Kong"), 300, 4000, True),
    ],
)
def test_a_strip_is_checked(
    strips: pd.DataFrame, articles: int, history: int, passed: bool
) -> None:
    found = evaluate_trending(strips, OTHER, articles=articles, history=history)
    assert found.passed is passed
