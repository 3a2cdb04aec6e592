"""Many asks at half price: Message Batches, for backfills."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsworld_dagster.contracts.asking import Ask, Bill, Failed, Outcome
from newsworld_dagster.llm.budget import BudgetSpentError, Reservation
from newsworld_dagster.llm.client import Client
from newsworld_dagster.llm.requests import request_digest
from newsworld_dagster.llm.store import OpenBatch, Reply, Stored
from newsworld_dagster.llm.wire import BatchWire, WireError

# The server knows nothing of a batch: its results are lost.
GONE = 404


@dataclass(frozen=True)
class BatchPolicy:
    """How batches are made and waited for.

    A batch takes at most `most` requests; it is looked at every `poll_seconds`, and left to the
    next run after `patience_seconds`.
    """

    most: int = 1000
    poll_seconds: float = 60.0
    patience_seconds: float = 25 * 3600.0


class BatchClient:
    """Answers asks by batches; what they do not answer, one by one.

    Results are joined by custom_id, which is the digest of the request, and put into the
    client's store; then every ask is read from there. An ask whose result is missing, errored
    or expired, and one that must be asked again, goes through the client. A batch is noted in
    the store as soon as it is submitted: a run that ends early is taken up by the next, which
    pays nothing twice. Asks that a batch is still at work on fail for now.
    """

    def __init__(self, client: Client, wire: BatchWire, policy: BatchPolicy | None = None) -> None:
        self.client = client
        self.wire = wire
        self.policy = policy or BatchPolicy()

    @property
    def name(self) -> str:
        """Model, as it stands on every row."""
        return self.client.name

    async def ask_many(self, asks: Sequence[Ask[Any]]) -> list[Outcome[Any]]:
        """One outcome an ask, in their order."""
        bodies = [self.client.body(ask) for ask in asks]
        digests = [request_digest(body, ask.sample) for body, ask in zip(bodies, asks, strict=True)]
        requests = {
            name: (body, ask.sample) for name, body, ask in zip(digests, bodies, asks, strict=True)
        }
        store = self.client.store
        for batch in store.open_batches():
            wanted = {name: requests[name] for name in batch.request_digests if name in requests}
            if wanted:
                await self._gather(batch.batch_id, wanted, {})
        awaited = self._awaited(requests)
        missing = [name for name in requests if store.get(name) is None and name not in awaited]
        while missing:
            part = missing[: self.policy.most]
            taken = await self._submit({name: requests[name] for name in part})
            if not taken:
                break
            missing = missing[taken:]
        # What a batch is still at work on is not asked for, and paid for, beside it.
        awaited = self._awaited(requests)
        ready = [place for place, name in enumerate(digests) if name not in awaited]
        answered = await self.client.ask_many([asks[place] for place in ready])
        outcomes: dict[int, Outcome[Any]] = dict(zip(ready, answered, strict=True))
        for place, name in enumerate(digests):
            if name in awaited:
                outcomes[place] = self._failed(asks[place], name, awaited[name])
        return [outcomes[place] for place in range(len(asks))]

    def _awaited(self, requests: Container[str]) -> dict[str, str]:
        """Requests that open batches are at work on, with the id of the batch."""
        store = self.client.store
        return {
            name: batch.batch_id
            for batch in store.open_batches()
            for name in batch.request_digests
            if name in requests and store.get(name) is None
        }

    def _failed(self, ask: Ask[Any], digest: str, batch_id: str) -> Failed:
        reason = f"batch {batch_id} has not given its results yet; run again to collect them"
        return Failed(
            reason,
            Bill(self.name, ask.prompt_id, ask.prompt_digest, ask.input_digest, digest, ask.sample),
        )

    async def _submit(self, requests: Mapping[str, tuple[dict[str, Any], int]]) -> int:
        """Submit the first requests that the budget allows, and wait; how many they were."""
        reserved: dict[str, Reservation] = {}
        price = self.client.terms.price
        for name, (body, _) in requests.items():
            tokens, most = await self.client.estimate(body), int(body["max_tokens"])
            try:
                held = self.client.budget.try_reserve(
                    tokens + most, price.most(tokens, most, batch=True)
                )
            except BudgetSpentError:
                held = None
            if held is None:
                break
            reserved[name] = held
        if not reserved:
            return 0
        try:
            batch_id = await self.wire.submit({name: requests[name][0] for name in reserved})
        except WireError as error:
            for held in reserved.values():
                billed = held if error.billed else Reservation(0, 0.0)
                self.client.budget.settle(held, billed.tokens, billed.usd)
            return 0
        names = tuple(reserved)
        self.client.store.open_batch(OpenBatch(batch_id, names))
        await self._gather(batch_id, {name: requests[name] for name in names}, reserved)
        return len(names)

    async def _gather(
        self,
        batch_id: str,
        requests: Mapping[str, tuple[dict[str, Any], int]],
        reserved: dict[str, Reservation],
    ) -> None:
        """Wait for a batch and store its results; settle what was reserved for it."""
        budget, store, price = self.client.budget, self.client.store, self.client.terms.price
        try:
            async with asyncio.timeout(self.policy.patience_seconds):
                while not await self.wire.ended(batch_id):
                    await asyncio.sleep(self.policy.poll_seconds)
            async for name, reply in self.wire.collect(batch_id):
                if name not in requests:
                    continue
                held = reserved.pop(name, None)
                used = Reservation(0, 0.0)
                if isinstance(reply, Reply):
                    body, sample = requests[name]
                    cost = price.cost(reply.usage, batch=True)
                    used = Reservation(reply.usage.total, cost)
                    store.put(Stored(name, body, sample, reply, cost, 0.0, batch=True))
                # A batch taken up from an earlier run was reserved, and is booked, there.
                if held is not None:
                    budget.settle(held, used.tokens, used.usd)
            store.close_batch(batch_id)
        except TimeoutError:
            # The note stays: the next run collects what is there by then.
            return
        except WireError as error:
            if error.status == GONE:
                store.close_batch(batch_id)
        finally:
            # No result, no word about it: it may have been billed.
            for held in reserved.values():
                budget.settle(held, held.tokens, held.usd)
