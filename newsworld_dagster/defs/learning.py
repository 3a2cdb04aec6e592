"""What the record teaches: pairs of related claims, who leads, and what the bands mean."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import dagster as dg
import pandas as pd

from newsworld_dagster.contracts.learning import CONTESTS, LEADERS, MEANINGS, RELATIONS
from newsworld_dagster.defs.ledger import CLAIMS, RESOLUTIONS
from newsworld_dagster.defs.limits import limited
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
from newsworld_dagster.forecasting.event_relations import event_relations
from newsworld_dagster.scoring import Contest, band_frequencies, lead

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
@limited
def consistency_of_claims(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Hold the claims of each day against each other; no outcome is needed."""
    days = days_of(context)
    with world.warehouse.read() as reader:
        claims = reader.claims_of_days(days, as_of(context, world, days[-1]))
    # Only claims of one moment are held together, so the days do not mix.
    made_on = claims.set_index("claim_id")["day"]
    related = pd.concat([relations_of(claims), event_relations(claims)])
    # `map` does not take an empty series of times: on some days nothing is claimed.
    made = hold(claims, related).assign(
        day=lambda rows: made_on.reindex(rows["claim_id"]).to_numpy()
    )
    made = made[list(RELATIONS.columns)]
    wrong = made[made["arbitrage"] > TOLERANCE]
    with world.warehouse.write() as writer:
        writer.replace_partition("forecasts.relations", days, made)
        writer.replace_partition("forecasts.inconsistencies", days, wrong)
    figures = markdown(summary(made))
    yield dg.MaterializeResult(
        asset_key=RELATIONS_KEY,
        metadata={"dagster/row_count": len(made), "by forecaster": figures},
    )
    worst = ["kind", "forecaster", "probability", "other_probability", "arbitrage"]
    yield dg.MaterializeResult(
        asset_key=INCONSISTENCIES_KEY,
        metadata={
            "dagster/row_count": len(wrong),
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
@limited
def leading_forecaster(
    context: dg.AssetExecutionContext, world: dg.ResourceParam[World]
) -> Iterator[dg.MaterializeResult]:
    """Look at the record at fixed moments; a contest that is held every day is won by chance."""
    days = days_of(context)
    held: list[dict[str, object]] = []
    named: list[dict[str, object]] = []
    with world.warehouse.read() as reader:
        before = reader.last_look(days[0])
        for day in each_day(days, world, "leading forecaster"):
            due = before is None or (before[0].year, before[0].month) != (day.year, day.month)
            if not due or reader.editions_of(day).empty:
                continue
            previous = FIRST_LEADER if before is None else before[1]
            moment = as_of(context, world, day)
            record = reader.settled_record(moment)
            leader, contests = lead(record, previous, FORECASTERS, seed=world.settings.seed)
            stamp = {"day": day, "as_of": moment}
            held += [stamp | asdict(one) for one in contests]
            named.append(stamp | _named(leader, previous, contests))
            before = (day, leader)
    with world.warehouse.write() as writer:
        for table, columns, rows in (
            ("scorecards.contests", CONTESTS.columns, held),
            ("scorecards.leaders", LEADERS.columns, named),
        ):
            writer.replace_partition(table, days, pd.DataFrame(rows, columns=list(columns)))
    with world.warehouse.read() as reader:
        looks = reader.frame("SELECT * FROM scorecards.contests ORDER BY day, challenger")
        leaders = reader.frame("SELECT * FROM scorecards.leaders ORDER BY day")
    last = looks[looks["day"] == looks["day"].max()]
    shown = ["champion", "challenger", "shared", "difference", "low", "high", "p_value", "reason"]
    yield dg.MaterializeResult(
        asset_key=CONTESTS_KEY,
        metadata={"dagster/row_count": len(looks), "the last look": markdown(last[shown])},
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


def _named(leader: str, previous: str, contests: Sequence[Contest]) -> dict[str, object]:
    won = next((one for one in contests if one.challenger == leader), None)
    return {
        "leader": leader,
        "previous": previous,
        "reason": f"no challenger passes the test against {previous}"
        if won is None
        else f"against {previous} on {won.shared} shared claims: {won.reason}",
    }


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
@limited
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
