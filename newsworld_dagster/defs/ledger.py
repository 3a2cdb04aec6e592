"""forecasts/* and outcomes/*: each day settles what it can, then forecasts."""

import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext

import dagster as dg
import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIVE_DAYS
from newsworld_dagster.defs.analysis import analyse, judge
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.model_calls import model_results, model_tables
from newsworld_dagster.defs.partitions import (
    POOL,
    RANGE,
    RETRY,
    as_of,
    daily_table,
    days_of,
    each_day,
    phase,
)
from newsworld_dagster.defs.previews import counts_table, markdown
from newsworld_dagster.defs.signing import sign_off
from newsworld_dagster.defs.stories import TOPICS
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import (
    MEMBERS,
    DeskInput,
    DeskParameters,
    chain,
    make_edition,
    with_learned,
)
from newsworld_dagster.resolution import resolve_rules
from newsworld_dagster.warehouse import Reader, VectorMemory

EDITIONS = dg.AssetKey(["forecasts", "editions"])
REPORTS = dg.AssetKey(["forecasts", "reports"])
ANCHORS = dg.AssetKey(["forecasts", "anchors"])
CLAIMS = dg.AssetKey(["forecasts", "claims"])
REFUSALS = dg.AssetKey(["forecasts", "refusals"])
RESOLUTIONS = dg.AssetKey(["outcomes", "resolutions"])
VERDICT_CHAIN = dg.AssetKey(["outcomes", "verdict_chain"])
HEADS = dg.AssetKey(["forecasts", "heads"])

GROUP = "predictions"

# What settling and asking read of articles and open claims: the rest is long texts.
READ = (
    "article_id",
    "title",
    "summary",
    "publisher",
    "first_seen_at",
    "day",
    "content_digest",
    "duplicate_of",
)
SETTLED_FROM = ("claim_id", "question_id", "made_at", "resolve_by", "resolver", "spec")
ASKED = ("question_id", "topic_id", "template", "window_days", "made_at", "statement")


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
    days = days_of(context)
    backfill = len(days) > 1
    with nullcontext() if world.analyst_on else world.warehouse.hold():
        with world.warehouse.read() as reader:
            triggers = world.trigger_vectors(reader)
        vectors = VectorMemory(world.encoder.name)
        for day in each_day(days, world, "predictions and outcomes"):
            moment = as_of(context, world, day)
            settle(world, day, moment, vectors)
            if world.analyst_on:
                judge(world, day, moment, backfill=backfill)
            forecast(world, day, moment, phase(context, day), triggers, vectors)
            if world.analyst_on:
                analyse(world, day, phase(context, day), backfill=backfill)
            sign_off(world, day, moment)
        sign_off(world, days[-1], moment, late=True)
    with world.warehouse.read() as reader:
        yield from _results(reader, days)
        yield from model_results(world, reader, days)


def settle(world: World, day: pd.Timestamp, moment: pd.Timestamp, vectors: VectorMemory) -> int:
    """Append the verdicts that can be given as of a moment; returns their number."""
    with world.warehouse.read() as reader:
        claims = reader.open_claims(moment, SETTLED_FROM)
        claims = claims[claims["resolver"] == "rule"]
        if claims.empty:
            return 0
        specs = [json.loads(spec) for spec in claims["spec"].unique()]
        anchors = reader.anchors(pd.Series([spec["anchor_id"] for spec in specs], dtype=str))
        articles = reader.articles_as_of(moment, claims["made_at"].min(), READ)
        matrix = vectors.of(reader, articles["content_digest"])
    verdicts = resolve_rules(
        claims,
        anchors,
        articles,
        matrix,
        as_of=moment,
        day=day,
        code_version=world.code_version,
    )
    if verdicts.empty:
        return 0
    with world.warehouse.write() as writer:
        return writer.append("outcomes.resolutions", verdicts)


def forecast(
    world: World,
    day: pd.Timestamp,
    moment: pd.Timestamp,
    phase_: str,
    trigger_vectors: Mapping[str, np.ndarray],
    vectors: VectorMemory,
) -> int:
    """Append the day's edition, unless the day is sealed; returns the number of claims.

    Behind the desk's claims come those of the forecasters that learn from the record, fitted on
    what had fallen due and was settled by then.
    """
    with world.warehouse.read() as reader:
        if not reader.editions_of(day).empty:
            return 0
        window = reader.live_window(day, moment, LIVE_DAYS, READ)
        window = window[window["topic_id"].notna()].reset_index(drop=True)
        if window.empty:
            return 0
        given = DeskInput(
            day=day,
            as_of=moment,
            window=window,
            vectors=vectors.of(reader, window["content_digest"]),
            topics=reader.topics_as_of(moment, moment - pd.Timedelta(days=2)),
            settled=reader.settled_questions(moment),
            open_claims=reader.open_claims(moment, ASKED).drop_duplicates("question_id"),
            trigger_vectors=trigger_vectors,
            embedding_model=world.encoder.name,
            phase=phase_,
            code_version=world.code_version,
        )
        record = reader.settled_forecasts(moment, MEMBERS, "rule")
    edition = make_edition(given, DeskParameters(topics_per_day=world.settings.topics_per_day))
    edition = with_learned(edition, record)
    with world.warehouse.write() as writer:
        if not writer.editions_of(day).empty:
            return 0
        writer.append("forecasts.editions", edition.editions)
        writer.append("forecasts.reports", edition.reports)
        writer.append("forecasts.anchors", edition.anchors)
        writer.append("forecasts.refusals", edition.refusals)
        return writer.append("forecasts.claims", chain(edition.claims, writer.ledger_head()))


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
