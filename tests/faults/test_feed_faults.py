"""What hostile and broken feeds do to a poll: each fault with its stated outcome."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import socket
from collections.abc import Iterator

import pandas as pd
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from typer.testing import CliRunner

from newsworld_dagster.articles import addresses
from newsworld_dagster.articles.feeds import Feed
from newsworld_dagster.articles.fetch import (
    FeedReport,
    FetchLimits,
    FetchResult,
    NoFeedReachableError,
    poll_feeds,
)
from newsworld_dagster.articles.guard import GuardedResolver
from newsworld_dagster.cli import app
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import FEED_STATE
from tests.faults.hostile_site import Site, rss, serving

NOW = dt.datetime(2026, 3, 1, 12)
LIMITS = FetchLimits(connect_seconds=2, read_seconds=2, total_seconds=4, max_bytes=100_000)
NOTHING = meet(FEED_STATE, pd.DataFrame(columns=list(FEED_STATE.columns)))


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def poll(
    *urls: str,
    state: pd.DataFrame = NOTHING,
    hours: float = 0,
    limits: FetchLimits = LIMITS,
) -> tuple[FetchResult, dict[str, FeedReport]]:
    feeds = [Feed(name=url, url=url, section="World") for url in urls]
    try:
        result = poll_feeds(feeds, state, now=NOW + dt.timedelta(hours=hours), limits=limits)
    except NoFeedReachableError as error:
        result = error.result
    return result, {report.feed.url: report for report in result.reports}


def row(result: FetchResult, url: str) -> pd.Series:
    return result.state.set_index("feed_url").loc[url]


def test_ten_gigabytes_without_length_stop_at_the_cap(site: Site) -> None:
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 10 * 2**30:
            await response.write(b" " * 2**16)
            sent += 2**16
        return response

    url = site.does("huge", pour)
    _, reports = poll(url)
    assert reports[url].error == "larger than 100000 bytes"
    assert sent < 50 * 2**20


def test_a_gzip_bomb_stops_at_the_cap(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, compresslevel=1)
    url = site.says("bomb", bomb, Content_Encoding="gzip")
    _, reports = poll(url)
    assert reports[url].error == "larger than 100000 bytes"


def test_one_byte_a_second_ends_at_the_deadline(site: Site) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.2)

    url = site.does("drip", drip)
    _, reports = poll(url, limits=FetchLimits(total_seconds=1, read_seconds=0.5))
    assert reports[url].error == "not done within 1 seconds"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://127.0.0.1:1/admin", "private, loopback"),
        ("http://localhost:1/", "localhost (127.0.0.1) is a private, loopback"),
        ("http://2130706433/", "2130706433 - is not a canonical IPv4 address"),
        ("http://[::ffff:10.0.0.1]/", "private, loopback"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 is a private, loopback"),
        ("file:///etc/passwd", "not http or https"),
        ("gopher://127.0.0.1/", "not http or https"),
    ],
)
def test_a_redirect_inside_is_refused(site: Site, target: str, words: str) -> None:
    url = site.says("away", status=302, Location=target)
    good = site.says("good", rss("https://example.com/a"))
    result, reports = poll(url, good)
    assert reports[url].status == "failed"
    assert words in (reports[url].error or "")
    assert reports[good].status == "ok"
    assert len(result.articles) == 1


def test_a_feed_that_the_list_names_at_localhost_is_read(site: Site) -> None:
    site.says("good", rss("https://example.com/a"))
    url = site.url("good").replace("127.0.0.1", "localhost")
    assert poll(url)[1][url].status == "ok"


def test_an_allowed_network_may_be_redirected_to(site: Site) -> None:
    site.says("good", rss("https://example.com/a"))
    url = site.says("away", status=302, Location=site.url("good").replace("127.0.0.1", "127.1.0.1"))
    refused, _ = poll(url)
    assert refused.articles.empty
    allowed = FetchLimits(allowed=addresses.networks("127.0.0.0/8"))
    # 127.1.0.1 is not listened on: the connection is tried and refused by nobody but the kernel.
    _, reports = poll(url, limits=allowed)
    assert "private" not in (reports[url].error or "")


class Rebinding(AbstractResolver):
    """A name that answers with a public address first and with loopback afterwards."""

    def __init__(self) -> None:
        self.times = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.times += 1
        address = "93.184.216.34" if self.times == 1 else "127.0.0.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0,
                              flags=socket.AI_NUMERICHOST)]  # fmt: skip

    async def close(self) -> None:
        return


def test_a_name_that_rebinds_is_connected_to_only_as_checked() -> None:
    names = Rebinding()
    resolver = GuardedResolver(under=names)

    async def twice() -> list[str]:
        first = await resolver.resolve("rebind.example", 80)
        with pytest.raises(
            addresses.AddressRefusedError, match=r"rebind\.example \(127\.0\.0\.1\)"
        ):
            await resolver.resolve("rebind.example", 80)
        return [answer["host"] for answer in first]

    # What the connector is handed is what was checked; it does not resolve by itself.
    assert asyncio.run(twice()) == ["93.184.216.34"]
    assert names.times == 2


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    import ipaddress

    assert addresses.is_public(ipaddress.ip_address(address)) is public


def test_the_same_body_under_a_new_tag_is_not_read_again(site: Site) -> None:
    url = site.says("feed", rss("https://example.com/a"), ETag='"1"')
    first, _ = poll(url)
    site.says("feed", rss("https://example.com/a"), ETag='"2"')
    second, reports = poll(url, state=first.state, hours=1)
    assert reports[url].findings == ["the same bytes again"]
    assert second.articles.empty
    assert (row(second, url)["etag"], row(second, url)["entries"]) == ('"2"', 1)
    third = rss("https://example.com/a", "https://example.com/b")
    site.says("feed", third, ETag='"3"')
    assert len(poll(url, state=second.state, hours=2)[0].articles) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["7200", "Sun, 01 Mar 2026 14:00:00 GMT"])
def test_a_server_that_asks_for_time_gets_it(site: Site, status: int, after: str) -> None:
    url = site.says("busy", status=status, Retry_After=after)
    first, reports = poll(url)
    assert f"HTTP {status}" in (reports[url].error or "")
    assert row(first, url)["next_poll_at"] == pd.Timestamp(NOW) + pd.Timedelta(hours=2)
    second, reports = poll(url, state=first.state, hours=1.9)
    assert len(site.asked) == 1
    assert reports[url].status == "waiting"
    assert "left alone until 2026-03-01 14:00 UTC" in (reports[url].error or "")
    assert row(second, url)["failures"] == 1
    poll(url, state=second.state, hours=2.1)
    assert len(site.asked) == 2


def test_a_failing_feed_is_asked_ever_more_rarely(site: Site) -> None:
    url = site.says("bad", status=500)
    state, moments = NOTHING, []
    for minute in (0, 5, 19, 20, 49, 50, 109, 110, 229, 230):
        before = len(site.asked)
        state = poll(url, state=state, hours=minute / 60)[0].state
        if len(site.asked) > before:
            moments.append(minute)
    assert moments == [0, 5, 20, 50, 110, 230]
    site.says("bad", rss("https://example.com/a"))
    healed = poll(url, state=state, hours=72)[0]
    assert (row(healed, url)["failures"], row(healed, url)["health"]) == (0, "good")
    assert pd.isna(row(healed, url)["next_poll_at"])


def test_a_clock_that_went_back_does_not_silence_a_feed(site: Site) -> None:
    url = site.says("bad", status=503, Retry_After="3600")
    state = poll(url, hours=1000)[0].state
    site.says("bad", rss("https://example.com/a"))
    assert len(poll(url, state=state)[0].articles) == 1


def test_gone_is_gone_until_someone_asks_again(site: Site) -> None:
    url = site.says("gone", status=410)
    first, _ = poll(url)
    assert row(first, url)["health"] == "gone"
    _, reports = poll(url, state=first.state, hours=10_000)
    assert len(site.asked) == 1
    assert "newsworld feeds retry" in (reports[url].error or "")


def test_a_permanent_redirect_is_adopted_after_three_sightings(site: Site) -> None:
    new = site.says("new", rss("https://example.com/a"))
    old = site.says("old", status=301, Location="/new")
    state = NOTHING
    for hour in range(3):
        state = poll(old, state=state, hours=hour)[0].state
        assert row(FetchResult(*[None] * 2, state, [], 0, 0, None), old)["moved_seen"] == hour + 1
    asked = len(site.asked)
    state = poll(old, state=state, hours=4)[0].state
    assert [request.path for request in site.asked[asked:]] == ["/new"]
    assert state["moved_to"].tolist() == [new]
    # The new address fails: back to the list's own.
    site.says("new", status=500)
    state = poll(old, state=state, hours=5)[0].state
    poll(old, state=state, hours=6)
    assert site.asked[-2].path == "/old"


def test_a_temporary_redirect_is_never_adopted(site: Site) -> None:
    site.says("new", rss("https://example.com/a"))
    old = site.says("old", status=302, Location="/new")
    state = NOTHING
    for hour in range(5):
        state = poll(old, state=state, hours=hour)[0].state
    assert [request.path for request in site.asked] == ["/old", "/new"] * 5


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE rss [<!ENTITY a 'ha'>"
        + b"".join(b"<!ENTITY a%d '%s'>" % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10))
        + b"]><rss><channel><item><title>&a9; x</title></item></channel></rss>",
        b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        b"<rss><channel><item><title>&x; x</title></item></channel></rss>",
        b"<rss><channel>" + b"<item>" * 10_000 + b"<title>x</title>",
        b"<a>" * 30_000,
    ],
    ids=["billion laughs", "external entity", "deep items", "deep nesting"],
)
def test_hostile_xml_gives_nothing_away_and_ends(site: Site, content: bytes) -> None:
    url = site.says("hostile", content)
    good = site.says("good", rss("https://example.com/a"))
    result, reports = poll(url, good)
    assert reports[good].status == "ok"
    told = " ".join([*result.articles["title"], *result.rejects["raw"]])
    assert "root:" not in told
    assert told.count("ha") < 1_000


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("<rss><channel><item><title>caf\xe9 \x93q\x94</title><link>https://e.com/a</link></item>"
         "</channel></rss>".encode("latin-1"), "café “q”"),
        (b"<rss><channel><item><title>ab\x00c \xff\xfe</title><link>https://e.com/a</link></item>"
         b"</channel></rss>", "ab"),
        (b"<br />\n<b>Warning</b>: mysql_connect() in /x.php\n<?xml version='1.0'?>"
         + rss("https://e.com/a"), "News https://e.com/a"),
        (b"\xef\xbb\xbf  \n<?xml version='1.0'?>" + rss("https://e.com/a"),
         "News https://e.com/a"),
    ],
    ids=["cp1252", "NUL and invalid UTF-8", "preamble", "byte order mark and space"],
)  # fmt: skip
def test_broken_bytes_lose_no_entry(site: Site, content: bytes, title: str) -> None:
    url = site.says("broken", content)
    result, _ = poll(url)
    assert len(result.articles) == 1
    assert result.articles["title"][0].startswith(title)
    assert "\x00" not in result.articles["title"][0]


def test_ids_may_repeat_miss_or_be_used_again(site: Site) -> None:
    def feed(*items: tuple[str, str]) -> bytes:
        told = "".join(
            f"<item><title>T {link}</title><link>https://e.com/{link}</link>"
            + (guid and f"<guid isPermaLink='false'>{guid}</guid>")
            + "</item>"
            for link, guid in items
        )
        return f"<rss><channel>{told}</channel></rss>".encode()

    url = site.says("ids", feed(("a", "1"), ("b", "1"), ("c", "")))
    first, _ = poll(url)
    assert len(first.articles) == 3
    site.says("ids", feed(("a", "9"), ("d", "1")))  # another id for a, and b's id for d
    second, _ = poll(url, state=first.state, hours=1)
    ids = [set(result.articles["article_id"]) for result in (first, second)]
    assert len(ids[0] & ids[1]) == 1
    assert len(ids[0] | ids[1]) == 4


def test_scripts_and_handlers_never_get_into_text(site: Site) -> None:
    extra = (
        "<description>&lt;p onclick='steal()'&gt;Text&lt;script&gt;steal()&lt;/script&gt;"
        "&lt;img src=x onerror=steal()&gt;&lt;/p&gt;</description>"
    )
    url = site.says("script", rss("https://e.com/a", extra=extra))
    article = poll(url)[0].articles.iloc[0]
    assert article["summary"] == "Text"


def test_a_feed_that_is_suddenly_empty_or_a_page_says_so(site: Site) -> None:
    url = site.says("feed", rss("https://example.com/a"))
    first, _ = poll(url)
    site.says("feed", rss())
    second, reports = poll(url, state=first.state, hours=1)
    assert "it is suddenly empty: it had 1 entries" in reports[url].findings
    assert row(second, url)["health"] == "empty"
    site.says("feed", b"<!DOCTYPE html><html><body>Please subscribe</body></html>")
    third, reports = poll(url, state=second.state, hours=2)
    assert "did not answer with a feed" in (reports[url].error or "")
    assert row(third, url)["health"] == "failing"


def test_one_of_many_feeds_that_raises_stops_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsworld_dagster.articles import fetch

    whole = fetch.parse_feed

    def fragile(content: bytes, **options: object) -> object:
        if b"number-137<" in content:
            raise RecursionError("a fault of our own")
        return whole(content, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(fetch, "parse_feed", fragile)
    urls = [site.says(f"f{n}", rss(f"https://e.com/number-{n}")) for n in range(500)]
    result, reports = poll(*urls, limits=FetchLimits(per_host=16))
    assert sum(report.status == "ok" for report in reports.values()) == 499
    assert "a fault of our own" in (reports[urls[137]].error or "")
    assert len(result.articles) == 499


def test_a_look_at_a_feed_introduces_itself_as_set(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.says("good", rss("https://example.com/a"))
    monkeypatch.setenv("NEWSWORLD_USER_AGENT", "Ours/1.0 (desk@example.org)")
    done = CliRunner().invoke(app, ["feeds", "check", url])
    assert done.exit_code == 0, done.output
    assert [asked.headers["User-Agent"] for asked in site.asked] == ["Ours/1.0 (desk@example.org)"]
