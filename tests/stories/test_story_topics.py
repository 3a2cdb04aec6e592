from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.stories import SECTION_DESCRIPTIONS, TopicDay, link_topics
from newsworld_dagster.stories.health import evaluate_singletons
from newsworld_dagster.stories.labels import TermStatistics, label_and_keywords
from newsworld_dagster.stories.sections import section_of

DAY = pd.Timestamp("2026-02-20")
DIMENSIONS = 8
TOPIC = np.eye(DIMENSIONS, dtype=np.float32)[0]
# Sections lie on axes of their own: Science on 6, Sports on 7.
SECTION_VECTORS = {
    "Science": np.eye(DIMENSIONS, dtype=np.float32)[6],
    "Sports": np.eye(DIMENSIONS, dtype=np.float32)[7],
}


def leaning(cosine: float, axis: int) -> np.ndarray:
    """A unit vector at `cosine` to the topic, the rest along another axis."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[0], vector[axis] = cosine, math.sqrt(1 - cosine**2)
    return vector


def article(number: str, story: str, title: str, days_ago: int = 0, **changes: object) -> dict:
    seen = DAY - pd.Timedelta(days=days_ago) + pd.Timedelta(hours=8)
    return {
        "article_id": number,
        "title": title,
        "summary": "",
        "publisher": f"{number}.org",
        "section": "Science",
        "first_seen_at": seen,
        "day": seen.floor("D"),
        "story_id": story,
        "fresh": days_ago == 0,
    } | changes


def fillers() -> list[dict]:
    """A hundred older articles without names: what makes a name rare."""
    return [
        article(f"f{n}", f"filler{n}", "some words of no weight", days_ago=20) for n in range(100)
    ]


def known(**changes: object) -> pd.DataFrame:
    """The topic as described five days ago."""
    row = {
        "topic_id": "t1",
        "day": DAY - pd.Timedelta(days=5),
        "label": "Artemis",
        "keywords": "[]",
        "section": "Science",
        "articles": 7,
        "publishers": 4,
        "stories": 3,
        "first_seen_at": DAY - pd.Timedelta(days=40),
        "last_seen_at": DAY - pd.Timedelta(days=5),
        "vector": TOPIC,
    }
    return pd.DataFrame([row | changes])


LINKS = pd.DataFrame({"story_id": ["old"], "topic_id": ["t1"], "day": [DAY], "score": [1.0]})
OLD = article("a0", "old", "crew of Artemis trains", days_ago=5)


def run(*fresh: tuple[dict, np.ndarray], topics: pd.DataFrame | None = None) -> TopicDay:
    """Link fresh articles beside the known topic and the fillers."""
    rows = [*fillers(), OLD, *(row for row, _ in fresh)]
    filler = np.eye(DIMENSIONS, dtype=np.float32)[5]
    vectors = np.stack([*[filler] * 100, TOPIC, *(vector for _, vector in fresh)])
    return link_topics(
        pd.DataFrame(rows),
        vectors,
        LINKS,
        known() if topics is None else topics,
        SECTION_VECTORS,
        day=DAY,
    )


@pytest.mark.parametrize(
    ("cosine", "title", "joins"),
    [
        (0.60, "leak found on Artemis rocket", True),  # near enough with a name in common
        (0.60, "leak found on other rocket", False),  # without one it is not
        (0.60, "leak found on Ariane rocket", False),
        (0.80, "leak found on other rocket", True),  # nearer still needs no name
        (0.50, "leak found on Artemis rocket", False),  # a name alone is too little
    ],
)
def test_a_story_joins_by_nearness_and_name(cosine: float, title: str, joins: bool) -> None:
    made = run((article("a1", "new", title), leaning(cosine, 1)))
    (row,) = made.links.to_dict("records")
    assert row["story_id"] == "new"
    assert row["day"] == DAY
    if joins:
        assert row["topic_id"] == "t1"
        assert row["score"] == pytest.approx(cosine, abs=1e-6)
    else:
        assert row["topic_id"] != "t1"
        assert row["score"] == 1.0
    meet(CONTRACTS["stories.topic_stories"], made.links)
    meet(CONTRACTS["stories.topics"], made.topics)


def test_a_name_on_everyones_lips_tells_nothing() -> None:
    everywhere = [
        (article(f"b{n}", f"other{n}", "what Artemis does"), leaning(0.0, 2)) for n in range(5)
    ]
    made = run(*everywhere, (article("a1", "new", "leak on Artemis rocket"), leaning(0.6, 1)))
    topic_of = made.links.set_index("story_id")["topic_id"]
    assert topic_of["new"] != "t1"


def test_two_new_stories_of_a_day_found_one_topic() -> None:
    made = run(
        (article("a1", "new1", "fire in Oslo harbour"), leaning(0.0, 1)),
        (article("a2", "new2", "smoke over Oslo"), leaning(0.0, 1)),
        (article("a3", "new3", "match in Lima"), leaning(0.0, 3)),
    )
    topic_of = made.links.set_index("story_id")["topic_id"]
    assert topic_of["new1"] == topic_of["new2"] != topic_of["new3"]


def test_topic_ids_are_the_same_in_every_run() -> None:
    story = (article("a1", "new", "fire in Oslo harbour"), leaning(0.0, 1))
    other = (article("a2", "else", "match in Lima"), leaning(0.0, 3))
    first, second = run(story, other).links, run(other, story).links
    assert dict(zip(first["story_id"], first["topic_id"], strict=True)) == dict(
        zip(second["story_id"], second["topic_id"], strict=True)
    )


def test_a_linked_story_stays_and_its_topic_is_described_anew() -> None:
    made = run((article("a1", "old", "Artemis crew ready"), TOPIC))
    assert made.links.empty
    (row,) = made.topics.to_dict("records")
    assert row["topic_id"] == "t1"
    assert (row["articles"], row["publishers"], row["stories"]) == (8, 4, 3)
    assert row["first_seen_at"] == DAY - pd.Timedelta(days=40)
    assert row["last_seen_at"] == DAY + pd.Timedelta(hours=8)


def test_newer_articles_weigh_more_in_the_centroid() -> None:
    made = run((article("a1", "old", "Artemis crew ready"), leaning(0.0, 1)))
    (vector,) = made.topics["vector"]
    # Five days old: half a half-life of ten days, 0.5 ** 0.5.
    expected = np.zeros(DIMENSIONS)
    expected[0], expected[1] = 0.5**0.5, 1.0
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


@pytest.mark.parametrize(("days", "joins"), [(30, True), (31, False)])
def test_a_topic_sleeps_after_thirty_days(days: int, joins: bool) -> None:
    topics = known(last_seen_at=DAY - pd.Timedelta(days=days))
    made = run((article("a1", "new", "crew ready"), leaning(0.9, 1)), topics=topics)
    assert (made.links["topic_id"].iloc[0] == "t1") is joins


def test_a_day_after_a_gap_in_the_archive_changes_nothing() -> None:
    window = pd.DataFrame(columns=[*OLD])
    made = link_topics(
        window, np.zeros((0, 0), np.float32), LINKS, known(), SECTION_VECTORS, day=DAY
    )
    assert meet(CONTRACTS["stories.topic_stories"], made.links).empty
    assert meet(CONTRACTS["stories.topics"], made.topics).empty


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


def test_label_names_the_topic_as_its_headlines_do() -> None:
    others = pd.DataFrame(
        {"title": [f"markets rise on day {n}" for n in range(60)], "summary": "launch of shares"}
    )
    statistics = TermStatistics.of(pd.concat([TOY, others]))
    label, keywords = label_and_keywords(TOY["title"], TOY["summary"], statistics, np.ones(4))
    assert label == "Artemis II launch"
    assert len(keywords) <= 10
    assert {"artemis", "ii"} <= set(keywords[:3])
    assert {"the", "of", "to"}.isdisjoint(keywords)


def test_recent_headlines_speak_louder() -> None:
    statistics = TermStatistics.of(TOY)
    pair = pd.DataFrame({"title": ["city harbour fire", "stone bridge opens"], "summary": ["", ""]})
    assert (
        label_and_keywords(pair["title"], pair["summary"], statistics, np.array([0.1, 1.0]))[0]
        == "Stone bridge opens"
    )
    assert (
        label_and_keywords(pair["title"], pair["summary"], statistics, np.array([1.0, 0.1]))[0]
        == "City harbour fire"
    )


def test_a_label_is_never_empty() -> None:
    bare = pd.DataFrame({"title": ["The of and"], "summary": ["The of"]})
    label, keywords = label_and_keywords(
        bare["title"], bare["summary"], TermStatistics.of(bare), np.ones(1)
    )
    assert label == "Unnamed topic"
    assert keywords == []


def test_topics_carry_label_keywords_and_section() -> None:
    made = run(
        (article("a1", "new", "fire in Oslo harbour", section=None), leaning(0.0, 7)),
    )
    (row,) = made.topics.to_dict("records")
    assert "Oslo" in row["label"]
    assert "oslo" in json.loads(row["keywords"])
    assert row["section"] == "Sports"


SCIENCE, SPORTS = SECTION_VECTORS["Science"], SECTION_VECTORS["Sports"]


@pytest.mark.parametrize(
    ("named", "vectors", "expected"),
    [
        (["World", "World", "Business"], [SCIENCE] * 3, "World"),
        ([None, None], [SPORTS, SPORTS], "Sports"),
        (["World", None], [SCIENCE, SPORTS], "World"),  # one voice against half a one
        (["World", None, None, None], [SPORTS] * 4, "Sports"),  # one against one and a half
        (["World", None, None], [SPORTS] * 3, "World"),  # even: the earlier section
        (["Sports", "World"], [SCIENCE] * 2, "World"),
    ],
)
def test_the_section_is_what_most_sources_say(
    named: list[str | None], vectors: list[np.ndarray], expected: str
) -> None:
    assert section_of(np.array(named, dtype=object), np.stack(vectors), SECTION_VECTORS) == expected


def test_every_section_is_described() -> None:
    assert set(SECTION_DESCRIPTIONS) == set(SECTIONS)


@pytest.mark.parametrize(
    ("sizes", "passed"), [([], True), ([1] * 9 + [2], True), ([1] * 10 + [2], False)]
)
def test_too_many_stories_of_one_article_are_reported(sizes: list[int], passed: bool) -> None:
    found = evaluate_singletons(pd.DataFrame({"articles": sizes}))
    assert found.passed is passed
