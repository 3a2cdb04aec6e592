from __future__ import annotations

import json
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.stories import DAILY, WEEKLY, DigestParameters, make_digest
from newsworld_dagster.stories.digest_health import evaluate_repeats, evaluate_sources
from tests.stories.digest_rows import (
    AS_OF,
    CITED,
    DAY,
    article,
    claim,
    claims,
    no_digest,
    topics,
    window,
)

BILL = "Oslo parliament passes harbour bill"
BILL_TOO = "Harbour bill passed by parliament in Oslo tonight"


def made(
    *rows: dict,
    before: pd.DataFrame | None = None,
    due: pd.DataFrame | None = None,
    parameters: DigestParameters = DAILY,
    **options: object,
) -> pd.DataFrame:
    seen = window(*rows)
    frame = make_digest(
        seen,
        topics(seen),
        no_digest() if before is None else before,
        claims() if due is None else due,
        CITED,
        day=DAY,
        as_of=AS_OF,
        parameters=parameters,
        **options,
    )
    return meet(CONTRACTS["stories.digests"], frame)


def page(frame: pd.DataFrame, section: str = "World") -> pd.DataFrame:
    return frame[frame["section"] == section].set_index("rank")


def told(headline: str, *articles: str, kind: str = "happened", **changes: object) -> pd.DataFrame:
    """A digest of the day before with one item."""
    sources = [{"article_id": a, "publisher": f"{a}.org", "independent": True} for a in articles]
    row = {"kind": kind, "headline": headline, "sources": json.dumps(sources), "section": "World"}
    return pd.DataFrame([dict.fromkeys(no_digest().columns) | row | changes])


def test_a_new_story_of_two_publishers_is_on_its_page_and_on_the_front() -> None:
    frame = made(
        article(
            "a1", "bill", BILL, summary="Oslo lawmakers ended two years of harbour quarrel. Mor"
        ),
        article("a2", "bill", BILL_TOO),
    )
    assert frame["section"].tolist() == ["All", "World"]
    item = page(frame).loc[1]
    assert (item["kind"], item["status"], item["story_id"]) == ("happened", "new", "bill")
    assert item["headline"] in (BILL, BILL_TOO)
    assert (item["topic_id"], item["topic_label"]) == ("t-bill", "bill")
    assert item["sentence"] == "Oslo lawmakers ended two years of harbour quarrel."
    assert item["sentence_article_id"] == "a1"
    assert (item["articles"], item["independent_sources"], item["fresh_sources"]) == (2, 2, 2)
    assert [source["publisher"] for source in json.loads(item["sources"])] == ["a1.org", "a2.org"]
    # Two publishers, half of the two that it grew by, and the sizes of story and topic.
    assert item["score"] == pytest.approx(3 + 0.5 * math.log2(3) + 0.5 * math.log2(4))


@pytest.mark.parametrize(
    "rows",
    [
        [article("a1", "bill", BILL)],
        [article("a1", "bill", BILL), article("a2", "bill", BILL_TOO, publisher="a1.org")],
        [article("a1", "bill", BILL), article("a2", "bill", BILL, duplicate_of="a1")],
        [article("a1", "bill", BILL, days_ago=1), article("a2", "bill", BILL_TOO)],
        [
            article("b1", "bill", BILL, days_ago=1),
            article("a1", "bill", BILL_TOO),
            article("a2", "bill", BILL, duplicate_of="b1"),
        ],
        [article("a1", "bill", "Why it passed"), article("a2", "bill", "Bill: live updates")],
        [article("a1", "deals", "Save $20 today"), article("a2", "deals", "Best TV deals today")],
        [
            article("a1", "bill", BILL),
            article("a2", "bill", "Five takeaways from the harbour bill"),
        ],
        [article("a1", "bill", BILL, topic_id=None), article("a2", "bill", BILL, topic_id=None)],
    ],
    ids=[
        "one source",
        "one publisher",
        "a copy",
        "one today",
        "a copy of yesterday",
        "no title",
        "service",
        "half of it service",
        "no topic",
    ],
)
def test_a_quiet_section_has_no_items_rather_than_weak_ones(rows: list[dict]) -> None:
    assert made(*rows).empty


def test_live_pages_are_sources_of_what_another_title_tells() -> None:
    item = page(
        made(
            article("a1", "bill", "Harbour bill live: vote in Oslo"),
            article("a2", "bill", "Live updates: vote in Oslo"),
            article("a3", "bill", BILL),
            article("a4", "bill", "A4"),  # nothing but the name of its publisher, a4.org
        )
    ).loc[1]
    assert (item["headline"], item["articles"], item["independent_sources"]) == (BILL, 3, 3)
    assert [source["article_id"] for source in json.loads(item["sources"])] == ["a1", "a2", "a3"]


def test_the_kind_of_the_largest_story_comes_first() -> None:
    old = [article(f"b{n}", "bill", BILL, days_ago=1) for n in range(2)]
    gone_on = [
        article("a0", "bill", "King refuses to sign law on docks"),
        *(article(f"a{n}", "bill", "Crown stalls the dock reform") for n in (1, 2, 3)),
    ]
    small = [
        article("c1", "flood", "Rhine floods villages near Basel"),
        article("c2", "flood", "Villages near Basel under water after Rhine floods"),
    ]
    kinds = page(made(*old, *gone_on, *small, before=told(BILL, "b0", "b1")))["kind"].tolist()
    assert kinds == ["changed", "happened"]
    kinds = page(made(*old, gone_on[0], *small, before=told(BILL, "b0", "b1")))["kind"].tolist()
    assert kinds == ["happened", "changed"]


def test_what_was_told_yesterday_goes_on_only_with_something_new() -> None:
    yesterday = [article(f"b{n}", "bill", BILL, days_ago=1) for n in range(2)]
    before = told(BILL, "b0", "b1")
    again = made(*yesterday, article("a1", "bill", BILL_TOO), before=before)
    assert again.empty
    fresh = "King refuses to sign law on docks"
    frame = made(
        *yesterday,
        article("a1", "bill", fresh, summary="Haakon of Norway asked for a second reading in May."),
        article("a2", "bill", BILL_TOO),
        before=before,
    )
    item = page(frame).loc[1]
    assert (item["kind"], item["status"], item["headline"]) == ("changed", "developing", fresh)
    assert (item["independent_sources"], item["fresh_sources"]) == (4, 2)


def test_one_new_article_tells_how_a_story_of_three_publishers_goes_on() -> None:
    old = [article(f"b{n}", "bill", BILL, days_ago=1) for n in range(2)]
    news = article("a1", "bill", "King refuses to sign law on docks")
    assert page(made(*old, news, before=told(BILL, "b0"))).loc[1, "kind"] == "changed"
    assert made(old[0], news, before=told(BILL, "b0")).empty
    # Three publishers yesterday and today a copy of what one of them had is no news.
    older = [article(f"b{n}", "bill", BILL, days_ago=1) for n in range(3)]
    copied = article("a1", "bill", "King refuses to sign law on docks", duplicate_of="b2")
    assert made(*older, copied, before=told(BILL, "b0")).empty
    # Two new stories of yesterday were merged: the articles say which story it is now.
    merged = made(*old, news, before=told("Elsewhere", "b1", story_id="gone"))
    assert page(merged).loc[1, "kind"] == "changed"


def test_more_publishers_and_growth_go_first() -> None:
    frame = made(
        *(article(f"a{n}", "two", f"Lima tram {n} derails at market hall") for n in range(2)),
        *(article(f"b{n}", "three", f"Oslo ferry {n} sinks near harbour wall") for n in range(3)),
        *(article(f"c{n}", "fell", f"Cairo metro {n} floods below palace") for n in range(2)),
        *(article(f"d{n}", "fell", "Cairo metro floods", days_ago=1) for n in range(3)),
    )
    assert page(frame)["story_id"].tolist() == ["three", "two", "fell"]


def test_pages_are_limited_and_say_nothing_twice() -> None:
    rows = [
        article(
            f"a{n}{m}", f"s{n}", f"Town{n} opens bridge{n} over river{n}", publisher=f"p{m}.org"
        )
        for n in range(9)
        for m in range(2)
    ]
    rows += [article(f"x{m}", "s0copy", "Town0 opens bridge0 over river0") for m in range(2)]
    frame = made(*rows)
    assert len(page(frame)) == DAILY.most_items
    assert len(page(frame, "All")) == DAILY.most_of_a_section
    assert page(frame)["headline"].is_unique


def test_a_topic_does_not_fill_the_page() -> None:
    names = ["Oslo ferry sinks", "Lima tram derails", "Cairo metro floods"]
    rows = [
        article(f"a{n}{m}", f"s{n}", f"{name} near market", topic_id="t-one")
        for n, name in enumerate(names)
        for m in range(2)
    ]
    assert len(page(made(*rows))) == 2
    weekly = DigestParameters(most_of_a_topic=1)
    assert len(page(made(*rows, parameters=weekly))) == 1


def test_claims_to_watch_are_due_on_the_pages_topics_first_then_the_most_open() -> None:
    due = claims(
        claim(1, "t-x", 0.9, 1),
        claim(2, "t-y", 0.6, 3),
        claim(3, "t-bill", 0.95, 2, forecaster="base-rate"),
        claim(4, "t-bill", 0.97, 2),
        claim(5, "t-z", 0.8, 2),
        claim(6, "t-sports", 0.5, 2, section="Sports"),
    )
    rows = article("a1", "bill", BILL), article("a2", "bill", BILL_TOO)
    watch = page(made(*rows, due=due)).query("kind == 'watch'")
    assert watch["claim_id"].tolist() == ["claim3", "claim2", "claim5"]
    assert watch.index.tolist() == [2, 3, 4]
    first = watch.iloc[0]
    assert (first["probability"], first["forecaster"], first["days_left"]) == (0.95, "base-rate", 2)
    assert first["resolve_by"] == AS_OF + pd.Timedelta(days=2)
    assert (first["independent_sources"], first["status"]) == (2, "open")
    front = page(made(*rows, due=due), "All").query("kind == 'watch'")
    assert front["claim_id"].tolist() == ["claim3", "claim6", "claim2"]


def test_a_claim_is_not_watched_two_days_running() -> None:
    due = claims(claim(1, "t-x", 0.5, 1), claim(2, "t-y", 0.6, 1))
    before = told("Thing", kind="watch", claim_id="claim1")
    assert made(due=due, before=before)["claim_id"].unique().tolist() == ["claim2"]
    same_words = told("Publishers report on thing 2 by then.", kind="watch", claim_id="other")
    assert made(due=due, before=same_words)["claim_id"].unique().tolist() == ["claim1"]


def test_a_week_asks_for_more_and_prefers_its_end() -> None:
    rows = [
        article("a1", "bill", "Oslo parliament debates harbour bill", days_ago=5, fresh=True),
        article("a2", "bill", "Oslo parliament passes harbour bill", days_ago=0),
    ]
    assert made(*rows, parameters=WEEKLY, period="weekly").empty
    third = article("a3", "bill", "Lawmakers quarrel about docks", days_ago=3, fresh=True)
    frame = made(*rows, third, parameters=WEEKLY, period="weekly")
    item = page(frame).loc[1]
    assert (item["period"], item["fresh_sources"]) == ("weekly", 3)
    # As central as each other but for one word, which is as rare.
    assert item["headline"] == "Oslo parliament passes harbour bill"


WORDS = ("Oslo", "Lima", "Cairo", "ferry", "tram", "metro", "sinks", "opens", "burns", "again")
HEADLINE = st.lists(st.sampled_from(WORDS), min_size=4, max_size=6, unique=True).map(" ".join)
ARTICLES = st.lists(
    st.tuples(
        HEADLINE, st.sampled_from("abcdef"), st.sampled_from(["s1", "s2", "s3"]), st.booleans()
    ),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(days=st.lists(ARTICLES, min_size=2, max_size=5))
def test_no_headline_is_repeated_and_the_minimum_is_kept(days: list[list[tuple]]) -> None:
    rows: list[dict] = []
    digests = []
    before = no_digest()
    for number, arrivals in enumerate(days):
        day = DAY + pd.Timedelta(days=number)
        for place, (title, publisher, story, copied) in enumerate(arrivals):
            rows.append(
                article(
                    f"a{number}-{place}",
                    story,
                    title,
                    publisher=publisher,
                    duplicate_of=rows[-1]["article_id"] if copied and rows else None,
                    day=day,
                )
            )
        seen = window(*rows)
        seen["fresh"] = seen["day"] == day
        today = make_digest(seen, topics(seen), before, claims(), CITED, day=day, as_of=day)
        digests.append(today)
        # A day without a page leaves the last one standing, as `digest_before` reads it.
        before = before if today.empty else today
    table = meet(CONTRACTS["stories.digests"], pd.concat(digests))
    assert evaluate_repeats(table).passed
    assert evaluate_sources(table).passed
    for item in table.to_dict("records"):
        alone = {s["publisher"] for s in json.loads(item["sources"]) if s["independent"]}
        assert len(alone) == item["independent_sources"] >= DAILY.least(item["kind"])
        assert item["kind"] == "changed" or item["fresh_sources"] >= DAILY.least_sources
