"""Charts as SVG files for pages, in ink on paper or light on dark."""

from __future__ import annotations

import json
from typing import Any, Final

from newsworld_dagster.scoring.chart_style import GREY, INK, PALETTE, specification

# What the house style draws in, and what it becomes on a dark page.
_DARK: Final = {
    INK: "#e9e6df",
    GREY: "#a8a8a8",
    PALETTE[0]: "#6fb7ea",
    PALETTE[1]: "#f08a4b",
    PALETTE[2]: "#3fc79d",
    "#4A4A4A": "#b0aba1",
    "#E6E6E6": "#3a3c3e",
    "white": "#151617",
}


def chart_svg(chart: Any, *, dark: bool = False) -> str:
    """A chart as an SVG document, drawn without a browser or network.

    Parameters
    ----------
    chart
        Any Altair chart in the house style.
    dark
        Draw it for a dark page.
    """
    import vl_convert

    spec = json.dumps(specification(chart))
    for light, inverted in _DARK.items() if dark else ():
        spec = spec.replace(f'"{light}"', f'"{inverted}"')
    return str(vl_convert.vegalite_to_svg(spec))
