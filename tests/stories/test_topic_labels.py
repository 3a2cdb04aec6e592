from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.stories.health import (
    evaluate_drift,
    evaluate_labels,
    evaluate_lifecycle,
    label_faults,
)
from newsworld_dagster.stories.labels import label_and_keywords, label_key
from newsworld_dagster.stories.wording import TermStatistics, segments

TOY = pd.DataFrame(
    {
        "title": [
            "NASA delays Artemis II launch again",
            "Artemis II launch slips to April after leak",
            "Why the Artemis II launch matters",
            "Crew of Artemis II leaves quarantine",
        ],
        "summary": ["A hydrogen leak stopped the Artemis II countdown."] * 4,
    }
)
OTHERS = pd.DataFrame(
    {"title": [f"markets rise on day {n}" for n in range(60)], "summary": "shares rise"}
)


def labelled(group: pd.DataFrame, weights: list[float] | None = None, **given: object) -> str:
    """The label of a group among the other articles."""
    return label_and_keywords(
        group["title"].tolist(),
        group["summary"].tolist(),
        TermStatistics.of(pd.concat([group, OTHERS])),
        np.ones(len(group)) if weights is None else np.array(weights),
        **given,
    )[0]


def titled(*titles: str, summary: str = "") -> pd.DataFrame:
    return pd.DataFrame({"title": titles, "summary": summary})


def test_label_names_the_topic_as_its_headlines_do() -> None:
    statistics = TermStatistics.of(pd.concat([TOY, OTHERS]))
    label, keywords = label_and_keywords(
        TOY["title"].tolist(), TOY["summary"].tolist(), statistics, np.ones(4)
    )
    assert label == "Artemis II launch"
    assert len(keywords) <= 10
    assert {"artemis", "ii"} <= set(keywords[:3])
    assert {"the", "of", "to"}.isdisjoint(keywords)


def test_recent_headlines_speak_louder() -> None:
    pair = titled("city harbour fire", "stone bridge opens")
    assert labelled(pair, [0.1, 1.0]) == "Stone bridge"
    assert labelled(pair, [1.0, 0.1]) == "City harbour fire"


def test_a_label_does_not_reach_over_a_pause() -> None:
    assert segments("Flood in Oslo: mayor, J.J. Dahl, speaks") == (
        ("Flood", "in", "Oslo"),
        ("mayor",),
        ("J.J", "Dahl"),
        ("speaks",),
    )
    group = titled("Bridge closed: traffic jam grows", "Harbour bridge closed: traffic jam")
    assert labelled(group) in {"Traffic jam", "Harbour bridge", "Bridge traffic jam"}


def test_title_case_is_undone_by_what_the_summary_writes() -> None:
    group = titled("Harbour Fire In Oslo Spreads", summary="A harbour fire in Oslo spreads fast.")
    assert labelled(group) in {"Harbour fire in Oslo", "Oslo harbour fire"}
    phone = titled("New iOS beta fixes keyboard", "iOS beta fixes keyboard bug")
    assert labelled(phone).startswith("iOS beta")


def test_the_label_of_yesterday_stays_until_another_is_clearly_better() -> None:
    group = titled("city harbour fire", "stone bridge opens")
    assert labelled(group, [0.9, 1.0], before="City harbour fire") == "City harbour fire"
    assert labelled(group, [0.1, 1.0], before="City harbour fire") == "Stone bridge"


def test_a_label_that_another_topic_has_is_not_taken() -> None:
    first = labelled(TOY)
    second = labelled(TOY, taken={label_key(first)})
    assert second.lower() != first.lower()
    assert 2 <= len(second.split()) <= 5


def test_labels_that_differ_by_a_plural_are_one_to_a_reader() -> None:
    assert label_key("Super Bowl ads") == label_key("super bowl ad")
    assert label_key("Super Bowl ads") != label_key("Super Bowl ring")


def test_new_york_keeps_its_new() -> None:
    group = titled("New York flu cases surge", "New York flu wave fills wards", "New York flu peak")
    assert labelled(group) == "New York flu"
    assert labelled(titled("New bridge flu", "New bridge flu peak")) == "Bridge flu"


@pytest.mark.parametrize(
    ("label", "summary", "titles"),
    [
        # No part of a name stands for it, whatever words the name is made of.
        (
            "Xbox Game Pass",
            "It sells Xbox Game Pass.",
            ["Xbox Game Pass grows", "More on Xbox Game Pass", "Xbox Game Pass"],
        ),
        (
            "Strait of Hormuz",
            "",
            ["Iran closes Strait of Hormuz in war", "War shuts Strait of Hormuz", "War at sea"],
        ),
        (
            "Live Nation trial",
            "A jury hears the case against Live Nation in Oslo.",
            ["The Live Nation trial restarts", "Live Nation trial opens", "Live Nation trial"],
        ),
        # The word by itself is small, beside the name it is not.
        (
            "Kennedy Center",
            "The center was renamed. Some left the Kennedy Center, and the center will close.",
            ["Kennedy Center Boss Quits", "Trump Shuts Kennedy Center"],
        ),
        # What never stands without 's keeps it, what does loses it.
        (
            "McDonald’s CEO",
            "The chain McDonald's is silent.",
            ["McDonald’s CEO eats", "McDonald's CEO ill", *["McDonald's CEO"] * 3],
        ),
        (
            "Trump tariffs",
            "The tariffs of Trump hurt.",
            ["Trump's tariffs hit", "Trump tariffs start", *["Trump's tariffs"] * 4],
        ),
        # Capitals of a headline alone make no name.
        ("Fed Chair", "", ["Trump Says Fed Chair Must Go", "Trump Says Fed Chair Is Late"]),
        (
            "Kennedy Center",
            "Some left the Kennedy Center, and the center will close; the center is shut.",
            ["KENNEDY CENTER BOSS QUITS", "TRUMP SHUTS KENNEDY CENTER"],
        ),
    ],
)
def test_a_name_is_printed_whole_and_as_it_is_written(
    label: str, summary: str, titles: list[str]
) -> None:
    assert labelled(titled(*titles, summary=summary)) == label


def test_the_longer_name_has_to_be_in_more_than_one_of_three_articles() -> None:
    group = pd.DataFrame(
        {
            "title": ["World Baseball Classic opens", "a quiet day in town", "slow news"],
            "summary": ["The World Baseball Classic began.", "A Baseball Classic waits.", ""],
        }
    )
    assert labelled(group, [1, 0.13, 0.13]) == "Baseball Classic"


def test_the_label_of_yesterday_stays_whatever_is_printed_behind_a_name() -> None:
    titles = ["McDonald's CEO eats", "McDonald's burger grows", *["McDonald's CEO"] * 3]
    group = titled(*titles, summary="The chain McDonald's is silent.")
    assert labelled(group, before="McDonald’s CEO") == "McDonald’s CEO"


def test_a_label_is_never_empty() -> None:
    bare = titled("The of and", summary="The of")
    label, keywords = label_and_keywords(
        bare["title"].tolist(), bare["summary"].tolist(), TermStatistics.of(bare), np.ones(1)
    )
    assert label == "Unnamed topic"
    assert keywords == []


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        ("Artemis II launch", ""),
        ("iOS beta", ""),
        ("2026 Winter Olympics", ""),
        ("Grammys", "length"),
        ("One two three four five six", "length"),
        ("harbour fire", "not printed form"),
        ("Announces harbour fire", "generic word"),
        ("Harbour fire today", "generic word"),
        ("Live Nation trial", ""),
        ("New York Post", ""),
        ("Trump Says", "generic word"),
        ("Announces Harbour fire", "generic word"),
    ],
)
def test_faults_of_labels(label: str, fault: str) -> None:
    assert label_faults(pd.Series([label, "Oslo snow"])).tolist() == [fault, ""]


def test_labels_that_two_live_topics_share_are_reported() -> None:
    found = evaluate_labels(pd.DataFrame({"label": ["Harbour fire", "Harbour Fire", "Oslo snow"]}))
    assert not found.passed
    assert found.figures["fault: shared"] == 2
    assert found.figures["share with a fault"] == pytest.approx(2 / 3)
    assert evaluate_labels(pd.DataFrame({"label": []})).passed


def test_stages_are_counted() -> None:
    topics = pd.DataFrame(
        {"lifecycle": ["emerging", "closed", "closed", "dormant"], "stories": [1, 1, 3, 2]}
    )
    found = evaluate_lifecycle(topics)
    assert found.passed
    assert [found.figures[stage] for stage in ("emerging", "active", "dormant", "closed")] == [
        1,
        0,
        1,
        2,
    ]
    assert found.figures["share with one story"] == 0.5
    assert not evaluate_lifecycle(topics[1:]).passed
    assert evaluate_lifecycle(topics[:0]).passed


def test_topics_that_turn_away_are_reported() -> None:
    found = evaluate_drift(pd.Series([0.9, 0.8, 0.49, 0.1, 0.2]))
    assert not found.passed
    assert found.figures["share drifted"] == pytest.approx(3 / 5)
    assert found.figures["median cosine"] == pytest.approx(0.49)
    assert evaluate_drift(pd.Series([0.9, 0.5])).passed
    assert evaluate_drift(pd.Series([], dtype=float)).passed


def test_two_topics_may_drift_and_of_many_a_twentieth() -> None:
    assert evaluate_drift(pd.Series([0.9, 0.2, 0.1])).passed
    assert evaluate_drift(pd.Series([0.1] * 5 + [0.9] * 95)).passed
    assert not evaluate_drift(pd.Series([0.1] * 6 + [0.9] * 94)).passed
