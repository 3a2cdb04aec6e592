"""Scores of any forecasts as one page that needs nothing else.

This module draws charts, so it is imported on its own and not with the room.
"""

from __future__ import annotations

import html
from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.scoring.charts import (
    chart_html,
    forecaster_comparison,
    murphy_diagram,
    reliability_diagram,
    score_by_group,
    skill_by_group,
)
from newsworld_dagster.scoring.diagnostics import murphy_curve
from newsworld_dagster.scoring.external import baseline_of, compare_external, score_external
from newsworld_dagster.scoring.frames import NONE
from newsworld_dagster.scoring.reliability import calibration_bins, reliability_curve
from newsworld_dagster.scoring.reliability_bands import confidence_band, consistency_band

# More lines than this cannot be told apart in one diagram.
MOST_LINES: Final = 6
MOST_GROUPS: Final = 40

STYLE: Final = """
:root { color-scheme: light dark; --ink: #222222; --paper: #ffffff; --line: #d5d5d5; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #14181c; --line: #343a40; }
}
body { background: var(--paper); color: var(--ink); max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; font: 16px/1.5 Arial, "Liberation Sans", sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
th, td { padding: 0.3rem 0.7rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; height: auto; }
picture { break-inside: avoid; display: inline-block; margin: 0.5rem 1rem 0.5rem 0; }
dt { font-weight: bold; } dd { margin: 0 0 0.6rem 0; }
"""

READING: Final = {
    "Brier": "Mean squared distance of forecast and outcome: 0 is perfect, 0.25 is what a "
    "constant 50 % earns.",
    "Index": "Brier index, 100 x (1 - root of the mean Brier score): 100 is perfect, 50 a "
    "constant 50 %.",
    "Skill": "Share of the baseline's Brier score that is saved on the same questions; below 0 "
    "is worse than the baseline.",
    "Adjusted": "Brier score as if all had answered every question (effects of forecaster and "
    "question).",
    "Peer": "100 x (mean Brier score of the others - own) on the same questions; more is better.",
    "Miscalibration, discrimination, uncertainty": "CORP parts of the Brier score: it is the "
    "first minus the second plus the third.",
    "Calibration error": "Count-weighted, in ten bins; calibrated forecasts would show one "
    "inside the band.",
    "p (calibrated)": "Chance of such a miscalibration if the forecasts were calibrated.",
    "AUC": "How well the forecasts rank, whatever their level: 1 perfectly, 0.5 not at all.",
    "Sharpness": "Variance of the forecasts: 0 for one who always says the same.",
}


def score_report(
    forecasts: pd.DataFrame,
    *,
    title: str,
    baseline: str | None = None,
    scores: pd.DataFrame | None = None,
    comparisons: pd.DataFrame | None = None,
    n_resamples: int = 300,
    seed: int = 0,
) -> str:
    """Scores, comparisons and charts of forecasts as one HTML page.

    Parameters
    ----------
    forecasts
        What `read_forecasts` returns.
    title
        What the forecasts are called.
    baseline
        As in `score_external`.
    scores, comparisons
        What `score_external` and `compare_external` returned for them, if that is at hand.
    n_resamples, seed
        Of the bands in the charts.

    Returns
    -------
    str
        The page: no script, no request, light or dark as the reader's device is.
    """
    if scores is None:
        scores = score_external(forecasts, baseline=baseline, seed=seed)
    if comparisons is None:
        comparisons = compare_external(forecasts, baseline=baseline, seed=seed)
    whole = scores[scores["by"] == "all"]
    against = baseline_of(forecasts, baseline)
    settled = forecasts[forecasts["outcome"].notna()]
    drawn = "clusters" if "cluster" in forecasts.columns else "questions"
    parts = [
        f"<p>{int(whole['n'].sum()):,} settled forecasts by {len(whole)} forecasters, "
        f"{int(whole['unresolved'].sum()):,} without an outcome yet. Intervals are 95 %, from a "
        f"bootstrap that draws {drawn}.</p>",
        _section("Scores", _table(_score_rows(whole, against))),
    ]
    if settled.empty:
        parts.append("<p>Nothing is settled yet, so there is nothing to draw.</p>")
    else:
        parts.append(_section("Calibration and ranking", _table(_calibration_rows(whole))))
        parts += _charts(settled, scores, comparisons, against, drawn, n_resamples, seed)
    parts.append(_section("How to read this", _definitions()))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n<body>"
        f"<h1>{html.escape(title)}</h1>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _charts(
    settled: pd.DataFrame,
    scores: pd.DataFrame,
    comparisons: pd.DataFrame,
    against: str | None,
    drawn: str,
    n_resamples: int,
    seed: int,
) -> list[str]:
    card = scores.rename(columns={"n": "scored", "clusters": "topics"})
    sections = [_section("Brier score", chart_html(score_by_group(card, "all", drawn=drawn)))]
    if against is not None and (card["forecaster"] != against).any():
        chart = chart_html(skill_by_group(card, "all", baseline=against, drawn=drawn))
        sections.append(_section("Skill", chart))
    if (comparisons["n"] > 0).any():
        rows = _comparison_rows(comparisons)
        chart = chart_html(forecaster_comparison(comparisons))
        sections.append(_section("Comparison on shared questions", chart + _table(rows)))
    groups = scores.loc[scores["by"] == "group", "group"].nunique()
    if groups:
        grouped = scores[scores["by"] == "group"]
        chart = (
            chart_html(score_by_group(card, "group", drawn=drawn)) if groups <= MOST_GROUPS else ""
        )
        sections.append(_section("Groups", chart + _table(_score_rows(grouped, against))))
    most = list(settled["forecaster"].value_counts().index[:MOST_LINES])
    curves = pd.concat(
        murphy_curve(rows["probability"], rows["outcome"], weights=_weights(rows)).assign(
            forecaster=name
        )
        for name, rows in settled[settled["forecaster"].isin(most)].groupby("forecaster")
    )
    few = " of those with the most forecasts" if settled["forecaster"].nunique() > len(most) else ""
    sections.append(_section(f"Decisions{few}", chart_html(murphy_diagram(curves))))
    diagrams = [
        _reliability(str(name), rows, n_resamples, seed)
        for name, rows in settled.groupby("forecaster")
    ]
    sections.append(_section("Reliability", "\n".join(diagrams)))
    return sections


def _reliability(name: str, rows: pd.DataFrame, n_resamples: int, seed: int) -> str:
    p, y, weight = rows["probability"], rows["outcome"], _weights(rows)
    clusters = rows["cluster"] if "cluster" in rows.columns else None
    both: dict[str, Any] = {} if clusters is None else {"y": y, "clusters": clusters}
    diagram = reliability_diagram(
        calibration_bins(p, y, weights=weight),
        consistency_band(p, n_resamples, seed, weights=weight, **both),
        name,
        curve=reliability_curve(p, y, weight),
        confidence=confidence_band(p, y, clusters, n_resamples, seed, weights=weight),
    )
    return chart_html(diagram)


def _weights(rows: pd.DataFrame) -> Any:
    return rows["weight"].to_numpy(float) if "weight" in rows.columns else None


def _score_rows(rows: pd.DataFrame, against: str | None) -> list[dict[str, str]]:
    grouped = (rows["by"] == "group").any()
    table = []
    for row in rows.itertuples():
        line = {"Forecaster": str(row.forecaster)}
        if grouped:
            line |= {"Group": str(row.group)}
        line |= {
            "Settled": f"{row.n:,}",
            "Open": f"{row.unresolved:,}",
            "Came true": _share(row.base_rate),
            "Brier": _interval(row.brier, row.brier_low, row.brier_high),
            "Log score": _number(row.log_score),
        }
        if against is not None:
            own = row.forecaster == against
            line[f"Skill over {against}"] = (
                "baseline" if own else _interval(row.skill, row.skill_low, row.skill_high)
            )
        if not grouped:
            line |= {
                "Index": _number(row.brier_index, 1),
                "Adjusted": _number(row.adjusted_brier),
                "Peer": _number(row.peer_score, 1),
            }
        table.append(line)
    return table


def _calibration_rows(rows: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {
            "Forecaster": str(row.forecaster),
            "Miscalibration": _number(row.miscalibration, 4),
            "Discrimination": _number(row.discrimination, 4),
            "Uncertainty": _number(row.uncertainty, 4),
            "Calibration error": _number(row.calibration_error),
            "if calibrated": _span(row.calibration_error_null_low, row.calibration_error_null_high),
            "debiased": _number(row.calibration_error_debiased),
            "p (calibrated)": _number(row.calibration_p_value),
            "AUC": _number(row.area_under_curve),
            "Sharpness": _number(row.sharpness, 4),
        }
        for row in rows.itertuples()
    ]


def _comparison_rows(comparisons: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {
            "Forecaster": str(row.forecaster),
            "Against": str(row.reference),
            "Shared": f"{row.n:,}",
            "Difference in Brier": _interval(row.difference, row.low, row.high, 4),
            "p": _number(row.p_value, 4),
        }
        for row in comparisons.itertuples()
    ]


def _section(heading: str, body: str) -> str:
    return f"<h2>{html.escape(heading)}</h2>\n{body}"


def _table(rows: list[dict[str, str]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in rows[0])
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row.values()) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _definitions() -> str:
    lines = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>"
        for name, text in READING.items()
    )
    return f"<dl>{lines}</dl>"


def _interval(value: float, low: float, high: float, digits: int = 3) -> str:
    told = _number(value, digits)
    return told if pd.isna(low) else f"{told} ({_span(low, high, digits)})"


def _span(low: float, high: float, digits: int = 3) -> str:
    return NONE if pd.isna(low) else f"{_number(low, digits)} to {_number(high, digits)}"


def _share(value: float) -> str:
    return NONE if pd.isna(value) else f"{value:.0%}"


def _number(value: float, digits: int = 3) -> str:
    if pd.isna(value):
        return NONE
    if np.isinf(value):
        return "infinite"
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
