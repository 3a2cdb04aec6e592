"""Asset checks on what a language model was asked and what its judge left open."""

from collections.abc import Iterator

import dagster as dg

from newsworld_dagster.defs.checks import as_result
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.model_calls import JUDGE_QUEUE, MODEL_CALLS
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting.health import evaluate_answers
from newsworld_dagster.resolution.health import evaluate_queue


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "answers", asset=MODEL_CALLS, description="What was asked on the last day was answered."
        ),
        dg.AssetCheckSpec(
            "queue", asset=JUDGE_QUEUE, description="Few claims wait for a person's verdict."
        ),
    ]
)
@limited
def model_checks(world: dg.ResourceParam[World]) -> Iterator[dg.AssetCheckResult]:
    """Asks without an answer, and claims that wait."""
    with world.warehouse.read() as reader:
        calls = reader.table("forecasts.model_calls")
        as_of = reader.latest_as_of() or world.clock()
        waiting = reader.queued_claims(as_of)
    yield as_result("answers", evaluate_answers(calls), MODEL_CALLS, warn=True)
    yield as_result("queue", evaluate_queue(waiting, as_of), JUDGE_QUEUE, warn=True)
