"""stories/*: articles grouped into stories, stories linked into topics."""

import json
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIFECYCLE
from newsworld_dagster.defs.embeddings import vectors
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import (
    POOL,
    RANGE,
    RETRY,
    as_of,
    daily_table,
    days_of,
    each_day,
)
from newsworld_dagster.defs.previews import markdown
from newsworld_dagster.defs.world import World
from newsworld_dagster.stories import (
    Background,
    StoryParameters,
    TopicParameters,
    assign_stories,
    link_topics,
)
from newsworld_dagster.stories.health import size_distribution
from newsworld_dagster.stories.pair_model import FittedOn
from newsworld_dagster.warehouse import VectorMemory

ASSIGNMENTS = dg.AssetKey(["stories", "assignments"])
LINEAGE = dg.AssetKey(["stories", "lineage"])
TOPICS = dg.AssetKey(["stories", "topics"])
TOPIC_STORIES = dg.AssetKey(["stories", "topic_stories"])

GROUP = "stories"
SHOWN = ["label", "section", "significance", "lifecycle", "articles", "publishers", "keywords"]


@dg.multi_asset(
    specs=[
        daily_table(
            ASSIGNMENTS,
            "Which story each article belongs to, versioned by day. A story is one news event "
            "with its direct follow-ups.",
            [vectors],
            GROUP,
        ),
        daily_table(
            LINEAGE, "Every merge and split of stories, with the reason.", [vectors], GROUP
        ),
    ],
    name="stories",
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
)
@limited
def stories(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Assign the articles of each day, oldest day first."""
    parameters = StoryParameters()
    days = days_of(context)
    known_vectors = VectorMemory(world.encoder.name)
    with world.warehouse.hold():
        for day in each_day(days, world, "stories"):
            with world.warehouse.read() as reader:
                # What the day itself assigned before is made anew; what earlier days did stands.
                window = reader.live_window(
                    day - pd.Timedelta(days=1), as_of(context, world, day), parameters.live_days
                )
                matrix = known_vectors.of(reader, window["content_digest"])
                older = reader.older_members(
                    day - pd.Timedelta(days=1), as_of(context, world, day), parameters.live_days
                )
                history = reader.history(as_of(context, world, day), parameters.live_days)
            made = assign_stories(
                window,
                matrix,
                day=day,
                model=world.pair_model,
                background=Background.of(history["title"].tolist(), history["summary"].tolist()),
                older=older,
                parameters=parameters,
            )
            with world.warehouse.write() as writer:
                writer.replace_partition("stories.assignments", [day], made.assignments)
                writer.replace_partition("stories.lineage", [day], made.lineage)
    with world.warehouse.read() as reader:
        sizes = reader.story_sizes(days[0], days[-1])
        moves = reader.count("stories.lineage", days)
        rows = reader.count("stories.assignments", days)
        placements = reader.placements_of(days[-1])
    yield dg.MaterializeResult(
        asset_key=ASSIGNMENTS,
        metadata={
            "dagster/row_count": rows,
            "stories touched": len(sizes),
            "share of stories with one article": float((sizes["articles"] == 1).mean())
            if len(sizes)
            else 0.0,
            "sizes of the stories": markdown(
                size_distribution(sizes["articles"])
                .rename_axis("articles")
                .rename("share of stories")
                .reset_index()
                .round({"share of stories": 3})
            ),
            "caveats": "; ".join(FittedOn.packaged().caveats(world.encoder.name, days)) or "none",
            "largest stories": markdown(sizes.head(10)),
            "why here": markdown(placements),
        },
    )
    yield dg.MaterializeResult(asset_key=LINEAGE, metadata={"dagster/row_count": moves})


@dg.multi_asset(
    specs=[
        daily_table(
            TOPIC_STORIES,
            "Which topic each story belongs to, versioned by day.",
            [ASSIGNMENTS],
            GROUP,
        ),
        daily_table(
            TOPICS,
            "Running threads of stories: label, keywords, section, counts, significance and "
            "lifecycle, described anew on every day that changes their articles.",
            [ASSIGNMENTS],
            GROUP,
        ),
    ],
    name="topics",
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
)
@limited
def topics(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Link the stories of each day to topics, oldest day first."""
    parameters = TopicParameters()
    days = days_of(context)
    with world.warehouse.hold():
        with world.warehouse.read() as reader:
            sections = world.section_vectors(reader)
        known_vectors = VectorMemory(world.encoder.name)
        for day in each_day(days, world, "topics"):
            with world.warehouse.read() as reader:
                moment = as_of(context, world, day)
                window = reader.live_window(day, moment, parameters.window_days)
                window = window[window["story_id"].notna()].reset_index(drop=True)
                window["fresh"] = window["assigned_on"] == day
                matrix = known_vectors.of(reader, window["content_digest"])
                reach = day - pd.Timedelta(days=parameters.window_days + 1)
                links = reader.topic_stories_as_of(day, reach)
                known = reader.topics_as_of(day, reach)
                known = known[known["lifecycle"] != "closed"]
                before = moment - pd.Timedelta(days=parameters.window_days)
                earlier = reader.thread_articles(day, before)
            made = link_topics(
                window,
                matrix,
                links,
                known,
                sections,
                day=day,
                earlier=earlier,
                encoder=world.encoder.name,
                parameters=parameters,
            )
            with world.warehouse.write() as writer:
                writer.replace_partition("stories.topic_stories", [day], made.links)
                writer.replace_partition("stories.topics", [day], made.topics)
    with world.warehouse.read() as reader:
        current = reader.topics_as_of(days[-1] + pd.Timedelta(days=1), days[0])
        linked = reader.count("stories.topic_stories", days)
    shown = current.sort_values(["significance", "topic_id"], ascending=[False, True]).head(12)
    shown = shown.assign(keywords=[", ".join(json.loads(text)[:6]) for text in shown["keywords"]])
    yield dg.MaterializeResult(asset_key=TOPIC_STORIES, metadata={"dagster/row_count": linked})
    yield dg.MaterializeResult(
        asset_key=TOPICS,
        metadata={
            "dagster/row_count": len(current),
            "share with one story": float((current["stories"] <= 1).mean())
            if len(current)
            else 0.0,
            **{
                f"topics {stage}": int((current["lifecycle"] == stage).sum()) for stage in LIFECYCLE
            },
            "most significant topics": markdown(shown[SHOWN].round({"significance": 2})),
        },
    )
