"""The scorecard page: counts, scores, charts, and the worst misses in the open."""

from __future__ import annotations

from newsworld_dagster.edition.archive import BASELINE, Archive
from newsworld_dagster.edition.briefs import claim_brief
from newsworld_dagster.edition.render import Page
from newsworld_dagster.edition.rows import Row, grouped

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
    rows = archive.rows("scorecard")
    rows.sort(key=lambda row: archive.rank.get(row["forecaster"], len(archive.rank)))
    by = grouped(rows, "by")
    return Page(
        "scorecard/index.html",
        "scorecard.html",
        {
            "meta": {
                "title": "Scorecard",
                "description": "How past predictions turned out: counts, scores with intervals, "
                "calibration, and the worst misses.",
            },
            "as_of": archive.as_of,
            "overall": [_line(row) for row in by.get("all", [])],
            "groups": [
                {"name": name, "key": key, "rows": [_line(row) for row in _ordered(by[key])]}
                for key, name in GROUPS.items()
                if key in by
            ],
            "charts": [
                {"path": chart_path(chart.name), "title": chart.title, "alt": chart.alt}
                for chart in archive.given.charts
            ],
            "misses": _misses(archive),
        },
    )


def chart_path(name: str, *, dark: bool = False) -> str:
    """Where a chart's picture is."""
    return f"charts/{name}{'-dark' if dark else ''}.svg"


def _line(row: Row) -> Row:
    return {name: row[name] for name in ("group", "forecaster", *COUNTS, *SCORES)}


def _ordered(rows: list[Row]) -> list[Row]:
    """Groups together, numbers by size, bands from low to high."""

    def place(row: Row) -> tuple[int, str]:
        group = str(row["group"])
        number = group.partition(" ")[0]
        bands = {"Low": 0, "Medium": 1, "High": 2}
        return (int(number) if number.isdigit() else bands.get(group, 0), group)

    return sorted(rows, key=place)


def _misses(archive: Archive) -> list[Row]:
    """The claims that were scored worst, of every forecaster but the baseline, one a question."""
    claims = {claim["claim_id"]: claim for claim in archive.claims}
    scored = sorted(archive.rows("scored"), key=lambda row: (-row["brier"], row["claim_id"]))
    found: list[Row] = []
    seen = set()
    for row in scored:
        claim = claims.get(row["claim_id"])
        if claim is None or row["forecaster"] == BASELINE or claim["question_id"] in seen:
            continue
        seen.add(claim["question_id"])
        found.append(claim_brief(archive, claim) | {"brier": row["brier"]})
        if len(found) == WORST:
            break
    return found
