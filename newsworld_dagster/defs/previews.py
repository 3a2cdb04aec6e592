"""Previews and plots for asset metadata."""

from __future__ import annotations

import base64
from typing import Any

import dagster as dg
import pandas as pd


def markdown(frame: pd.DataFrame, rows: int = 12) -> dg.MarkdownMetadataValue:
    """The first rows of a frame as a table."""
    head = frame.head(rows)
    lines = [
        "| " + " | ".join(str(name) for name in head.columns) + " |",
        "|" + "---|" * len(head.columns),
        *("| " + " | ".join(_cell(value) for value in row) + " |" for row in head.to_numpy()),
    ]
    return dg.MetadataValue.md("\n".join(lines))


def counts_table(values: pd.Series, name: str) -> dg.MarkdownMetadataValue:
    """How often each value occurs, most frequent first."""
    counts = values.value_counts().rename_axis(name).reset_index(name="count")
    return markdown(counts)


def plot(chart: Any, title: str) -> dg.MarkdownMetadataValue:
    """A chart as an embedded picture."""
    from newsworld_dagster.scoring.charts import chart_png

    picture = base64.b64encode(chart_png(chart, scale=1)).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{picture})")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3f}"
    return str(value).replace("|", "\\|").replace("\n", " ")[:140]
