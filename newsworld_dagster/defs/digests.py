"""stories/timelines and stories/digests: what readers see of a day."""

from typing import Any

import dagster as dg

from newsworld_dagster.contracts.digests import FRONT
from newsworld_dagster.defs.lanes import DAILY_DIGESTS, TIMELINE_STEPS, make_days
from newsworld_dagster.defs.ledger import CLAIMS, RESOLUTIONS
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import (
    DAYS,
    OWNERS,
    POOL,
    RANGE,
    RETRY,
    as_of,
)
from newsworld_dagster.defs.previews import counts_table, markdown
from newsworld_dagster.defs.stories import TOPICS
from newsworld_dagster.defs.world import World
from newsworld_dagster.stories import DAILY, WEEKLY

TIMELINES = dg.AssetKey(["stories", "timelines"])
DIGESTS = dg.AssetKey(["stories", "digests"])


def _daily_asset(key: dg.AssetKey, description: str) -> dict[str, Any]:
    return {
        "key": key,
        "deps": [TOPICS, CLAIMS, RESOLUTIONS],
        "description": description,
        "partitions_def": DAYS,
        "backfill_policy": RANGE,
        "retry_policy": RETRY,
        "pool": POOL,
        "owners": OWNERS,
        "group_name": "stories",
        "kinds": {"python", "duckdb"},
        "code_version": "1",
    }


@dg.asset(
    **_daily_asset(
        TIMELINES,
        "What each day adds to the timelines of topics: steps in sentences of the articles, with "
        "their sources, and on the same axis the claims made and the verdicts given.",
    )
)
@limited
def timelines(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> dg.MaterializeResult:
    """Write the steps, claims and verdicts of each day, oldest day first."""
    days = make_days(context, world, TIMELINE_STEPS)
    moment = as_of(context, world, days[-1])
    with world.warehouse.read() as reader:
        written = reader.frame(
            "SELECT kind, topic_id FROM stories.timelines WHERE day BETWEEN ? AND ?",
            days[0],
            days[-1],
        )
        steps = written.loc[written["kind"] == "step", "topic_id"]
        longest = reader.timeline(steps.mode().iloc[0], moment) if len(steps) else written
    shown = ["date", "kind", "sentence", "independent_sources", "probability", "verdict"]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(written),
            "topics": written["topic_id"].nunique(),
            "kinds": counts_table(written["kind"], "kind"),
            "a timeline": markdown(longest[shown] if len(steps) else longest, rows=40),
        }
    )


@dg.asset(
    **_daily_asset(
        DIGESTS,
        "Daily and, on Sundays, weekly digests of each section and a front: what happened, what "
        "changed since the digest before, what to watch. Extractive; a minimum number of "
        "independent sources is kept.",
    )
)
@limited
def digests(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> dg.MaterializeResult:
    """Write the digest of each day, oldest day first: each looks back at the one before."""
    days = make_days(context, world, DAILY_DIGESTS)
    with world.warehouse.read() as reader:
        rows = reader.count("stories.digests", days)
        last = reader.digest_of(days[-1], "daily")
    front = last[last["section"] == FRONT]
    shown = ["kind", "headline", "independent_sources", "topic_label", "probability", "days_left"]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": rows,
            "least sources": f"happened {DAILY.least_sources}, changed {DAILY.least_known}; "
            f"weekly {WEEKLY.least_sources} and {WEEKLY.least_known}",
            "items by section": counts_table(last["section"], "section"),
            "the front": markdown(front[shown], rows=20),
        }
    )
