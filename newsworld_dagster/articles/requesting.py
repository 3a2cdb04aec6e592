"""One request for a feed: redirects, conditions, limits, and what went wrong in words."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from newsworld_dagster.articles.addresses import (
    AddressRefusedError,
    Network,
    check_url,
    named_networks,
)
from newsworld_dagster.articles.guard import GuardedResolver
from newsworld_dagster.articles.polling import Outcome, address_of

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
CONDITIONS = {"If-None-Match": "etag", "If-Modified-Since": "last_modified"}
OK, UNCHANGED = "ok", "unchanged"
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


class FeedFailureError(Exception):
    """Why one feed failed, in words, and what its server said about the next time."""

    def __init__(self, message: str, *, gone: bool = False, retry: str | None = None) -> None:
        super().__init__(message)
        self.gone, self.retry = gone, retry


def open_session(limits: FetchLimits) -> aiohttp.ClientSession:
    """A session that connects only to addresses that were checked, and keeps no cookies."""
    return aiohttp.ClientSession(
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
    )


async def request_feed(
    session: aiohttp.ClientSession, feed_url: str, known: Mapping[Any, Any], limits: FetchLimits
) -> tuple[bytes, Outcome]:
    """The body of a full answer and its outcome; no body when nothing changed.

    Redirects are followed here, each with its address checked.
    """
    conditions = {
        header: known[field_name]
        for header, field_name in CONDITIONS.items()
        if isinstance(known.get(field_name), str)
    }
    start = address_of(feed_url, known)
    async with follow(session, start, limits, home=feed_url, headers=conditions) as arrived:
        response = arrived.response
        moved = arrived.permanently and arrived.address != feed_url
        moved_to = arrived.address if moved else None
        if response.status == 304 and conditions:
            return b"", Outcome(UNCHANGED, moved_to=moved_to)
        if response.status != 200:
            raise FeedFailureError(
                status_in_words(response),
                gone=response.status == 410,
                retry=response.headers.get("Retry-After"),
            )
        content = await read_body(response, limits.max_bytes)
        return content, Outcome(
            OK,
            etag=response.headers.get("ETag"),
            last_modified=response.headers.get("Last-Modified"),
            body_digest=hashlib.sha256(content).hexdigest(),
            moved_to=moved_to,
        )


@dataclass(frozen=True)
class Arrived:
    """An answer that is no redirect, where it came from, and whether all before were permanent."""

    response: aiohttp.ClientResponse
    address: str
    permanently: bool


@asynccontextmanager
async def follow(
    session: aiohttp.ClientSession,
    address: str,
    limits: FetchLimits,
    *,
    home: str,
    headers: Mapping[str, str],
    before_hop: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[Arrived]:
    """Ask for an address and follow its redirects, each with its address checked.

    Parameters
    ----------
    home
        The feed that it is asked for: what that names outright is allowed on its own host.
    before_hop
        Called with each address before it is asked for; what it raises ends the request.

    Raises
    ------
    AddressRefusedError
        When an address is refused.
    FeedFailureError
        When there are too many redirects.
    """
    own = named_networks(home)
    permanently = True
    for _ in range(limits.max_redirects + 1):
        at_home = urlsplit(address).netloc == urlsplit(home).netloc
        check_url(address, (*limits.allowed, *own) if at_home else limits.allowed)
        if before_hop is not None:
            await before_hop(address)
        async with session.get(address, headers=headers, allow_redirects=False) as response:
            if response.status not in REDIRECTS or "Location" not in response.headers:
                yield Arrived(response, address, permanently)
                return
            address = urljoin(address, response.headers["Location"])
            permanently = permanently and response.status in PERMANENT
    raise FeedFailureError(f"redirects more than {limits.max_redirects} times")


def status_in_words(response: aiohttp.ClientResponse) -> str:
    """What a server answered that should have said 200."""
    reason = f" {response.reason}" if response.reason else ""
    return f"answered HTTP {response.status}{reason}"


async def read_body(response: aiohttp.ClientResponse, most: int, *, cut: bool = False) -> bytes:
    """The body, decompressed; with `cut` no more than its first `most` bytes.

    Raises
    ------
    FeedFailureError
        As soon as it is larger than `most` bytes, unless it is to be cut.
    """
    body = bytearray()
    async for chunk in response.content.iter_chunked(2**16):
        body += chunk
        if len(body) > most:
            if cut:
                return bytes(body[:most])
            raise FeedFailureError(f"larger than {most} bytes")
    return bytes(body)


def in_words(error: BaseException, limits: FetchLimits) -> str:
    """Why a request failed, for whoever keeps the list of feeds."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection within {limits.connect_seconds:g} seconds"
    if isinstance(error, aiohttp.SocketTimeoutError):
        return f"sent nothing for {limits.read_seconds:g} seconds"
    if isinstance(error, TimeoutError):
        return f"not done within {limits.total_seconds:g} seconds"
    return " ".join(str(_cause(error)).split())[:300] or type(error).__name__


def _cause(error: BaseException) -> BaseException:
    """The refusal of an address, where the connector wrapped it in an error of its own."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, AddressRefusedError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error
