"""A loopback site that answers as a script says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def rss(*links: str, date: str = "", extra: str = "") -> bytes:
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    items = "".join(
        f"<item><title>News {x}</title><link>{x}</link>{dated}{extra}</item>" for x in links
    )
    return f"<rss><channel><title>T</title>{items}</channel></rss>".encode()


class Site:
    """Paths to answers; `asked` holds every request in order."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[web.Request] = []
        self.base = ""

    def url(self, name: str) -> str:
        return f"{self.base}{name}"

    def says(self, name: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        """Let a path answer with a body; returns its URL."""

        async def answer(request: web.Request) -> web.StreamResponse:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            return web.Response(body=body, status=status, headers=named)

        return self.does(name, answer)

    def does(self, name: str, answer: Answer) -> str:
        """Let a path answer by a function; returns its URL."""
        self.answers[name] = answer
        return self.url(name)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answers[request.match_info["name"]](request)


@contextmanager
def serving() -> Iterator[Site]:
    """A site in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    site = Site()
    application = web.Application()
    application.router.add_get("/{name:.*}", site.handle)
    server = TestServer(application, host="127.0.0.1")
    asyncio.run_coroutine_threadsafe(server.start_server(shutdown_timeout=0.1), loop).result(5)
    site.base = str(server.make_url("/"))
    try:
        yield site
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
