"""Fetch many feeds at once, politely, so that no feed can stop the others."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
import pandas as pd

from newsworld_dagster.articles.addresses import (
    AddressRefusedError,
    Network,
    check_url,
    named_networks,
)
from newsworld_dagster.articles.batches import utc
from newsworld_dagster.articles.feeds import (
    SUMMARY_CHARACTERS,
    Feed,
    FeedError,
    ParsedFeed,
    feeds_to_articles,
    parse_feed,
)
from newsworld_dagster.articles.guard import GuardedResolver
from newsworld_dagster.articles.identity import publisher_of
from newsworld_dagster.articles.polling import (
    Outcome,
    address_of,
    next_state,
    reason_to_wait,
    retry_moment,
)
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import FEED_STATE

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
CONDITIONS = {"If-None-Match": "etag", "If-Modified-Since": "last_modified"}
OK, UNCHANGED, FAILED, WAITING = "ok", "unchanged", "failed", "waiting"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})


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
    allowed
        Networks that are not public and may be fetched from all the same. An address that the
        list of feeds names outright is allowed for that feed, but no name and no redirect from
        elsewhere leads there.
    """

    concurrency: int = 16
    per_host: int = 2
    connect_seconds: float = 10
    read_seconds: float = 20
    total_seconds: float = 60
    max_bytes: int = 8 * 2**20
    max_redirects: int = 5
    user_agent: str = "NewsWorld/0.1 (news feed reader)"
    allowed: tuple[Network, ...] = ()


@dataclass(frozen=True)
class FeedReport:
    """What became of one feed in one poll.

    `status` is 'ok', 'unchanged', 'failed', or 'waiting' for a feed that was not asked.
    """

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
    articles, rejects, date_repairs
        Meeting `news.articles`, `news.rejects` and `news.date_repairs`. Articles that an earlier
        poll brought come again as long as the feed carries them; their stored first_seen_at holds.
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
    date_repairs: pd.DataFrame


class NoFeedReachableError(RuntimeError):
    """Every feed failed. `result` holds the state and the reports all the same."""

    def __init__(self, message: str, result: FetchResult) -> None:
        super().__init__(message)
        self.result = result


class _FeedFailure(Exception):  # noqa: N818 - never leaves this module
    """Why one feed failed, in words, and what its server said about the next time."""

    def __init__(self, message: str, *, gone: bool = False, retry: str | None = None) -> None:
        super().__init__(message)
        self.gone, self.retry = gone, retry


@dataclass(frozen=True)
class _Answer:
    feed: Feed
    outcome: Outcome | None = None
    parsed: ParsedFeed | None = None
    waits: str | None = None
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def report(self) -> FeedReport:
        if self.outcome is None:
            return FeedReport(self.feed, WAITING, error=self.waits)
        return FeedReport(
            self.feed,
            self.outcome.status,
            entries=self.outcome.entries,
            error=self.outcome.error,
            findings=self.findings,
            seconds=self.seconds,
        )


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
    failed = [report for report in result.reports if report.status in (FAILED, WAITING)]
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
    If-Modified-Since, or the same bytes under a new tag). A feed that fails is reported and
    recorded, keeps its ETag, and is left alone for a while when it fails again; a server that
    names a time (Retry-After) is not asked before it.

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
    answers = await _poll_all(feeds, state, utc(now), limits)
    batch = await asyncio.to_thread(
        feeds_to_articles,
        [(a.feed, a.parsed) for a in answers if a.parsed is not None],
        now=now,
    )
    return FetchResult(
        articles=batch.articles,
        rejects=batch.rejects,
        state=_next_state(state, answers, utc(now)),
        reports=[answer.report for answer in answers],
        read=batch.read,
        repeated=batch.repeated,
        date_repairs=batch.date_repairs,
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
    now = pd.Timestamp.now(tz="UTC").tz_localize(None)
    (answer,) = asyncio.run(
        _poll_all([feed], nothing_known, now, limits or FetchLimits(), whole=True)
    )
    if answer.parsed is None:
        raise FeedError(f"The feed {url} could not be read: {answer.report.error}.")
    return answer.parsed


async def _poll_all(
    feeds: Sequence[Feed],
    state: pd.DataFrame,
    now: pd.Timestamp,
    limits: FetchLimits,
    *,
    whole: bool = False,
) -> list[_Answer]:
    known = state.set_index("feed_url").to_dict("index")
    overall = asyncio.Semaphore(limits.concurrency)
    hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(limits.per_host))
    async with aiohttp.ClientSession(
        # Our own semaphores limit; waiting in the connector would count as a feed's time.
        connector=aiohttp.TCPConnector(
            limit=0, resolver=GuardedResolver(limits.allowed), use_dns_cache=False
        ),
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
            before = known.get(feed.url, {})
            waits = reason_to_wait(before, now)
            if waits is not None:
                return _Answer(feed, waits=waits)
            async with hosts[publisher_of(address_of(feed.url, before))], overall:
                return await _poll(session, feed, before, now, limits, whole)

        answers = await asyncio.gather(*map(one, feeds))
    return answers


async def _poll(
    session: aiohttp.ClientSession,
    feed: Feed,
    known: dict[Any, Any],
    now: pd.Timestamp,
    limits: FetchLimits,
    whole: bool,
) -> _Answer:
    """Fetch and read one feed; whatever goes wrong ends in its report."""
    started = time.monotonic()
    gone, retry = False, None
    try:
        async with asyncio.timeout(limits.total_seconds):
            content, outcome = await _get(session, feed, known, limits)
        answer = await _read(feed, content, outcome, known, whole)
        return replace(answer, seconds=time.monotonic() - started)
    except _FeedFailure as failure:
        error, gone, retry = str(failure), failure.gone, retry_moment(failure.retry, now)
    except (FeedError, AddressRefusedError) as refused:
        error = str(refused)
    except aiohttp.ConnectionTimeoutError:
        error = f"no connection within {limits.connect_seconds:g} seconds"
    except aiohttp.SocketTimeoutError:
        error = f"sent nothing for {limits.read_seconds:g} seconds"
    except TimeoutError:
        error = f"not done within {limits.total_seconds:g} seconds"
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        error = " ".join(str(_cause(fault)).split())[:300] or type(fault).__name__
    except Exception as fault:  # noqa: BLE001 - a fault of our own must not stop the other feeds
        error = f"reading it failed: {type(fault).__name__}: {fault}"[:300]
    outcome = Outcome(FAILED, error=error, gone=gone, retry_after=retry)
    return _Answer(feed, outcome, seconds=time.monotonic() - started)


async def _get(
    session: aiohttp.ClientSession, feed: Feed, known: dict[Any, Any], limits: FetchLimits
) -> tuple[bytes, Outcome]:
    """The body of a full answer and its outcome; no body when nothing changed.

    Redirects are followed here, each with its address checked.
    """
    conditions = {
        header: known[field_name]
        for header, field_name in CONDITIONS.items()
        if isinstance(known.get(field_name), str)
    }
    address = address_of(feed.url, known)
    own = named_networks(feed.url)
    permanent = True
    for _ in range(limits.max_redirects + 1):
        at_home = urlsplit(address).netloc == urlsplit(feed.url).netloc
        check_url(address, (*limits.allowed, *own) if at_home else limits.allowed)
        async with session.get(address, headers=conditions, allow_redirects=False) as response:
            if response.status in REDIRECTS and "Location" in response.headers:
                address = urljoin(address, response.headers["Location"])
                permanent = permanent and response.status in PERMANENT
                continue
            moved_to = address if permanent and address != feed.url else None
            if response.status == 304 and conditions:
                return b"", Outcome(UNCHANGED, moved_to=moved_to)
            if response.status != 200:
                reason = f" {response.reason}" if response.reason else ""
                raise _FeedFailure(
                    f"answered HTTP {response.status}{reason}",
                    gone=response.status == 410,
                    retry=response.headers.get("Retry-After"),
                )
            content = await _body(response, limits.max_bytes)
            return content, Outcome(
                OK,
                etag=response.headers.get("ETag"),
                last_modified=response.headers.get("Last-Modified"),
                body_digest=hashlib.sha256(content).hexdigest(),
                moved_to=moved_to,
            )
    raise _FeedFailure(f"redirects more than {limits.max_redirects} times")


async def _read(
    feed: Feed, content: bytes, outcome: Outcome, known: dict[Any, Any], whole: bool
) -> _Answer:
    """Parse a full answer, unless its bytes are those of the last one."""
    if outcome.status == UNCHANGED:
        return _Answer(feed, outcome)
    if outcome.body_digest == known.get("body_digest"):
        entries = int(known.get("entries", 0))
        # The new tag is kept, so that the next answer may be a 304.
        return _Answer(feed, replace(outcome, entries=entries), findings=["the same bytes again"])
    # Off the event loop: a badly written feed of some megabytes takes seconds to read.
    parsed = await asyncio.to_thread(
        parse_feed,
        content,
        feed_url=feed.url,
        summary_characters=None if whole else SUMMARY_CHARACTERS,
    )
    entries, before = len(parsed.entries), int(known.get("entries", 0))
    findings = list(parsed.findings)
    if before and not entries:
        findings.append(f"it is suddenly empty: it had {before} entries")
    return _Answer(feed, replace(outcome, entries=entries), parsed, findings=findings)


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, decompressed, given up as soon as it is too large."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > most:
            raise _FeedFailure(f"larger than {most} bytes")
    return bytes(body)


def _cause(error: BaseException) -> BaseException:
    """The refusal of an address, where the connector wrapped it in an error of its own."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, AddressRefusedError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error


def _next_state(state: pd.DataFrame, answers: Sequence[_Answer], now: pd.Timestamp) -> pd.DataFrame:
    """The state after a poll: what was asked is renewed, the rest stays."""
    known = state.set_index("feed_url").to_dict("index")
    rows: list[dict[Any, Any]] = []
    for answer in answers:
        if answer.outcome is not None:
            before = known.pop(answer.feed.url, {})
            rows.append(next_state(answer.feed.url, before, answer.outcome, now))
    rows += [{"feed_url": url} | row for url, row in known.items()]
    return meet(FEED_STATE, pd.DataFrame(rows, columns=list(FEED_STATE.columns)))
