"""Templates to pages: one environment that escapes everything."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.publish import File
from newsworld_dagster.edition.rows import Row

ROOM = Path(__file__).parent
STATIC = ROOM / "static"
CONTRACTS = ROOM.parent / "contracts"
# What a page may load; a server adds who may frame it, which a page cannot say of itself.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
NAVIGATION: Final = (
    ("Home", "index.html"),
    ("Predictions", "predictions/index.html"),
    ("Digests", "digests/index.html"),
    ("Scorecard", "scorecard/index.html"),
    ("Timelines", "timelines/index.html"),
    ("Articles", "articles/index.html"),
)
_CITATION = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")


@dataclass(frozen=True)
class Page:
    """One HTML page: where, by which template, of what.

    `context` gets the archive and `key`, and must be a plain function, so that the page depends on
    what it looks up and on nothing else. It returns plain values. Their `meta` has title,
    description, and where it applies kind, date, card and data (JSON-LD).
    """

    path: str
    template: str
    context: Callable[..., Row]
    key: tuple[Any, ...] = ()


class _Environment(jinja2.Environment):
    """Reads `row.copy` as the row's value of that name, not as the method of a dict."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict):
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


class Renderer:
    """Turns pages into files for one site.

    Parameters
    ----------
    site_url
        Whole address of the edition, with a slash at its end.
    """

    def __init__(self, site_url: str) -> None:
        self.site_url = site_url
        self.environment = _Environment(
            loader=jinja2.FileSystemLoader(ROOM / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.environment.filters |= {
            "percent": percent,
            "width": width,
            "day": day,
            "moment": moment,
            "iso": iso,
            "cite": cite,
            "number": number,
            "plural": plural,
            "grouped": grouped,
            "anchor": anchor,
            "json_ld": json_ld,
        }
        self.environment.globals |= {
            "policy": POLICY,
            "navigation": NAVIGATION,
            "sections": [(name, paths.section(name)) for name in SECTIONS],
            "site_url": site_url,
            "version": maker()[:8],
        }

    def file(self, page: Page, archive: Archive) -> File:
        """The page as a file that is made from its context."""
        return File(
            page.path,
            partial(page.context, archive, *page.key),
            partial(self.render, page.path, page.template),
            page.key,
        )

    def render(self, path: str, template: str, context: Row) -> bytes:
        """A page as HTML."""
        # A server shows it for any address, so nothing in it can be relative.
        missing = path == "404.html"
        root = urlsplit(self.site_url).path if missing else paths.root(path)
        address = self.site_url + ("" if path == "index.html" else path)
        assert not context.keys() & self.environment.globals.keys(), path
        meta = {"kind": "website", "date": None, "card": "cards/newsworld.png", "data": None}
        html = self.environment.get_template(template).render(
            context | {"meta": meta | context["meta"]},
            path=path,
            root=root,
            address=address,
        )
        return html.encode("utf-8", "replace")


@cache
def maker() -> str:
    """Digest of all that turns rows into pages.

    That is the code, templates and static files of this room, the contracts that it reads, and the
    packages that draw and hash.
    """
    digest = hashlib.blake2b(digest_size=16)
    for folder in (ROOM, CONTRACTS):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                name = path.relative_to(ROOM.parent).as_posix()
                digest.update(name.encode() + b"\0" + path.read_bytes())
    for package in ("jinja2", "markupsafe", "pandas", "vl-convert-python"):
        digest.update(f"{package} {version(package)}".encode())
    return digest.hexdigest()


def percent(probability: float | None) -> str:
    r"""A probability or share in whole percent; never 0 or 100 for what is neither.

    Examples
    --------
    >>> percent(0.123), percent(0.001), percent(0.999), percent(None)
    ('12\u202f%', '<1\u202f%', '>99\u202f%', '–')
    """
    if probability is None:
        return "–"
    whole = f"{100 * probability:.0f}"
    if whole == "0" and probability > 0:
        whole = "<1"
    elif whole == "100" and probability < 1:
        whole = ">99"
    return f"{whole}\u202f%".replace("-", "−")


def width(probability: float) -> str:
    """Length of a probability's bar, of 100."""
    return f"{100 * min(max(probability, 0.0), 1.0):.1f}"


@lru_cache(maxsize=10_000)
def day(value: datetime | None) -> str:
    """A day as newspapers print it."""
    return f"{value.day} {value:%B %Y}" if value else "–"


@lru_cache(maxsize=10_000)
def moment(value: datetime | None) -> str:
    """A moment with its time, UTC."""
    return f"{day(value)}, {value:%H:%M} UTC" if value else "–"


@lru_cache(maxsize=10_000)
def iso(value: datetime) -> str:
    """A UTC moment for machines."""
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def number(value: float | None, digits: int = 3) -> str:
    """A figure with a true minus sign, a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun."""
    return f"{grouped(count)} {one if count == 1 else many or one + 's'}"


def grouped(count: int) -> str:
    """A count in groups of three figures.

    Examples
    --------
    >>> grouped(6296), grouped(12)
    ('6,296', '12')
    """
    return f"{count:,}"


def anchor(value: object) -> str:
    """A string as part of an id in a page."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", str(value)).strip("-").lower()


def cite(text: str, numbers: list[int]) -> Markup:
    """A text, escaped, with its [n] linked to source n where there is one."""

    def linked(match: re.Match[str]) -> str:
        parts = [int(part) for part in match.group(1).split(",")]
        if not set(parts) <= set(numbers):
            return match.group()
        links = ", ".join(f'<a href="#source-{part}">{part}</a>' for part in parts)
        return f'<span class="cite">[{links}]</span>'

    # Escaping leaves brackets and digits as they are.
    return Markup(_CITATION.sub(linked, str(escape(text))))  # noqa: S704


def json_ld(data: object) -> Markup:
    """Structured data that cannot end its own element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for mark, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(mark, escaped)
    return Markup(text)  # noqa: S704
