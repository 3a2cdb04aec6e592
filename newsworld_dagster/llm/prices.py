"""What tokens cost."""

from __future__ import annotations

from dataclasses import dataclass

from newsworld_dagster.contracts.asking import Usage

# Relative to a plain input token: writing to the prompt cache for five minutes, and reading it.
CACHE_WRITE = 1.25
CACHE_READ = 0.1
BATCH = 0.5


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; zero for a server of one's own."""

    input_usd: float = 0.0
    output_usd: float = 0.0

    def cost(self, usage: Usage, *, batch: bool = False) -> float:
        """US dollars for what was used, at half price in a batch."""
        input_tokens = (
            usage.input_tokens
            + CACHE_WRITE * usage.cache_write_tokens
            + CACHE_READ * usage.cache_read_tokens
        )
        usd = (self.input_usd * input_tokens + self.output_usd * usage.output_tokens) / 1e6
        return usd * BATCH if batch else usd

    def most(self, input_tokens: int, max_tokens: int, *, batch: bool = False) -> float:
        """US dollars that a request can cost at most: all input written to the cache."""
        return self.cost(
            Usage(output_tokens=max_tokens, cache_write_tokens=input_tokens), batch=batch
        )
