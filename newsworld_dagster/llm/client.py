"""The language model that answers asks: stored answers first, then the budget, then the server."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from newsworld_dagster.contracts.asking import (
    Answered,
    Ask,
    Bill,
    Failed,
    Fault,
    Outcome,
    Output,
    Refused,
    Stopped,
)
from newsworld_dagster.llm.answers import faults_of
from newsworld_dagster.llm.budget import Budget, BudgetSpentError, Reservation
from newsworld_dagster.llm.prices import Price
from newsworld_dagster.llm.requests import (
    Structure,
    most_input_tokens,
    repair_of,
    request_digest,
    request_of,
)
from newsworld_dagster.llm.store import MemoryStore, Reply, ResponseStore, Stored
from newsworld_dagster.llm.wire import Wire, WireError

# The server's own count is an estimate that may be off by a few tokens.
_COUNT_SHARE, _COUNT_TOKENS = 1.05, 64


@dataclass(frozen=True)
class Terms:
    """How a model is asked: by what structure, how many asks at once, at what price."""

    structure: Structure = "tool"
    concurrency: int = 4
    price: Price = field(default_factory=Price)


class Client:
    """Answers asks through a wire.

    Every whole message of the server goes into the store before it is read, under the digest of
    its request, so that asking the same again costs nothing. An answer that breaks off is not
    stored; it is asked for once more.
    """

    def __init__(
        self,
        wire: Wire,
        model: str,
        *,
        store: ResponseStore | None = None,
        budget: Budget | None = None,
        terms: Terms | None = None,
    ) -> None:
        self.wire = wire
        self.name = model
        self.store = store if store is not None else MemoryStore()
        self.budget = budget or Budget()
        self.terms = terms or Terms()
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._counted: dict[str, int | None] = {}

    async def ask_many(self, asks: Sequence[Ask[Any]]) -> list[Outcome[Any]]:
        """One outcome an ask, in their order, `concurrency` of them at once.

        Of those that share what is cached one goes first, so that the others find it in the
        server's cache instead of all writing it there.
        """
        free = asyncio.Semaphore(self.terms.concurrency)

        async def one(ask: Ask[Any]) -> Outcome[Any]:
            async with free:
                return await self.ask(ask)

        leaders: dict[tuple[str, str], int] = {}
        for place, ask in enumerate(asks):
            leaders.setdefault((ask.system, ask.shared), place)
        outcomes: dict[int, Outcome[Any]] = {}
        first = set(leaders.values())
        for places in (sorted(first), [n for n in range(len(asks)) if n not in first]):
            answered = await asyncio.gather(*(one(asks[place]) for place in places))
            outcomes |= zip(places, answered, strict=True)
        return [outcomes[place] for place in range(len(asks))]

    async def ask(self, ask: Ask[Output]) -> Outcome[Output]:
        """The outcome of an ask; one that is not valid is asked for again once."""
        body = self.body(ask)
        digest = request_digest(body, ask.sample)
        bill = Bill(
            model=self.name,
            prompt_id=ask.prompt_id,
            prompt_digest=ask.prompt_digest,
            input_digest=ask.input_digest,
            request_digest=digest,
            sample=ask.sample,
        )
        for attempt in (1, 2):
            try:
                got, charged = await self._reply(body, ask.sample)
            except BudgetSpentError as error:
                return Stopped(str(error), bill)
            except _BrokenError as error:
                bill = replace(
                    bill,
                    cost_usd=bill.cost_usd + error.usd,
                    charged_usd=bill.charged_usd + error.usd,
                )
                if error.partial is None:
                    return Failed(str(error), bill)
                return Refused("truncated", str(error), error.partial, bill)
            bill = replace(
                bill,
                request_digest=got.request_digest,
                usage=bill.usage + got.reply.usage,
                cost_usd=bill.cost_usd + got.cost_usd,
                charged_usd=bill.charged_usd + charged,
                seconds=bill.seconds + got.seconds,
                requests=bill.requests + 1,
            )
            if stopped := _stopped(got.reply):
                return Refused(*stopped, got.reply.raw, bill)
            value, reasons = faults_of(ask, got.reply.raw)
            if value is not None and not reasons:
                return Answered(value, got.reply.raw, bill)
            if attempt == 1:
                body = repair_of(body, got.reply.raw, reasons)
        return Refused("invalid", "; ".join(reasons), got.reply.raw, bill)

    def body(self, ask: Ask[Any]) -> dict[str, Any]:
        """The request of an ask."""
        return request_of(ask, self.name, self.terms.structure)

    async def estimate(self, body: dict[str, Any]) -> int:
        """Input tokens that a request may have: the server's count, or an upper bound."""
        key = request_digest(body, 0)
        if key not in self._counted:
            self._counted[key] = await self.wire.count(body)
        counted = self._counted[key]
        if counted is None:
            return most_input_tokens(body)
        return round(counted * _COUNT_SHARE) + _COUNT_TOKENS

    async def _reply(self, body: dict[str, Any], sample: int) -> tuple[Stored, float]:
        """The reply to a request and what this run paid for it.

        Raises
        ------
        BudgetSpentError
            When the budget does not allow it.
        _BrokenError
            When no whole reply came.
        """
        digest = request_digest(body, sample)
        # Two workers with the same request: the second finds the first one's reply.
        async with self._locks[digest]:
            if (stored := self.store.get(digest)) is not None:
                return stored, 0.0
            try:
                got = await self._paid(body, sample, digest)
                return got, got.cost_usd
            except _BrokenError as error:
                if error.partial is None:
                    raise
                first = error
            try:
                got = await self._paid(body, sample, digest)
            except _BrokenError as error:
                raise _BrokenError(str(error), first.usd + error.usd, error.partial) from error
            except BudgetSpentError:
                raise first from None
            return got, first.usd + got.cost_usd

    async def _paid(self, body: dict[str, Any], sample: int, digest: str) -> Stored:
        """One request within the budget, its reply stored."""
        price, max_tokens = self.terms.price, int(body["max_tokens"])
        tokens = await self.estimate(body)
        reservation = await self.budget.reserve(tokens + max_tokens, price.most(tokens, max_tokens))
        used = reservation
        started = time.monotonic()
        try:
            reply = await self.wire.send(body)
            cost = price.cost(reply.usage)
            used = Reservation(reply.usage.total, cost)
            stored = Stored(digest, body, sample, reply, cost, round(time.monotonic() - started, 3))
            self.store.put(stored)
        except WireError as error:
            # What may have been billed counts as if it had been, in full.
            used = reservation if error.billed else Reservation(0, 0.0)
            raise _BrokenError(str(error), used.usd, error.partial) from error
        finally:
            self.budget.settle(reservation, used.tokens, used.usd)
        return stored


class _BrokenError(Exception):
    """No whole reply, after all that may be tried; `usd` is what was paid for it."""

    def __init__(self, reason: str, usd: float, partial: str | None) -> None:
        super().__init__(reason)
        self.usd = usd
        self.partial = partial


def _stopped(reply: Reply) -> tuple[Fault, str] | None:
    """Why a reply is not the whole answer, None where it is."""
    if reply.whole:
        return None
    if reply.stop_reason == "refusal":
        return "refusal", f"the model declined: {reply.detail or 'it gave no reason'}"
    if reply.stop_reason in ("max_tokens", "model_context_window_exceeded"):
        return (
            "max_tokens",
            f"the answer ran into its limit ({reply.stop_reason}) after "
            f"{reply.usage.output_tokens} tokens",
        )
    return "unexpected", f"the answer stopped with {reply.stop_reason or 'no reason given'}"
