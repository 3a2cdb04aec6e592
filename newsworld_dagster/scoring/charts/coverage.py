"""What became of the claims, from made to scored."""

from __future__ import annotations

from typing import Final

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
    forecaster_order,
    house_style,
)

FATES: Final = {
    "made": ("Made", PALETTE[0]),
    "due": ("Due", PALETTE[0]),
    "scored": ("Scored", PALETTE[2]),
    "void": ("Void", GREY),
    "overdue": ("Overdue", PALETTE[1]),
    "pending": ("Pending", PALETTE[5]),
    "early": ("Settled early", PALETTE[5]),
}


def funnel(scorecard_frame: pd.DataFrame) -> alt.FacetChart:
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
