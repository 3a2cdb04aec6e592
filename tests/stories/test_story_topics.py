from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.stories import TopicDay, TopicParameters, link_topics
from newsworld_dagster.stories.health import (
    evaluate_singletons,
    evaluate_sizes,
    evaluate_steadiness,
    size_distribution,
)
from newsworld_dagster.stories.linking import LinkParameters, ThreadSpace, nearest_thread

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
        "duplicate_of": None,
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
        "lifecycle": "active",
        "dormant_from": DAY,
        "closed_from": DAY + pd.Timedelta(days=25),
    }
    return pd.DataFrame([row | changes])


LINKS = pd.DataFrame({"story_id": ["old"], "topic_id": ["t1"], "day": [DAY], "score": [1.0]})
OLD = article("a0", "old", "crew of Artemis trains", days_ago=5)
# Below, a story joins at a cosine of 0.6, names and words and time not counting.
BY_COSINE = TopicParameters(LinkParameters(1.0, 0.0, 0.0, 0.0, 0.0, threshold=0.6))


def run(
    *fresh: tuple[dict, np.ndarray],
    topics: pd.DataFrame | None = None,
    parameters: TopicParameters | None = BY_COSINE,
    earlier: pd.DataFrame | None = None,
    links: pd.DataFrame = LINKS,
) -> TopicDay:
    """Link fresh articles beside the known topic and the fillers."""
    rows = [*fillers(), OLD, *(row for row, _ in fresh)]
    filler = np.eye(DIMENSIONS, dtype=np.float32)[5]
    vectors = np.stack([*[filler] * 100, TOPIC, *(vector for _, vector in fresh)])
    return link_topics(
        pd.DataFrame(rows),
        vectors,
        links,
        known() if topics is None else topics,
        SECTION_VECTORS,
        day=DAY,
        earlier=earlier,
        parameters=parameters,
    )


@pytest.mark.parametrize(("cosine", "joins"), [(0.61, True), (0.59, False)])
def test_a_story_joins_the_thread_that_is_near_enough(cosine: float, joins: bool) -> None:
    made = run((article("a1", "new", "leak found"), leaning(cosine, 1)))
    (row,) = made.links.to_dict("records")
    assert row["story_id"] == "new"
    assert row["day"] == DAY
    if joins:
        assert row["topic_id"] == "t1"
        # the log odds are the cosine here
        assert row["score"] == pytest.approx(1 / (1 + math.exp(-cosine)), abs=1e-6)
    else:
        assert row["topic_id"] != "t1"
        assert row["score"] == 1.0
    meet(CONTRACTS["stories.topic_stories"], made.links)
    meet(CONTRACTS["stories.topics"], made.topics)


@pytest.mark.parametrize(
    ("title", "joins"),
    [
        ("leak found on Artemis rocket", True),
        ("leak found on Ariane rocket", False),
        ("leak found on other rocket", False),
    ],
)
def test_a_name_in_common_joins_what_the_vectors_alone_do_not(title: str, joins: bool) -> None:
    made = run((article("a1", "new", title), leaning(0.6, 1)), parameters=None)
    assert (made.links["topic_id"].iloc[0] == "t1") is joins


def test_log_odds_are_what_the_formula_says() -> None:
    window = pd.DataFrame(
        {
            "title": ["where Oslo burns", "where Oslo burns"],
            "summary": "",
            "first_seen_at": [DAY, DAY + pd.Timedelta(days=3)],
        }
    )
    vectors = np.stack([TOPIC, leaning(0.64, 1)])
    parameters = LinkParameters(2.0, 3.0, 5.0, 0.5, -1.0)
    [odds] = ThreadSpace(window, vectors, parameters).odds_of([np.array([0])])
    # same words and names, 2 * 0.64 + 3 * 1 + 5 * sqrt(0.64 * 1) - 0.5 * log(1 + 3) - 1
    assert odds[1] == pytest.approx(1.28 + 3 + 4 - 0.5 * math.log(4) - 1, abs=1e-5)
    assert odds[0] == pytest.approx(2 + 3 + 5 - 1, abs=1e-5)


def test_the_nearest_two_of_a_thread_decide() -> None:
    odds = np.array([0.9, 0.1, 0.6, 0.5, 5.0])
    codes = np.array([0, 0, 1, 1, -1])
    # thread 0: (0.9 + 0.1) / 2 = 0.5, thread 1: (0.6 + 0.5) / 2 = 0.55; the last has no thread
    assert nearest_thread(odds, codes, 2) == (1, pytest.approx(0.55))
    assert nearest_thread(odds, codes, 1) == (0, pytest.approx(0.9))
    assert nearest_thread(odds, np.full(5, -1), 2) == (-1, -np.inf)


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


def older(number: int, days_ago: int, **changes: object) -> dict:
    """An article of the topic from before the window."""
    seen = DAY - pd.Timedelta(days=days_ago)
    return {
        "topic_id": "t1",
        "article_id": f"o{number}",
        "story_id": "elder",
        "publisher": f"o{number}.org",
        "duplicate_of": None,
        "first_seen_at": seen,
        "day": seen,
    } | changes


def test_counts_are_of_the_articles_in_force() -> None:
    earlier = pd.DataFrame([older(1, 40), older(2, 39), older(3, 39, publisher="o1.org")])
    made = run((article("a1", "old", "Artemis crew ready"), TOPIC), earlier=earlier)
    assert made.links.empty
    (row,) = made.topics.to_dict("records")
    assert row["topic_id"] == "t1"
    # three of before, one five days ago and the new one; the stored row's counts do not matter
    assert (row["articles"], row["publishers"], row["stories"]) == (5, 4, 2)
    assert row["first_seen_at"] == DAY - pd.Timedelta(days=40)
    assert row["last_seen_at"] == DAY + pd.Timedelta(hours=8)


def test_an_article_that_moves_is_counted_where_it_is() -> None:
    # a9 was counted in t2 by its only story, and was moved to 'old' on this day
    topics = pd.concat([known(articles=1), known(topic_id="t2", label="Oslo fire", articles=1)])
    moved = article("a9", "old", "Artemis crew ready", days_ago=2, fresh=True)
    rows = run((moved, TOPIC), topics=topics).topics.set_index("topic_id")
    assert rows["articles"].to_dict() == {"t1": 2, "t2": 0}
    assert rows.loc["t2", "lifecycle"] == "closed"
    assert rows.loc["t2", "label"] == "Oslo fire"
    assert rows.loc["t2", "significance"] == 0
    meet(CONTRACTS["stories.topics"], rows.reset_index())


def test_a_topic_that_nothing_touched_gets_no_row() -> None:
    made = run((article("a1", "new", "match in Lima"), leaning(0.0, 3)), topics=known(articles=1))
    assert "t1" not in set(made.topics["topic_id"])


def test_newer_articles_weigh_more_in_the_centroid() -> None:
    made = run((article("a1", "old", "Artemis crew ready"), leaning(0.0, 1)))
    (vector,) = made.topics["vector"]
    # Five days old: half a half-life of ten days, 0.5 ** 0.5.
    expected = np.zeros(DIMENSIONS)
    expected[0], expected[1] = 0.5**0.5, 1.0
    assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_a_row_says_when_the_topic_falls_asleep() -> None:
    (row,) = run((article("a1", "old", "Artemis crew ready"), TOPIC)).topics.to_dict("records")
    assert row["lifecycle"] == "active"  # five days with articles at both ends
    assert row["dormant_from"] == DAY + pd.Timedelta(days=8)
    assert row["closed_from"] == DAY + pd.Timedelta(days=30)
    (new,) = run((article("a1", "new", "match in Lima"), leaning(0.0, 3))).links["topic_id"]
    rows = run((article("a1", "new", "match in Lima"), leaning(0.0, 3))).topics
    assert rows.set_index("topic_id").loc[new, "lifecycle"] == "emerging"


def test_novelty_is_the_distance_of_the_days_articles() -> None:
    (row,) = run((article("a1", "old", "Artemis crew ready"), leaning(0.7, 1))).topics.to_dict(
        "records"
    )
    assert row["novelty"] == pytest.approx(0.3, abs=1e-6)
    rows = run((article("a1", "new", "match in Lima"), leaning(0.0, 3)), topics=known(articles=1))
    assert rows.topics["novelty"].tolist() == [1.0]


def test_a_day_after_a_gap_in_the_archive_changes_nothing() -> None:
    window = pd.DataFrame(columns=[*OLD])
    made = link_topics(
        window, np.zeros((0, 0), np.float32), LINKS, known(), SECTION_VECTORS, day=DAY
    )
    assert meet(CONTRACTS["stories.topic_stories"], made.links).empty
    assert meet(CONTRACTS["stories.topics"], made.topics).empty


def test_topics_carry_label_keywords_and_section() -> None:
    made = run(
        (article("a1", "new", "fire in Oslo harbour", section=None), leaning(0.0, 7)),
        topics=known(articles=1),
    )
    (row,) = made.topics.to_dict("records")
    assert "Oslo" in row["label"]
    assert "oslo" in json.loads(row["keywords"])
    assert row["section"] == "Sports"


def test_no_two_live_topics_have_one_label() -> None:
    story = (article("a1", "new", "fire in Oslo harbour"), leaning(0.0, 3))
    (label,) = run(story, topics=known(articles=1)).topics["label"]
    other = run(story, topics=known(articles=1, label=label)).topics["label"]
    assert label.lower() not in set(other.str.lower())


@pytest.mark.parametrize(
    ("sizes", "passed"), [([], True), ([1] * 9 + [2], True), ([1] * 10 + [2], False)]
)
def test_too_many_stories_of_one_article_are_reported(sizes: list[int], passed: bool) -> None:
    found = evaluate_singletons(pd.DataFrame({"articles": sizes}))
    assert found.passed is passed


@pytest.mark.parametrize(
    ("moves", "back", "passed"), [(0, 0, True), (49, 49, True), (60, 9, True), (60, 10, False)]
)
def test_too_many_moves_back_are_reported(moves: int, back: int, passed: bool) -> None:
    rows = {"article_id": [f"a{n}" for n in range(moves)], "back": [n < back for n in range(moves)]}
    found = evaluate_steadiness(pd.DataFrame(rows))
    assert found.passed is passed
    assert (found.figures["moves"], found.figures["moves back"]) == (moves, back)


def test_shares_of_stories_by_size() -> None:
    shares = size_distribution(pd.Series([1, 1, 1, 1, 2, 3, 4, 9, 10, 25]))
    assert shares.to_dict() == {
        "1": 0.4, "2": 0.1, "3-4": 0.2, "5-9": 0.1, "10-19": 0.1, "20+": 0.1,
    }  # fmt: skip


def test_sizes_unlike_last_week_s_are_reported() -> None:
    usual = pd.Series([1] * 80 + [2] * 20)
    found = evaluate_sizes(pd.Series([1] * 60 + [2] * 30 + [5] * 10), usual)
    assert not found.passed
    assert found.figures["distance to last week"] == pytest.approx(0.2)
    assert evaluate_sizes(pd.Series([1] * 70 + [2] * 30), usual).passed
    assert evaluate_sizes(pd.Series([2] * 99), usual).passed  # too few to say
    assert evaluate_sizes(pd.Series([], dtype=int), usual).passed
