"""What the record teaches: pairs of related claims, who leads, and what the bands mean."""

from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg
import pandas as pd

from newsworld_dagster.contracts.learning import CONTESTS, LEADERS, MEANINGS, RELATIONS
from newsworld_dagster.defs.ledger import CLAIMS, RESOLUTIONS
from newsworld_dagster.defs.marts import GROUP
from newsworld_dagster.defs.partitions import (
    OWNERS,
    POOL,
    RANGE,
    RETRY,
    as_of,
    daily_table,
    days_of,
    each_day,
)
from newsworld_dagster.defs.previews import markdown
from newsworld_dagster.defs.scorecards import FCT_SCORED
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import FORECASTERS
from newsworld_dagster.forecasting.consistency import TOLERANCE, hold, relations_of, summary
from newsworld_dagster.scoring import band_frequencies, lead

RELATIONS_KEY = dg.AssetKey(["forecasts", "relations"])
INCONSISTENCIES_KEY = dg.AssetKey(["forecasts", "inconsistencies"])
CONTESTS_KEY = dg.AssetKey(["scorecards", "contests"])
LEADERS_KEY = dg.AssetKey(["scorecards", "leaders"])
BANDS_KEY = dg.AssetKey(["scorecards", "bands"])

# Who leads before anyone has won.
FIRST_LEADER = "coverage"


@dg.multi_asset(
    specs=[
        daily_table(
            RELATIONS_KEY,
            "Claims of one forecaster that owe each other something (deadlines, thresholds, what "
            "implies what), with the sure profit against the pair.",
            [CLAIMS],
            "predictions",
        ),
        daily_table(
            INCONSISTENCIES_KEY,
            "The pairs that contradict each other, with the size of the arbitrage.",
            [CLAIMS],
            "predictions",
        ),
    ],
    name="consistency_of_claims",
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
)
def consistency_of_claims(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Hold the claims of each day against each other; no outcome is needed."""
    days = days_of(context)
    with world.warehouse.hold():
        for day in days:
            with world.warehouse.read() as reader:
                claims = reader.claims_of_day(day, as_of(context, world, day))
            pairs = hold(claims, relations_of(claims)).assign(day=day)
            pairs = pairs[list(RELATIONS.columns)]
            with world.warehouse.write() as writer:
                writer.replace_partition("forecasts.relations", [day], pairs)
                wrong = pairs[pairs["arbitrage"] > TOLERANCE]
                writer.replace_partition("forecasts.inconsistencies", [day], wrong)
    with world.warehouse.read() as reader:
        made = reader.frame(
            "SELECT * FROM forecasts.relations WHERE day BETWEEN ? AND ? ORDER BY arbitrage DESC",
            days[0],
            days[-1],
        )
        wrong = reader.count("forecasts.inconsistencies", days)
    figures = markdown(summary(made))
    yield dg.MaterializeResult(
        asset_key=RELATIONS_KEY,
        metadata={"dagster/row_count": len(made), "by forecaster": figures},
    )
    worst = ["kind", "forecaster", "probability", "other_probability", "arbitrage"]
    yield dg.MaterializeResult(
        asset_key=INCONSISTENCIES_KEY,
        metadata={
            "dagster/row_count": wrong,
            "tolerance (nats)": TOLERANCE,
            "by forecaster": figures,
            "the worst": markdown(made[worst]),
        },
    )


@dg.multi_asset(
    specs=[
        daily_table(
            CONTESTS_KEY,
            "At the first edition of each month every forecaster is held against the leading one, "
            "on the settled claims that both made.",
            [CLAIMS, RESOLUTIONS],
            GROUP,
        ),
        daily_table(
            LEADERS_KEY,
            "The leading forecaster. It changes only when a challenger passes the paired test.",
            [CLAIMS, RESOLUTIONS],
            GROUP,
        ),
    ],
    name="leading_forecaster",
    backfill_policy=RANGE,
    retry_policy=RETRY,
    pool=POOL,
)
def leading_forecaster(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Look at the record at fixed moments; a contest that is held every day is won by chance."""
    days = days_of(context)
    with world.warehouse.hold():
        for day in each_day(days, world, "leading forecaster"):
            look(world, day, as_of(context, world, day))
    with world.warehouse.read() as reader:
        contests = reader.frame("SELECT * FROM scorecards.contests ORDER BY day, challenger")
        leaders = reader.frame("SELECT * FROM scorecards.leaders ORDER BY day")
    last = contests[contests["day"] == contests["day"].max()]
    shown = ["champion", "challenger", "shared", "difference", "low", "high", "p_value", "reason"]
    yield dg.MaterializeResult(
        asset_key=CONTESTS_KEY,
        metadata={"dagster/row_count": len(contests), "the last look": markdown(last[shown])},
    )
    leads = leaders["leader"].iloc[-1] if len(leaders) else FIRST_LEADER
    yield dg.MaterializeResult(
        asset_key=LEADERS_KEY,
        metadata={
            "dagster/row_count": len(leaders),
            "leads": leads,
            "looks": markdown(leaders[["as_of", "leader", "previous", "reason"]]),
        },
    )


def look(world: World, day: pd.Timestamp, moment: pd.Timestamp) -> None:
    """Hold the contests of a day that is the first of its month with an edition."""
    none = pd.DataFrame([])
    with world.warehouse.read() as reader:
        before = reader.last_look(day)
        due = before is None or (before[0].year, before[0].month) != (day.year, day.month)
        record = (
            reader.settled_record(moment) if due and not reader.editions_of(day).empty else None
        )
    contests, leaders = none, none
    if record is not None:
        previous = FIRST_LEADER if before is None else before[1]
        leader, held = lead(record, previous, FORECASTERS, seed=world.settings.seed)
        won = next((one for one in held if one.challenger == leader), None)
        contests = pd.DataFrame([asdict(one) for one in held]).assign(day=day, as_of=moment)
        leaders = pd.DataFrame(
            [
                {
                    "day": day,
                    "as_of": moment,
                    "leader": leader,
                    "previous": previous,
                    "reason": f"no challenger passes the test against {previous}"
                    if won is None
                    else f"against {previous} on {won.shared} shared claims: {won.reason}",
                }
            ]
        )
    with world.warehouse.write() as writer:
        for table, columns, rows in (
            ("scorecards.contests", list(CONTESTS.columns), contests),
            ("scorecards.leaders", list(LEADERS.columns), leaders),
        ):
            writer.replace_partition(table, [day], rows.reindex(columns=columns))


@dg.asset(
    key=BANDS_KEY,
    deps=[FCT_SCORED],
    retry_policy=RETRY,
    pool=POOL,
    owners=OWNERS,
    group_name=GROUP,
    kinds={"python", "duckdb"},
    code_version="1",
    description=(
        "What High, Medium and Low have meant for each forecaster: how often such claims came "
        "true, once enough have fallen due."
    ),
)
def bands(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
    """Measure each band on the scored claims as of the newest edition."""
    with world.warehouse.read() as reader:
        moment = reader.latest_as_of() or world.clock()
        scored = reader.table("marts.fct_scored_claims")
    table = band_frequencies(scored, seed=world.settings.seed).assign(as_of=moment)
    with world.warehouse.write() as writer:
        writer.replace_all("scorecards.bands", table[list(MEANINGS.columns)])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(table),
            "meanings": markdown(table[["forecaster", "band", "claims", "meaning"]], rows=30),
        }
    )
