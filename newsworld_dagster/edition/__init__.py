"""Pages for readers: frames in, files out."""

from __future__ import annotations

from newsworld_dagster.edition.archive import Chart, Given
from newsworld_dagster.edition.build import build_edition
from newsworld_dagster.edition.lookups import Notes
from newsworld_dagster.edition.publish import EditionError, File, Published, publish
from newsworld_dagster.edition.render import HEADERS
from newsworld_dagster.edition.serving import make_server

__all__ = [
    "HEADERS",
    "Chart",
    "EditionError",
    "File",
    "Given",
    "Notes",
    "Published",
    "build_edition",
    "make_server",
    "publish",
]
