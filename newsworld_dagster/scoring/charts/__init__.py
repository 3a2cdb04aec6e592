"""Charts of the scoring room, one function each, for notebooks, asset metadata and pages alike.

This package imports Altair, so it is imported on its own and not with the room. Every chart is
light; `dark(chart)` is the same for a dark page.
"""

from __future__ import annotations

from newsworld_dagster.scoring.chart_style import dark, still_pictures
from newsworld_dagster.scoring.charts.claims import claim_history, topic_timeline
from newsworld_dagster.scoring.charts.comparison import forecaster_comparison, murphy_diagram
from newsworld_dagster.scoring.charts.coverage import funnel
from newsworld_dagster.scoring.charts.pictures import chart_html, chart_png, chart_svg
from newsworld_dagster.scoring.charts.reliability import reliability_diagram
from newsworld_dagster.scoring.charts.scores import (
    score_by_group,
    score_over_time,
    skill_by_group,
    skill_by_window,
)
from newsworld_dagster.scoring.charts.timing import yes_over_window

__all__ = [
    "chart_html",
    "chart_png",
    "chart_svg",
    "claim_history",
    "dark",
    "forecaster_comparison",
    "funnel",
    "murphy_diagram",
    "reliability_diagram",
    "score_by_group",
    "score_over_time",
    "skill_by_group",
    "skill_by_window",
    "still_pictures",
    "topic_timeline",
    "yes_over_window",
]
