"""Fetch many feeds at once, politely, so that no feed can stop the others."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import aiohttp
import pandas as pd

from newsworld_dagster.articles.batches import utc
from newsworld_dagster.articles.feeds import (
    SUMMARY_CHARACTERS,
    Feed,
    FeedError,
    ParsedFeed,
    feeds_to_articles,
    parse_feed,
)
from newsworld_dagster.articles.identity import publisher_of
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import FEED_STATE

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
CONDITIONS = {"If-None-Match": "etag", "If-Modified-Since": "last_modified"}
OK, UNCHANGED, FAILED = "ok", "unchanged", "failed"


@dataclass(frozen=True)
class FetchLimits:
    """What a feed may cost, and how fast we may ask.

    Attributes
    ----------
    concurrency, per_host
        Feeds fetched at once, in all and from one host.
    connect_seconds, read_seconds, total_seconds
        Longest wait for a connection, for the next bytes, and for a whole feed.
    max_bytes
        Largest feed, after decompression.
    max_redirects
        Redirects followed before a feed is given up.
    user_agent
        How we introduce ourselves.
    """

    concurrency: int = 16
    per_host: int = 2
    connect_seconds: float = 10
    read_seconds: float = 20
    total_seconds: float = 60
    max_bytes: int = 8 * 2**20
    max_redirects: int = 5
    user_agent: str = "NewsWorld/0.1 (news feed reader)"


@dataclass(frozen=True)
class FeedReport:
    """What became of one feed in one poll; `status` is 'ok', 'unchanged' or 'failed'."""

    feed: Feed
    status: str
    entries: int = 0
    error: str | None = None
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class FetchResult:
    """What one poll of all feeds brought.

    Attributes
    ----------
    articles, rejects
        Meeting `news.articles` and `news.rejects`. Articles that an earlier poll brought come
        again as long as the feed carries them; their stored first_seen_at holds.
    state
        Meeting `news.feed_state`: the polled feeds, and the others as they were.
    reports
        One for each feed, in the order of the list.
    read, repeated
        Entries read, and those left out because another feed or entry has the same URL.
    """

    articles: pd.DataFrame
    rejects: pd.DataFrame
    state: pd.DataFrame
    reports: list[FeedReport]
    read: int
    repeated: int


class NoFeedReachableError(RuntimeError):
    """Every feed failed. `result` holds the state and the reports all the same."""

    def __init__(self, message: str, result: FetchResult) -> None:
        super().__init__(message)
        self.result = result


class _FeedFailure(Exception):  # noqa: N818 - never leaves this module
    """Why one feed failed, in words."""


@dataclass(frozen=True)
class _Answer:
    report: FeedReport
    parsed: ParsedFeed | None = None
    etag: str | None = None
    last_modified: str | None = None


def poll_feeds(
    feeds: Sequence[Feed], state: pd.DataFrame, *, now: dt.datetime, limits: FetchLimits
) -> FetchResult:
    """Fetch all feeds and wait for them; see `fetch_feeds`.

    Raises
    ------
    NoFeedReachableError
        If no feed answered.
    """
    result = asyncio.run(fetch_feeds(feeds, state, now=now, limits=limits))
    failed = [report for report in result.reports if report.status == FAILED]
    if feeds and len(failed) == len(feeds):
        first = failed[0]
        raise NoFeedReachableError(
            f"None of the {len(feeds)} feeds could be read, so there is no news to work on; "
            f"{first.feed.name} ({first.feed.url}), for example: {first.error}. Check the network "
            "connection and the list of feeds. Without a network, `newsworld demo` works on the "
            "bundled sample and `newsworld import FILE` reads an archive of articles.",
            result,
        )
    return result


async def fetch_feeds(
    feeds: Sequence[Feed], state: pd.DataFrame, *, now: dt.datetime, limits: FetchLimits
) -> FetchResult:
    """Fetch and read all feeds, many at once.

    A feed that did not change since the state was taken is not sent again (ETag,
    If-Modified-Since). A feed that fails is reported and recorded, and keeps its ETag.

    Parameters
    ----------
    feeds
        The list.
    state
        What each feed answered last, meeting `news.feed_state`; may be empty.
    now
        Moment of the poll: when new articles were first seen.
    limits
        What a feed may cost.
    """
    answers = await _poll_all(feeds, state, limits)
    batch = await asyncio.to_thread(
        feeds_to_articles,
        [(a.report.feed, a.parsed) for a in answers if a.parsed is not None],
        now=now,
    )
    return FetchResult(
        articles=batch.articles,
        rejects=batch.rejects,
        state=_next_state(state, answers, now),
        reports=[answer.report for answer in answers],
        read=batch.read,
        repeated=batch.repeated,
    )


def read_feed(url: str, *, limits: FetchLimits | None = None) -> ParsedFeed:
    """Fetch and read one feed.

    Raises
    ------
    FeedError
        When it cannot be fetched or read.
    """
    try:
        feed = Feed(name=url, url=url, section="World")
    except ValueError as error:
        raise FeedError(f"{url} is not the address of a feed: give an http(s) URL.") from error
    nothing_known = pd.DataFrame({"feed_url": []})
    (answer,) = asyncio.run(_poll_all([feed], nothing_known, limits or FetchLimits()))
    if answer.parsed is None:
        raise FeedError(f"The feed {url} could not be read: {answer.report.error}.")
    return answer.parsed


async def _poll_all(
    feeds: Sequence[Feed], state: pd.DataFrame, limits: FetchLimits
) -> list[_Answer]:
    known = state.set_index("feed_url").to_dict("index")
    overall = asyncio.Semaphore(limits.concurrency)
    hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limits.per_host))
    async with aiohttp.ClientSession(
        # Our own semaphores limit; waiting in the connector would count as a feed's time.
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": limits.user_agent, "Accept": ACCEPT},
        timeout=aiohttp.ClientTimeout(
            total=limits.total_seconds,
            sock_connect=limits.connect_seconds,
            sock_read=limits.read_seconds,
        ),
        trust_env=False,
    ) as session:

        async def one(feed: Feed) -> _Answer:
            async with hosts[publisher_of(feed.url)], overall:
                return await _poll(session, feed, known.get(feed.url, {}), limits)

        answers = await asyncio.gather(*map(one, feeds))
    return answers


async def _poll(
    session: aiohttp.ClientSession, feed: Feed, known: dict, limits: FetchLimits
) -> _Answer:
    """Fetch and read one feed; whatever goes wrong ends in its report."""
    started = time.monotonic()
    try:
        answer = await _get(session, feed, known, limits)
    except (_FeedFailure, FeedError) as error:
        answer = _failed(feed, str(error))
    except aiohttp.ConnectionTimeoutError:
        answer = _failed(feed, f"no connection within {limits.connect_seconds:g} seconds")
    except aiohttp.SocketTimeoutError:
        answer = _failed(feed, f"sent nothing for {limits.read_seconds:g} seconds")
    except TimeoutError:
        answer = _failed(feed, f"not done within {limits.total_seconds:g} seconds")
    except aiohttp.TooManyRedirects:
        answer = _failed(feed, f"redirects more than {limits.max_redirects} times")
    except aiohttp.NonHttpUrlRedirectClientError as error:
        answer = _failed(feed, f"redirects to an address that is not http or https: {error}")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        answer = _failed(feed, " ".join(str(error).split())[:300] or type(error).__name__)
    report = replace(answer.report, seconds=time.monotonic() - started)
    return replace(answer, report=report)


async def _get(
    session: aiohttp.ClientSession, feed: Feed, known: dict, limits: FetchLimits
) -> _Answer:
    conditions = {
        header: known[field_name]
        for header, field_name in CONDITIONS.items()
        if isinstance(known.get(field_name), str)
    }
    async with session.get(
        feed.url, headers=conditions, max_redirects=limits.max_redirects
    ) as response:
        if response.status == 304 and conditions:
            return _Answer(FeedReport(feed, UNCHANGED))
        if response.status != 200:
            reason = f" {response.reason}" if response.reason else ""
            raise _FeedFailure(f"answered HTTP {response.status}{reason}")
        content = await _read(response, limits.max_bytes)
        etag = response.headers.get("ETag")
        last_modified = response.headers.get("Last-Modified")
    # Off the event loop: a badly written feed of some megabytes takes seconds to read.
    parsed = await asyncio.to_thread(
        partial(parse_feed, summary_characters=SUMMARY_CHARACTERS),
        content,
        feed_url=str(response.url),
    )
    report = FeedReport(feed, OK, entries=len(parsed.entries), findings=parsed.findings)
    return _Answer(report, parsed, etag, last_modified)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, decompressed, given up as soon as it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > most:
            raise _FeedFailure(f"larger than {most} bytes")
    return bytes(body)


def _failed(feed: Feed, error: str) -> _Answer:
    return _Answer(FeedReport(feed, FAILED, error=error))


def _next_state(state: pd.DataFrame, answers: Sequence[_Answer], now: dt.datetime) -> pd.DataFrame:
    """The state after a poll: what was asked is renewed, the rest stays."""
    known = state.set_index("feed_url").to_dict("index")
    moment = utc(now)
    rows: list[dict[Any, Any]] = []
    for answer in answers:
        report = answer.report
        before = known.pop(report.feed.url, {})
        good = report.status != FAILED
        full = report.status == OK
        rows.append(
            {
                "feed_url": report.feed.url,
                "etag": answer.etag if full else before.get("etag"),
                "last_modified": answer.last_modified if full else before.get("last_modified"),
                "status": report.status,
                "error": report.error,
                "failures": 0 if good else int(before.get("failures", 0)) + 1,
                "polled_at": moment,
                "succeeded_at": moment if good else before.get("succeeded_at", pd.NaT),
            }
        )
    rows += [{"feed_url": url} | row for url, row in known.items()]
    return meet(FEED_STATE, pd.DataFrame(rows, columns=list(FEED_STATE.columns)))
