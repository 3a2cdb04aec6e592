"""Fetch many feeds at once, politely, so that no feed can stop the others."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
from newsworld_dagster.articles.polling import (
    Outcome,
    address_of,
    next_state,
    reason_to_wait,
    retry_moment,
)
from newsworld_dagster.articles.requesting import (
    UNCHANGED,
    FeedFailureError,
    FetchLimits,
    in_words,
    open_session,
    request_feed,
)
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import FEED_STATE

FAILED, WAITING = "failed", "waiting"


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
    async with open_session(limits) as session:

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
            content, outcome = await request_feed(session, feed.url, known, limits)
        answer = await _read(feed, content, outcome, known, whole)
        return replace(answer, seconds=time.monotonic() - started)
    except FeedFailureError as failure:
        error, gone, retry = str(failure), failure.gone, retry_moment(failure.retry, now)
    except FeedError as unreadable:
        error = str(unreadable)
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        error = in_words(fault, limits)
    except Exception as fault:  # noqa: BLE001 - a fault of our own must not stop the other feeds
        error = f"reading it failed: {type(fault).__name__}: {fault}"[:300]
    outcome = Outcome(FAILED, error=error, gone=gone, retry_after=retry)
    return _Answer(feed, outcome, seconds=time.monotonic() - started)


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
