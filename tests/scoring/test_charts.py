from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts.outcomes import SCORECARD
from newsworld_dagster.scoring import calibration_bins, charts, consistency_band, reliability_curve


def card(forecasters: tuple[str, ...] = ("base-rate", "coverage")) -> pd.DataFrame:
    groups = {
        "all": ["all"],
        "window": ["3 days", "7 days", "14 days", "30 days"],
        "month": ["2026-01", "2026-02"],
    }
    rng = np.random.default_rng(0)
    rows = []
    for by, names in groups.items():
        for name in names:
            for forecaster in forecasters:
                brier = rng.uniform(0.15, 0.25)
                rows.append(
                    dict.fromkeys(SCORECARD.columns, 0)
                    | {
                        "by": by,
                        "group": name,
                        "forecaster": forecaster,
                        "made": 1200,
                        "due": 1000,
                        "scored": 950,
                        "brier": brier,
                        "brier_low": brier - 0.02,
                        "brier_high": brier + 0.02,
                        "skill": 0.2,
                        "skill_low": -0.1,
                        "skill_high": 0.3,
                    }
                )
    return pd.DataFrame(rows, columns=list(SCORECARD.columns))


def values(chart: object) -> list[dict]:
    """All rows of data that a chart carries."""
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


FORECAST = np.random.default_rng(1).random(200)
OUTCOME = (FORECAST > 0.5).astype(int)

CHARTS = {
    "reliability": lambda: charts.reliability_diagram(
        calibration_bins(FORECAST, OUTCOME),
        consistency_band(FORECAST, 20),
        "Reliability",
        curve=reliability_curve(FORECAST, OUTCOME),
    ),
    "bare reliability": lambda: charts.reliability_diagram(calibration_bins([0.5], [1])),
    "by window": lambda: charts.score_by_group(card(), "window"),
    "no group": lambda: charts.score_by_group(card(), "section"),
    "skill": lambda: charts.skill_by_window(card()),
    "no skill": lambda: charts.skill_by_window(card(("base-rate",))),
    "time": lambda: charts.score_over_time(card()),
    "funnel": lambda: charts.funnel(card()),
    "empty funnel": lambda: charts.funnel(card(())),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_draws_without_a_browser(name: str) -> None:
    single = size(charts.chart_png(CHARTS[name](), scale=1))
    double = size(charts.chart_png(CHARTS[name](), scale=2))
    assert single[0] > 60
    assert double == pytest.approx([2 * length for length in single], abs=2)


def test_skill_leaves_out_the_baseline_and_keeps_the_order_of_windows() -> None:
    chart = charts.skill_by_window(card())
    assert {row["forecaster"] for row in values(chart) if "forecaster" in row} == {"coverage"}
    order = chart.to_dict()["layer"][1]["encoding"]["x"]["sort"]
    assert order == ["3 days", "7 days", "14 days", "30 days"]


def test_funnel_labels_counts_with_their_share_of_the_made() -> None:
    labels = {(row["fate"], row["label"]) for row in values(charts.funnel(card()))}
    assert ("Made", "1,200 (100.0%)") in labels
    assert ("Scored", "950 (79.2%)") in labels


def test_groups_without_scored_claims_are_not_drawn() -> None:
    table = card()
    table.loc[table["group"] == "30 days", "scored"] = 0
    drawn = {row["group"] for row in values(charts.score_by_group(table, "window"))}
    assert drawn == {"3 days", "7 days", "14 days"}


def test_the_baseline_is_grey_and_the_others_are_told_apart() -> None:
    encoding = charts.score_over_time(card(("base-rate", "a", "b"))).to_dict()["layer"][2][
        "encoding"
    ]
    colours = encoding["color"]["scale"]
    assert colours["domain"] == ["a", "b", "base-rate"]
    assert colours["range"][2] == "#6E6E6E"
    assert len(set(colours["range"])) == 3
    assert len(set(encoding["shape"]["scale"]["range"])) == 3
