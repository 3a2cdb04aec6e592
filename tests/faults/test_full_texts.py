"""Texts of article pages: where wanted and allowed, behind the same guard, as of their time."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from aiohttp import web

from newsworld_dagster.articles.addresses import networks
from newsworld_dagster.articles.feeds import Feed, entries_to_articles, parse_feed
from newsworld_dagster.articles.fulltext import FullTexts, TextPolicy, read_full_texts
from newsworld_dagster.articles.requesting import FetchLimits
from newsworld_dagster.contracts.articles import FULL_TEXT_CHARACTERS
from newsworld_dagster.defs.analysis import with_full_texts
from newsworld_dagster.defs.intake import poll_live
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import Settings
from newsworld_dagster.warehouse import publish_snapshot
from newsworld_dagster.warehouse.snapshot import Snapshot
from tests.faults.hostile_site import Site, rss, serving

NOW = pd.Timestamp("2026-03-01 12:00")
QUICK = TextPolicy(pause_seconds=0, total_seconds=90)
LIMITS = FetchLimits(
    connect_seconds=2, read_seconds=2, total_seconds=60, user_agent="NewsWorld/0.1 (test)"
)
SENTENCES = [
    f"Sentence {n} of the report says that the harbour bridge opened on Monday, after {n} years."
    for n in range(3, 9)
]
PAGE = (
    "<html><head><title>Bridge</title><script>steal()</script></head><body>"
    "<nav>Menu and more</nav><article><h1>The bridge opens</h1>"
    + "".join(f"<p onclick='steal()'>{text}</p>" for text in SENTENCES)
    + "<script>steal()</script></article></body></html>"
).encode()
ALL = b"User-agent: *\nDisallow:\n"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        running.says("robots.txt", ALL, Content_Type="text/plain")
        yield running


def asked(site: Site) -> list[str]:
    return [request.path for request in site.asked]


def page(site: Site, name: str = "page", body: bytes = PAGE, **headers: str) -> str:
    return site.says(name, body, **{"Content_Type": "text/html; charset=utf-8", **headers})


def read(
    site: Site, *urls: str, policy: TextPolicy = QUICK, limits: FetchLimits = LIMITS
) -> FullTexts:
    """The pages of articles that a feed of the site brought."""
    feed = Feed(name="F", url=site.url("feed"), section="World", full_text=True)
    batch = entries_to_articles(parse_feed(rss(*urls), feed_url=feed.url), feed, now=NOW)
    assert len(batch.articles) == len(urls)
    return read_full_texts(batch.articles, [feed], clock=lambda: NOW, limits=limits, policy=policy)


def said(site: Site, found: FullTexts) -> str:
    return found.said[site.url("feed")]


def test_an_allowed_page_is_read(site: Site) -> None:
    url = page(site)
    found = read(site, url)
    text = found.rows["text"].iloc[0]
    for sentence in SENTENCES:
        assert sentence in text
    assert "steal" not in text
    assert "Menu" not in text
    assert found.rows[["address", "cut"]].iloc[0].tolist() == [url, False]
    assert said(site, found) == "texts of 1 of 1 new articles"
    assert asked(site) == ["/robots.txt", "/page"]
    assert {request.headers["User-Agent"] for request in site.asked} == {"NewsWorld/0.1 (test)"}


@pytest.mark.parametrize(
    "robots",
    [
        {"body": b"User-agent: newsworld\nDisallow: /page"},
        {"body": b"User-agent: *\nDisallow: /*age$"},
        {"status": 503},
        {"status": 429},
        {"status": 302, "Location": "http://10.0.0.1/robots.txt"},
        {"status": 302, "Location": "/robots.txt"},
    ],
    ids=["named", "wildcard", "503", "429", "leads inside", "circle"],
)
def test_a_page_that_is_not_allowed_is_never_asked_for(site: Site, robots: dict) -> None:
    site.says("robots.txt", **robots)
    found = read(site, page(site))
    assert found.rows.empty
    assert set(asked(site)) == {"/robots.txt"}
    assert "robots.txt of 127.0.0.1" in said(site, found)


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_site_without_rules_allows_everything(site: Site, status: int) -> None:
    site.says("robots.txt", b"User-agent: *\nDisallow: /", status=status)
    assert len(read(site, page(site)).rows) == 1


def test_a_robots_txt_that_hangs_or_never_ends(site: Site) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"User-agent: *\nDisallow: /secret\n")
        while True:
            await response.write(b"# and so on\n" * 5_000)

    site.does("robots.txt", hang)
    assert read(site, page(site)).rows.empty
    site.does("robots.txt", pour)
    secret = page(site, "secret")
    assert len(read(site, page(site), secret).rows) == 1
    assert "/secret" not in asked(site)


async def pour(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    while True:
        await response.write(b"<p>word</p>" * 5_000)


async def hang(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def inside(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "http://127.0.0.2:1/admin"})


async def metadata(request: web.Request) -> web.StreamResponse:
    return web.Response(status=301, headers={"Location": "http://169.254.169.254/latest"})


async def bomb(request: web.Request) -> web.StreamResponse:
    body = gzip.compress(b"<p>" + b"\0" * 50_000_000, compresslevel=1)
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    return web.Response(body=body, headers=headers)


async def deep(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"<div>" * 300_000 + b"x", content_type="text/html")


async def wide(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b"<p>Word after word.</p>" * 60_000, content_type="text/html")


async def picture(request: web.Request) -> web.StreamResponse:
    return web.Response(body=PAGE, content_type="image/png")


async def strange(request: web.Request) -> web.StreamResponse:
    headers = {"Content-Type": "text/html; charset=no-such-thing"}
    return web.Response(body=b"\xff\xfe\x00\x01" * 100, headers=headers)


async def broken(request: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (pour, "larger than 2097152 bytes"),
        (hang, "sent nothing for 2 seconds"),
        (inside, "127.0.0.2 is a private, loopback"),
        (metadata, "169.254.169.254 is a private, loopback"),
        (bomb, "larger than 2097152 bytes"),
        (deep, "no text was found"),
        (wide, ""),
        (picture, "is no page but image/png"),
        (strange, ""),
        (broken, "answered HTTP 500"),
    ],
)
def test_a_hostile_page_harms_no_other(site: Site, answer: object, words: str) -> None:
    bad = site.does("bad", answer)  # type: ignore[arg-type]
    found = read(site, bad, page(site))
    assert found.rows["address"].tolist() == [site.url("page")]
    assert words in said(site, found)
    assert said(site, found).startswith("texts of 1 of 2 new articles; 1 not: ")


def test_a_redirect_asks_the_rules_of_where_it_leads(site: Site) -> None:
    site.says("robots.txt", b"User-agent: *\nDisallow: /hidden")
    page(site, "hidden")
    moved = site.says("moved", status=302, Location="/hidden")
    found = read(site, moved)
    assert found.rows.empty
    assert asked(site) == ["/robots.txt", "/moved"]


def test_a_page_elsewhere_inside_is_not_asked_for(site: Site) -> None:
    found = read(site, site.url("page").replace("127.0.0.1", "127.0.0.3"))
    assert found.rows.empty
    assert asked(site) == []
    with serving() as other:  # another port of the same machine is not the feed's own
        other.says("robots.txt", ALL)
        assert read(site, page(other)).rows.empty
        assert asked(other) == []
        allowed = FetchLimits(allowed=networks("127.0.0.1"))
        assert len(read(site, page(other), limits=allowed).rows) == 1


def test_one_page_at_a_time_and_no_more_than_a_poll_may(site: Site) -> None:
    at_once, busy = 0, 0

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal at_once, busy
        busy += 1
        at_once = max(at_once, busy)
        await asyncio.sleep(0.05)
        busy -= 1
        return web.Response(body=PAGE, content_type="text/html")

    urls = [site.does(f"p{n}", slow) for n in range(6)]
    policy = TextPolicy(most_articles=4, pause_seconds=0)
    found = read(site, *urls, policy=policy)
    assert len(found.rows) == 4
    assert at_once == 1
    assert "2 not: more than 4 at once" in said(site, found)
    assert len(asked(site)) == 5


@pytest.mark.parametrize(
    ("delay", "policy", "pages", "least"),
    [("0.4", QUICK, 3, 0.8), ("60", QUICK, 1, 0.0), ("", TextPolicy(pause_seconds=0.3), 3, 0.6)],
)
def test_pauses_as_the_site_wants_them(
    site: Site, delay: str, policy: TextPolicy, pages: int, least: float
) -> None:
    site.says("robots.txt", f"User-agent: *\nCrawl-delay: {delay}\nDisallow: /none".encode())
    moments: list[float] = []

    async def note(request: web.Request) -> web.StreamResponse:
        moments.append(asyncio.get_running_loop().time())
        return web.Response(body=PAGE, content_type="text/html")

    urls = [site.does(f"p{n}", note) for n in range(3)]
    found = read(site, *urls, policy=policy)
    assert len(moments) == len(found.rows) == pages
    assert moments[-1] - moments[0] >= least


def test_the_time_for_all_pages_is_limited(site: Site) -> None:
    urls = [page(site, "good"), site.does("bad", hang), page(site, "late")]
    policy = TextPolicy(pause_seconds=0, total_seconds=1)
    found = read(site, *urls, policy=policy)
    assert found.rows["address"].tolist() == [urls[0]]
    assert "2 not: left for lack of time" in said(site, found)


def test_a_long_text_is_cut(site: Site) -> None:
    long = "".join(f"<p>Paragraph {n}: {SENTENCES[n % 5]}</p>" for n in range(400))
    found = read(site, page(site, body=f"<article>{long}</article>".encode()))
    assert found.rows["cut"].tolist() == [True]
    assert len(found.rows["text"].iloc[0]) == FULL_TEXT_CHARACTERS


def a_world(site: Site, folder: Path, *, full_text: str = "") -> World:
    feeds = folder / "feeds.yaml"
    feeds.write_text(
        f"feeds:\n  - {{name: F, url: '{site.url('feed')}', section: World{full_text}}}"
    )
    settings = Settings(data_dir=folder / "world", feeds_file=feeds)
    moments = iter(pd.date_range(NOW, periods=1000, freq="1s"))
    return World(settings, clock=lambda: next(moments))


def test_no_page_is_asked_for_unless_the_list_says_so(site: Site, tmp_path: Path) -> None:
    site.says("feed", rss(page(site)))
    world = a_world(site, tmp_path)
    (report,) = poll_live(world)
    assert (report["status"], report["texts"]) == ("ok", "")
    assert asked(site) == ["/feed"]
    with world.warehouse.read() as reader:
        assert reader.count("news.articles") == 1
        assert reader.count("news.full_texts") == 0


def test_a_poll_reads_the_pages_of_new_articles_once(site: Site, tmp_path: Path) -> None:
    bad = site.says("bad", status=500)
    site.says("feed", rss(page(site), bad))
    world = a_world(site, tmp_path, full_text=", full_text: true")
    (report,) = poll_live(world)
    assert report["texts"] == (
        "texts of 1 of 2 new articles; 1 not: answered HTTP 500 Internal Server Error"
    )
    pages = asked(site)[1:]
    assert sorted(pages) == ["/bad", "/page", "/robots.txt"]
    site.says("feed", rss(page(site), bad), ETag='"2"')  # the same articles again
    (report,) = poll_live(world)
    assert report["texts"] == ""
    assert asked(site)[4:] == ["/feed"]
    with world.warehouse.read() as reader:
        articles = reader.table("news.articles").set_index("url")
        texts = reader.table("news.full_texts")
    # The article is as the feed told it, and is older than its text.
    assert articles["summary"].tolist() == ["", ""]
    assert texts["article_id"].tolist() == [articles.loc[site.url("page"), "article_id"]]
    assert (texts["seen_at"] > articles["first_seen_at"].max()).all()


def test_a_text_is_read_as_of_its_own_time_and_not_published(site: Site, tmp_path: Path) -> None:
    site.says("feed", rss(page(site)))
    world = a_world(site, tmp_path, full_text=", full_text: true")
    poll_live(world)
    with world.warehouse.read() as reader:
        seen = reader.table("news.full_texts")["seen_at"].iloc[0]
        before, after = (reader.articles_as_of(at, NOW - pd.Timedelta(days=1)) for at in
                         (seen - pd.Timedelta("1us"), seen))  # fmt: skip
        assert len(before) == len(after) == 1
        early = with_full_texts(reader, before, seen - pd.Timedelta("1us"))
        shown = with_full_texts(reader, after, seen)
    assert early["summary"].tolist() == [""]
    assert SENTENCES[0] in shown["summary"].iloc[0]
    snapshot = publish_snapshot(world.warehouse, world.settings.snapshot_file)
    assert SENTENCES[0].encode() not in snapshot.read_bytes()
    published = Snapshot(snapshot)
    assert len(published.table("news.articles")) == 1
    assert published.table("news.full_texts").empty
