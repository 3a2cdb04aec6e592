"""Charts as files, drawn without a browser or network."""

from __future__ import annotations

import html
import io
from typing import Any

from newsworld_dagster.scoring.chart_style import (
    any_size,
    chart_words,
    darkened,
    inline_svg,
    specification,
)


def chart_png(chart: Any, scale: float = 2) -> bytes:
    """A chart as a PNG image, drawn without a browser or network.

    Parameters
    ----------
    chart
        Any Altair chart.
    scale
        Pixels per chart unit; 2 suits dense screens and print.

    Returns
    -------
    bytes
        The PNG file.
    """
    image = io.BytesIO()
    with any_size():
        chart.save(image, format="png", scale_factor=scale)
    return image.getvalue()


def chart_svg(chart: Any) -> str:
    """A chart as an SVG image, which stays sharp at any size and can be searched.

    Parameters
    ----------
    chart
        Any Altair chart.

    Returns
    -------
    str
        The SVG document.
    """
    image = io.StringIO()
    with any_size():
        chart.save(image, format="svg")
    return image.getvalue()


def chart_html(chart: Any) -> str:
    """A chart for a page that is light or dark as the reader's device is.

    Parameters
    ----------
    chart
        A chart of this room.

    Returns
    -------
    str
        A picture element that carries both drawings, and the words of the title for those who
        do not see it. It needs no script and no network.
    """
    spec = specification(chart)
    _, described = chart_words(spec)
    return (
        f'<picture><source media="screen and (prefers-color-scheme: dark)" '
        f'srcset="{inline_svg(darkened(spec))}">'
        f'<img alt="{html.escape(described)}" src="{inline_svg(spec)}"></picture>'
    )
