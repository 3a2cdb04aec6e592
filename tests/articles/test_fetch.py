from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from newsworld_dagster.articles.feeds import Feed
from newsworld_dagster.articles.fetch import (
    FeedReport,
    FetchLimits,
    FetchResult,
    NoFeedReachableError,
    poll_feeds,
)
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import ARTICLES, FEED_STATE, REJECTS

NOW = dt.datetime(2026, 3, 1, 12)
LATER = NOW + dt.timedelta(hours=1)
LIMITS = FetchLimits(
    connect_seconds=2, read_seconds=0.4, total_seconds=1.5, max_bytes=50_000, per_host=8
)
NO_STATE = meet(FEED_STATE, pd.DataFrame(columns=list(FEED_STATE.columns)))
BOMB = gzip.compress(b"<rss>" + b" " * 30_000_000, compresslevel=1)
MODIFIED = "Sun, 01 Mar 2026 09:00:00 GMT"


def rss(*links: str) -> bytes:
    items = "".join(f"<item><title>News {x}</title><link>{x}</link></item>" for x in links)
    return f"<rss><channel><title>T</title>{items}</channel></rss>".encode()


class Site:
    """A loopback site whose answers are as good and bad as those of the web."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.busy = self.busiest = 0
        self.base = ""

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{name:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            return await getattr(self, request.match_info["name"].split("-")[0])(request)
        finally:
            self.busy -= 1

    async def good(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return web.Response(
            body=rss("/a", "https://example.com/shared"),
            headers={"ETag": '"v1"', "Last-Modified": MODIFIED},
        )

    async def slow(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.1)
        return web.Response(body=rss(f"/{request.match_info['name']}"))

    async def error(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, body=rss("/e"))

    async def hang(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise AssertionError

    async def drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.1)

    async def huge(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=rss("/h") + b" " * 60_000)

    async def bomb(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=BOMB, headers={"Content-Encoding": "gzip"})

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async def loop(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/loop")

    async def moved(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently("/good")

    async def file(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("file:///etc/hostname")

    async def cut(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(rss("/c"))
        assert request.transport is not None
        request.transport.abort()
        return response


@pytest.fixture
def site() -> Iterator[Site]:
    """The site, served by a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    site = Site()
    server = TestServer(site.application(), host="127.0.0.1")
    asyncio.run_coroutine_threadsafe(server.start_server(shutdown_timeout=0.1), loop).result(5)
    site.base = str(server.make_url("/"))
    yield site
    asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def feeds(site: Site, *names: str) -> list[Feed]:
    return [Feed(name=name, url=site.base + name, section="World") for name in names]


def poll(
    site: Site, *names: str, state: pd.DataFrame = NO_STATE, now: dt.datetime = NOW, **limits: float
) -> tuple[FetchResult, dict[str, FeedReport]]:
    chosen = replace(LIMITS, **limits)  # type: ignore[arg-type]
    result = poll_feeds(feeds(site, *names), state, now=now, limits=chosen)
    meet(ARTICLES, result.articles)
    meet(REJECTS, result.rejects)
    meet(FEED_STATE, result.state)
    assert [report.feed.name for report in result.reports] == list(names)
    return result, {report.feed.name: report for report in result.reports}


def test_a_feed_becomes_articles_and_state(site: Site) -> None:
    result, reports = poll(site, "good")
    assert reports["good"].status == "ok"
    assert reports["good"].entries == 2
    assert result.articles["title"].tolist() == ["News /a", "News https://example.com/shared"]
    assert result.articles["url"][0] == site.base + "a"
    assert (result.articles["first_seen_at"] == NOW).all()
    row = result.state.iloc[0]
    assert (row["etag"], row["last_modified"], row["status"]) == ('"v1"', MODIFIED, "ok")
    assert (row["failures"], row["polled_at"], row["succeeded_at"]) == (0, NOW, NOW)
    assert pd.isna(row["error"])
    assert "NewsWorld" in site.requests[0].headers["User-Agent"]


def test_an_unchanged_feed_is_not_sent_again(site: Site) -> None:
    first, _ = poll(site, "good")
    second, reports = poll(site, "good", state=first.state, now=LATER)
    assert site.requests[1].headers["If-None-Match"] == '"v1"'
    assert site.requests[1].headers["If-Modified-Since"] == MODIFIED
    assert reports["good"].status == "unchanged"
    assert second.articles.empty
    row = second.state.iloc[0]
    assert (row["etag"], row["status"], row["succeeded_at"]) == ('"v1"', "unchanged", LATER)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("error", "HTTP 500"),
        ("hang", "sent nothing for 0.4 seconds"),
        ("drip", "not done within 1.5 seconds"),
        ("huge", "larger than 50000 bytes"),
        ("bomb", "larger than 50000 bytes"),
        ("page", "did not answer with a feed"),
        ("loop", "redirects more than 5 times"),
        ("file", "not http or https"),
        ("cut", "payload"),
    ],
)
def test_a_bad_feed_is_reported_and_stops_no_other(site: Site, name: str, words: str) -> None:
    started = time.monotonic()
    result, reports = poll(site, name, "good", "slow")
    assert time.monotonic() - started < 5
    assert reports[name].status == "failed"
    assert words.lower() in (reports[name].error or "").lower()
    assert (reports["good"].status, reports["slow"].status) == ("ok", "ok")
    assert len(result.articles) == 3
    row = result.state.set_index("feed_url").loc[site.base + name]
    assert (row["status"], row["error"], row["failures"]) == ("failed", reports[name].error, 1)
    assert pd.isna(row["succeeded_at"])


def test_a_failure_keeps_what_the_last_success_left(site: Site) -> None:
    good, _ = poll(site, "good")
    url = good.state["feed_url"][0].replace("good", "error")
    state = good.state.assign(feed_url=url)
    for failures in (1, 2):
        result, _ = poll(site, "error", "slow", state=state, now=LATER)
        state = result.state
        row = state.set_index("feed_url").loc[url]
        assert (row["etag"], row["succeeded_at"], row["polled_at"]) == ('"v1"', NOW, LATER)
        assert row["failures"] == failures


def test_feeds_that_were_not_polled_keep_their_state(site: Site) -> None:
    first, _ = poll(site, "good", "slow")
    second, _ = poll(site, "slow", state=first.state, now=LATER)
    polled = second.state.set_index("feed_url")["polled_at"].to_dict()
    assert polled == {site.base + "good": NOW, site.base + "slow": LATER}


def test_a_moved_feed_is_followed(site: Site) -> None:
    result, reports = poll(site, "moved")
    assert reports["moved"].status == "ok"
    assert (result.articles["source"] == site.base + "moved").all()


def test_an_article_of_two_feeds_counts_once(site: Site) -> None:
    result, _ = poll(site, "good", "good-again")
    assert len(result.articles) == 2
    assert (result.read, result.repeated) == (4, 2)
    assert (result.articles["source"] == site.base + "good").all()


def test_no_host_is_asked_too_much_at_once(site: Site) -> None:
    names = [f"slow-{i}" for i in range(12)]
    result, reports = poll(site, *names, per_host=3)
    assert site.busiest == 3
    assert Counter(report.status for report in reports.values()) == {"ok": 12}
    assert len(result.articles) == 12


def test_no_proxy_of_the_environment_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    _, reports = poll(site, "good")
    assert reports["good"].status == "ok"


def test_no_feed_reachable_names_the_offline_ways() -> None:
    with socket.socket() as unused:  # bound but not listening: connections are refused
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        lost = [Feed(name=f"F{i}", url=f"{url}{i}", section="World") for i in range(3)]
        with pytest.raises(NoFeedReachableError) as caught:
            poll_feeds(lost, NO_STATE, now=NOW, limits=LIMITS)
    message = str(caught.value)
    assert "None of the 3 feeds" in message
    assert "`newsworld demo`" in message
    assert "`newsworld import FILE`" in message
    assert url in message
    assert caught.value.result.state["status"].tolist() == ["failed"] * 3
    assert caught.value.result.articles.empty


def test_no_feed_at_all_is_an_empty_result() -> None:
    result = poll_feeds([], NO_STATE, now=NOW, limits=LIMITS)
    assert result.articles.empty
    assert result.state.empty
