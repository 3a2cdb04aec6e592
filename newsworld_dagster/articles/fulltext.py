"""Texts of the pages of new articles, for feeds whose entry in the list asks for them.

Pages are asked for one after another on each host, as its robots.txt allows, behind the same guard
as feeds. Nothing that goes wrong here loses an article: it is stored before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import pandas as pd

from newsworld_dagster.articles.feeds import Feed
from newsworld_dagster.articles.identity import squeeze
from newsworld_dagster.articles.requesting import (
    FeedFailureError,
    FetchLimits,
    follow,
    in_words,
    open_session,
    read_body,
    status_in_words,
)
from newsworld_dagster.articles.robots import (
    EVERYTHING,
    MOST_BYTES,
    NOTHING,
    Robots,
    read_robots,
)
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import FULL_TEXT_CHARACTERS, FULL_TEXTS

PAGE = {"Accept": "text/html, application/xhtml+xml;q=0.9"}
PLAIN = {"Accept": "text/plain, */*;q=0.5"}
HTML = frozenset({"text/html", "application/xhtml+xml"})
# A page of more elements is no article; extraction of the largest takes about a second.
MOST_ELEMENTS = 20_000


@dataclass(frozen=True)
class TextPolicy:
    """What full texts may cost.

    Attributes
    ----------
    most_articles
        Pages read for one feed in one poll.
    most_bytes
        Largest page, after decompression.
    pause_seconds, longest_pause
        Between two pages of one host: as its Crawl-delay says, and at least the first. Of a host
        that wants more than the second, one page is read in a poll.
    total_seconds
        For all pages of a poll together.
    """

    most_articles: int = 20
    most_bytes: int = 2 * 2**20
    pause_seconds: float = 1.0
    longest_pause: float = 10.0
    total_seconds: float = 300.0


@dataclass(frozen=True)
class FullTexts:
    """What was read: rows that meet `news.full_texts`, and for each feed in words how it went."""

    rows: pd.DataFrame
    said: dict[str, str]


class _NotAllowedError(FeedFailureError):
    """A page that was not asked for."""


@dataclass
class _Work:
    """What one reading of pages has come to so far."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


def read_full_texts(
    articles: pd.DataFrame,
    feeds: Sequence[Feed],
    *,
    clock: Callable[[], pd.Timestamp],
    limits: FetchLimits,
    policy: TextPolicy | None = None,
) -> FullTexts:
    """Read the pages of articles, of the feeds that want it.

    Parameters
    ----------
    articles
        New ones, meeting `news.articles`; those of other feeds are left alone.
    feeds
        The list of feeds.
    clock
        The moment, naive UTC: a text is seen when its page was read, after its article.
    limits
        What a request may cost, and how we introduce ourselves.
    """
    policy = policy or TextPolicy()
    wanting = [feed.url for feed in feeds if feed.full_text]
    ours = articles[articles["source"].isin(wanting)]
    chosen = ours[ours.groupby("source").cumcount() < policy.most_articles]
    work = _Work()
    if len(chosen):
        asyncio.run(_read_all(chosen, work, clock, limits, policy))
    counts = ours["source"].value_counts()
    found = Counter(row["source"] for row in work.rows)
    left_out = counts - chosen["source"].value_counts()
    for source, number in left_out[left_out > 0].items():
        work.faults[str(source)][f"more than {policy.most_articles} at once"] += int(number)
    return FullTexts(
        meet(FULL_TEXTS, pd.DataFrame(work.rows, columns=list(FULL_TEXTS.columns))),
        {
            source: _in_words(found[source], int(counts[source]), work.faults[source])
            for source in wanting
            if source in counts.index
        },
    )


def extract_text(page: bytes, charset: str | None = None) -> str:
    """The text of an article's page, a paragraph a line; empty if there is none.

    Parameters
    ----------
    page
        HTML as it came.
    charset
        What its server says of the encoding; otherwise it is guessed.
    """
    from trafilatura import extract
    from trafilatura.settings import DEFAULT_CONFIG

    config = deepcopy(DEFAULT_CONFIG)
    config["DEFAULT"]["MAX_TREE_SIZE"] = str(MOST_ELEMENTS)
    said: bytes | str = page
    with contextlib.suppress(LookupError):  # an encoding that nobody knows
        said = page.decode(charset, "replace") if charset else page
    found = extract(said, fast=True, include_comments=False, include_tables=False, config=config)
    return "\n".join(filter(None, map(squeeze, (found or "").splitlines())))


async def _read_all(
    articles: pd.DataFrame,
    work: _Work,
    clock: Callable[[], pd.Timestamp],
    limits: FetchLimits,
    policy: TextPolicy,
) -> None:
    by_host: dict[str, list[Any]] = defaultdict(list)
    for article in articles.itertuples():
        by_host[urlsplit(article.url).netloc.lower()].append(article)
    overall = asyncio.Semaphore(limits.concurrency)
    async with open_session(limits) as session:
        robots = _RobotsBook(session, limits)

        async def lane(queue: list[Any]) -> None:
            """The pages of one host, one after another."""
            while queue:
                article, asked = queue[0], True
                async with overall:
                    try:
                        row = await _page(session, article, robots, limits, policy)
                        work.rows.append(row | _moment(clock, article))
                    except _NotAllowedError as refusal:
                        work.faults[article.source][str(refusal)] += 1
                        asked = False
                    except FeedFailureError as failure:
                        work.faults[article.source][str(failure)] += 1
                    except (aiohttp.ClientError, OSError, ValueError) as fault:
                        work.faults[article.source][in_words(fault, limits)] += 1
                    except Exception as fault:  # noqa: BLE001 - no page must stop the others
                        work.faults[article.source][f"reading it failed: {fault}"[:200]] += 1
                queue.pop(0)
                delay = (await robots.of(article.url, article.source)).delay
                if asked and delay > policy.longest_pause:
                    break
                if asked and queue:
                    await asyncio.sleep(max(delay, policy.pause_seconds))

        lanes = [asyncio.ensure_future(lane(queue)) for queue in by_host.values()]
        _, late = await asyncio.wait(lanes, timeout=policy.total_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
    for article in (article for queue in by_host.values() for article in queue):
        work.faults[article.source]["left for lack of time, or because the site wants pauses"] += 1


async def _page(
    session: aiohttp.ClientSession,
    article: Any,
    robots: _RobotsBook,
    limits: FetchLimits,
    policy: TextPolicy,
) -> dict[str, Any]:
    """The text of one page; whatever goes wrong is raised."""

    async def is_allowed(address: str) -> None:
        if not (await robots.of(address, article.source)).allows(address):
            raise _NotAllowedError(f"robots.txt of {urlsplit(address).netloc} does not allow it")

    async with (
        asyncio.timeout(limits.total_seconds),
        follow(
            session, article.url, limits, home=article.source, headers=PAGE, before_hop=is_allowed
        ) as arrived,
    ):
        response = arrived.response
        if response.status != 200:
            raise FeedFailureError(status_in_words(response))
        if response.content_type not in HTML:
            raise FeedFailureError(f"is no page but {response.content_type}"[:100])
        page = await read_body(response, policy.most_bytes)
        text = await asyncio.to_thread(extract_text, page, response.charset)
    if not text:
        raise FeedFailureError("no text was found")
    return {
        "article_id": article.article_id,
        "source": article.source,
        "address": arrived.address,
        "text": text[:FULL_TEXT_CHARACTERS],
        "cut": len(text) > FULL_TEXT_CHARACTERS,
    }


class _RobotsBook:
    """The robots.txt of each host, read once in a poll."""

    def __init__(self, session: aiohttp.ClientSession, limits: FetchLimits) -> None:
        self.session = session
        self.limits = limits
        self.known: dict[str, asyncio.Future[Robots]] = {}

    async def of(self, url: str, home: str) -> Robots:
        """The rules for us on the host of an address."""
        parts = urlsplit(url)
        address = urlunsplit((parts.scheme, parts.netloc, "/robots.txt", "", ""))
        if address not in self.known:
            self.known[address] = asyncio.ensure_future(self._read(address, home))
        return await self.known[address]

    async def _read(self, address: str, home: str) -> Robots:
        """A host that has none allows everything; one that cannot say, nothing (RFC 9309)."""
        try:
            async with (
                asyncio.timeout(self.limits.total_seconds),
                follow(self.session, address, self.limits, home=home, headers=PLAIN) as arrived,
            ):
                status = arrived.response.status
                if status == 200:
                    content = await read_body(arrived.response, MOST_BYTES, cut=True)
                    return read_robots(content, self.limits.user_agent)
        except (FeedFailureError, aiohttp.ClientError, OSError, ValueError):
            return NOTHING
        return EVERYTHING if 400 <= status < 500 and status != 429 else NOTHING


def _moment(clock: Callable[[], pd.Timestamp], article: Any) -> dict[str, pd.Timestamp]:
    seen_at = max(clock(), article.first_seen_at)
    return {"seen_at": seen_at, "day": seen_at.floor("D")}


def _in_words(found: int, new: int, faults: Counter[str]) -> str:
    said = f"texts of {found} of {new} new articles"
    return "; ".join([said, *(f"{number} not: {why}" for why, number in faults.most_common(3))])
