"""stories/written_digests and stories/written_labels: what a language model makes of a day."""

import json
from collections.abc import Iterator

import dagster as dg
import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIVE_DAYS
from newsworld_dagster.defs.digests import DIGESTS
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
from newsworld_dagster.defs.stories import TOPICS
from newsworld_dagster.defs.world import World
from newsworld_dagster.stories import SectionGiven, TopicToName, write
from newsworld_dagster.warehouse import Reader

WRITTEN_DIGESTS = dg.AssetKey(["stories", "written_digests"])
WRITTEN_LABELS = dg.AssetKey(["stories", "written_labels"])


@dg.multi_asset(
    specs=[
        daily_table(
            WRITTEN_DIGESTS,
            "Daily digests in a language model's words, with checked citations; empty without one.",
            [DIGESTS],
            "stories",
        ),
        daily_table(
            WRITTEN_LABELS,
            "Names that a language model gives to the topics of the digests, each once; empty "
            "without one.",
            [TOPICS, DIGESTS],
            "stories",
        ),
    ],
    name="written",
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
)
@limited
def written(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Write the digests and labels of each day that has none yet."""
    days = days_of(context)
    if world.analyst_on:
        for day in each_day(days, world, "written digests"):
            write_day(world, day, as_of(context, world, day), backfill=len(days) > 1)
    with world.warehouse.read() as reader:
        front = reader.written_of(days[-1]).query("section == 'All'")
        labels = reader.frame(
            "SELECT topic_id, label, day FROM stories.written_labels WHERE day BETWEEN ? AND ?",
            days[0],
            days[-1],
        )
        yield dg.MaterializeResult(
            asset_key=WRITTEN_DIGESTS,
            metadata={
                "dagster/row_count": reader.count("stories.written_digests", days),
                "the front": markdown(front[["headline", "text"]]),
                "spent by this run (USD)": world.budget.spent_usd,
            },
        )
    yield dg.MaterializeResult(
        asset_key=WRITTEN_LABELS,
        metadata={"dagster/row_count": len(labels), "latest": markdown(labels.tail(12))},
    )


def write_day(world: World, day: pd.Timestamp, moment: pd.Timestamp, *, backfill: bool) -> None:
    """Ask for what a day lacks: digests of sections, and names of topics.

    What failed or was stopped by the budget is asked for by a later run, and it alone.
    """
    with world.warehouse.read() as reader:
        sections, topics = _given(reader, day, moment)
    if not sections and not topics:
        return
    found = world.ask(
        lambda model: write(sections, topics, model, day=day, as_of=moment, asked_at=world.clock()),
        backfill=backfill,
    )
    with world.warehouse.write() as writer:
        writer.append("stories.written_digests", found.digests)
        writer.append("stories.written_labels", found.labels)
        writer.append("forecasts.model_calls", found.calls)


def _given(
    reader: Reader, day: pd.Timestamp, moment: pd.Timestamp
) -> tuple[list[SectionGiven], list[TopicToName]]:
    """Sections that are not written yet, with what their extractive digest rests on, and topics
    of the day's digests without a name.
    """
    items = reader.digest_of(day, "daily").query("kind != 'watch'")
    unwritten = items[~items["section"].isin(reader.written_of(day)["section"])]
    window = reader.live_window(day, moment, LIVE_DAYS)
    before = reader.written_before(day)
    sections = []
    for section, rows in unwritten.groupby("section", sort=True):
        cited = {source["article_id"] for text in rows["sources"] for source in json.loads(text)}
        sections.append(
            SectionGiven(
                section=str(section),
                articles=window[window["article_id"].isin(cited)],
                before=list(before.loc[before["section"] == section, "headline"]),
            )
        )
    named = reader.written_labels(moment)
    topics = reader.topics_as_of(moment, vectors=False)
    topics = topics[topics["topic_id"].isin(items["topic_id"])]
    topics = topics[~topics["topic_id"].isin(named.index)]
    return sections, [
        TopicToName(
            topic_id=topic.topic_id,
            section=topic.section,
            titles=list(window.loc[window["topic_id"] == topic.topic_id, "title"].iloc[::-1]),
            names=json.loads(topic.keywords),
        )
        for topic in topics.itertuples()
    ]
