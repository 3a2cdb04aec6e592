"""Charts that hold forecasters against each other."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from newsworld_dagster.scoring.chart_style import (
    INK,
    PALETTE,
    WIDTH,
    chart_title,
    forecaster_colour,
    forecaster_dash,
    forecaster_order,
    house_style,
)


def murphy_diagram(curves: pd.DataFrame, title: str = "Murphy diagram") -> alt.LayerChart:
    """Mean elementary score against the threshold of the decision, a line per forecaster.

    Parameters
    ----------
    curves
        Rows of `murphy_curve` with a column forecaster: forecaster, threshold, score, and
        optionally low and high, drawn as a band.
    title
        Title of the chart.

    Returns
    -------
    altair.LayerChart
        A line that lies below another at every threshold is better for every decision maker.
    """
    forecasters = forecaster_order(curves)
    x = alt.X(
        "threshold:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
        title="Threshold: act if the forecast is above (%)",
    )
    y = alt.Y(
        "score:Q",
        scale=alt.Scale(domainMin=0, nice=True),
        title="Mean elementary score (0 best)",
    )
    base = alt.Chart(curves).encode(x=x, color=forecaster_colour(forecasters))
    layers = []
    if {"low", "high"} <= set(curves.columns):
        layers.append(
            base.mark_area(opacity=0.18).encode(
                y=alt.Y("low:Q", title="Mean elementary score (0 best)"), y2="high:Q"
            )
        )
    layers.append(
        base.mark_line(strokeWidth=2).encode(
            y=y,
            strokeDash=forecaster_dash(forecasters),
            tooltip=[
                alt.Tooltip("forecaster:N", title="Forecaster"),
                alt.Tooltip("threshold:Q", title="Threshold", format=".0%"),
                alt.Tooltip("score:Q", title="Score", format=".4f"),
            ],
        )
    )
    said = [
        "What a decision maker loses who acts above the threshold; twice the area under a line",
        "is its Brier score. The line that is lower everywhere is better for all.",
    ]
    if len(layers) > 1:
        said.append("Bands: pointwise intervals from a bootstrap that draws clusters.")
    return house_style(
        alt.layer(*layers).properties(width=WIDTH, height=300, title=chart_title(title, said))
    )


def forecaster_comparison(
    comparison: pd.DataFrame, title: str = "Paired comparison"
) -> alt.LayerChart:
    """Difference in score from a reference on shared claims, with interval and p-value.

    Parameters
    ----------
    comparison
        From `compare_forecasters`: forecaster, reference, n, clusters, difference, low, high,
        p_value; a negative difference favours the forecaster.
    title
        Title of the chart.

    Returns
    -------
    altair.LayerChart
        One row per pair, the best first; the reference is the line at 0.
    """
    rows = comparison[comparison["n"] > 0].sort_values("difference", kind="stable")
    references = sorted(rows["reference"].unique())
    alone = len(references) == 1
    rows = rows.assign(
        pair=rows["forecaster"] if alone else rows["forecaster"] + " − " + rows["reference"],
        note=[_note(row) for row in rows.itertuples()],
        side=[_side(row) for row in rows.itertuples()],
    )
    reach = max([0.01, *rows[["difference", "low", "high"]].abs().max().dropna()])
    # The notes stand in a column at the right edge.
    x = alt.X(
        "difference:Q",
        scale=alt.Scale(domain=[-1.1 * reach, 2.2 * reach], nice=False),
        axis=alt.Axis(format="+.3f", tickCount=6),
        title="Difference in mean Brier score (below 0: better, 95 % interval)",
    )
    named = {"better": PALETTE[0], "not told apart": INK, "worse": PALETTE[1]}
    base = alt.Chart(rows).encode(
        y=alt.Y("pair:N", sort=list(rows["pair"]), title=None, axis=alt.Axis(labelLimit=260)),
        color=alt.Color(
            "side:N",
            title=None,
            scale=alt.Scale(domain=list(named), range=list(named.values())),
            legend=alt.Legend(orient="bottom", direction="horizontal", symbolOpacity=1),
        ),
    )
    shape = alt.Shape(
        "side:N",
        title=None,
        scale=alt.Scale(domain=list(named), range=["triangle-left", "circle", "triangle-right"]),
    )
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0.0]}))
        .mark_rule(color=INK, strokeDash=[5, 4], strokeWidth=1.5)
        .encode(x="zero:Q")
    )
    interval = base.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    point = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=x,
        shape=shape,
        tooltip=[
            alt.Tooltip("pair:N", title="Forecaster"),
            alt.Tooltip("difference:Q", title="Difference", format="+.4f"),
            alt.Tooltip("n:Q", title="Shared claims", format=","),
            alt.Tooltip("clusters:Q", title="Clusters", format=","),
            alt.Tooltip("p_value:Q", title="p", format=".3f"),
        ],
    )
    note = base.mark_text(align="right", fontSize=11).encode(
        x=alt.value(WIDTH), text="note:N", color=alt.value(INK)
    )
    against = f"Against {references[0]} on" if alone else "On"
    return house_style(
        alt.layer(zero, interval, point, note).properties(
            width=WIDTH,
            height=34 * max(1, len(rows)),
            title=chart_title(
                title,
                [
                    f"{against} the claims that both answered; intervals from a clustered",
                    "bootstrap, p-values from a clustered randomisation test.",
                ],
            ),
        )
    )


def _note(row: Any) -> str:
    p = "" if pd.isna(row.p_value) else ", p < 0.001" if row.p_value < 0.001 else ""
    p = p or ("" if pd.isna(row.p_value) else f", p = {row.p_value:.3f}")
    return f"n = {row.n:,}{p}"


def _side(row: Any) -> str:
    if row.high < 0:
        return "better"
    return "worse" if row.low > 0 else "not told apart"
