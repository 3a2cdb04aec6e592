"""What a reader of digests and timelines gets from the command line."""

from __future__ import annotations

import json
import re

from newsworld_dagster.contracts.vocabulary import SECTIONS
from tests.e2e.worlds import WorldFolder


def _document(world: WorldFolder, *arguments: str) -> dict:
    done = world.run(*arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_digest_leads_from_items_to_articles_and_topics(demo_world: WorldFolder) -> None:
    busiest = demo_world.sql(
        "SELECT strftime(day, '%Y-%m-%d') AS day FROM stories.digests "
        "WHERE period = 'daily' AND kind = 'happened' GROUP BY ALL "
        "ORDER BY count(*) DESC, 1 LIMIT 1"
    )["day"].iloc[0]
    document = _document(demo_world, "digest", "--day", busiest)
    assert document["day"] == busiest
    assert [section["section"] for section in document["sections"]] == ["All", *SECTIONS]
    items = [item for section in document["sections"] for item in section["items"]]
    topics = set(demo_world.sql("SELECT DISTINCT topic_id FROM stories.topics")["topic_id"])
    assert any(item["kind"] == "happened" for item in items)
    for item in items:
        assert item["topic"]["topic_id"] in topics
        alone = {a["publisher"] for a in item["articles"] if a["independent"]}
        assert len(alone) == item["independent_sources"]
        assert len(alone) >= document["least_sources"][item["kind"]]
        assert all(a["url"].startswith("http") for a in item["articles"])
        if item["kind"] != "watch":
            titles = {a["article_id"]: a["title"] for a in item["articles"]}
            assert titles[item["article_id"]] == item["headline"]
    shown = demo_world.run("digest", "--day", busiest, "--section", "all")
    assert shown.code == 0
    for item in document["sections"][0]["items"]:
        assert item["headline"][:40] in shown.out


def test_weekly_digest_covers_the_days_after_it_too(demo_world: WorldFolder) -> None:
    sunday = demo_world.sql("SELECT max(day) AS day FROM stories.digests WHERE period = 'weekly'")
    stamp = sunday["day"].iloc[0]
    assert stamp.weekday() == 6
    document = _document(demo_world, "digest", "--weekly")
    assert (document["day"], document["period"]) == (f"{stamp:%Y-%m-%d}", "weekly")


def test_timeline_shows_steps_and_claims_as_of_the_day(demo_world: WorldFolder) -> None:
    topic = demo_world.sql(
        "SELECT topic_id FROM stories.timelines GROUP BY topic_id "
        "ORDER BY least(count(*) FILTER (kind = 'step'), count(*) FILTER (kind = 'settled')) DESC, "
        "topic_id LIMIT 1"
    )["topic_id"].iloc[0]
    document = _document(demo_world, "timeline", topic)
    kinds = [entry["kind"] for entry in document["entries"]]
    assert {"step", "settled"} <= set(kinds)
    settled = [entry for entry in document["entries"] if entry["kind"] == "settled"]
    assert all(entry["verdict"] in {"yes", "no", "void"} for entry in settled)
    day = min(entry["date"] for entry in settled)[:10]
    before = demo_world.sql(
        f"SELECT strftime(DATE '{day}' - INTERVAL 2 DAY, '%Y-%m-%d') AS day"
    )["day"].iloc[0]  # fmt: skip
    earlier = _document(demo_world, "timeline", topic, "--day", before)
    assert all(entry["kind"] != "settled" for entry in earlier["entries"])
    assert all(
        entry["date"][:10] <= before for entry in earlier["entries"] if entry["kind"] == "step"
    )
    out = demo_world.run("timeline", topic).out
    assert document["label"] in out
    assert "  settled " in out
    told = [line[:10] for line in out.splitlines() if re.match(r"\d{4}-\d\d-\d\d  ", line)]
    assert told == sorted(told), "what happened and what was settled are on one axis"
    assert len(told) == len(document["entries"])


def test_unknown_section_day_and_topic_are_told_plainly(demo_world: WorldFolder) -> None:
    for arguments, code, words in (
        (("digest", "--section", "Gossip"), 2, ("Gossip", "World")),
        (("digest", "--day", "2020-01-01"), 1, ("2020-01-01", "there are some from")),
        (("timeline", "no such topic"), 1, ("no such topic", "stories.topics")),
    ):
        done = demo_world.run(*arguments)
        assert done.code == code
        assert "Traceback" not in done.err
        assert all(word in " ".join(done.err.split()) for word in words), done.err


def test_empty_world_names_the_ways_on(empty_world: WorldFolder) -> None:
    done = empty_world.run("digest")
    assert done.code == 1
    assert "newsworld demo" in done.err


def test_why_names_the_nearest_articles_of_the_story(demo_world: WorldFolder) -> None:
    joined = demo_world.sql(
        "SELECT article_id, story_id FROM stories.assignments WHERE reason = 'joined' "
        "ORDER BY day DESC, article_id LIMIT 1"
    ).iloc[0]
    document = _document(demo_world, "why", joined["article_id"])
    placed = document["placements"][-1]
    assert (document["story_id"], placed["story_id"]) == (joined["story_id"],) * 2
    assert placed["reason"] == "joined"
    members = set(
        demo_world.sql(
            f"SELECT article_id FROM stories.assignments WHERE story_id = '{joined['story_id']}'"
        )["article_id"]
    )
    assert placed["nearest"]
    probabilities = [near["probability"] for near in placed["nearest"]]
    assert probabilities == sorted(probabilities, reverse=True)
    for near in placed["nearest"]:
        assert near["member"]
        assert near["article_id"] in members - {joined["article_id"]}
        assert 0 <= near["probability"] <= 1
    shown = demo_world.run("why", document["url"])
    assert shown.code == 0
    assert placed["nearest"][0]["title"][:40] in shown.out


def test_why_says_which_near_article_has_left_the_story_since(demo_world: WorldFolder) -> None:
    parted = demo_world.sql(
        """
        WITH last AS (
            SELECT article_id, arg_max(story_id, day) AS story_id,
                arg_max(nearest, day) AS nearest
            FROM stories.assignments GROUP BY article_id
        ),
        named AS (
            SELECT article_id, story_id, unnest((nearest::JSON)::JSON[]) AS near FROM last
        )
        SELECT named.article_id, other.article_id AS left_by, other.story_id AS for_story
        FROM named JOIN last AS other ON other.article_id = (near ->> 'article_id')
        WHERE (near ->> 'member')::BOOLEAN AND other.story_id <> named.story_id
        ORDER BY ALL LIMIT 1
        """
    ).iloc[0]
    placed = _document(demo_world, "why", parted["article_id"])["placements"][-1]
    stories = {near["article_id"]: near["story_id"] for near in placed["nearest"]}
    assert stories[parted["left_by"]] == parted["for_story"]
    shown = " ".join(demo_world.run("why", parted["article_id"]).out.split())
    assert "in another story now" in shown


def test_why_of_an_unknown_article_says_what_to_give(demo_world: WorldFolder) -> None:
    done = demo_world.run("why", "no-such-article")
    assert done.code == 1
    assert "'no-such-article'" in done.err
    assert "article_id" in done.err
