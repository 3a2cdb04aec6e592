"""A small question, and a client for the loopback server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from newsworld_dagster.contracts.asking import Ask, Outcome
from newsworld_dagster.llm import Budget, Client, Limits, Price, ResponseStore, Terms
from newsworld_dagster.llm.sdk import SdkWire
from tests.llm.server import KEY

PRICE = Price(input_usd=3.0, output_usd=15.0)
LIMITS = Limits(retries=2, seconds=20.0, silent_seconds=2.0)
GOOD = {"words": "rain is likely", "probability": 0.7}


class Reachable(Protocol):
    """A server that has an address, wherever it runs."""

    @property
    def url(self) -> str: ...


class Chance(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: str
    probability: float = Field(gt=0, lt=1, allow_inf_nan=False)


def ask(number: int = 0, **changes: Any) -> Ask[Chance]:
    given: dict[str, Any] = {
        "prompt_id": "weather-1",
        "prompt_digest": "p" * 64,
        "system": "You forecast the weather.",
        "shared": "<data>clouds over the bay</data>",
        "ask": f"Will it rain at place {number}?",
        "output": Chance,
        "input_digest": "i" * 64,
        "max_tokens": 100,
    }
    return Ask(**(given | changes))


def answer(
    server: Reachable,
    asks: Sequence[Ask[Any]],
    *,
    store: ResponseStore | None = None,
    budget: Budget | None = None,
    terms: Terms | None = None,
    limits: Limits = LIMITS,
    key: str = KEY,
) -> list[Outcome[Any]]:
    """Outcomes of asks by a client of its own."""

    async def run() -> list[Outcome[Any]]:
        async with SdkWire(server.url, key, limits) as wire:
            client = Client(
                wire, "toy-1", store=store, budget=budget, terms=terms or Terms(price=PRICE)
            )
            return await client.ask_many(asks)

    return asyncio.run(run())
