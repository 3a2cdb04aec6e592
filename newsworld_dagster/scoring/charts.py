"""Charts of the scoring room, one function each, for notebooks, asset metadata and pages alike.

This module imports Altair, so it is imported on its own and not with the room.
"""

from __future__ import annotations

import io
from typing import Any, Final

import altair as alt
import numpy as np
import pandas as pd

from newsworld_dagster.scoring.chart_style import (
    GREY,
    INK,
    PALETTE,
    WHOLE,
    WIDTH,
    chart_title,
    forecaster_colour,
    forecaster_order,
    forecaster_shape,
    house_style,
    interval_rows,
)
from newsworld_dagster.scoring.frames import group_title
from newsworld_dagster.scoring.scorecard import BASELINE

Chart = alt.LayerChart | alt.VConcatChart | alt.FacetChart

SKILL_FLOOR: Final = -1.0

FATES: Final = {
    "made": ("Made", PALETTE[0]),
    "due": ("Due", PALETTE[0]),
    "scored": ("Scored", PALETTE[2]),
    "void": ("Void", GREY),
    "overdue": ("Overdue", PALETTE[1]),
    "pending": ("Pending", PALETTE[5]),
    "early": ("Settled early", PALETTE[5]),
}


def reliability_diagram(
    bins: pd.DataFrame,
    band: pd.DataFrame | None = None,
    title: str = "Reliability",
    *,
    curve: pd.DataFrame | None = None,
) -> Chart:
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
        From `reliability_curve`: the CORP curve that the band belongs to.

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
            alt.Chart(band)
            .mark_area(color=GREY, opacity=0.25)
            .encode(x=alt.X("probability:Q", scale=unit), y="low:Q", y2="high:Q")
        )
    layers.append(
        alt.Chart(diagonal)
        .mark_line(color=GREY, strokeDash=[5, 4], strokeWidth=1.2)
        .encode(x=alt.X("x:Q", scale=unit), y="y:Q")
    )
    if curve is not None:
        layers.append(
            alt.Chart(curve)
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
    key = ["Points: forecasts in bins, with 95 % Wilson intervals; dashed: perfect calibration."]
    if curve is not None:
        key.append("Orange line: isotonic recalibration (CORP).")
    if band is not None:
        key.append("Grey band: where that curve lies if the forecasts are calibrated.")
    diagram = alt.layer(*layers).properties(width=360, height=360, title=chart_title(title, key))
    histogram = (
        alt.Chart(bins)
        .mark_bar(color=PALETTE[0], opacity=0.75, stroke="white")
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


def score_by_group(scorecard_frame: pd.DataFrame, by: str) -> Chart:
    """Mean Brier score with its interval, per group and forecaster.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.
    by
        One of its groupings: all, window, section, template, family, month, band.

    Returns
    -------
    altair.LayerChart
        One row per group, the forecasters one above the other, each with its count.
    """
    rows = _scored(scorecard_frame, by)
    upper = max([0.26, *rows[["brier", "brier_high"]].max().dropna()])
    x = alt.X(
        "brier:Q",
        scale=alt.Scale(domain=[0, upper * 1.15], nice=False),
        axis=alt.Axis(tickCount=6),
        title="Mean Brier score (0 best, 95 % interval)",
    )
    chart = interval_rows(rows, "brier", x=x, group=group_title(by), tooltip=_tooltip())
    return house_style(
        chart.properties(
            title=chart_title(
                "Brier score" + _by(by),
                ["Scored claims only; intervals from a bootstrap that draws topics."],
            )
        )
    )


def skill_by_group(scorecard_frame: pd.DataFrame, by: str) -> Chart:
    """Skill against base-rate with its interval, per group and forecaster.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.
    by
        One of its groupings: all, window, section, template, family, month, band.

    Returns
    -------
    altair.LayerChart
        One row per group, the forecasters one above the other, each with its count; base-rate
        is the line at 0.
    """
    rows, subtitle = _skilled(scorecard_frame, by)
    upper = max([0.3, *rows[["skill", "skill_high"]].max().dropna()])
    lower = min([-0.1, *rows[["skill", "skill_low"]].min().dropna()])
    reach = upper - lower
    x = alt.X(
        "skill:Q",
        scale=alt.Scale(domain=[lower - 0.02 * reach, upper + 0.14 * reach], nice=False),
        axis=alt.Axis(format="%", tickCount=6),
        title="Skill against base-rate (%, 95 % interval)",
    )
    chart = interval_rows(rows, "skill", x=x, group=group_title(by), tooltip=_tooltip())
    zero = _zero().encode(x="zero:Q")
    return house_style(
        alt.layer(zero, chart).properties(title=chart_title("Skill" + _by(by), subtitle))
    )


def skill_by_window(scorecard_frame: pd.DataFrame) -> Chart:
    """Skill against base-rate per window, with intervals.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.

    Returns
    -------
    altair.LayerChart
        One point per window and forecaster; base-rate is the line at 0.
    """
    rows, subtitle = _skilled(scorecard_frame, "window")
    forecasters = forecaster_order(rows)
    # Zero is kept in sight and off the edge, for it is what the skill is read against.
    lows = rows["skill_low"].fillna(rows["skill"])
    floor = min([-0.05, *(lows.astype(float) - 0.02).tolist()])
    base = alt.Chart(rows).encode(
        x=alt.X(
            "group:N",
            sort=list(dict.fromkeys(rows["group"])),
            title="Window from claim to deadline",
            axis=alt.Axis(labelAngle=0),
        ),
        xOffset=alt.XOffset("forecaster:N", sort=forecasters, scale=alt.Scale(padding=0.6)),
        color=forecaster_colour(forecasters),
    )
    interval = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y(
            "skill_low:Q",
            scale=alt.Scale(domainMin=floor, nice=True),
            axis=alt.Axis(format="%"),
            title="Skill against base-rate (%, 95 % interval)",
        ),
        y2="skill_high:Q",
    )
    point = base.mark_point(filled=True, size=70, opacity=1).encode(
        y="skill:Q", shape=forecaster_shape(forecasters), tooltip=_tooltip()
    )
    return house_style(
        alt.layer(_zero().encode(y="zero:Q"), interval, point).properties(
            width=WIDTH,
            height=280,
            title=chart_title("Skill by window", subtitle),
        )
    )


def score_over_time(scorecard_frame: pd.DataFrame) -> Chart:
    """Mean Brier score with its interval, per month in which the claims were made.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.

    Returns
    -------
    altair.LayerChart
        One line per forecaster.
    """
    rows = _scored(scorecard_frame, "month")
    forecasters = forecaster_order(rows)
    base = alt.Chart(rows).encode(
        x=alt.X(
            "group:O",
            title="Month in which the claims were made",
            axis=alt.Axis(labelAngle=0 if rows["group"].nunique() <= 9 else -45),
            scale=alt.Scale(paddingInner=0.5, paddingOuter=0.3),
        ),
        xOffset=alt.XOffset("forecaster:N", sort=forecasters),
        color=forecaster_colour(forecasters),
    )
    interval = base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(
        y=alt.Y(
            "brier_low:Q",
            scale=alt.Scale(zero=False, nice=True),
            title="Mean Brier score (0 best, 95 % interval)",
        ),
        y2="brier_high:Q",
    )
    line = base.mark_line(strokeWidth=2).encode(y="brier:Q")
    point = base.mark_point(filled=True, size=60, opacity=1).encode(
        y="brier:Q", shape=forecaster_shape(forecasters), tooltip=_tooltip()
    )
    return house_style(
        alt.layer(interval, line, point).properties(
            width=WIDTH + 100,
            height=280,
            title=chart_title(
                "Brier score over time",
                ["Scored claims only; intervals from a bootstrap that draws topics."],
            ),
        )
    )


def funnel(scorecard_frame: pd.DataFrame) -> Chart:
    """What became of the claims: made, due, scored, and all that was not scored.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.

    Returns
    -------
    altair.FacetChart
        One panel of bars per forecaster.
    """
    whole = scorecard_frame[scorecard_frame["by"] == "all"]
    rows = whole.melt("forecaster", list(FATES), var_name="fate", value_name="claims")
    made = rows["forecaster"].map(whole.set_index("forecaster")["made"])
    rows["share"] = rows["claims"] / made.where(made > 0)
    rows["label"] = [
        f"{claims:,}" + ("" if np.isnan(share) else f" ({share:.1%})")
        for claims, share in zip(rows["claims"], rows["share"], strict=True)
    ]
    names = [name for name, _ in FATES.values()]
    rows["fate"] = rows["fate"].map({key: name for key, (name, _) in FATES.items()})
    widest = float(rows["claims"].max()) if len(rows) else 1.0
    base = alt.Chart(rows).encode(
        y=alt.Y("fate:N", sort=names, title=None),
        x=alt.X(
            "claims:Q",
            title="Claims (n, share of made)",
            scale=alt.Scale(domain=[0, max(1.0, widest) * 1.28], nice=False),
            axis=alt.Axis(tickCount=5, labelExpr=WHOLE),
        ),
    )
    bars = base.mark_bar().encode(
        color=alt.Color(
            "fate:N",
            scale=alt.Scale(domain=names, range=[colour for _, colour in FATES.values()]),
            legend=None,
        ),
    )
    labels = base.mark_text(align="left", dx=5, color=INK).encode(text="label:N")
    return house_style(
        alt.layer(bars, labels, data=rows)
        .properties(width=WIDTH, height=170)
        .facet(
            row=alt.Row(
                "forecaster:N",
                sort=forecaster_order(whole),
                title=None,
                header=alt.Header(
                    labelOrient="top", labelAnchor="start", labelFontSize=13, labelFontWeight="bold"
                ),
            ),
            title=chart_title(
                "What became of the claims",
                ["Due = scored + void + overdue; settled early is part of pending."],
            ),
        )
    )


def chart_png(chart: Any, scale: float = 2) -> bytes:
    """A chart as a PNG image, drawn without a browser or network.

    Parameters
    ----------
    chart
        Any Altair chart.
    scale
        Pixels per chart unit; 2 suits dense screens and print.

    Returns
    -------
    bytes
        The PNG file.
    """
    image = io.BytesIO()
    chart.save(image, format="png", scale_factor=scale)
    return image.getvalue()


def _scored(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    return frame[(frame["by"] == by) & (frame["scored"] > 0)].copy()


def _skilled(frame: pd.DataFrame, by: str) -> tuple[pd.DataFrame, list[str]]:
    """Rows that have a skill, drawn no lower than `SKILL_FLOOR`, and what to say of them."""
    rows = _scored(frame, by)
    rows = rows[(rows["forecaster"] != BASELINE) & rows["skill"].notna()].copy()
    said = [
        "Share of base-rate's Brier score that is saved on the same claims; above 0 is",
        "better than base-rate. Intervals from a bootstrap that draws topics.",
    ]
    figures = ["skill", "skill_low", "skill_high"]
    if (rows[figures] < SKILL_FLOOR).any(axis=None):
        # A handful of claims can be worse without bound, and would squeeze all else flat.
        rows[figures] = rows[figures].clip(lower=SKILL_FLOOR)
        said.append("What lies below −100 % is drawn there.")
    return rows, said


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("forecaster:N", title="Forecaster"),
        alt.Tooltip("group:N", title="Group"),
        alt.Tooltip("scored:Q", title="Scored claims", format=","),
        alt.Tooltip("topics:Q", title="Topics", format=","),
        alt.Tooltip("brier:Q", title="Brier", format=".4f"),
        alt.Tooltip("skill:Q", title="Skill", format=".1%"),
    ]


def _zero() -> alt.Chart:
    return alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(
        color=INK, strokeDash=[5, 4], strokeWidth=1.5
    )


def _by(by: str) -> str:
    return "" if by == "all" else f" by {group_title(by).lower()}"
