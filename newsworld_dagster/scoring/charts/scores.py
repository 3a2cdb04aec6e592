"""Charts of a scorecard: scores and skill with their intervals."""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from newsworld_dagster.scoring.chart_style import (
    INK,
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

Chart = alt.LayerChart | alt.FacetChart

SKILL_FLOOR: Final = -1.0


def score_by_group(scorecard_frame: pd.DataFrame, by: str, *, drawn: str = "topics") -> Chart:
    """Mean Brier score with its interval, per group and forecaster.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.
    by
        One of its groupings: all, window, section, template, family, month, band.
    drawn
        What the bootstrap of the intervals drew.

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
                [f"Scored claims only; intervals from a bootstrap that draws {drawn}."],
            )
        )
    )


def skill_by_group(
    scorecard_frame: pd.DataFrame, by: str, *, baseline: str = BASELINE, drawn: str = "topics"
) -> Chart:
    """Skill against a baseline with its interval, per group and forecaster.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.
    by
        One of its groupings: all, window, section, template, family, month, band.
    baseline
        The forecaster that the skill is against.
    drawn
        What the bootstrap of the intervals drew.

    Returns
    -------
    altair.LayerChart
        One row per group, the forecasters one above the other, each with its count; the baseline
        is the line at 0.
    """
    rows, subtitle = _skilled(scorecard_frame, by, baseline, drawn)
    upper = max([0.3, *rows[["skill", "skill_high"]].max().dropna()])
    lower = min([-0.1, *rows[["skill", "skill_low"]].min().dropna()])
    reach = upper - lower
    x = alt.X(
        "skill:Q",
        scale=alt.Scale(domain=[lower - 0.02 * reach, upper + 0.14 * reach], nice=False),
        axis=alt.Axis(format="%", tickCount=6),
        title=f"Skill against {baseline} (%, 95 % interval)",
    )
    chart = interval_rows(rows, "skill", x=x, group=group_title(by), tooltip=_tooltip())
    zero = _zero().encode(x="zero:Q")
    return house_style(
        alt.layer(zero, chart).properties(title=chart_title("Skill" + _by(by), subtitle))
    )


def skill_by_window(scorecard_frame: pd.DataFrame, *, baseline: str = BASELINE) -> Chart:
    """Skill against a baseline per window, with intervals: skill by horizon.

    Parameters
    ----------
    scorecard_frame
        From `scorecard`.
    baseline
        The forecaster that the skill is against.

    Returns
    -------
    altair.LayerChart
        One point per window and forecaster; the baseline is the line at 0.
    """
    rows, subtitle = _skilled(scorecard_frame, "window", baseline)
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
            title=f"Skill against {baseline} (%, 95 % interval)",
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


def _scored(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    return frame[(frame["by"] == by) & (frame["scored"] > 0)].copy()


def _skilled(
    frame: pd.DataFrame, by: str, baseline: str, drawn: str = "topics"
) -> tuple[pd.DataFrame, list[str]]:
    """Rows that have a skill, drawn no lower than `SKILL_FLOOR`, and what to say of them."""
    rows = _scored(frame, by)
    rows = rows[(rows["forecaster"] != baseline) & rows["skill"].notna()].copy()
    said = [
        f"Share of {baseline}'s Brier score that is saved on the same claims; above 0 is",
        f"better than {baseline}. Intervals from a bootstrap that draws {drawn}.",
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
