from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.warehouse import Reader, Warehouse
from tests.warehouse.warehouse_rows import (
    DAY,
    articles,
    assignments,
    at,
    claim,
    claims,
    links,
    topic,
    trend,
    vectors,
    verdict,
)

NOW = at("16 00:00")  # the end of the 15th
LAST_DAY = at("15")
NEXT_DAY = at("16")


def plant_past(warehouse: Warehouse) -> None:
    early = claim(1, "q1", at("10 00:00"), 3, features='{"x": 1}')
    late = claim(2, "q2", at("10 00:00"), 14)
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                {"article_id": "a2", "first_seen_at": at("15 08:00")},
                {"article_id": "a1", "first_seen_at": at("14 08:00")},
                {"article_id": "a3", "first_seen_at": NOW},
            ),
        )
        writer.append("stories.assignments", assignments(DAY, a1="s1"))
        writer.append("stories.assignments", assignments(LAST_DAY, a2="s2", a3="s2"))
        writer.append("stories.topic_stories", links(DAY, s1="t1"))
        writer.append("stories.topic_stories", links(LAST_DAY, s2="t1"))
        writer.append("stories.topics", topic("t1", at("05"), articles=1))
        writer.append("stories.topics", topic("t1", DAY, articles=1))
        writer.append("stories.topics", topic("t1", LAST_DAY, articles=3))
        writer.append("forecasts.claims", claims(early, late))
        writer.append("outcomes.resolutions", verdict(1, early, "no", at("13 00:00")))


def plant_poisoned_future(warehouse: Warehouse) -> None:
    after = NOW + pd.Timedelta(microseconds=1)
    early = claim(1, "q1", at("10 00:00"), 3)
    late = claim(2, "q2", at("10 00:00"), 14)
    with warehouse.write() as writer:
        writer.append("news.articles", articles({"article_id": "x1", "first_seen_at": after}))
        writer.append(
            "stories.assignments", assignments(NEXT_DAY, a1="sX", a2="sX", a3="sX", x1="s1")
        )
        writer.append("stories.topic_stories", links(NEXT_DAY, s1="tX", s2="tX", sX="tX"))
        writer.append("stories.topics", topic("t1", NEXT_DAY, label="Poison", articles=99))
        writer.append("stories.topics", topic("tX", NEXT_DAY, label="Poison"))
        writer.append("forecasts.claims", claims(claim(3, "q3", after, 3)))
        writer.append("outcomes.resolutions", verdict(2, early, "yes", after, supersedes="r1"))
        writer.append("outcomes.resolutions", verdict(3, late, "yes", after))


READS: dict[str, Callable[[Reader], pd.DataFrame]] = {
    "articles_as_of": lambda r: r.articles_as_of(NOW),
    "live_window": lambda r: r.live_window(LAST_DAY, NOW, 10),
    "older_members": lambda r: pd.DataFrame(r.older_members(LAST_DAY, NOW, 1), index=[0]),
    "week_sizes": lambda r: r.week_sizes(NOW).reset_index(),
    "placements": lambda r: r.placements("a2", NOW),
    "trending_window": lambda r: r.trending_window(LAST_DAY, NOW, 30),
    "assignments_as_of": lambda r: r.assignments_as_of(NOW),
    "topic_stories_as_of": lambda r: r.topic_stories_as_of(NOW),
    "topic_stories_as_of, lately": lambda r: r.topic_stories_as_of(NOW, LAST_DAY),
    "topics_as_of": lambda r: r.topics_as_of(NOW),
    "topics_as_of, lately": lambda r: r.topics_as_of(NOW, LAST_DAY),
    "thread_articles": lambda r: r.thread_articles(LAST_DAY, NOW, 30),
    "topic_drift": lambda r: r.topic_drift(NOW).reset_index(),
    "claims_as_of": lambda r: r.claims_as_of(NOW),
    "verdicts_as_of": lambda r: r.verdicts_as_of(NOW),
    "open_claims": lambda r: r.open_claims(NOW),
    "claims_with_verdicts": lambda r: r.claims_with_verdicts(NOW),
    "settled_questions": lambda r: r.settled_questions(NOW),
    "settled_forecasts": lambda r: r.settled_forecasts(NOW),
}


def test_poisoned_future_never_shows(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        before = {name: read(reader) for name, read in READS.items()}
    plant_poisoned_future(warehouse)
    with warehouse.read() as reader:
        after = {name: read(reader) for name, read in READS.items()}
        assert reader.count("news.articles") == 4
    for name, frame in before.items():
        assert len(frame) > 0, name
        pd.testing.assert_frame_equal(after[name], frame, obj=name)


def test_articles_come_in_time_order_up_to_the_moment(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        assert reader.articles_as_of(NOW)["article_id"].tolist() == ["a1", "a2", "a3"]
        just_before = NOW - pd.Timedelta(microseconds=1)
        assert reader.articles_as_of(just_before)["article_id"].tolist() == ["a1", "a2"]
        since = at("15 08:00")
        assert reader.articles_as_of(NOW, since)["article_id"].tolist() == ["a2", "a3"]


def test_moves_between_stories_and_those_that_lead_back(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    days = [DAY + pd.Timedelta(days=n) for n in range(4)]
    # a1: s1, s2, s1, s1 once more (no move), s3 on a day that is not asked for.
    with warehouse.write() as writer:
        for day, story in zip(days[1:], ["s2", "s1", "s1"], strict=True):
            writer.append("stories.assignments", assignments(day, a1=story))
        writer.append("stories.assignments", assignments(days[3] + pd.Timedelta(days=1), a1="s3"))
    columns = ["article_id", "day", "back"]
    with warehouse.read() as reader:
        moves = reader.story_moves(DAY, days[3] + pd.Timedelta(days=1))
        late = reader.story_moves(days[2], days[3])
    assert moves[columns].to_numpy().tolist() == [["a1", days[1], False], ["a1", days[2], True]]
    assert late[columns].to_numpy().tolist() == [["a1", days[2], True]]


def test_live_window_shows_stories_of_the_day_asked_for(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        before = reader.live_window(DAY, NOW, 10).set_index("article_id")
        after = reader.live_window(LAST_DAY, NOW, 10).set_index("article_id")
        short = reader.live_window(LAST_DAY, at("15 08:00"), 1)
    # Before the 15th was processed, its articles had no story.
    assert before.loc["a1", "story_id"] == "s1"
    assert before.loc[["a2", "a3"], "story_id"].isna().all()
    assert after["story_id"].tolist() == ["s1", "s2", "s2"]
    assert after["topic_id"].tolist() == ["t1", "t1", "t1"]
    assert after["assigned_on"].tolist() == [DAY, LAST_DAY, LAST_DAY]
    # One day up to 15 08:00 starts after 14 08:00.
    assert short["article_id"].tolist() == ["a2"]


def test_an_unnamed_section_is_that_of_the_topic_as_described_then(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                {"article_id": "a4", "first_seen_at": at("15 09:00"), "section": "Business"},
                {"article_id": "a5", "first_seen_at": at("15 10:00")},
            ),
        )
        writer.append("stories.assignments", assignments(LAST_DAY, a4="s1"))
        writer.append("stories.topics", topic("t1", NEXT_DAY, section="Health"))
    with warehouse.read() as reader:
        window = reader.trending_window(LAST_DAY, NOW, 30).set_index("article_id")
        tomorrow = reader.trending_window(NEXT_DAY, NOW, 30).set_index("article_id")
    assert window.loc[["a1", "a2", "a4"], "section"].tolist() == ["Science", "Science", "Business"]
    assert pd.isna(window.loc["a5", "section"])
    assert tomorrow.loc["a1", "section"] == "Health"


def test_strips_are_read_in_their_order(warehouse: Warehouse) -> None:
    rows = [(1, "World", "Havana"), (2, "All", "Epstein"), (1, "All", "Hong Kong")]
    with warehouse.write() as writer:
        assert writer.last_story_day() is None
        writer.append("stories.assignments", assignments(LAST_DAY, a1="s1"))
        for day in (LAST_DAY, NEXT_DAY):
            writer.append("stories.trending", pd.concat([trend(day, *row) for row in rows]))
    with warehouse.read() as reader:
        assert reader.trending(LAST_DAY)["term"].tolist() == ["Hong Kong", "Epstein", "Havana"]
        assert reader.trending(DAY).empty
        assert reader.last_story_day() == LAST_DAY


def test_latest_assignment_is_in_force(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    plant_poisoned_future(warehouse)
    later = NEXT_DAY + pd.Timedelta(days=1)
    with warehouse.read() as reader:
        now = reader.assignments_as_of(NOW).set_index("article_id")["story_id"]
        then = reader.assignments_as_of(later).set_index("article_id")["story_id"]
    assert now.to_dict() == {"a1": "s1", "a2": "s2", "a3": "s2"}
    assert then.to_dict() == {"a1": "sX", "a2": "sX", "a3": "sX", "x1": "s1"}


@pytest.mark.parametrize(
    ("days", "stage"), [(1, "active"), (8, "dormant"), (29, "dormant"), (30, "closed")]
)
def test_a_silent_topic_falls_asleep_without_a_new_row(
    warehouse: Warehouse, days: int, stage: str
) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        found = reader.topics_as_of(LAST_DAY + pd.Timedelta(days=days))
    assert found["lifecycle"].tolist() == [stage]


def test_articles_of_a_thread_are_those_in_force(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        found = reader.thread_articles(NEXT_DAY, NOW, 30)
        assert found["article_id"].tolist() == ["a1", "a2", "a3"]
        assert found["story_id"].tolist() == ["s1", "s2", "s2"]
        assert set(found["topic_id"]) == {"t1"}
        # On the 15th itself only the story of the 14th was linked.
        assert reader.thread_articles(LAST_DAY, NOW, 30)["article_id"].tolist() == ["a1"]
        just_before = NOW - pd.Timedelta(microseconds=1)
        assert "a3" not in set(reader.thread_articles(NEXT_DAY, just_before, 30)["article_id"])
        closed = LAST_DAY + pd.Timedelta(days=30)
        assert reader.thread_articles(closed, NOW, 30).empty


def test_drift_compares_with_the_centroid_of_a_week_before(warehouse: Warehouse) -> None:
    turned, opposite = np.array([0.6, 0.8], np.float32), np.array([-1.0, 0.0], np.float32)
    week_before = NEXT_DAY - pd.Timedelta(days=7)
    last_before = week_before - pd.Timedelta(days=1)
    with warehouse.write() as writer:
        assert writer.topics_end() == pd.Timestamp(0)
        founded = last_before - pd.Timedelta(days=20)
        writer.append("stories.topics", topic("t1", founded, vector=opposite))
        writer.append("stories.topics", topic("t1", last_before))
        writer.append("stories.topics", topic("t1", LAST_DAY, vector=turned))
        writer.append("stories.topics", topic("t2", week_before))
        writer.append("stories.topics", topic("t2", LAST_DAY, vector=turned))
        writer.append("stories.topics", topic("t3", last_before))
    with warehouse.read() as reader:
        assert reader.topics_end() == NEXT_DAY
        drift = reader.topic_drift(NEXT_DAY)
        assert drift.index.tolist() == ["t1"]  # t2 is younger, of t3 nothing new was described
        assert drift["t1"] == pytest.approx(0.6)
        assert reader.topic_drift(LAST_DAY + pd.Timedelta(days=8)).empty  # dormant by then


def test_links_can_be_cut_to_stories_with_recent_assignments(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        assert reader.topic_stories_as_of(NOW)["story_id"].tolist() == ["s1", "s2"]
        assert reader.topic_stories_as_of(NOW, since=DAY)["story_id"].tolist() == ["s1", "s2"]
        assert reader.topic_stories_as_of(NOW, since=LAST_DAY)["story_id"].tolist() == ["s2"]


def test_topics_are_described_as_then_and_can_be_cut_by_age(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        # At midnight the day that begins has said nothing yet.
        assert reader.topics_as_of(LAST_DAY)["articles"].tolist() == [1]
        assert reader.topics_as_of(NOW)["articles"].tolist() == [3]
        assert reader.topics_as_of(NOW, since=at("15 06:00"))["topic_id"].tolist() == ["t1"]
        assert reader.topics_as_of(NOW, since=at("15 06:01")).empty


def test_open_claims_close_with_their_verdict(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        assert reader.open_claims(at("09 23:59")).empty
        assert reader.open_claims(at("12 23:59"))["claim_id"].tolist() == ["c1", "c2"]
        assert reader.open_claims(at("13 00:00"))["claim_id"].tolist() == ["c2"]


@pytest.mark.parametrize(("second", "moment"), [("yes", "15 00:00"), ("void", "13 00:00")])
def test_a_correction_supersedes(warehouse: Warehouse, second: str, moment: str) -> None:
    plant_past(warehouse)
    row = claim(1, "q1", at("10 00:00"), 3)
    correction = verdict(
        5, row, second, at(moment), supersedes="r1", decided_by="person", reason="checked"
    )
    with warehouse.write() as writer:
        writer.append("outcomes.resolutions", correction)
    with warehouse.read() as reader:
        now = reader.verdicts_as_of(NOW)
        assert reader.count("outcomes.resolutions") == 2
    assert now[["resolution_id", "verdict"]].to_numpy().tolist() == [["r5", second]]


def test_the_record_leaves_out_the_warm_up(warehouse: Warehouse) -> None:
    made = at("10 00:00")
    settled, still_open = claim(1, "q1", made, 3), claim(2, "q2", made, 3)
    practice = claim(3, "q3", made, 3, phase="warm_up")
    with warehouse.write() as writer:
        writer.append("forecasts.claims", claims(settled, still_open, practice))
        writer.append("outcomes.resolutions", verdict(1, settled, "no", at("13 00:00")))
        writer.append(
            "outcomes.resolutions",
            verdict(2, settled, "yes", at("14 00:00"), supersedes="r1"),
        )
    with warehouse.read() as reader:
        then = reader.claims_with_verdicts(at("13 12:00"))
        now = reader.claims_with_verdicts(at("14 00:00"))
    assert then["claim_id"].tolist() == ["c1", "c2"]
    assert then["verdict"].iloc[0] == "no"
    assert now["verdict"].iloc[0] == "yes"
    assert pd.isna(now["verdict"].iloc[1])


def test_models_learn_only_from_questions_that_fell_due(warehouse: Warehouse) -> None:
    made = at("10 00:00")
    due_yes = claim(1, "q1", made, 3, template="growth")
    # The second forecaster's claim on the same question is not a second lesson.
    due_yes_too = claim(2, "q1", made, 3, template="growth", forecaster="base-rate")
    due_no = claim(3, "q2", made, 3, features='{"x": 2}')
    due_void = claim(4, "q3", made, 3)
    early_yes = claim(5, "q4", made, 14)
    unsettled = claim(6, "q5", made, 3)
    with warehouse.write() as writer:
        writer.append(
            "forecasts.claims",
            claims(due_yes, due_yes_too, due_no, due_void, early_yes, unsettled),
        )
        for number, (row, said) in enumerate(
            [
                (due_yes, "yes"),
                (due_yes_too, "yes"),
                (due_no, "no"),
                (due_void, "void"),
                (early_yes, "yes"),
            ]
        ):
            writer.append("outcomes.resolutions", verdict(number, row, said, at("13 00:00")))
    with warehouse.read() as reader:
        assert reader.settled_questions(at("12 23:59")).empty
        settled = reader.settled_questions(at("13 00:00"))
        on_the_deadline = reader.settled_questions(at("24 00:00"))
        assert reader.settled_forecasts(at("12 23:59")).empty
        forecasts = reader.settled_forecasts(at("13 00:00"))
    assert settled[["template", "features", "outcome"]].to_numpy().tolist() == [
        ["growth", "{}", 1],
        ["continuation", '{"x": 2}', 0],
    ]
    assert on_the_deadline["outcome"].tolist() == [1, 0, 1]
    # Each forecaster's claim is a row of its own here.
    assert forecasts["claim_id"].tolist() == [
        row["claim_id"] for row in (due_yes, due_yes_too, due_no)
    ]
    assert forecasts["outcome"].tolist() == [1, 1, 0]


def test_a_corrected_verdict_is_what_models_learn(warehouse: Warehouse) -> None:
    row = claim(1, "q1", at("10 00:00"), 3)
    with warehouse.write() as writer:
        writer.append("forecasts.claims", claims(row))
        writer.append("outcomes.resolutions", verdict(1, row, "no", at("13 00:00")))
        writer.append(
            "outcomes.resolutions", verdict(2, row, "yes", at("14 00:00"), supersedes="r1")
        )
    with warehouse.read() as reader:
        assert reader.settled_questions(at("13 12:00"))["outcome"].tolist() == [0]
        assert reader.settled_questions(at("14 00:00"))["outcome"].tolist() == [1]
        assert reader.settled_forecasts(at("13 12:00"))["outcome"].tolist() == [0]
        assert reader.settled_forecasts(at("14 00:00"))["outcome"].tolist() == [1]


def test_vectors_follow_the_digests_asked_for(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.append("embeddings.vectors", vectors("m", d1=[1, 0], d2=[0, 1]))
        writer.append("embeddings.vectors", vectors("other", d3=[1, 1]))
    with warehouse.read() as reader:
        found = reader.vectors("m", pd.Series(["d2", "d1", "d2"], index=[7, 8, 9]))
        assert found.dtype == np.float32
        assert found.tolist() == [[0, 1], [1, 0], [0, 1]]
        assert reader.vectors("m", pd.Series([], dtype=str)).shape == (0, 0)
        assert reader.known_texts("m", pd.Series(["d1", "d3"])) == {"d1"}
        with pytest.raises(LookupError, match="1 of 2 texts are not embedded with 'm'"):
            reader.vectors("m", pd.Series(["d1", "d3"]))


def test_missing_texts_are_those_of_the_day_not_yet_embedded(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.write() as writer:
        writer.append("embeddings.vectors", vectors("m", **{"digest-a1": [1, 0]}))
    with warehouse.read() as reader:
        missing = reader.missing_texts("m", [DAY, LAST_DAY])
        assert missing["content_digest"].tolist() == ["digest-a2"]
        assert len(reader.missing_texts("other", [DAY, LAST_DAY])) == 2


def test_ledger_head_is_the_last_row(warehouse: Warehouse) -> None:
    with warehouse.read() as reader:
        assert reader.ledger_head() == (0, "0" * 64)
    plant_past(warehouse)
    with warehouse.read() as reader:
        assert reader.ledger_head() == (2, "hash-2")


def test_heads_are_the_last_rows_though_later_ones_were_once_deleted(warehouse: Warehouse) -> None:
    # As many as DuckDB keeps in one row group, and some more.
    link = (
        "SELECT seq, 'r' || seq, TIMESTAMP '2025-03-01', '', 'hash-' || seq FROM range(?, ?) t(seq)"
    )
    with warehouse.write() as writer:
        writer.connection.execute(f"INSERT INTO outcomes.verdict_chain {link}", [1, 123_001])
    with warehouse.write() as writer:
        writer.connection.execute("DELETE FROM outcomes.verdict_chain WHERE seq > 100000")
        writer.connection.execute(f"INSERT INTO outcomes.verdict_chain {link}", [100_001, 100_003])
    with warehouse.read() as reader:
        assert reader.verdicts_head() == (100_002, "hash-100002")


def test_older_members_are_those_of_live_stories_before_the_window(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                {"article_id": "old", "first_seen_at": at("10 08:00")},
                {"article_id": "old2", "first_seen_at": at("10 09:00")},
                {"article_id": "gone", "first_seen_at": at("10 10:00")},
                {"article_id": "new", "first_seen_at": at("15 08:00")},
            ),
        )
        writer.append(
            "stories.assignments", assignments(DAY, old="s1", old2="s1", gone="s2", new="s1")
        )
        writer.append("stories.assignments", assignments(LAST_DAY, old2="s3"))
    with warehouse.read() as reader:
        assert reader.older_members(DAY, NOW, 2) == {"s1": 2}
        assert reader.older_members(LAST_DAY, NOW, 2) == {"s1": 1}  # old2 has left
        assert reader.older_members(LAST_DAY, NOW, 30) == {}


def test_followers_are_the_story_s_articles_placed_by_this_one(warehouse: Warehouse) -> None:
    near = '[{"article_id": "a1", "probability": 0.8, "member": true}]'
    apart = '[{"article_id": "a1", "probability": 0.9, "member": false}]'
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(*({"article_id": f"a{n}", "first_seen_at": at("14 08:00")} for n in "1234")),
        )
        placed = assignments(DAY, a1="s1", a2="s1", a3="s2", a4="s1")
        placed["nearest"] = ["[]", near, near, apart]
        writer.append("stories.assignments", placed)
    with warehouse.read() as reader:
        found = reader.followers("a1", NOW)
        assert reader.followers("a1", DAY).empty
    assert found[["article_id", "probability"]].to_numpy().tolist() == [["a2", 0.8]]
