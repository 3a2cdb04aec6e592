"""scorecards/scorecard: what the ledger says."""

from typing import Any

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.marts import GROUP
from newsworld_dagster.defs.partitions import OWNERS, POOL, RETRY
from newsworld_dagster.defs.previews import markdown, plot
from newsworld_dagster.defs.world import World
from newsworld_dagster.scoring import calibration_bins, scorecard
from newsworld_dagster.warehouse import Reader

SCORECARD = dg.AssetKey(["scorecards", "scorecard"])
FCT_CLAIMS = dg.AssetKey(["marts", "fct_claims"])
FCT_SCORED = dg.AssetKey(["marts", "fct_scored_claims"])


@dg.asset(
    key=SCORECARD,
    deps=[FCT_CLAIMS, FCT_SCORED],
    retry_policy=RETRY,
    pool=POOL,
    owners=OWNERS,
    group_name=GROUP,
    kinds={"python", "duckdb"},
    code_version="1",
    freshness_policy=dg.FreshnessPolicy.time_window(fail_window=pd.Timedelta(hours=36)),
    description=(
        "Counts, Brier and log score with intervals clustered by topic, skill over the base "
        "rate, CORP decomposition: per forecaster, and by window, section, template and month."
    ),
)
@limited
def scorecard_table(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
    """Score all claims of the record as of the newest edition."""
    with world.warehouse.read() as reader:
        as_of = reader.latest_as_of() or world.clock()
        claims = record(reader)
        scored = reader.table("marts.fct_scored_claims")
    table = scorecard(claims, as_of=as_of, seed=world.settings.seed)
    with world.warehouse.write() as writer:
        writer.replace_all("scorecards.scorecard", table)
    return dg.MaterializeResult(metadata=_metadata(table, scored, as_of))


def record(reader: Reader) -> pd.DataFrame:
    """The claims that count: all but those of the warm-up."""
    return reader.frame("SELECT * FROM marts.fct_claims WHERE phase = 'record' ORDER BY claim_id")


def _metadata(table: pd.DataFrame, scored: pd.DataFrame, as_of: pd.Timestamp) -> dict[str, Any]:
    from newsworld_dagster.scoring.charts import reliability_diagram, score_by_group

    overall = table[table["by"] == "all"]
    counts = ["forecaster", "made", "due", "scored", "void", "pending", "overdue", "early"]
    scores = ["forecaster", "brier", "brier_low", "brier_high", "skill", "skill_low", "skill_high"]
    metadata: dict[str, Any] = {
        "dagster/row_count": len(table),
        "as of": str(as_of),
        "counts": markdown(overall[counts]),
        "scores": markdown(overall[scores]),
    }
    own = scored[scored["forecaster"] == "coverage"]
    if len(own) >= 20:
        bins = calibration_bins(own["probability"], own["outcome"])
        metadata["reliability of coverage"] = plot(
            reliability_diagram(bins, title="Reliability of coverage"), "reliability diagram"
        )
        metadata["by window"] = plot(score_by_group(table, "window"), "Brier score by window")
    return metadata
