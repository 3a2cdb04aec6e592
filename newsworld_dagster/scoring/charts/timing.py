"""When within their windows claims come true."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from newsworld_dagster.scoring.chart_style import (
    PALETTE,
    WIDTH,
    bottom_legend,
    chart_title,
    house_style,
)
from newsworld_dagster.scoring.tables import elapsed_at_yes

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4])


def yes_over_window(claims: pd.DataFrame) -> alt.LayerChart:
    """Share of the due claims that had come true, against the share of the window passed.

    Parameters
    ----------
    claims
        As for `timing_table`: one row a question.

    Returns
    -------
    altair.LayerChart
        A step line per window; where it ends is the share that came true at all.
    """
    found = elapsed_at_yes(claims)
    steps = np.round(np.arange(0, 1.001, 0.02), 2)
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "window": f"{days} days (n = {len(own)})",
                    "days": days,
                    "passed": steps,
                    "share": [(own["elapsed"] <= step + 1e-9).mean() for step in steps],
                }
            )
            for days, own in found.groupby("window_days")
        ]
        or [pd.DataFrame(columns=["window", "days", "passed", "share"])]
    )
    names = list(dict.fromkeys(rows["window"]))
    chart = (
        alt.Chart(rows)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X(
                "passed:Q",
                title="Share of the window that has passed (%)",
                axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
                scale=alt.Scale(domain=[0, 1], nice=False),
            ),
            y=alt.Y(
                "share:Q",
                title="Claims that had come true (%)",
                axis=alt.Axis(format="%", tickCount=5),
                scale=alt.Scale(domainMin=0, nice=True),
            ),
            color=alt.Color(
                "window:N",
                title="Window",
                scale=alt.Scale(domain=names, range=list(PALETTE[: len(names)])),
                legend=bottom_legend(),
            ),
            strokeDash=alt.StrokeDash(
                "window:N",
                title="Window",
                scale=alt.Scale(domain=names, range=list(DASHES[: len(names)])),
                legend=bottom_legend(),
            ),
        )
    )
    return house_style(
        alt.layer(chart).properties(
            width=WIDTH,
            height=280,
            title=chart_title(
                "How soon claims come true",
                ["Due claims only: of the open ones, only the quick yeses are known."],
            ),
        )
    )
