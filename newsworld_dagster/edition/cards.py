"""Pictures that networks show beside a link: 1200 by 630, drawn without a browser."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from functools import partial
from xml.sax.saxutils import escape

from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.publish import File
from newsworld_dagster.edition.render import day, percent
from newsworld_dagster.edition.rows import Row

_SERIF = "Georgia, 'Liberation Serif', 'DejaVu Serif', serif"
_SANS = "Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def card_files(archive: Archive) -> Iterator[File]:
    """A picture for the site, for each section, and for each fresh report."""
    site = ("NewsWorld", "News predictions that keep score", "")
    yield File("cards/newsworld.png", partial(_plain, archive, *site), _drawn, site)
    for name in SECTIONS:
        key = ("NewsWorld", name, "Predictions with a record")
        yield File(f"cards/{name.lower()}.png", partial(_plain, archive, *key), _drawn, key)
    for report_id in archive.cards:
        gather = partial(_report, archive, report_id)
        yield File(paths.card(report_id), gather, _drawn, (report_id,))


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


def _plain(archive: Archive, kicker: str, title: str, foot: str) -> Row:  # noqa: ARG001
    return {"kicker": kicker, "title": title, "foot": foot, "probability": None}


def _report(archive: Archive, report_id: str) -> Row:
    (row,) = archive.reports.get(report_id)
    return {
        "kicker": row["section"],
        "title": row["headline"],
        "foot": f"{row['topic_label']} · {day(row['as_of'])}",
        "probability": archive.claims_of.get(report_id)[0]["probability"],
    }


def _drawn(said: Row) -> bytes:
    import vl_convert

    return bytes(vl_convert.svg_to_png(card_svg(**said)))
