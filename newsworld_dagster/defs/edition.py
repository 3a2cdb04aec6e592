"""published/edition: the pages that readers see."""

from typing import Any

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.making import PREFERRED
from newsworld_dagster.defs.partitions import OWNERS
from newsworld_dagster.defs.published import GROUP, snapshot
from newsworld_dagster.defs.world import World
from newsworld_dagster.edition import Chart, Given, Published, build_edition
from newsworld_dagster.forecasting.analyst import NAME as ANALYST
from newsworld_dagster.scoring import calibration_bins, consistency_band, reliability_curve
from newsworld_dagster.warehouse import open_snapshot

# Fewer scored claims make no diagram worth a look.
LEAST_SCORED = 20


@dg.asset(
    key=["published", "edition"],
    deps=[snapshot],
    owners=OWNERS,
    group_name=GROUP,
    kinds={"html"},
    code_version="1",
    description=(
        "Static pages, feeds, search index and JSON from the snapshot, in published/edition: only "
        "what changed is made, and all of it appears at once. `newsworld serve` shows them."
    ),
)
@limited
def edition(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
    """Build the pages."""
    made = publish_edition(world)
    home = world.settings.edition_dir / "index.html"
    return dg.MaterializeResult(
        metadata={
            "files": made.files,
            "made anew": made.made,
            "taken over": made.kept,
            "removed": made.removed,
            "bytes": made.size,
            "home": dg.MetadataValue.path(str(home)),
        }
    )


def publish_edition(world: World) -> Published:
    """Build the edition of the published snapshot into the folder that readers see."""
    return build_edition(_given(world), world.settings.edition_dir)


def _given(world: World) -> Given:
    with open_snapshot(world.settings.snapshot_file) as published:
        as_of = published.reader.latest_as_of() or world.clock()
        frames = published.reader.edition_frames(as_of)
    return Given(
        as_of=as_of,
        frames=frames,
        # A report in prose leads where there is one.
        preferred=(ANALYST, *PREFERRED),
        charts=_charts(frames, world.settings.seed),
        site_url=world.settings.site_url,
    )


def _charts(frames: dict[str, pd.DataFrame], seed: int) -> list[Chart]:
    """The pictures of the scorecard page, for light and for dark."""
    from newsworld_dagster.scoring.charts import (
        reliability_diagram,
        score_by_group,
        score_over_time,
    )

    made = []
    scored, card = frames["scored"], frames["scorecard"]
    for name, own in sorted(scored.groupby("forecaster"), key=lambda one: _place(str(one[0]))):
        if len(own) < LEAST_SCORED:
            continue
        probability = own["probability"].to_numpy(dtype=float)
        outcome = own["outcome"].to_numpy()
        bins = calibration_bins(probability, outcome)
        diagram = reliability_diagram(
            bins,
            consistency_band(probability, seed=seed),
            f"Reliability of {name}",
            curve=reliability_curve(probability, outcome),
        )
        made.append(_chart(f"reliability-{name}", f"Reliability of {name}", _said(bins), diagram))
    if len(card[(card["by"] == "window") & (card["scored"] > 0)]):
        made.append(
            _chart(
                "brier-by-window",
                "Brier score by horizon",
                "Mean Brier score of each forecaster by horizon; the table by horizon has the "
                "figures.",
                score_by_group(card, "window"),
            )
        )
    if len(card[(card["by"] == "month") & (card["scored"] > 0)]):
        made.append(
            _chart(
                "brier-over-time",
                "Brier score over time",
                "Mean Brier score of each forecaster by month; the table by month has the figures.",
                score_over_time(card),
            )
        )
    return made


def _chart(name: str, title: str, alt: str, drawn: Any) -> Chart:
    from newsworld_dagster.scoring.chart_svg import chart_svg

    return Chart(name, title, alt, chart_svg(drawn), chart_svg(drawn, dark=True))


def _said(bins: pd.DataFrame) -> str:
    """What a reliability diagram shows, in words."""
    points = "; ".join(
        f"forecast {100 * row['mean_probability']:.0f} %, observed {100 * row['observed']:.0f} % "
        f"({row['count']} claims)"
        for row in bins[bins["count"] > 0].to_dict("records")
    )
    return f"Reliability diagram, from low probabilities to high: {points}."


def _place(name: str) -> tuple[int, str]:
    return (PREFERRED.index(name) if name in PREFERRED else len(PREFERRED), name)
