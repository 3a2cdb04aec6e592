"""stories/*: articles grouped into stories, stories linked into topics."""

import json
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIFECYCLE
from newsworld_dagster.defs.embeddings import vectors
from newsworld_dagster.defs.lanes import STORIES, TOPIC_LINKS, begin_ahead, make_days
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import POOL, RANGE, RETRY, daily_table
from newsworld_dagster.defs.previews import markdown
from newsworld_dagster.defs.world import World
from newsworld_dagster.stories.health import size_distribution
from newsworld_dagster.stories.pair_model import FittedOn

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
    begin_ahead(context, world)
    days = make_days(context, world, STORIES)
    with world.warehouse.read() as reader:
        sizes = reader.story_sizes(days[0], days[-1])
        moves = reader.count("stories.lineage", days)
        rows = reader.count("stories.assignments", days)
        placements = reader.placements_of(days[-1])
    names = world.encoder.name, world.encoder.event_name
    yield dg.MaterializeResult(
        asset_key=ASSIGNMENTS,
        metadata={
            "dagster/row_count": rows,
            "stories touched": len(sizes),
            "share of stories with one article": _share(sizes["articles"] == 1),
            "sizes of the stories": markdown(
                size_distribution(sizes["articles"])
                .rename_axis("articles")
                .rename("share of stories")
                .reset_index()
                .round({"share of stories": 3})
            ),
            "caveats": "; ".join(FittedOn.packaged().caveats(*names, days)) or "none",
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
    days = make_days(context, world, TOPIC_LINKS)
    with world.warehouse.read() as reader:
        current = reader.topics_as_of(days[-1] + pd.Timedelta(days=1), days[0], vectors=False)
        linked = reader.count("stories.topic_stories", days)
    shown = current.sort_values(["significance", "topic_id"], ascending=[False, True]).head(12)
    shown = shown.assign(keywords=[", ".join(json.loads(text)[:6]) for text in shown["keywords"]])
    yield dg.MaterializeResult(asset_key=TOPIC_STORIES, metadata={"dagster/row_count": linked})
    yield dg.MaterializeResult(
        asset_key=TOPICS,
        metadata={
            "dagster/row_count": len(current),
            "share with one story": _share(current["stories"] <= 1),
            **{
                f"topics {stage}": int((current["lifecycle"] == stage).sum()) for stage in LIFECYCLE
            },
            "most significant topics": markdown(shown[SHOWN].round({"significance": 2})),
        },
    )


def _share(those: pd.Series) -> float:
    """Share of the rows of which something is so, to three decimals; 0 where there are none."""
    return round(float(those.mean()), 3) if len(those) else 0.0
