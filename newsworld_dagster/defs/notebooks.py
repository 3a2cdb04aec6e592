"""published/*_notebook: the notebooks, run on every snapshot, and kept as pages.

A module with `dg.definitions` gives Dagster what that returns and nothing else, so they are apart
from the snapshot.
"""

import dagster as dg

from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import OWNERS
from newsworld_dagster.defs.published import GROUP, snapshot
from newsworld_dagster.defs.rendering import NotebookError, render_notebook
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import PROJECT

# What each notebook answers; its page has its name.
NOTEBOOKS = {
    "calibration": "Are the forecasts calibrated, and where is their skill?",
    "forecaster_comparison": "Which forecaster is better on the claims that both answered?",
    "horizons_and_timing": "Over which windows is there skill, and how soon do claims come true?",
    "worst_misses": "Which forecasts were furthest off, what was counted, and what to read?",
    "stories_and_topics": "What is in the news, and how do stories and topics hang together?",
    "bring_your_own_forecaster": "How would a forecaster of one's own have done on the record?",
    "verdict_desk": "Which claims wait for a person, and what may decide them?",
}

# The one that every day's run keeps up to date.
DAILY = "calibration"


def page_key(name: str) -> dg.AssetKey:
    """The asset that keeps a notebook's page."""
    return dg.AssetKey(["published", f"{name}_notebook"])


def notebook_page(name: str, answers: str) -> dg.AssetsDefinition:
    """The asset that runs a notebook on the snapshot and keeps its page."""

    @dg.asset(
        key=page_key(name),
        deps=[snapshot],
        owners=OWNERS,
        group_name=GROUP,
        kinds={"jupyter"},
        code_version="1",
        description=(
            f"{answers} notebooks/{name}.ipynb run on the snapshot; the rendered page is kept, "
            "also when a cell fails (then this asset fails and the page shows where)."
        ),
    )
    @limited
    def page(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
        target = world.settings.published_dir / "notebooks" / f"{name}.html"
        shown = {"page": dg.MetadataValue.path(str(target))}
        try:
            render_notebook(
                PROJECT / "notebooks" / f"{name}.ipynb",
                target,
                {"snapshot_path": str(world.settings.snapshot_file.resolve())},
            )
        except NotebookError as error:
            raise dg.Failure(str(error), metadata=shown) from error
        link = dg.MetadataValue.url(target.resolve().as_uri())
        return dg.MaterializeResult(metadata=shown | {"open": link})

    return page


@dg.definitions
def notebooks() -> dg.Definitions:
    """A page for every notebook."""
    return dg.Definitions(
        assets=[notebook_page(name, answers) for name, answers in NOTEBOOKS.items()]
    )
