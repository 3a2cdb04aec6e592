"""The reliability diagram."""

from __future__ import annotations

import altair as alt
import pandas as pd

from newsworld_dagster.scoring.chart_style import (
    GREY,
    PALETTE,
    PAPER,
    WHOLE,
    chart_title,
    house_style,
)


def reliability_diagram(
    bins: pd.DataFrame,
    band: pd.DataFrame | None = None,
    title: str = "Reliability",
    *,
    curve: pd.DataFrame | None = None,
    confidence: pd.DataFrame | None = None,
) -> alt.VConcatChart:
    """Observed share against forecast probability, with the counts below.

    Parameters
    ----------
    bins
        From `calibration_bins`: the points with their Wilson intervals and the histogram.
    band
        From `consistency_band`: where the curve would lie if the forecasts were calibrated.
    title
        Title of the chart.
    curve
        From `reliability_curve`: the CORP curve that the bands belong to.
    confidence
        From `confidence_band`: how well the curve is known.

    Returns
    -------
    altair.VConcatChart
        The diagram over the histogram.
    """
    filled = bins[bins["count"] > 0]
    unit = alt.Scale(domain=[0, 1], nice=False)
    share = alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    across = alt.X("mean_probability:Q", scale=unit, axis=share, title=None)
    diagonal = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    layers: list[alt.Chart] = []
    if band is not None:
        layers.append(
            alt.Chart(corners(band, "low", "high"))
            .mark_area(color=GREY, opacity=0.25)
            .encode(x=alt.X("probability:Q", scale=unit), y="low:Q", y2="high:Q")
        )
    if confidence is not None:
        layers.append(
            alt.Chart(corners(confidence, "low", "high"))
            .mark_area(color=PALETTE[4], opacity=0.3)
            .encode(x=alt.X("probability:Q", scale=unit), y="low:Q", y2="high:Q")
        )
    layers.append(
        alt.Chart(diagonal)
        .mark_line(color=GREY, strokeDash=[5, 4], strokeWidth=1.2)
        .encode(x=alt.X("x:Q", scale=unit), y="y:Q")
    )
    if curve is not None:
        layers.append(
            alt.Chart(corners(curve, "recalibrated"))
            .mark_line(color=PALETTE[1], strokeWidth=1.8)
            .encode(x=alt.X("probability:Q", scale=unit), y="recalibrated:Q")
        )
    points = alt.Chart(filled).encode(x=across)
    observed = alt.Y("observed:Q", scale=unit, axis=share, title="Observed share of yes (%)")
    tooltip = [
        alt.Tooltip("mean_probability:Q", title="Mean forecast", format=".1%"),
        alt.Tooltip("observed:Q", title="Observed", format=".1%"),
        alt.Tooltip("count:Q", title="Forecasts", format=","),
    ]
    layers.append(
        points.mark_rule(color=PALETTE[0], strokeWidth=1.5).encode(
            y=alt.Y("observed_low:Q", scale=unit), y2="observed_high:Q"
        )
    )
    layers.append(
        points.mark_point(color=PALETTE[0], filled=True, size=60, opacity=1).encode(
            y=observed, tooltip=tooltip
        )
    )
    key = ["Points: forecasts in bins, with 95 % Wilson intervals.", "Dashed: perfect calibration."]
    if curve is not None:
        key.append("Orange line: isotonic recalibration (CORP).")
    if band is not None:
        key.append("Grey band: where that curve lies if the forecasts are calibrated.")
    if confidence is not None:
        key.append("Orange band: how well the curve is known.")
    diagram = alt.layer(*layers).properties(width=360, height=360, title=chart_title(title, key))
    histogram = (
        alt.Chart(bins)
        .mark_bar(color=PALETTE[0], opacity=0.75, stroke=PAPER)
        .encode(
            x=alt.X("low:Q", scale=unit, axis=share, title="Forecast probability of yes (%)"),
            x2="high:Q",
            y=alt.Y(
                "count:Q",
                title="Forecasts (n)",
                scale=alt.Scale(domainMin=0, nice=True),
                axis=alt.Axis(tickCount=3, labelExpr=WHOLE),
            ),
            y2=alt.datum(0),
            tooltip=tooltip,
        )
        .properties(width=360, height=80)
    )
    return house_style(alt.vconcat(diagram, histogram, spacing=8))


def corners(line: pd.DataFrame, *drawn: str) -> pd.DataFrame:
    """The rows at which a line turns: what lies on a level stretch draws nothing.

    Parameters
    ----------
    line
        Rows in the order in which they are drawn.
    drawn
        The columns that give the height.
    """
    heights = line[list(drawn)]
    level = heights.eq(heights.shift()) & heights.eq(heights.shift(-1))
    return line[~level.all(axis=1)]
