"""Charts as files, drawn without a browser or network."""

from __future__ import annotations

import io
from typing import Any


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
    chart.save(image, format="svg")
    return image.getvalue()
