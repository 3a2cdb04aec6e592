"""forecasts/* and outcomes/*: each day settles what it can, then forecasts."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.lanes import LEDGER, make_days
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.model_calls import model_results, model_tables
from newsworld_dagster.defs.partitions import (
    POOL,
    RANGE,
    RETRY,
    as_of,
    daily_table,
)
from newsworld_dagster.defs.previews import counts_table, markdown
from newsworld_dagster.defs.signing import sign_off
from newsworld_dagster.defs.stories import TOPICS
from newsworld_dagster.defs.world import World
from newsworld_dagster.warehouse import Reader

EDITIONS = dg.AssetKey(["forecasts", "editions"])
REPORTS = dg.AssetKey(["forecasts", "reports"])
ANCHORS = dg.AssetKey(["forecasts", "anchors"])
CLAIMS = dg.AssetKey(["forecasts", "claims"])
REFUSALS = dg.AssetKey(["forecasts", "refusals"])
RESOLUTIONS = dg.AssetKey(["outcomes", "resolutions"])
VERDICT_CHAIN = dg.AssetKey(["outcomes", "verdict_chain"])
HEADS = dg.AssetKey(["forecasts", "heads"])

GROUP = "predictions"


@dg.multi_asset(
    specs=[
        daily_table(
            REPORTS, "Predictions: one report a topic, day and forecaster.", [TOPICS], GROUP
        ),
        daily_table(
            ANCHORS, "What counts as coverage of a topic, frozen with its claims.", [TOPICS], GROUP
        ),
        daily_table(
            CLAIMS,
            "The ledger: every dated, checkable claim with its probability, append-only and "
            "chained by hash. A rerun of a day appends nothing.",
            [REPORTS, ANCHORS],
            GROUP,
        ),
        daily_table(
            REFUSALS, "Claims that the lint refused, each with its reason.", [REPORTS], GROUP
        ),
        daily_table(EDITIONS, "The seal of each forecaster's day.", [CLAIMS], GROUP),
        daily_table(
            RESOLUTIONS,
            "Outcomes: verdicts on claims with their evidence, append-only; a correction "
            "supersedes.",
            [CLAIMS, ANCHORS],
            "outcomes",
        ),
        *model_tables(REPORTS, CLAIMS, GROUP, "outcomes"),
        daily_table(VERDICT_CHAIN, "The chain of hashes over verdicts.", [RESOLUTIONS], "outcomes"),
        daily_table(
            HEADS,
            "The signed-off head of each day: rows and hashes that the record is held against.",
            [CLAIMS, VERDICT_CHAIN],
            GROUP,
        ),
    ],
    name="predictions_and_outcomes",
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
)
@limited
def predictions_and_outcomes(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Day by day: verdicts first, because the day's forecast may learn from them.

    Predictions and outcomes are one step because they alternate: in a replay, tomorrow's
    forecast is fitted on today's verdicts. The analyst and the judge take part where there is a
    language model; while they wait for it, nobody else is kept from the warehouse.
    """
    days = make_days(context, world, LEDGER)
    sign_off(world, days[-1], as_of(context, world, days[-1]), late=True)
    with world.warehouse.read() as reader:
        yield from _results(reader, days)
        yield from model_results(world, reader, days)


def _results(reader: Reader, days: list[pd.Timestamp]) -> Iterator[dg.MaterializeResult]:
    first, last = days[0], days[-1]
    claims = reader.frame(
        "SELECT * FROM forecasts.claims WHERE day BETWEEN ? AND ? ORDER BY seq", first, last
    )
    verdicts = reader.frame(
        "SELECT r.verdict, r.decided_at, r.reason, c.statement FROM outcomes.resolutions AS r "
        "JOIN forecasts.claims AS c USING (claim_id) WHERE r.day BETWEEN ? AND ? ORDER BY 2",
        first,
        last,
    )
    shown = claims[claims["forecaster"] == "coverage"].tail(10)
    # Dagster wants results in the order of the lineage.
    topics = len(set(claims["topic_id"] + claims["as_of"].astype(str)))
    yield _counted(REPORTS, reader.count("forecasts.reports", days))
    yield _counted(ANCHORS, topics)
    yield dg.MaterializeResult(
        asset_key=CLAIMS,
        metadata={
            "dagster/row_count": len(claims),
            "by template": counts_table(claims["template"], "template"),
            "by forecaster": counts_table(claims["forecaster"], "forecaster"),
            "latest claims": markdown(shown[["probability", "statement", "section"]]),
        },
    )
    yield _counted(REFUSALS, reader.count("forecasts.refusals", days))
    yield _counted(EDITIONS, reader.count("forecasts.editions", days))
    yield dg.MaterializeResult(
        asset_key=RESOLUTIONS,
        metadata={
            "dagster/row_count": len(verdicts),
            "verdicts": counts_table(verdicts["verdict"], "verdict"),
            "latest verdicts": markdown(verdicts.tail(10)[["verdict", "statement", "reason"]]),
        },
    )
    yield _counted(VERDICT_CHAIN, reader.verdicts_head()[0])
    newest = reader.last_head()
    yield dg.MaterializeResult(
        asset_key=HEADS,
        metadata={"head": str(newest["head_id"].iloc[0]), "day": f"{newest['day'].iloc[0]:%F}"},
    )


def _counted(key: dg.AssetKey, rows: int) -> dg.MaterializeResult:
    return dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows})
