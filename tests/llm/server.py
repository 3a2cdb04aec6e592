"""A loopback server that speaks the Messages API, as well and as badly as it is told to.

It checks requests as the real one does (key, version, fields, alternating roles, forced tool,
cache marks), counts four characters as a token, simulates the prompt cache, cuts answers at
max_tokens, and books what it bills.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.llm.messages_api import cached_prefix, events_of, fault_of, tokens_of

KEY = "test-key"


@dataclass(frozen=True)
class Says:
    """An answer: an object, or the raw text of the tool's input, which need not be JSON.

    `stop` overrides the reason for stopping. `cut` breaks the stream off after so many of its
    events, `politely` as if that had been all of it; `slow` waits so many seconds before it
    begins, `stall` before it ends.
    """

    content: Any
    stop: str | None = None
    cut: int | None = None
    politely: bool = False
    slow: float = 0.0
    stall: float = 0.0

    @property
    def raw(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return json.dumps(self.content, ensure_ascii=False)


@dataclass(frozen=True)
class Status:
    """An error: 429, 500, 529 or another status, with headers; `slow` seconds late."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0


@dataclass(frozen=True)
class Reset:
    """The connection closed without a word."""


@dataclass(frozen=True)
class Garbage:
    """A good status with something that is no answer of the Messages API."""

    text: str
    content_type: str = "text/html"


@dataclass(frozen=True)
class Lost:
    """In a batch: 'errored', 'expired', 'canceled', or 'missing' from the results."""

    how: str


Script = Says | Status | Reset | Garbage | Lost
ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class MessagesServer:
    """Answers from `queue` first, then from `respond`; a context manager, in its own thread."""

    def __init__(self, respond: Callable[[dict[str, Any]], Script] | None = None) -> None:
        self.queue: list[Script] = []
        self.respond = respond
        self.counts = True
        self.polls_until_ended = 1
        self.bodies: list[dict[str, Any]] = []
        self.raw_bodies: list[bytes] = []
        self.retries: list[int] = []
        self.counted = 0
        self.billed_tokens = 0
        self.busy = self.busiest = 0
        self.batches: dict[str, dict[str, Any]] = {}
        self.url = ""
        self._cached: set[str] = set()
        self._numbers = itertools.count(1)

    # Running

    def __enter__(self) -> MessagesServer:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(self._start())
            ready.set()
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/messages/count_tokens", self._count_tokens)
        app.router.add_post("/v1/messages/batches", self._create_batch)
        app.router.add_get("/v1/messages/batches/{batch_id}", self._batch)
        app.router.add_get("/v1/messages/batches/{batch_id}/results", self._results)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        # What still sleeps over a slow answer.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    # Messages

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        if (problem := _unauthorised(request)) is not None:
            return problem
        body = json.loads(raw)
        if reason := fault_of(body):
            return _error(400, reason)
        self.raw_bodies.append(raw)
        self.bodies.append(body)
        self.retries.append(int(request.headers.get("x-stainless-retry-count", 0)))
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            return await self._scripted(request, body, self._next(body))
        finally:
            self.busy -= 1

    def _next(self, body: dict[str, Any]) -> Script:
        if self.queue:
            return self.queue.pop(0)
        assert self.respond is not None, "the server was asked more often than it has answers"
        return self.respond(body)

    async def _scripted(
        self, request: web.Request, body: dict[str, Any], script: Script
    ) -> web.StreamResponse:
        if isinstance(script, Status):
            await asyncio.sleep(script.slow)
            return _error(script.code, "scripted", script.headers)
        if isinstance(script, Reset):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(script, Garbage):
            return web.Response(text=script.text, content_type=script.content_type)
        assert isinstance(script, Says)
        await asyncio.sleep(script.slow)
        message = self._message(body, script)
        if not body.get("stream"):
            return web.json_response(message)
        return await self._stream(request, message, script)

    def _message(self, body: dict[str, Any], script: Says) -> dict[str, Any]:
        most = body["max_tokens"] * 4
        raw = script.raw[:most]
        tool = (body.get("tool_choice") or {}).get("name")
        stop = script.stop or ("tool_use" if tool else "end_turn")
        if len(script.raw) > most:
            stop = "max_tokens"
        block: dict[str, Any] = {"type": "text", "text": raw}
        if tool:
            number = next(self._numbers)
            block = {"type": "tool_use", "id": f"toolu_{number:06}", "name": tool, "input": raw}
        usage = self._usage(body, raw)
        self.billed_tokens += sum(usage.values())
        details = {"type": "refusal", "category": "general_harms", "explanation": "scripted"}
        return {
            "id": f"msg_{next(self._numbers):06}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [] if stop == "refusal" else [block],
            "stop_reason": stop,
            "stop_sequence": None,
            "stop_details": details if stop == "refusal" else None,
            "usage": usage,
        }

    def _usage(self, body: dict[str, Any], raw: str) -> dict[str, int]:
        tokens, prefix = tokens_of(body), cached_prefix(body)
        cached = math.ceil(len(prefix) / 4)
        known = prefix in self._cached
        if prefix:
            self._cached.add(prefix)
        return {
            "input_tokens": tokens - cached,
            "cache_creation_input_tokens": 0 if known else cached,
            "cache_read_input_tokens": cached if known else 0,
            "output_tokens": max(1, math.ceil(len(raw) / 4)),
        }

    async def _stream(
        self, request: web.Request, message: dict[str, Any], script: Says
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        events = events_of(message)
        for place, (name, data) in enumerate(events):
            if script.cut is not None and place >= script.cut:
                if script.politely:
                    break
                assert request.transport is not None
                request.transport.close()
                return response
            if place == len(events) - 1:
                await asyncio.sleep(script.stall)
            text = f"event: {name}\ndata: {json.dumps(data)}\n\n"
            await response.write(text.encode())
        await response.write_eof()
        return response

    async def _count_tokens(self, request: web.Request) -> web.Response:
        if not self.counts:
            return _error(404, "no such route")
        body = json.loads(await request.read())
        if "max_tokens" in body:
            return _error(400, "max_tokens: Extra inputs are not permitted")
        self.counted += 1
        return web.json_response({"input_tokens": tokens_of(body)})

    # Batches

    async def _create_batch(self, request: web.Request) -> web.Response:
        if (problem := _unauthorised(request)) is not None:
            return problem
        requests = (await request.json())["requests"]
        names = [one["custom_id"] for one in requests]
        if len(set(names)) < len(names) or any(not 1 <= len(name) <= 64 for name in names):
            return _error(400, "requests: custom_id must be unique and 1 to 64 characters long")
        results = []
        for one in requests:
            if reason := fault_of(one["params"]):
                return _error(400, reason)
            results.append((one["custom_id"], self._batch_result(one["params"])))
        batch_id = f"msgbatch_{next(self._numbers):06}"
        self.batches[batch_id] = {"polls": 0, "results": results, "requests": requests}
        return web.json_response(self._described(batch_id, ended=False))

    def _batch_result(self, body: dict[str, Any]) -> dict[str, Any] | None:
        script = self._next(body)
        if isinstance(script, Lost):
            error = {"type": "error", "error": {"type": "api_error", "message": "scripted"}}
            return {
                "errored": {"type": "errored", "error": error},
                "expired": {"type": "expired"},
                "canceled": {"type": "canceled"},
                "missing": None,
            }[script.how]
        assert isinstance(script, Says)
        message = self._message(body, script)
        for block in message["content"]:
            if block["type"] == "tool_use":
                block["input"] = json.loads(block["input"])
        return {"type": "succeeded", "message": message}

    def _described(self, batch_id: str, *, ended: bool) -> dict[str, Any]:
        total = len(self.batches[batch_id]["requests"])
        counts = dict.fromkeys(["canceled", "errored", "expired", "processing", "succeeded"], 0)
        counts["succeeded" if ended else "processing"] = total
        return {
            "id": batch_id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": counts,
            "created_at": "2026-03-01T00:00:00Z",
            "expires_at": "2026-03-02T00:00:00Z",
            "results_url": f"{self.url}/v1/messages/batches/{batch_id}/results" if ended else None,
        }

    async def _batch(self, request: web.Request) -> web.Response:
        batch_id = request.match_info["batch_id"]
        if batch_id not in self.batches:
            return _error(404, "no such batch")
        self.batches[batch_id]["polls"] += 1
        ended = self.batches[batch_id]["polls"] > self.polls_until_ended
        return web.json_response(self._described(batch_id, ended=ended))

    async def _results(self, request: web.Request) -> web.Response:
        results = self.batches[request.match_info["batch_id"]]["results"]
        # In another order than they were asked in, as the real one does not promise any.
        lines = [
            json.dumps({"custom_id": name, "result": result})
            for name, result in reversed(results)
            if result is not None
        ]
        return web.Response(text="\n".join(lines) + "\n", content_type="application/x-jsonl")


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    error = {"type": ERRORS.get(status, "api_error"), "message": message}
    return web.json_response({"type": "error", "error": error}, status=status, headers=headers)


def _unauthorised(request: web.Request) -> web.Response | None:
    # Older SDKs send the key as x-api-key, newer ones as a bearer token.
    given = (request.headers.get("x-api-key"), request.headers.get("Authorization"))
    if given[0] != KEY and f"Bearer {KEY}" != given[1]:
        return _error(401, "invalid x-api-key")
    if not request.headers.get("anthropic-version"):
        return _error(400, "anthropic-version: header is required")
    return None
