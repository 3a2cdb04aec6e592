"""The whole edition: every page and file, published at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from newsworld_dagster.edition.archive import Archive, Given
from newsworld_dagster.edition.cards import card_files
from newsworld_dagster.edition.feeds import feed_files
from newsworld_dagster.edition.front import edition_pages, home_page, plain_pages, section_pages
from newsworld_dagster.edition.machine import data_files, search_files, site_files
from newsworld_dagster.edition.predictions import prediction_lists, report_pages
from newsworld_dagster.edition.publish import File, Published, publish
from newsworld_dagster.edition.questions import question_pages
from newsworld_dagster.edition.reading import article_pages, digest_pages, timeline_pages
from newsworld_dagster.edition.record import chart_path, scorecard_page
from newsworld_dagster.edition.render import STATIC, Page, Renderer, maker


def build_edition(given: Given, target: Path) -> Published:
    """Build the edition and publish it as the folder `target`.

    Parameters
    ----------
    given
        Frames, charts and where the site will be.
    target
        The folder that readers see; a link to the newest build, swapped at once.

    Raises
    ------
    EditionError
        When the edition cannot be published; the old one stays as it was.
    """
    # Rows and contexts are in no cycles; to look for some takes a tenth of an increment's time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        archive = Archive(given)
        # Whatever the archive let go of may go.
        del given
        return publish(
            edition_files(archive), target, archive.notes, maker=f"{maker()} {archive.site_url}"
        )
    finally:
        if collecting:
            gc.enable()


def edition_files(archive: Archive) -> Iterator[File]:
    """Every file of the edition."""
    renderer = Renderer(archive.site_url)
    shown = []
    for page in edition_html(archive):
        yield renderer.file(page, archive)
        if page.path != "404.html":
            shown.append(page.path)
    yield from site_files(archive.site_url, shown)
    yield from feed_files(archive)
    yield from data_files(archive)
    yield from search_files(archive)
    yield from card_files(archive)
    for chart in archive.charts:
        for dark, svg in ((False, chart.light), (True, chart.dark)):
            yield File(chart_path(chart.name, dark=dark), partial(str, svg), str.encode, (svg,))
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            yield File(f"static/{path.relative_to(STATIC).as_posix()}", partial(str, path), _read)


def _read(path: str) -> bytes:
    """A static file; what is in it is part of `maker`."""
    return Path(path).read_bytes()


def edition_html(archive: Archive) -> Iterator[Page]:
    """Every page."""
    yield home_page(archive)
    yield from prediction_lists(archive)
    yield from report_pages(archive)
    yield from question_pages(archive)
    yield from digest_pages(archive)
    yield scorecard_page(archive)
    yield from timeline_pages(archive)
    yield from article_pages(archive)
    yield from section_pages(archive)
    yield from edition_pages(archive)
    yield from plain_pages(archive)
