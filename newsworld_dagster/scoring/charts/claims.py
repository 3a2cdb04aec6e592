"""Charts of single claims and of the claims of a topic."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import altair as alt
import pandas as pd

from newsworld_dagster.scoring.chart_style import (
    GREY,
    INK,
    PALETTE,
    WIDTH,
    bottom_legend,
    chart_title,
    forecaster_colour,
    forecaster_order,
    forecaster_shape,
    house_style,
)

# Verdict: colour and shape, so that print in grey tells them apart too.
VERDICTS: Final = {
    "yes": (PALETTE[2], "circle"),
    "no": (PALETTE[1], "cross"),
    "void": (GREY, "diamond"),
    "open": (PALETTE[0], "triangle-right"),
}
MOST_CLAIMS: Final = 30
WIDEST: Final = 60
DAY: Final = "%-d %b %Y"


def claim_history(
    history: pd.DataFrame,
    statement: str,
    *,
    resolve_by: pd.Timestamp | None = None,
    verdict: str | None = None,
) -> alt.LayerChart:
    """Probability of a claim over time, a step line per forecaster.

    Parameters
    ----------
    history
        Columns made_at (naive UTC), forecaster and probability: what was said when.
    statement
        The claim, as the title.
    resolve_by
        Its deadline, drawn as a line; what was said last holds until then.
    verdict
        'yes', 'no' or 'void', drawn at the deadline.

    Returns
    -------
    altair.LayerChart
        Probability against time.
    """
    forecasters = forecaster_order(history)
    rows = history[["made_at", "forecaster", "probability"]].sort_values("made_at", kind="stable")
    held = rows
    if resolve_by is not None:
        last = rows.groupby("forecaster", as_index=False).last().assign(made_at=resolve_by)
        held = pd.concat([rows[rows["made_at"] <= resolve_by], last], ignore_index=True)
    x = alt.X(
        "made_at:T", title="Date (UTC)", axis=alt.Axis(format=DAY, tickCount=5, labelOverlap=True)
    )
    y = alt.Y(
        "probability:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1]),
        title="Probability of yes (%)",
    )
    colour = forecaster_colour(forecasters)
    layers: list[Any] = [
        alt.Chart(held)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(x=x, y=y, color=colour),
        alt.Chart(rows)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=forecaster_shape(forecasters),
            tooltip=[
                alt.Tooltip("forecaster:N", title="Forecaster"),
                alt.Tooltip("made_at:T", title="Said", format="%Y-%m-%d %H:%M"),
                alt.Tooltip("probability:Q", title="Probability", format=".1%"),
            ],
        ),
    ]
    said = ["Each point is a forecast; it holds until the next."]
    if resolve_by is not None:
        end = pd.DataFrame({"made_at": [resolve_by]})
        layers.append(
            alt.Chart(end)
            .mark_rule(color=INK, strokeDash=[5, 4], strokeWidth=1.5)
            .encode(x="made_at:T")
        )
        settled = "not settled yet" if verdict is None else f"settled {verdict}"
        said = [f"{said[0]} Dashed: deadline {resolve_by:%Y-%m-%d}, {settled}."]
        if verdict in ("yes", "no"):
            mark = end.assign(probability=float(verdict == "yes"), verdict=verdict)
            colour_of, shape = VERDICTS[verdict]
            layers.append(
                alt.Chart(mark)
                .mark_point(
                    filled=True, shape=shape, color=colour_of, size=200, opacity=1, clip=False
                )
                .encode(x="made_at:T", y="probability:Q")
            )
    return house_style(
        alt.layer(*layers).properties(
            width=WIDTH + 100, height=260, title=chart_title(_wrapped(statement), said)
        )
    )


def topic_timeline(
    articles: pd.DataFrame, claims: pd.DataFrame, title: str = "Topic"
) -> alt.VConcatChart:
    """Articles of a topic a day, above its claims from their making to their deadline.

    Parameters
    ----------
    articles
        Columns day and articles (count).
    claims
        Columns statement, made_at, resolve_by, probability and verdict ('yes', 'no', 'void', or
        missing while open). Only the latest `MOST_CLAIMS` are drawn.
    title
        What the topic is called.

    Returns
    -------
    altair.VConcatChart
        Bars over a row per claim, on one axis of time.
    """
    drawn = claims.sort_values("made_at", kind="stable").tail(MOST_CLAIMS)
    rows = drawn.assign(
        outcome=drawn["verdict"].fillna("open") if len(drawn) else [],
        row=[str(place) for place in range(len(drawn))],
        label=[
            f"{probability:.0%}: {_shortened(statement)}"
            for statement, probability in zip(drawn["statement"], drawn["probability"], strict=True)
        ],
    )
    moments = [*articles["day"], *rows["made_at"], *rows["resolve_by"]]
    span = [min(moments), max(moments) + pd.Timedelta(days=1)] if moments else []
    days = [{"year": m.year, "month": m.month, "date": m.day} for m in span]
    scale = alt.Scale(domain=days) if days else alt.Undefined
    width = WIDTH - 40
    time = alt.Axis(format=DAY, tickCount=5, labelOverlap=True, grid=True)
    bars = (
        alt.Chart(articles)
        .mark_bar(color=PALETTE[5], width={"band": 0.9})
        .encode(
            x=alt.X("day:T", timeUnit="yearmonthdate", scale=scale, axis=time, title=None),
            y=alt.Y("articles:Q", title="Articles a day (n)", axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("day:T", title="Day"),
                alt.Tooltip("articles:Q", title="Articles"),
            ],
        )
        .properties(width=width, height=110)
    )
    colours = [colour for colour, _ in VERDICTS.values()]
    base = alt.Chart(rows).encode(
        y=alt.Y("row:N", sort=list(rows["row"]), title=None, axis=None),
        color=alt.Color(
            "outcome:N",
            title="Verdict",
            scale=alt.Scale(domain=list(VERDICTS), range=colours),
            legend=bottom_legend(),
        ),
    )
    window = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("made_at:T", scale=scale, axis=time, title="Date (UTC)"), x2="resolve_by:T"
    )
    end = base.mark_point(filled=True, size=90, opacity=1).encode(
        x="resolve_by:T",
        shape=alt.Shape(
            "outcome:N",
            title="Verdict",
            scale=alt.Scale(domain=list(VERDICTS), range=[shape for _, shape in VERDICTS.values()]),
            legend=bottom_legend(),
        ),
        tooltip=[
            alt.Tooltip("statement:N", title="Claim"),
            alt.Tooltip("probability:Q", title="Probability", format=".0%"),
            alt.Tooltip("outcome:N", title="Verdict"),
        ],
    )
    names = base.mark_text(align="left", baseline="bottom", dy=-5, fontSize=11).encode(
        x=alt.value(4), text="label:N", color=alt.value(INK)
    )
    lower = alt.layer(window, end, names).properties(width=width, height=30 * max(1, len(rows)))
    said = ["Each line runs from the making of a claim to its deadline; % is what was said."]
    if len(claims) > len(drawn):
        said.append(f"The latest {len(drawn)} of {len(claims)} claims.")
    return house_style(
        alt.vconcat(bars, lower, spacing=14).properties(title=chart_title(title, said))
    )


def _shortened(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1].rstrip() + "…"


def _wrapped(text: str, width: int = 68) -> list[str]:
    return textwrap.wrap(text, width) or [""]
