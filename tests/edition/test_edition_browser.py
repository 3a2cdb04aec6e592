"""The edition as a reader meets it, in headless Chromium."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.edition.checks import (
    dark_turns_paper_and_ink,
    no_grave_violation,
    nothing_wider_than_the_window,
    reading,
)

KINDS = {
    "home": "index.html",
    "predictions": "predictions/index.html",
    "due": "predictions/due.html",
    "settled": "predictions/settled.html",
    "analyst": "predictions/p-t0-analyst-0212.html",
    "coverage": "predictions/p-t0-coverage-0212.html",
    "claim": "claims/q-t0-0210-1.html",
    "digests": "digests/index.html",
    "digest": "digests/2026-02-12.html",
    "week": "digests/week-2026-02-12.html",
    "scorecard": "scorecard/index.html",
    "timelines": "timelines/index.html",
    "timeline": "timelines/t0.html",
    "archive": "articles/index.html",
    "articles": "articles/2026-02-12.html",
    "section": "sections/science.html",
    "quiet section": "sections/health.html",
    "editions": "editions/index.html",
    "edition": "editions/2026-02-12.html",
    "search": "search.html?q=launch",
    "about": "about.html",
    "method": "method.html",
}


def test_every_navigation_path(chromium: Browser, served: str) -> None:
    with reading(chromium, served) as page:
        page.goto(served)
        for name, heading in (
            ("Predictions", "All predictions"),
            ("Digests", "Digests"),
            ("Scorecard", "Scorecard"),
            ("Timelines", "Timelines"),
            ("Articles", "Articles"),
            ("Search", "Search"),
            ("World", "World"),
            ("Technology", "Technology"),
            ("Politics", "Politics"),
            ("Business", "Business"),
            ("Home", "The edition of 12 February 2026"),
        ):
            page.get_by_role("banner").get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        page.get_by_role("link", name="t0 may slip, says analyst").first.click()
        expect(page.get_by_role("heading", name="Predicted events")).to_be_visible()
        page.get_by_role("link", name="1", exact=True).first.click()
        expect(page.locator("#source-1")).to_be_in_viewport()
        page.get_by_role("link", name=re.compile("At least 2 publishers")).first.click()
        expect(page.get_by_role("heading", name="In the ledger")).to_be_visible()
        page.get_by_role("link", name="Topic t0").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Topic t0")
        page.get_by_role("contentinfo").get_by_role("link", name="Past editions").click()
        page.get_by_role("link", name="10 February 2026").click()
        page.get_by_role("link", name="Newer").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The edition of 11 February 2026")
        page.get_by_role("link", name="Digest of the day").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("The digest of 11 February 2026")


def test_search_finds_stories_claims_and_articles(chromium: Browser, served: str) -> None:
    with reading(chromium, served) as page:
        page.goto(f"{served}articles/index.html")
        box = page.get_by_role("searchbox")
        box.fill("launch 8")
        results = page.locator(".results li")
        expect(results).to_have_count(1)
        expect(results.first).to_contain_text("Headline 8 on the launch")
        box.fill("moon rocket")
        kinds = page.locator(".results .kicker")
        expect(kinds.filter(has_text="story")).to_have_count(2)
        expect(kinds.filter(has_text="prediction")).to_have_count(1)
        page.get_by_label("Stories", exact=True).uncheck()
        expect(kinds.filter(has_text="story")).to_have_count(0)
        expect(kinds.filter(has_text="prediction")).to_have_count(1)
        box.fill("publishrs report")  # a slip of the pen
        expect(page.get_by_role("status")).to_contain_text("found in")
        page.get_by_label("Predictions", exact=True).uncheck()
        page.locator(".results a").first.click()
        expect(page.get_by_role("heading", name="How it is decided")).to_be_visible()
        page.go_back()
        expect(box).to_have_value("publishrs report")
        box.fill("zebra")
        expect(page.get_by_role("status")).to_contain_text("Nothing found")


def test_filters_narrow_and_order(chromium: Browser, served: str) -> None:
    with reading(chromium, served) as page:
        page.goto(f"{served}predictions/index.html")
        items = page.locator("#reports article")
        expect(items).to_have_count(6)
        page.get_by_label("Section", exact=True).select_option("World")
        expect(items).to_have_count(3)
        page.get_by_label("Status").select_option("open")
        expect(items).to_have_count(2)
        expect(page.get_by_role("status")).to_have_text("2 of 6 predictions")
        page.get_by_label("Order").select_option("due")
        expect(items.first).to_contain_text("first due 2026-02-13")
        page.get_by_label("Status").select_option("")
        page.get_by_label("Section", exact=True).select_option("")
        page.get_by_label("Order").select_option("newest")
        page.get_by_label("Forecaster").select_option("base-rate")
        expect(items).to_have_count(6)
        expect(items.first).to_contain_text("base-rate")
        page.get_by_label("Confidence").select_option("High")
        expect(items).to_have_count(0)
        assert "confidence=High" in page.url
        page.reload()
        expect(items).to_have_count(0)
        expect(page.get_by_label("Confidence")).to_have_value("High")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_kind_has_a_serious_violation(chromium: Browser, served: str, scheme: str) -> None:
    no_grave_violation(chromium, served, KINDS, scheme)


def test_dark_mode_turns_paper_and_ink(chromium: Browser, served: str) -> None:
    dark_turns_paper_and_ink(chromium, served)


@pytest.mark.parametrize("width", [320, 390, 1920])
def test_no_page_kind_is_wider_than_its_window(chromium: Browser, served: str, width: int) -> None:
    nothing_wider_than_the_window(chromium, served, KINDS, width)


def test_reads_with_scripts_off(chromium: Browser, served: str) -> None:
    with reading(chromium, served, java_script_enabled=False) as page:
        for kind, path in KINDS.items():
            page.goto(served + path)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            assert len(page.locator("main").inner_text()) > 60, kind
        page.goto(f"{served}predictions/index.html")
        expect(page.locator("#reports article")).to_have_count(6)
        expect(page.locator("form")).to_be_hidden()
        page.goto(f"{served}search.html")
        expect(page.get_by_text("Without them, go by day")).to_be_visible()


def test_keyboard_reaches_the_text_first(chromium: Browser, served: str) -> None:
    with reading(chromium, served) as page:
        page.goto(served)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_print_leaves_navigation_out(chromium: Browser, served: str) -> None:
    with reading(chromium, served) as page:
        page.goto(served + KINDS["analyst"])
        page.emulate_media(media="print")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("header nav").first).to_be_hidden()
        expect(page.locator(".share")).to_be_hidden()


def test_copy_link_copies_the_public_address(chromium: Browser, served: str) -> None:
    options = {"permissions": ["clipboard-read", "clipboard-write"]}
    with reading(chromium, served, **options) as page:
        page.goto(served + KINDS["claim"])
        page.get_by_role("button", name="Copy link").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == "https://news.example/desk/claims/q-t0-0210-1.html"


def test_nasties_do_nothing(chromium: Browser, nasty_served: str) -> None:
    with reading(chromium, nasty_served, viewport={"width": 390, "height": 800}) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        for kind, path in KINDS.items():
            page.goto(nasty_served + path)
            assert "pwned" not in page.title().split("</script>")[-1], kind
            assert page.title() not in ("pwned", "1"), kind
            assert page.locator("main img[src='x']").count() == 0
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, (kind, over)
        page.goto(f"{nasty_served}search.html")
        page.get_by_role("searchbox").fill("storm")
        result = page.locator(".results li", has_text="<script>").first
        expect(result).to_be_visible()
        page.goto(f"{nasty_served}predictions/index.html")
        page.get_by_label("Section", exact=True).select_option("Science")
        expect(page.locator("#reports h2").first).to_contain_text("<script>document.title")
        assert page.title() == "All predictions · NewsWorld"


def test_the_server_sends_the_policy_and_a_page_for_what_is_missing(
    chromium: Browser, nasty_served: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    answer = page.goto(nasty_served)
    assert answer is not None
    headers = answer.headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    answer = page.goto(f"{nasty_served}claims/none/deeper.html")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("link", name="The newest edition").click()
    assert urlsplit(page.url).path == "/index.html"
    for path in ("claims/", "../manifest.json", "%2e%2e/manifest.json"):
        answer = page.goto(nasty_served + path)
        assert answer is not None
        assert answer.status == 404, path
    context.close()
