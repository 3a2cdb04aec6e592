from __future__ import annotations

import json

import pandas as pd
import pytest

from newsworld_dagster.stories.digest_health import (
    evaluate_repeats,
    evaluate_seen,
    evaluate_sources,
    evaluate_verbatim,
)

DAY = pd.Timestamp("2026-02-20")


def item(headline: str, day: pd.Timestamp = DAY, **changes: object) -> dict:
    publishers = ["a.org", "b.org"]
    sources = [{"article_id": p, "publisher": p, "independent": True} for p in publishers]
    row = {
        "day": day,
        "period": "daily",
        "kind": "happened",
        "headline": headline,
        "independent_sources": 2,
        "fresh_sources": 2,
        "sources": json.dumps(sources),
        "as_of": day + pd.Timedelta(days=1),
    }
    return row | changes


@pytest.mark.parametrize(
    ("headline", "days", "changes", "passed"),
    [
        ("Oslo parliament passes harbour bill", 1, {}, False),
        ("Harbour bill passed by parliament of Oslo", 1, {}, False),
        ("King signs law on docks", 1, {}, True),
        ("Oslo parliament passes harbour bill", 2, {}, False),  # no digest between
        ("Oslo parliament passes harbour bill", 1, {"period": "weekly"}, True),
        ("Harbour bill passed by parliament of Oslo", 1, {"kind": "watch"}, True),
    ],
)
def test_repeated_headlines_are_found(
    headline: str, days: int, changes: dict, passed: bool
) -> None:
    first = item("Oslo parliament passes harbour bill")
    second = item(headline, DAY + pd.Timedelta(days=days), **changes)
    found = evaluate_repeats(pd.DataFrame([first, second]))
    assert found.passed is passed
    assert passed or headline in found.reason


def test_a_claim_watched_two_days_running_is_found() -> None:
    rows = [item("It comes true.", DAY + pd.Timedelta(days=n), kind="watch") for n in range(2)]
    assert not evaluate_repeats(pd.DataFrame(rows)).passed


def test_a_week_is_held_against_the_week_before() -> None:
    rows = [item("Bill passes", DAY + pd.Timedelta(days=n), period="weekly") for n in (0, 7)]
    assert not evaluate_repeats(pd.DataFrame(rows)).passed


@pytest.mark.parametrize(
    ("changes", "passed"),
    [
        ({}, True),
        ({"fresh_sources": 1}, False),
        ({"independent_sources": 3}, False),
        ({"kind": "changed"}, False),
        ({"kind": "watch", "fresh_sources": 0}, True),
        ({"period": "weekly"}, False),
        ({"sources": '[{"article_id": "a", "publisher": "a.org", "independent": true}]',
          "independent_sources": 1}, False),
    ],
)  # fmt: skip
def test_too_few_sources_are_found(changes: dict, passed: bool) -> None:
    assert evaluate_sources(pd.DataFrame([item("Bill passes", **changes)])).passed is passed


def test_altered_sentences_are_found() -> None:
    articles = pd.DataFrame(
        {"article_id": ["a"], "title": ["Bill passes"], "summary": ["At last."]}
    )

    def of(*rows: tuple[str, str]) -> bool:
        return evaluate_verbatim(
            pd.DataFrame(rows, columns=["text", "article_id"]), articles
        ).passed

    assert of(("Bill passes", "a"), ("At last.", "a"))
    assert not of(("Bill passed", "a"))
    assert not of(("Bill passes", "b"))


def test_sources_seen_later_are_found() -> None:
    rows = pd.DataFrame([item("Bill passes")])
    as_of = DAY + pd.Timedelta(days=1)
    late = as_of + pd.Timedelta(microseconds=1)
    assert evaluate_seen(rows, pd.Series({"a.org": as_of, "b.org": DAY})).passed
    assert not evaluate_seen(rows, pd.Series({"a.org": late, "b.org": DAY})).passed
    assert not evaluate_seen(rows, pd.Series({"a.org": as_of})).passed
