from __future__ import annotations

import struct

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts.outcomes import SCORECARD
from newsworld_dagster.scoring import (
    calibration_bins,
    chart_style,
    charts,
    consistency_band,
    reliability_curve,
)
from newsworld_dagster.scoring.chart_svg import chart_svg
from newsworld_dagster.scoring.charts.reliability import corners


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

DAY = pd.Timestamp("2026-01-03")


def curves() -> pd.DataFrame:
    at = np.linspace(0, 1, 21)
    return pd.concat(
        pd.DataFrame({"forecaster": name, "threshold": at, "score": height * at * (1 - at)})
        for name, height in (("base-rate", 1.0), ("coverage", 0.8))
    )


def comparison() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "forecaster": ["b", "a", "c", "unshared"],
            "reference": "base-rate",
            "n": [900, 1200, 800, 0],
            "clusters": [30, 40, 20, 0],
            "difference": [0.01, -0.03, 0.04, np.nan],
            "low": [-0.01, -0.05, 0.02, np.nan],
            "high": [0.03, -0.01, 0.06, np.nan],
            "p_value": [0.31, 0.0004, 0.001, np.nan],
        }
    )


def history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "made_at": [DAY, DAY + pd.Timedelta(days=4), DAY],
            "forecaster": ["coverage", "coverage", "base-rate"],
            "probability": [0.3, 0.6, 0.25],
        }
    )


def topic(claims: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    days = pd.DataFrame({"day": pd.date_range(DAY, periods=9), "articles": range(9)})
    made = [DAY + pd.Timedelta(days=place % 9) for place in range(claims)]
    rows = pd.DataFrame(
        {
            "statement": [f"Claim {place} of the topic" for place in range(claims)],
            "made_at": pd.Series(made, dtype="datetime64[us]"),
            "resolve_by": pd.Series(
                [moment + pd.Timedelta(days=7) for moment in made], dtype="datetime64[us]"
            ),
            "probability": 0.4,
            "verdict": [("yes", "no", "void", None)[place % 4] for place in range(claims)],
        }
    )
    return days, rows


CHARTS = {
    "reliability": lambda: charts.reliability_diagram(
        calibration_bins(FORECAST, OUTCOME),
        consistency_band(FORECAST, 20),
        "Reliability",
        curve=reliability_curve(FORECAST, OUTCOME),
        confidence=consistency_band(FORECAST, 20),
    ),
    "bare reliability": lambda: charts.reliability_diagram(calibration_bins([0.5], [1])),
    "by window": lambda: charts.score_by_group(card(), "window"),
    "no group": lambda: charts.score_by_group(card(), "section"),
    "skill": lambda: charts.skill_by_window(card()),
    "no skill": lambda: charts.skill_by_window(card(("base-rate",))),
    "time": lambda: charts.score_over_time(card()),
    "funnel": lambda: charts.funnel(card()),
    "empty funnel": lambda: charts.funnel(card(())),
    "murphy": lambda: charts.murphy_diagram(curves()),
    "murphy with bands": lambda: charts.murphy_diagram(
        curves().assign(low=lambda rows: rows["score"] * 0.9, high=lambda rows: rows["score"] * 1.1)
    ),
    "comparison": lambda: charts.forecaster_comparison(comparison()),
    "nothing to compare": lambda: charts.forecaster_comparison(comparison().tail(1)),
    "claim history": lambda: charts.claim_history(history(), "A claim " * 20),
    "settled claim": lambda: charts.claim_history(
        history(), "A claim", resolve_by=DAY + pd.Timedelta(days=7), verdict="no"
    ),
    "timeline": lambda: charts.topic_timeline(*topic(6), "A topic"),
    "timeline without claims": lambda: charts.topic_timeline(*topic(0)),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_draws_without_a_browser(name: str) -> None:
    single = size(charts.chart_png(CHARTS[name](), scale=1))
    double = size(charts.chart_png(CHARTS[name](), scale=2))
    assert single[0] > 60
    assert double == pytest.approx([2 * length for length in single], abs=2)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_drawn_dark_without_a_light_colour_left(name: str) -> None:
    light, night = CHARTS[name](), charts.dark(CHARTS[name]())
    svg = charts.chart_svg(night)
    assert f'fill="{chart_style.DARK_PAPER}"' in svg
    changed = [colour for colour, other in chart_style.DARK.items() if other != colour]
    assert not [colour for colour in changed if f'"{colour}"' in svg]
    # Headings of panels are black unless they are told otherwise.
    assert '"#000"' not in svg
    assert values(night) == values(light)


def test_data_called_like_a_colour_keep_their_name() -> None:
    table = card((chart_style.INK, "b"))
    assert chart_style.INK in charts.chart_svg(charts.dark(charts.score_by_group(table, "window")))


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


# Machado, Oliveira, Fernandes (2009), A physiologically-based model for simulation of color vision
# deficiency, IEEE TVCG 15, 1291-1298, table of severity 1.0; applied to linear RGB.
SIGHT = {
    "full": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> np.ndarray:
    part = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ratio = np.array(to_xyz) @ rgb.clip(0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    low, high = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


USED = [*chart_style.PALETTE[:6], chart_style.GREY]
PAGES = {
    "light": (USED, chart_style.INK, chart_style.SMALL, chart_style.PAPER),
    "dark": (
        [chart_style.DARK[colour] for colour in USED],
        chart_style.DARK[chart_style.INK],
        chart_style.DARK[chart_style.SMALL],
        chart_style.DARK_PAPER,
    ),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("sight", SIGHT)
def test_the_colour_blind_tell_the_palette_apart(page: str, sight: str) -> None:
    seen = [lab(np.array(SIGHT[sight]) @ linear(colour)) for colour in PAGES[page][0]]
    apart = [np.linalg.norm(a - b) for place, a in enumerate(seen) for b in seen[:place]]
    assert min(apart) > 12  # of CIELAB; about 2 is the least that an eye notices


@pytest.mark.parametrize("page", PAGES)
def test_text_and_the_first_colours_stand_out_from_the_page(page: str) -> None:
    palette, ink, small, paper = PAGES[page]
    assert min(contrast(ink, paper), contrast(small, paper)) > 7
    assert min(contrast(colour, paper) for colour in [*palette[:4], palette[-1]]) > 3


def test_comparison_puts_the_best_first_and_says_what_was_shared() -> None:
    rows = [row for row in values(charts.forecaster_comparison(comparison())) if "note" in row]
    assert [row["pair"] for row in rows] == ["a", "b", "c"]
    assert [row["side"] for row in rows] == ["better", "not told apart", "worse"]
    assert rows[0]["note"] == "n = 1,200, p < 0.001"
    assert rows[2]["note"] == "n = 800, p = 0.001"


def test_a_forecast_holds_until_the_deadline() -> None:
    end = DAY + pd.Timedelta(days=7)
    rows = values(charts.claim_history(history(), "A claim", resolve_by=end, verdict="yes"))
    at_end = {
        (row.get("forecaster"), row["probability"])
        for row in rows
        if row["made_at"].startswith("2026-01-10") and "probability" in row
    }
    assert at_end == {("coverage", 0.6), ("base-rate", 0.25), (None, 1.0)}


def test_timeline_shows_the_latest_claims_and_says_so() -> None:
    chart = charts.topic_timeline(*topic(40), "A topic")
    assert len([row for row in values(chart) if "statement" in row]) == 30
    assert "The latest 30 of 40 claims." in chart.to_dict()["title"]["subtitle"]


def many() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Bins, band and curve of more forecasts than Altair takes into a page."""
    rng = np.random.default_rng(3)
    p = rng.uniform(0.01, 0.99, 6_000)
    y = (rng.random(6_000) < p).astype(int)
    return calibration_bins(p, y), consistency_band(p, 20, seed=1), reliability_curve(p, y)


def test_a_record_of_any_length_is_drawn() -> None:
    bins, band, curve = many()
    steep = curve.assign(recalibrated=curve["probability"])  # no level stretch
    assert len(steep) > 5_000
    chart = charts.reliability_diagram(bins, band, "Reliability", curve=steep)
    assert "Reliability" in charts.chart_svg(charts.dark(chart))
    assert chart_svg(chart).startswith("<svg")
    assert "<picture>" in charts.chart_html(chart)
    assert charts.chart_png(chart, 1)[1:4] == b"PNG"


def test_level_stretches_of_a_curve_are_left_out_and_nothing_else() -> None:
    _, _, curve = many()
    kept = corners(curve, "recalibrated")
    assert len(kept) < len(curve) / 10
    again = np.interp(curve["probability"], kept["probability"], kept["recalibrated"])
    assert again == pytest.approx(curve["recalibrated"].to_numpy(), abs=1e-12)
