"""The Messages API over the official SDK: one request, one reply that came to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import anthropic
import httpx2

from newsworld_dagster.contracts.asking import Usage
from newsworld_dagster.llm.store import Reply
from newsworld_dagster.llm.wire import Limits, WireError


class SdkWire:
    """A server that speaks the Messages API, Anthropic's or one's own.

    Answers are streamed, so that a long one is no silent one, and one that breaks off is seen
    to. Use it as an asynchronous context manager.
    """

    def __init__(self, base_url: str, api_key: str, limits: Limits | None = None) -> None:
        self.base_url = base_url
        self.limits = limits or Limits()
        self._counts = True
        self._sdk = anthropic.AsyncAnthropic(
            base_url=base_url,
            api_key=api_key,
            max_retries=self.limits.retries,
            timeout=httpx2.Timeout(self.limits.silent_seconds, connect=10.0),
            middleware=[_once_when_silent],
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._sdk.close()

    async def send(self, body: dict[str, Any]) -> Reply:
        """Stream the reply to a request to its end."""
        read = _Reading()
        await self._guarded(lambda: self._stream(body, read), read)
        if not read.message_id:
            raise WireError(
                f"{self.base_url} answered, but with no stream of the Messages API; check that "
                "NEWSWORLD_LLM_BASE_URL is the address of such a server, without a path"
            )
        if not read.ended:
            raise WireError("the answer broke off before its end", billed=True, partial=read.raw())
        return read.reply()

    async def count(self, body: dict[str, Any]) -> int | None:
        """Ask the server to count; None when it does not."""
        if not self._counts:
            return None
        counted = {name: value for name, value in body.items() if name != "max_tokens"}
        try:
            found = await self._sdk.messages.count_tokens(**counted)
        except anthropic.APIStatusError as error:
            # A server of one's own need not count. The upper bound stands in.
            self._counts = error.status_code not in (404, 405, 501)
            return None
        except (anthropic.AnthropicError, httpx2.HTTPError, _SilentError):
            return None
        return found.input_tokens

    async def submit(self, bodies: Mapping[str, dict[str, Any]]) -> str:
        """Create a Message Batch."""
        requests: Any = [{"custom_id": name, "params": body} for name, body in bodies.items()]
        batch = await self._guarded(lambda: self._sdk.messages.batches.create(requests=requests))
        return str(batch.id)

    async def ended(self, batch_id: str) -> bool:
        """Ask whether a batch has ended."""
        batch = await self._guarded(lambda: self._sdk.messages.batches.retrieve(batch_id))
        return bool(batch.processing_status == "ended")

    async def collect(self, batch_id: str) -> AsyncIterator[tuple[str, Reply | str]]:
        """Results of a batch as they come, each a reply or why there is none."""
        lines = await self._guarded(lambda: self._sdk.messages.batches.results(batch_id))
        try:
            async for line in lines:
                result = line.result
                if result.type == "succeeded":
                    yield line.custom_id, _reply_of(result.message)
                elif result.type == "errored":
                    yield line.custom_id, f"errored: {result.error.error.message}"
                else:
                    yield line.custom_id, str(result.type)
        except (httpx2.HTTPError, ValueError) as error:
            raise WireError(f"the results of batch {batch_id} broke off: {_said(error)}") from error

    async def _stream(self, body: dict[str, Any], read: _Reading) -> None:
        stream = await self._sdk.messages.create(**body, stream=True)
        read.begun = True
        async with stream:
            async for event in stream:
                try:
                    read.take(event)
                except (AttributeError, KeyError, TypeError) as error:
                    raise ValueError(f"an event is not of the Messages API: {error}") from error

    async def _guarded(
        self, call: Callable[[], Awaitable[Any]], read: _Reading | None = None
    ) -> Any:
        """Run a call; whatever goes wrong on the way to the server becomes a WireError."""
        begun = read or _Reading()
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await call()
        except TimeoutError as error:
            raise _broken(
                f"{self.base_url} did not answer within {self.limits.seconds:g} seconds",
                begun,
                billed=True,
            ) from error
        except _SilentError as error:
            raise _broken(
                f"{self.base_url} sent nothing for {self.limits.silent_seconds:g} seconds",
                begun,
                billed=True,
            ) from error
        except anthropic.APIStatusError as error:
            code = f"HTTP {error.status_code}: " if error.status_code >= 400 else ""
            broken = _broken(f"{self.base_url} answered {code}{_said(error)}", begun)
            broken.status = error.status_code
            raise broken from error
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError) as error:
            raise _broken(f"{self.base_url} cannot be used: {_said(error)}", begun) from error


class _SilentError(Exception):
    """A request on which the server sent nothing for too long."""


async def _once_when_silent(request: Any, call_next: Any) -> Any:
    """Keep the SDK from repeating a request that may have been answered, and billed, unheard."""
    try:
        return await call_next(request)
    except anthropic.APITimeoutError:
        raise _SilentError from None


def _broken(reason: str, read: _Reading, *, billed: bool = False) -> WireError:
    if read.begun:
        return WireError(
            f"the answer broke off before its end: {reason}", billed=True, partial=read.raw()
        )
    return WireError(reason, billed=billed)


def _said(error: Exception) -> str:
    """What an error says, in one line and at most 300 characters."""
    cause = error.__cause__
    text = f"{error} ({cause})" if cause is not None and str(cause) else str(error)
    return " ".join(text.split())[:300] or type(error).__name__


@dataclass
class _Reading:
    """A streamed message as far as it has come."""

    begun: bool = False
    ended: bool = False
    message_id: str = ""
    model: str = ""
    stop_reason: str = ""
    detail: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def take(self, event: Any) -> None:
        if event.type == "message_start":
            self.message_id, self.model = event.message.id, event.message.model
            self._count(event.message.usage)
        elif event.type == "content_block_start":
            block = event.content_block
            self.kinds[event.index] = block.type
            self.texts[event.index] = block.text if block.type == "text" else ""
            if block.type == "tool_use" and block.input:
                self.texts[event.index] = json.dumps(block.input, ensure_ascii=False)
        elif event.type == "content_block_delta":
            added = {"input_json_delta": "partial_json", "text_delta": "text"}.get(event.delta.type)
            if added:
                before = self.texts.get(event.index, "")
                self.texts[event.index] = before + getattr(event.delta, added)
        elif event.type == "message_delta":
            self.stop_reason = event.delta.stop_reason or self.stop_reason
            self.detail = _explained(getattr(event.delta, "stop_details", None))
            self._count(event.usage)
        elif event.type == "message_stop":
            self.ended = True

    def raw(self) -> str:
        """Input of the tool as it came, or the text."""
        for kind in ("tool_use", "text"):
            found = [text for place, text in self.texts.items() if self.kinds.get(place) == kind]
            if found:
                return _encodable("".join(found))
        return ""

    def reply(self) -> Reply:
        return Reply(
            raw=self.raw(),
            stop_reason=self.stop_reason,
            model=self.model,
            message_id=self.message_id,
            usage=_usage(self.usage),
            detail=self.detail,
        )

    def _count(self, usage: Any) -> None:
        # Counts are totals so far; one that is left out stands as it was.
        self.usage |= {
            name: count for name in _COUNTS if (count := getattr(usage, name, None)) is not None
        }


_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)


def _usage(counts: Mapping[str, int]) -> Usage:
    return Usage(*(counts.get(name, 0) for name in _COUNTS))


def _reply_of(message: Any) -> Reply:
    """A message that came in one piece, as the results of a batch do."""
    inputs = [block.input for block in message.content if block.type == "tool_use"]
    texts: Sequence[str] = [block.text for block in message.content if block.type == "text"]
    raw = json.dumps(inputs[0], ensure_ascii=False) if inputs else "".join(texts)
    counts = {name: getattr(message.usage, name, None) or 0 for name in _COUNTS}
    return Reply(
        raw=_encodable(raw),
        stop_reason=message.stop_reason or "",
        model=message.model,
        message_id=message.id,
        usage=_usage(counts),
        detail=_explained(getattr(message, "stop_details", None)),
    )


def _explained(details: Any) -> str:
    if details is None:
        return ""
    return ": ".join(part for part in (details.category, details.explanation) if part)


def _encodable(text: str) -> str:
    """Without half surrogate pairs, which no file and no table takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
