"""What all charts share: palette, legends, titles, fonts."""

from __future__ import annotations

import base64
import html
from typing import Any, Final

import altair as alt
import pandas as pd
from altair.utils.mimebundle import spec_to_mimebundle
from altair.utils.plugin_registry import PluginEnabler

from newsworld_dagster.scoring.scorecard import BASELINE

# Okabe and Ito's palette, which the colour-blind can tell apart; its yellow is too faint for
# lines on white, so it comes last, and the baseline is a plain grey.
PALETTE: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
GREY: Final = "#6E6E6E"
INK: Final = "#222222"
PAPER: Final = "#FFFFFF"
GRID: Final = "#E6E6E6"
SMALL: Final = "#4A4A4A"
# For dark pages, chosen so that the colour-blind tell them apart as well as on white.
DARK_PAPER: Final = "#14181C"
DARK: Final = {
    "#0072B2": "#1F86CE",
    "#D55E00": "#E8702A",
    "#009E73": "#16B386",
    "#CC79A7": "#CC79A7",
    "#E69F00": "#F5C04A",
    "#56B4E9": "#8CD3FA",
    GREY: "#C9C9C9",
    INK: "#ECECEC",
    PAPER: DARK_PAPER,
    GRID: "#343A40",
    SMALL: "#C4C4C4",
}
DASHES: Final = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 2, 1, 2])
FONT: Final = "Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
WIDTH: Final = 460
# Counts have no halves: a tick between whole numbers gets no label.
WHOLE: Final = "datum.value % 1 ? '' : format(datum.value, ',d')"


def forecaster_order(rows: pd.DataFrame) -> list[str]:
    """Names in a fixed order, the baseline last."""
    return sorted(rows["forecaster"].unique(), key=lambda name: (name == BASELINE, name))


def forecaster_colour(forecasters: list[str]) -> alt.Color:
    """A colour per forecaster, grey for the baseline."""
    colours = [
        GREY if name == BASELINE else PALETTE[place % len(PALETTE)]
        for place, name in enumerate(forecasters)
    ]
    return alt.Color(
        "forecaster:N",
        title="Forecaster",
        scale=alt.Scale(domain=forecasters, range=colours),
        legend=bottom_legend(),
    )


def forecaster_shape(forecasters: list[str]) -> alt.Shape:
    """A shape per forecaster, so that print in grey still tells them apart."""
    shapes = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross"]
    return alt.Shape(
        "forecaster:N",
        title="Forecaster",
        scale=alt.Scale(
            domain=forecasters,
            range=[shapes[place % len(shapes)] for place in range(len(forecasters))],
        ),
        legend=bottom_legend(),
    )


def forecaster_dash(forecasters: list[str]) -> alt.StrokeDash:
    """A dash per forecaster, for lines that carry no points."""
    return alt.StrokeDash(
        "forecaster:N",
        title="Forecaster",
        scale=alt.Scale(
            domain=forecasters,
            range=[DASHES[place % len(DASHES)] for place in range(len(forecasters))],
        ),
        legend=bottom_legend(),
    )


def interval_rows(
    rows: pd.DataFrame, measure: str, *, x: alt.X, group: str, tooltip: list[alt.Tooltip]
) -> alt.LayerChart | alt.FacetChart:
    """A row per group with the forecasters one above the other: point, interval and count.

    Parameters
    ----------
    rows
        Rows of a scorecard, in the order in which the groups are to be shown.
    measure
        The column to show; its interval is in the columns with `_low` and `_high` appended.
    x
        How to show it.
    group
        Title of the groups.
    tooltip
        What a point tells.
    """
    rows = rows.assign(
        count_label=[f"n = {count:,}" for count in rows["scored"]],
        end=rows[[measure, f"{measure}_high"]].max(axis=1),
    )
    forecasters = forecaster_order(rows)
    base = alt.Chart(rows).encode(
        y=alt.Y(
            "group:N",
            sort=list(dict.fromkeys(rows["group"])),
            title=group,
            axis=alt.Axis(labelLimit=220),
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.15),
        ),
        yOffset=alt.YOffset("forecaster:N", sort=forecasters, scale=alt.Scale(padding=0.2)),
        color=forecaster_colour(forecasters),
    )
    interval = base.mark_rule(strokeWidth=2).encode(x=f"{measure}_low:Q", x2=f"{measure}_high:Q")
    point = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=x, shape=forecaster_shape(forecasters), tooltip=tooltip
    )
    count = base.mark_text(align="left", dx=7, fontSize=11).encode(x="end:Q", text="count_label:N")
    step = 17 * len(forecasters) + 14
    return alt.layer(interval, point, count).properties(
        width=WIDTH, height=step * max(1, rows["group"].nunique())
    )


def bottom_legend() -> alt.Legend:
    """A legend below the chart, in rows of four."""
    return alt.Legend(
        orient="bottom", direction="horizontal", columns=4, labelLimit=260, symbolOpacity=1
    )


def chart_title(text: str | list[str], subtitle: list[str]) -> alt.TitleParams:
    """A title flush left, with what the reader must know below it."""
    return alt.TitleParams(text, subtitle=subtitle, anchor="start", offset=12)


def house_style(chart: Any) -> Any:
    """The house style: one font, large enough to print, quiet grid."""
    return (
        chart.configure(font=FONT, background=PAPER, padding=16)
        .configure_axis(
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=INK,
            gridColor=GRID,
            titlePadding=8,
            labelFlush=False,
        )
        .configure_title(
            fontSize=16, subtitleFontSize=12, color=INK, subtitleColor=SMALL, subtitlePadding=5
        )
        .configure_legend(labelFontSize=12, titleFontSize=12, labelColor=INK, titleColor=INK)
        .configure_header(labelColor=INK, titleColor=INK)
        .configure_view(stroke=None)
    )


def dark(chart: Any) -> Any:
    """The same chart for a dark page.

    Parameters
    ----------
    chart
        A chart of this room; colours other than the house's stay as they are.

    Returns
    -------
    altair chart
        A copy with each colour of the house replaced by its counterpart in `DARK`.
    """
    # What was valid stays so, and to validate it anew takes seconds.
    return type(chart).from_dict(darkened(specification(chart)), validate=False)


def any_size() -> PluginEnabler[Any, Any]:
    """Altair draws charts of any number of rows as long as the block lasts.

    Its limit of 5,000 guards pages that carry their data; pictures carry none.
    """
    return alt.data_transformers.disable_max_rows()


def specification(chart: Any) -> dict[str, Any]:
    """What a chart is, however many rows it draws."""
    with any_size():
        return dict(chart.to_dict())


def darkened(part: Any) -> Any:
    """A specification, or a part of one, with the colours of a dark page."""
    if isinstance(part, dict):
        # Data are not touched: a forecaster may be called like a colour.
        return {key: value if key == "datasets" else darkened(value) for key, value in part.items()}
    if isinstance(part, list):
        return [darkened(value) for value in part]
    return DARK.get(part, part) if isinstance(part, str) else part


def still_pictures() -> None:
    """Have notebooks show charts as pictures with a description.

    They need no script and no network, so they also show in an exported page, and a reader who
    does not see them hears their title.
    """
    any_size()
    alt.renderers.register("still", _still)
    alt.renderers.enable("still")


def chart_words(spec: dict[str, Any]) -> tuple[str, str]:
    """The title of a chart, and what it says in words, from its specification."""
    title = spec.get("title") or spec.get("vconcat", [{}])[0].get("title") or {}
    text = title.get("text", "Chart")
    name = text if isinstance(text, str) else " ".join(text)
    return name, f"{name}. {' '.join(title.get('subtitle', []))}".strip()


def inline_svg(spec: dict[str, Any]) -> str:
    """The picture of a specification as an address that carries it."""
    drawn = spec_to_mimebundle(spec, format="svg", mode="vega-lite")
    encoded = base64.b64encode(dict(drawn)["image/svg+xml"].encode()).decode()
    return f"data:image/svg+xml;base64,{encoded}"


def _still(spec: dict[str, Any], **_: Any) -> dict[str, str]:
    name, described = chart_words(spec)
    picture = f'<img alt="{html.escape(described)}" src="{inline_svg(spec)}">'
    return {"text/html": picture, "text/plain": name}
