"""The scorecard page: counts, scores, charts, and the worst misses in the open."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.briefs import claim_brief
from newsworld_dagster.edition.lookups import Record
from newsworld_dagster.edition.render import Page
from newsworld_dagster.edition.rows import Row, told

WORST = 12
GROUPS = {
    "window": "By horizon, in days",
    "section": "By section",
    "family": "By kind of claim",
    "band": "By confidence band",
    "month": "By month of the making",
}
COUNTS = ("made", "due", "scored", "void", "pending", "overdue", "early")
SCORES = (
    "base_rate",
    "brier",
    "brier_low",
    "brier_high",
    "log_score",
    "skill",
    "skill_low",
    "skill_high",
    "miscalibration",
    "discrimination",
    "uncertainty",
    "topics",
)


def scorecard_page(archive: Archive) -> Page:
    """The scorecard."""
    charts = [
        {"path": chart_path(chart.name), "title": chart.title, "alt": chart.alt}
        for chart in archive.charts
    ]
    key = (archive.as_of, charts)
    return Page("scorecard/index.html", "scorecard.html", _scorecard, key)


def _scorecard(archive: Archive, as_of: pd.Timestamp, charts: list[Row]) -> Row:
    groups = {key: archive.scorecard.get(key) for key in GROUPS}
    return {
        "meta": {
            "title": "Scorecard",
            "description": "How past predictions turned out: counts, scores with intervals, "
            "calibration, and the worst misses.",
        },
        "as_of": as_of,
        "overall": [_line(row) for row in archive.scorecard.get("all")],
        "groups": [
            {"name": GROUPS[key], "key": key, "rows": [_line(row) for row in _ordered(rows)]}
            for key, rows in groups.items()
            if rows
        ],
        "charts": charts,
        "misses": _misses(archive),
    }


def chart_path(name: str, *, dark: bool = False) -> str:
    """Where a chart's picture is."""
    return f"charts/{name}{'-dark' if dark else ''}.svg"


def _line(row: Record) -> Row:
    return told(row, "group", "forecaster", *COUNTS, *SCORES)


def _ordered(rows: list[Record]) -> list[Record]:
    """Groups together, numbers by size, bands from low to high."""

    def place(row: Record) -> tuple[int, str]:
        group = str(row["group"])
        number = group.partition(" ")[0]
        bands = {"Low": 0, "Medium": 1, "High": 2}
        return (int(number) if number.isdigit() else bands.get(group, 0), group)

    return sorted(rows, key=place)


def _misses(archive: Archive) -> list[Row]:
    """The claims that were scored worst, of every forecaster but the baseline, one a question."""
    found: dict[str, Row] = {}
    for row in archive.misses.all():
        claim = archive.claims.one(row["claim_id"])
        if claim and claim["question_id"] not in found:
            brief = claim_brief(archive, claim) | {"brier": row["brier"]}
            found[claim["question_id"]] = brief
        if len(found) == WORST:
            break
    return list(found.values())
