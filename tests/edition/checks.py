"""What every edition must meet, whatever it was made from."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import feedparser
import html5lib
from axe_playwright_python.sync_playwright import Axe
from lxml import html
from playwright.sync_api import Browser, Page

# Links and what a page loads or fetches.
LINKS = "//@href | //@src | //@srcset | //@data-index | //@data-filter"
# Most that a page with its style sheet, scripts and icon may weigh, in bytes, compressed.
LIGHT = 100_000


def pages(site: Path) -> list[Path]:
    """Every page of an edition."""
    found = sorted(site.resolve().rglob("*.html"))
    assert found
    return found


def tree(path: Path) -> html.HtmlElement:
    """A page, leniently parsed."""
    return html.fromstring(path.read_text(encoding="utf-8"))


def every_link_resolves(site: Path, base: str = "/") -> None:
    """Every internal link of the whole site leads to a file and, with a fragment, to an id in it.

    Parameters
    ----------
    site
        The edition.
    base
        Path of its address: links of the page for what is missing begin with it.
    """
    root = site.resolve()
    held = {
        path: (set(parsed.xpath("//@id")), set(parsed.xpath(LINKS)))
        for path, parsed in ((path, tree(path)) for path in pages(site))
    }
    for path, (_, links) in held.items():
        for link in links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                assert parts.scheme in ("http", "https", "mailto"), (path, link)
                continue
            if parts.path.startswith("/"):
                there = root / unquote(parts.path).removeprefix(base)
            else:
                there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert there.is_file(), (path, link)
            if parts.fragment and there.suffix == ".html":
                assert parts.fragment in held[there][0], (path, link)


def every_page_parses(site: Path) -> None:
    """html5lib takes every page without a fault, and no id comes twice on a page."""
    for path in pages(site):
        html5lib.HTMLParser(strict=True).parse(path.read_text(encoding="utf-8"))
        found = tree(path).xpath("//@id")
        assert len(found) == len(set(found)), path


def every_page_is_light(site: Path) -> None:
    """Every page with its own style sheet, scripts and icon stays below LIGHT bytes."""
    sizes: dict[Path, int] = {}
    for path in pages(site):
        parsed = tree(path)
        assets = parsed.xpath(
            "//script/@src | //link[@rel='stylesheet']/@href | //link[@rel='icon']/@href"
        )
        if parsed.xpath("//form[@data-index]"):
            assets.append("../static/minisearch.js")
        static = [site / "static" / one.split("?")[0].rsplit("/", 1)[1] for one in assets]
        for one in static:
            sizes.setdefault(one, len(gzip.compress(one.read_bytes())))
        whole = len(gzip.compress(path.read_bytes())) + sum(sizes[one] for one in static)
        assert whole < LIGHT, (path, whole)


def every_feed_parses(site: Path, address: str) -> None:
    """Atom and JSON of each feed tell the same and lead to pages of the site."""
    names = [path.stem for path in sorted((site / "feeds").glob("*.xml"))]
    assert {"all", "settled", "world"} <= set(names)
    for name in names:
        atom = feedparser.parse((site / f"feeds/{name}.xml").read_bytes())
        assert not atom.bozo, (name, atom.get("bozo_exception"))
        feed = json.loads((site / f"feeds/{name}.json").read_text())
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert [entry.id for entry in atom.entries] == [item["id"] for item in feed["items"]]
        for item in feed["items"]:
            assert (site / item["url"].removeprefix(address)).is_file(), item
        assert atom.feed.links[0].href == f"{address}feeds/{name}.xml"


@contextmanager
def reading(chromium: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page that fails the test on a console message, an error or a request to another host."""
    context = chromium.new_context(**options)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(address) else said.append(f"request: {request.url}")
        ),
    )
    page.on(
        "response",
        lambda answer: (
            said.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        ),
    )
    yield page
    context.close()
    assert said == []


def no_grave_violation(
    chromium: Browser, address: str, kinds: Mapping[str, str], scheme: str
) -> None:
    """axe-core finds nothing serious or critical on any page kind."""
    axe = Axe()
    with reading(chromium, address, color_scheme=scheme) as page:
        for kind, path in kinds.items():
            page.goto(address + path)
            if path.startswith("search.html?"):
                page.locator(".results li").first.wait_for()
            found = axe.run(page).response["violations"]
            grave = [
                (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"])
                for one in found
                if one["impact"] in ("serious", "critical")
            ]
            assert not grave, (kind, grave)


def nothing_wider_than_the_window(
    chromium: Browser, address: str, kinds: Mapping[str, str], width: int
) -> None:
    """No page kind scrolls sideways."""
    with reading(chromium, address, viewport={"width": width, "height": 800}) as page:
        for kind, path in kinds.items():
            page.goto(address + path)
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, (kind, over)


def shades(page: Page) -> tuple[int, int]:
    """Brightness of paper and ink, each the sum of red, green and blue."""
    colours = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    paper, ink = (sum(map(int, re.findall(r"\d+", one)[:3])) for one in colours)
    return paper, ink


def dark_turns_paper_and_ink(chromium: Browser, address: str) -> None:
    """Dark ink on light paper by day, the other way round by night, charts included."""
    found = {}
    for scheme in ("light", "dark"):
        with reading(chromium, address, color_scheme=scheme) as page:
            page.goto(f"{address}scorecard/index.html")
            found[scheme] = shades(page)
            image = page.locator("picture img").first
            image.scroll_into_view_if_needed()
            # Which of the two pictures it is, a browser decides some time after loading; asking
            # again and again is what the page's policy forbids (it takes `eval`).
            chart = image.evaluate(
                """image => new Promise(picked => {
                    const tell = () => picked(image.currentSrc);
                    image.onload = image.onerror = tell;
                    if (image.complete && image.currentSrc) tell();
                })"""
            )
            assert ("-dark" in chart) == (scheme == "dark")
    assert found["light"][0] > 600 > 150 > found["light"][1]
    assert found["dark"][0] < 150 < 600 < found["dark"][1]
