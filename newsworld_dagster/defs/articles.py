"""news/articles: what the feeds bring, and what archives brought."""

from typing import Any

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.intake import poll_live
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import DAYS, OWNERS, POOL, RANGE, RETRY, as_of, days_of
from newsworld_dagster.defs.previews import counts_table, markdown
from newsworld_dagster.defs.world import World


class ArticlesConfig(dg.Config):
    """How the day's articles are got."""

    live: bool = False
    """Poll the feeds of data/feeds.yaml first. Off, the asset takes what was imported."""


@dg.asset(
    key=["news", "articles"],
    partitions_def=DAYS,
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
    owners=OWNERS,
    group_name="articles",
    kinds={"python", "duckdb"},
    code_version="1",
    description=(
        "Articles by the day they were first seen. A live run polls the feeds; archives come in "
        "by `newsworld import FILE`. The starting point of every run."
    ),
)
@limited
def articles(
    context: dg.AssetExecutionContext, config: ArticlesConfig, world: dg.ResourceParam[World]
) -> dg.MaterializeResult:
    """Poll where asked, then show what the days hold."""
    metadata: dict[str, Any] = {}
    if config.live:
        reports = poll_live(world)
        failed = [report for report in reports if report["status"] == "failed"]
        metadata |= {"feeds polled": len(reports), "feeds failed": len(failed)}
        if failed:
            metadata["failed feeds"] = markdown(pd.DataFrame(failed).drop(columns="texts"))
        texts = [{"feed": r["feed"], "texts": r["texts"]} for r in reports if r["texts"]]
        if texts:
            metadata["full texts"] = markdown(pd.DataFrame(texts))
    days = days_of(context)
    with world.warehouse.read() as reader:
        found = reader.articles_as_of(as_of(context, world, days[-1]), days[0])
    if found.empty:
        context.log.warning(
            f"There are no articles for {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}. Import an "
            "archive (`newsworld import FILE`), or launch this asset with live: true."
        )
    newest = found.tail(8)[["first_seen_at", "publisher", "title"]]
    return dg.MaterializeResult(
        metadata={
            **metadata,
            "dagster/row_count": len(found),
            "publishers": found["publisher"].nunique(),
            "copies of earlier articles": int(found["duplicate_of"].notna().sum()),
            "by section": counts_table(found["section"].fillna("not named"), "section"),
            "newest": markdown(newest),
        }
    )
