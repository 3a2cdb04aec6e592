"""Pictures that networks show beside a link: 1200 by 630, drawn without a browser."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import partial
from xml.sax.saxutils import escape

import pandas as pd
from pydantic_core import to_json

from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.publish import File
from newsworld_dagster.edition.render import day, percent
from newsworld_dagster.edition.rows import Row

# A picture takes 20 ms, a page less than one: only new predictions have their own.
FRESH_DAYS = 7
_SERIF = "Georgia, 'Liberation Serif', 'DejaVu Serif', serif"
_SANS = "Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def fresh_reports(archive: Archive) -> list[Row]:
    """The reports that have a picture of their own: one a topic, of the last days."""
    since = archive.as_of - pd.Timedelta(days=FRESH_DAYS)
    return [row for row in archive.leading if row["as_of"] > since]


def card_files(archive: Archive) -> Iterator[File]:
    """A picture for the site, for each section, and for each fresh report."""
    yield _card("cards/newsworld.png", "NewsWorld", "News predictions that keep score", "", None)
    for name in SECTIONS:
        yield _card(
            f"cards/{name.lower()}.png", "NewsWorld", name, "Predictions with a record", None
        )
    for row in fresh_reports(archive):
        claim = archive.claims_of[row["report_id"]][0]
        yield _card(
            paths.card(row["report_id"]),
            row["section"],
            row["headline"],
            f"{row['topic_label']} · {day(row['as_of'])}",
            claim["probability"],
        )


def card_svg(kicker: str, title: str, foot: str, probability: float | None) -> str:
    """The picture as SVG."""
    lines = textwrap.wrap(title, 36)[:4]
    if len(textwrap.wrap(title, 36)) > 4:
        lines[-1] = lines[-1][:35] + "…"
    text = "".join(
        f'<text x="80" y="{250 + 72 * place}" font-family="{_SERIF}" font-size="60" '
        f'fill="#1b1b1a">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    bar = ""
    if probability is not None:
        bar = (
            f'<rect x="80" y="545" width="800" height="14" fill="#ddd8cc"/>'
            f'<rect x="80" y="545" width="{800 * probability:.0f}" height="14" fill="#1f4e79"/>'
            f'<text x="1120" y="562" text-anchor="end" font-family="{_SANS}" font-size="52" '
            f'fill="#1f4e79">{escape(percent(probability))}</text>'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630">'
        '<rect width="1200" height="630" fill="#fbfaf7"/>'
        '<rect x="80" y="70" width="1040" height="3" fill="#1b1b1a"/>'
        f'<text x="80" y="130" font-family="{_SANS}" font-size="30" letter-spacing="3" '
        f'fill="#5d5a54">{escape(kicker.upper())}</text>'
        f'<text x="1120" y="130" text-anchor="end" font-family="{_SERIF}" font-size="34" '
        f'fill="#1b1b1a">NewsWorld</text>{text}{bar}'
        f'<text x="80" y="600" font-family="{_SANS}" font-size="26" fill="#5d5a54">'
        f"{escape(foot)}</text></svg>"
    )


def _card(path: str, kicker: str, title: str, foot: str, probability: float | None) -> File:
    inputs = to_json([kicker, title, foot, probability])
    return File(path, inputs, partial(_drawn, kicker, title, foot, probability))


def _drawn(kicker: str, title: str, foot: str, probability: float | None) -> bytes:
    import vl_convert

    return bytes(vl_convert.svg_to_png(card_svg(kicker, title, foot, probability)))
