"""From a server's address to a language model that can be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from newsworld_dagster.contracts.asking import LanguageModel
from newsworld_dagster.llm.batches import BatchClient, BatchPolicy
from newsworld_dagster.llm.budget import Budget
from newsworld_dagster.llm.client import Client, Terms
from newsworld_dagster.llm.store import ResponseStore
from newsworld_dagster.llm.wire import Limits


@asynccontextmanager
async def connect(
    base_url: str,
    model: str,
    api_key: str,
    *,
    store: ResponseStore,
    budget: Budget,
    terms: Terms | None = None,
    limits: Limits | None = None,
    batches: BatchPolicy | None = None,
) -> AsyncIterator[LanguageModel]:
    """A language model on a server that speaks the Messages API, as long as the block lasts.

    Parameters
    ----------
    base_url
        Address without the path: https://api.anthropic.com, or http://127.0.0.1:8080 for one's
        own.
    store
        Where answers are kept, so that none is paid for twice.
    budget
        Of the run.
    batches
        Given for a backfill: asks go by Message Batches, at half the price.
    """
    # Imported here, as the SDK takes seconds to import.
    from newsworld_dagster.llm.sdk import SdkWire

    async with SdkWire(base_url, api_key, limits) as wire:
        client = Client(wire, model, store=store, budget=budget, terms=terms)
        yield client if batches is None else BatchClient(client, wire, batches)
