"""Editions of the demo and of the end of the shared archive's last month, as a reader meets them.

Real headlines are longer, odder and more than a hand-made world has; here every page and link of
such an edition is looked at, and one page of each kind is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.worlds import WorldFolder
from tests.edition.checks import (
    dark_turns_paper_and_ink,
    every_feed_parses,
    every_link_resolves,
    every_page_is_light,
    every_page_parses,
    no_grave_violation,
    nothing_wider_than_the_window,
    reading,
    tree,
)
from tests.edition.conftest import serving

ARCHIVE = Path("news_gnews") / "articles.parquet"
# The end of the archive's last month: a replay of all of it takes minutes. The days before RECORD
# warm up.
SEEN = ("2026-03-21", "2026-04-01")
RECORD = ("2026-03-26", "2026-03-31")
ADDRESS = "http://127.0.0.1:8000/"
ONE_OF_A_KIND = {
    "a prediction": "predictions/p[0-9a-f][0-9a-f][0-9a-f]*.html",
    "a page of predictions": "predictions/page-1.html",
    "a claim": "claims/*.html",
    "a digest": "digests/2*.html",
    "the digest of a week": "digests/week-*.html",
    "a timeline": "timelines/t*.html",
    "the articles of a day": "articles/2*.html",
    "a section": "sections/*.html",
    "an edition": "editions/2*.html",
}
LISTS = (
    "index.html",
    "predictions/index.html",
    "predictions/due.html",
    "predictions/settled.html",
    "digests/index.html",
    "scorecard/index.html",
    "timelines/index.html",
    "articles/index.html",
    "editions/index.html",
    "search.html",
    "about.html",
    "method.html",
)


@pytest.fixture(scope="module", params=["demo", "archive"])
def month(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edition that the demo publishes, and one that a replay of the archive does."""
    if request.param == "demo":
        demo: WorldFolder = request.getfixturevalue("demo_world")
        return demo.path / "published" / "edition"
    shared_data: Path = request.getfixturevalue("shared_data")
    if not (shared_data / ARCHIVE).is_file():
        pytest.skip(f"no {ARCHIVE} under {shared_data}; set NEWSWORLD_SHARED_DATA")
    folder = tmp_path_factory.mktemp("month")
    articles = pd.read_parquet(shared_data / ARCHIVE)
    seen = articles["first_seen_utc"]
    articles[(seen >= SEEN[0]) & (seen < SEEN[1])].to_parquet(folder / "month.parquet")
    world = WorldFolder(folder / "world")
    for command in (
        ("import", str(folder / "month.parquet")),
        ("backtest", "--from", RECORD[0], "--to", RECORD[1]),
    ):
        done = world.run(*command)
        assert done.code == 0, done.err[-3000:]
    return world.path / "published" / "edition"


@pytest.fixture(scope="module")
def served_month(month: Path) -> Iterator[str]:
    with serving(month) as address:
        yield address


@pytest.fixture(scope="module")
def kinds(month: Path) -> dict[str, str]:
    """The heaviest page of each kind, and every list."""
    found = {path: path for path in LISTS}
    for kind, pattern in ONE_OF_A_KIND.items():
        heaviest = max(month.glob(pattern), key=lambda path: path.stat().st_size)
        found[kind] = heaviest.relative_to(month).as_posix()
    return found


def test_it_is_an_edition_of_the_month(month: Path) -> None:
    days = tree(month / "editions" / "index.html").xpath("//ul[@class='dates']/li")
    assert len(days) >= 6
    assert tree(month / "index.html").xpath("//section[@class='leading']//article")
    assert len(list(month.glob("claims/*.html"))) > 100


def test_every_link_of_the_site_resolves(month: Path) -> None:
    every_link_resolves(month)


def test_every_page_parses_strictly(month: Path) -> None:
    every_page_parses(month)


def test_every_page_is_light(month: Path) -> None:
    every_page_is_light(month)


def test_feeds_parse_and_lead_to_pages(month: Path) -> None:
    every_feed_parses(month, ADDRESS)


def test_every_kind_opens_in_silence(
    chromium: Browser, served_month: str, kinds: dict[str, str]
) -> None:
    with reading(chromium, served_month) as page:
        for kind, path in kinds.items():
            page.goto(served_month + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert len(page.locator("main").inner_text()) > 60, kind


def test_every_link_of_the_front_is_walked(chromium: Browser, served_month: str) -> None:
    with reading(chromium, served_month) as page:
        page.goto(served_month)
        inside = page.locator("a[href]").evaluate_all(
            "(links) => links.map((link) => link.href.split('#')[0])"
        )
        mine = {link for link in inside if link.startswith(served_month)}
        shown = {link for link in mine if link.endswith(".html")}
        assert len(shown) > 30
        for link in sorted(shown):
            page.goto(link)
            expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_kind_has_a_serious_violation(
    chromium: Browser, served_month: str, kinds: dict[str, str], scheme: str
) -> None:
    no_grave_violation(chromium, served_month, kinds, scheme)


@pytest.mark.parametrize("width", [320, 390])
def test_no_page_kind_is_wider_than_a_phone(
    chromium: Browser, served_month: str, kinds: dict[str, str], width: int
) -> None:
    nothing_wider_than_the_window(chromium, served_month, kinds, width)


def test_dark_turns_paper_ink_and_charts(chromium: Browser, served_month: str) -> None:
    dark_turns_paper_and_ink(chromium, served_month)


def test_search_finds_a_story_by_its_label(
    chromium: Browser, served_month: str, month: Path
) -> None:
    (first,) = tree(month / "timelines" / "index.html").xpath("(//ul[@class='topics']//a)[1]")
    label = first.text_content()
    with reading(chromium, served_month) as page:
        page.goto(f"{served_month}search.html")
        page.get_by_role("searchbox").fill(label)
        stories = page.locator(".results li", has=page.locator(".kicker", has_text="story"))
        stories.get_by_role("link", name=label, exact=True).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(label)


def test_filters_narrow_what_is_listed(chromium: Browser, served_month: str) -> None:
    with reading(chromium, served_month) as page:
        page.goto(f"{served_month}predictions/index.html")
        items, said = page.locator("#reports article"), page.get_by_role("status")
        page.get_by_label("Section", exact=True).select_option("World")
        expect(said).to_contain_text("predictions")
        assert items.count() > 0
        assert all("World" in one for one in items.locator(".facts").all_inner_texts())
        page.get_by_label("Confidence").select_option("Low")
        expect(items.locator(".confidence:not(.low)")).to_have_count(0)
        page.get_by_label("Confidence").select_option("")
        page.get_by_label("Forecaster").select_option("base-rate")
        expect(items.first).to_contain_text("base-rate")
        page.get_by_label("Order").select_option("due")
        expect(items.first).to_contain_text("first due")
        dates = [
            one.partition("first due ")[2] for one in items.locator(".facts").all_inner_texts()
        ]
        assert dates == sorted(dates)
