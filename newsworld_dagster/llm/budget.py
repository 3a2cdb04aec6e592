"""The budget of a run: reserved before each request, settled after it, never exceeded."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from dataclasses import dataclass

# Sums of fractions of a cent do not come out even.
_ROUNDING_USD = 1e-9


class BudgetSpentError(Exception):
    """A request that the budget does not allow."""


@dataclass(frozen=True)
class Reservation:
    """The most that a request may use."""

    tokens: int
    usd: float


class Budget:
    """Tokens and US dollars of one run, shared by all its workers, in whatever thread or loop.

    A request that does not fit beside the open reservations waits for them to be settled. One
    that does not fit beside what is spent is turned away, and so is everything after it that
    does not fit either.

    Parameters
    ----------
    tokens
        Most tokens, input and output together; None for no limit.
    usd
        Most US dollars; None for no limit.
    """

    def __init__(self, tokens: int | None = None, usd: float | None = None) -> None:
        self.tokens_limit = math.inf if tokens is None else tokens
        self.usd_limit = math.inf if usd is None else usd
        self.spent_tokens = 0
        self.spent_usd = 0.0
        self._open_tokens = 0
        self._open_usd = 0.0
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    def charge(self, tokens: int, usd: float) -> None:
        """Book what was spent elsewhere, by other steps of the run."""
        with self._lock:
            self.spent_tokens += tokens
            self.spent_usd += usd

    def try_reserve(self, tokens: int, usd: float) -> Reservation | None:
        """Reserve now, or None when it does not fit beside the open reservations.

        Raises
        ------
        BudgetSpentError
            When it would not fit even if the open reservations came to nothing.
        """
        with self._lock:
            return self._reserve(tokens, usd)

    async def reserve(self, tokens: int, usd: float) -> Reservation:
        """Reserve, after waiting for open reservations if need be.

        Raises
        ------
        BudgetSpentError
            When it does not fit beside what is spent.
        """
        while True:
            with self._lock:
                if (reservation := self._reserve(tokens, usd)) is not None:
                    return reservation
                settled = asyncio.get_running_loop().create_future()
                self._waiting.append(settled)
            try:
                await settled
            finally:
                with self._lock, contextlib.suppress(ValueError):
                    self._waiting.remove(settled)

    def settle(self, reservation: Reservation, tokens: int, usd: float) -> None:
        """Book what a request did use, and give back the rest of its reservation."""
        with self._lock:
            self._open_tokens -= reservation.tokens
            self._open_usd -= reservation.usd
            self.spent_tokens += tokens
            self.spent_usd += usd
            waiting, self._waiting = self._waiting, []
            for settled in waiting:
                settled.get_loop().call_soon_threadsafe(_wake, settled)

    def _reserve(self, tokens: int, usd: float) -> Reservation | None:
        if (
            self.spent_tokens + tokens > self.tokens_limit
            or self.spent_usd + usd > self.usd_limit + _ROUNDING_USD
        ):
            raise BudgetSpentError(
                f"the next request may use up to {tokens} tokens and ${usd:.4f}, and of the "
                f"budget of {self._limits()} this run has spent {self.spent_tokens} tokens and "
                f"${self.spent_usd:.4f}. Raise NEWSWORLD_LLM_BUDGET_TOKENS or "
                "NEWSWORLD_LLM_BUDGET_USD and run again: answers already paid for are kept."
            )
        if (
            self.spent_tokens + self._open_tokens + tokens > self.tokens_limit
            or self.spent_usd + self._open_usd + usd > self.usd_limit + _ROUNDING_USD
        ):
            return None
        self._open_tokens += tokens
        self._open_usd += usd
        return Reservation(tokens, usd)

    def _limits(self) -> str:
        parts = []
        if self.tokens_limit < math.inf:
            parts.append(f"{self.tokens_limit:.0f} tokens")
        if self.usd_limit < math.inf:
            parts.append(f"${self.usd_limit:.4f}")
        return " and ".join(parts)


def _wake(settled: asyncio.Future[None]) -> None:
    if not settled.done():
        settled.set_result(None)
