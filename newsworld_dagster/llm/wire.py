"""What the client needs of a connection to a language model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from newsworld_dagster.llm.store import Reply


class WireError(Exception):
    """A request that got no whole reply.

    Attributes
    ----------
    billed
        Whether the server may have charged for it.
    partial
        What came before the reply broke off; None when nothing had come.
    status
        HTTP status with which the server turned it away, if it did.
    """

    def __init__(
        self,
        reason: str,
        *,
        billed: bool = False,
        partial: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.billed = billed
        self.partial = partial
        self.status = status


class Wire(Protocol):
    """What the client needs of a connection."""

    async def send(self, body: dict[str, Any]) -> Reply:
        """The reply to a request; WireError when there is none that came to its end."""

    async def count(self, body: dict[str, Any]) -> int | None:
        """Input tokens of a request as the server counts them, None where it does not."""


class BatchWire(Wire, Protocol):
    """A connection that takes batches too."""

    async def submit(self, bodies: Mapping[str, dict[str, Any]]) -> str:
        """Submit requests by custom_id; the id of the batch."""

    async def ended(self, batch_id: str) -> bool:
        """Whether all requests of a batch were processed."""

    def collect(self, batch_id: str) -> AsyncIterator[tuple[str, Reply | str]]:
        """custom_id with the reply, or the reason why there is none, in any order."""


@dataclass(frozen=True)
class Limits:
    """What a request may take.

    `retries` are the SDK's, for answers 408, 409, 429 and 5xx and for broken connections;
    `seconds` bounds a request with all its retries and the waits that the server asks for;
    `silent_seconds` how long nothing may come.
    """

    retries: int = 3
    seconds: float = 900.0
    silent_seconds: float = 120.0
