"""published/*: what people read while runs write."""

import dagster as dg

from newsworld_dagster.defs.digests import digests, timelines
from newsworld_dagster.defs.learning import bands, consistency_of_claims, leading_forecaster
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.marts import marts
from newsworld_dagster.defs.partitions import OWNERS, RETRY
from newsworld_dagster.defs.scorecards import scorecard_table
from newsworld_dagster.defs.trending import trending_strip
from newsworld_dagster.defs.world import World
from newsworld_dagster.defs.written import written
from newsworld_dagster.warehouse import publish_snapshot

GROUP = "published"


@dg.asset(
    key=["published", "snapshot"],
    deps=[
        scorecard_table,
        marts,
        timelines,
        digests,
        trending_strip,
        written,
        consistency_of_claims,
        leading_forecaster,
        bands,
    ],
    retry_policy=RETRY,
    owners=OWNERS,
    group_name=GROUP,
    kinds={"duckdb"},
    code_version="1",
    description=(
        "Read-only copy of the warehouse but for event vectors and whole texts, replaced by an "
        "atomic rename: notebooks and pages read it and never block a run."
    ),
)
@limited
def snapshot(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
    """Publish the snapshot."""
    encoder = world.encoder
    # Event vectors serve the making of stories alone, and are half of the file.
    left_out = None if encoder.event_name == encoder.name else encoder.event_name
    path = publish_snapshot(
        world.warehouse, world.settings.snapshot_file, without_vectors_of=left_out
    )
    return dg.MaterializeResult(
        metadata={"path": dg.MetadataValue.path(str(path)), "bytes": path.stat().st_size}
    )
