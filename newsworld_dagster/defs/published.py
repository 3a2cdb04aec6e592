"""published/*: what people read while runs write."""

import dagster as dg

from newsworld_dagster.defs.digests import digests, timelines
from newsworld_dagster.defs.learning import bands, consistency_of_claims, leading_forecaster
from newsworld_dagster.defs.marts import marts
from newsworld_dagster.defs.partitions import OWNERS, RETRY
from newsworld_dagster.defs.rendering import NotebookError, render_notebook
from newsworld_dagster.defs.scorecards import scorecard_table
from newsworld_dagster.defs.trending import trending_strip
from newsworld_dagster.defs.world import World
from newsworld_dagster.defs.written import written
from newsworld_dagster.settings import PROJECT
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
        "Read-only copy of the whole warehouse, replaced by an atomic rename: notebooks and "
        "pages read it and never block a run."
    ),
)
def snapshot(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
    """Publish the snapshot."""
    path = publish_snapshot(world.warehouse, world.settings.snapshot_file)
    return dg.MaterializeResult(
        metadata={"path": dg.MetadataValue.path(str(path)), "bytes": path.stat().st_size}
    )


@dg.asset(
    key=["published", "calibration_notebook"],
    deps=[snapshot],
    owners=OWNERS,
    group_name=GROUP,
    kinds={"jupyter"},
    code_version="1",
    description=(
        "notebooks/calibration.ipynb run on the snapshot; the rendered page is kept, also when "
        "a cell fails (then this asset fails and the page shows where)."
    ),
)
def calibration_notebook(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
    """Run the notebook and keep its page."""
    target = world.settings.published_dir / "notebooks" / "calibration.html"
    try:
        render_notebook(
            PROJECT / "notebooks" / "calibration.ipynb",
            target,
            {"snapshot_path": str(world.settings.snapshot_file.resolve())},
        )
    except NotebookError as error:
        raise dg.Failure(
            str(error), metadata={"page": dg.MetadataValue.path(str(target))}
        ) from error
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.path(str(target)),
            "open": dg.MetadataValue.url(target.resolve().as_uri()),
        }
    )
