"""Many asks at half price: Message Batches, for backfills."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsworld_dagster.contracts.asking import Ask, Outcome
from newsworld_dagster.llm.budget import BudgetSpentError, Reservation
from newsworld_dagster.llm.client import Client
from newsworld_dagster.llm.requests import request_digest
from newsworld_dagster.llm.store import OpenBatch, Reply, Stored
from newsworld_dagster.llm.wire import BatchWire, WireError


@dataclass(frozen=True)
class BatchPolicy:
    """How batches are made and waited for.

    A batch takes at most `most` requests; it is looked at every `poll_seconds`, and given up
    after `patience_seconds`. What then has no result is asked for one by one.
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
    pays nothing twice.
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
        requests: dict[str, tuple[dict[str, Any], int]] = {}
        for ask in asks:
            body = self.client.body(ask)
            requests[request_digest(body, ask.sample)] = (body, ask.sample)
        store = self.client.store
        for batch in store.open_batches():
            wanted = {name: requests[name] for name in batch.request_digests if name in requests}
            if wanted:
                await self._gather(batch.batch_id, wanted, {})
        missing = [name for name in requests if store.get(name) is None]
        while missing:
            part = missing[: self.policy.most]
            taken = await self._submit({name: requests[name] for name in part})
            if not taken:
                break
            missing = missing[taken:]
        return await self.client.ask_many(asks)

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
        except (WireError, TimeoutError):
            # The note stays: the next run collects what is there by then.
            return
        finally:
            # No result, no word about it: it may have been billed.
            for held in reserved.values():
                budget.settle(held, held.tokens, held.usd)
