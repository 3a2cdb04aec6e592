"""What would be asked, and what it would cost, without a key and without asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from newsworld_dagster.contracts.asking import Ask, Bill, Outcome, Stopped
from newsworld_dagster.llm.prices import Price
from newsworld_dagster.llm.requests import Structure, canonical, request_digest, request_of

# English prose and JSON, as the bundled prompts have them; no tokenizer is at hand.
BYTES_PER_TOKEN = 4.0


@dataclass(frozen=True)
class Planned:
    """A request that would be sent: its exact body, and estimates of what it would use."""

    prompt_id: str
    sample: int
    request_digest: str
    body: dict[str, Any]
    input_tokens: int
    max_tokens: int
    most_usd: float


@dataclass
class DryRun:
    """A language model that answers nothing and keeps what it was asked."""

    name: str
    price: Price = field(default_factory=Price)
    structure: Structure = "tool"
    planned: list[Planned] = field(default_factory=list)

    async def ask_many(self, asks: Sequence[Ask[Any]]) -> list[Outcome[Any]]:
        """Every ask stopped."""
        return [self._plan(ask) for ask in asks]

    def _plan(self, ask: Ask[Any]) -> Stopped:
        body = request_of(ask, self.name, self.structure)
        tokens = round(len(canonical(body).encode()) / BYTES_PER_TOKEN)
        digest = request_digest(body, ask.sample)
        self.planned.append(
            Planned(
                prompt_id=ask.prompt_id,
                sample=ask.sample,
                request_digest=digest,
                body=body,
                input_tokens=tokens,
                max_tokens=ask.max_tokens,
                most_usd=self.price.most(tokens, ask.max_tokens),
            )
        )
        bill = Bill(
            self.name, ask.prompt_id, ask.prompt_digest, ask.input_digest, digest, ask.sample
        )
        return Stopped("this is a dry run: nothing is sent", bill)
