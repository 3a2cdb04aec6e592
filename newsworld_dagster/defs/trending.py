"""stories/trending: what bursts against its own history."""

import dagster as dg
import pandas as pd

from newsworld_dagster.contracts.vocabulary import EVERYWHERE, SECTIONS
from newsworld_dagster.defs.lanes import TRENDING_STRIPS, make_days
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import (
    DAYS,
    OWNERS,
    POOL,
    RANGE,
    RETRY,
)
from newsworld_dagster.defs.previews import markdown
from newsworld_dagster.defs.stories import ASSIGNMENTS, GROUP, TOPIC_STORIES, TOPICS
from newsworld_dagster.defs.world import World

TRENDING = dg.AssetKey(["stories", "trending"])


@dg.asset(
    key=TRENDING,
    deps=[ASSIGNMENTS, TOPIC_STORIES, TOPICS],
    partitions_def=DAYS,
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
    owners=OWNERS,
    group_name=GROUP,
    kinds={"python", "duckdb"},
    code_version="1",
    description=(
        "Names and terms that burst against their own four weeks, of all news and of each "
        "section, each with the story and topic that it mostly belongs to."
    ),
)
@limited
def trending_strip(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> dg.MaterializeResult:
    """Make the strips of each day."""
    days = make_days(context, world, TRENDING_STRIPS)
    with world.warehouse.read() as reader:
        rows = reader.count("stories.trending", days)
        last = reader.trending(days[-1])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows,
            "strip of the last day": markdown(_strips(last)),
            "greatest bursts": markdown(
                last.loc[
                    last["section"] == EVERYWHERE,
                    ["rank", "term", "kind", "articles", "publishers", "expected", "score"],
                ]
            ),
        }
    )


def _strips(rows: pd.DataFrame) -> pd.DataFrame:
    terms = rows.groupby("section")["term"].agg(" · ".join)
    return terms.reindex([EVERYWHERE, *SECTIONS]).fillna("").rename("trending").reset_index()
