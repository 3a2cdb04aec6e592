"""How a room asks a language model, and what may come back.

A room writes an `Ask` and reads an `Outcome`; the room `llm` turns the one into the other. So
the rooms that ask need no client, and a test can answer them with a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

Output = TypeVar("Output", bound=BaseModel)

# Why an answer is not used: it breaks the schema or a check, the model declined, it ran into its
# limit of tokens, it broke off on the way, or it did not have the form that was asked for.
Fault = Literal["invalid", "refusal", "max_tokens", "truncated", "unexpected"]


@dataclass(frozen=True)
class Ask(Generic[Output]):
    """One question to a language model.

    Attributes
    ----------
    prompt_id, prompt_digest
        Which version of which prompt it was written from.
    system, shared, ask
        The parts of the request in their order. `system` and `shared` are the same for many
        asks and are marked for the server's prompt cache; `shared` may be empty.
    output
        What the answer must be.
    check
        What else must hold: the reasons why a valid answer is not good enough, empty for a good
        one. A reason is shown to the model when it is asked again.
    input_digest
        Digest of the data that the request was written from.
    max_tokens
        Most tokens of the answer.
    sample
        Which of several independent answers to the same request, from 0.
    """

    prompt_id: str
    prompt_digest: str
    system: str
    shared: str
    ask: str
    output: type[Output]
    input_digest: str
    max_tokens: int
    sample: int = 0
    check: Callable[[Output], Sequence[str]] | None = None


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counted them."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0

    @property
    def total(self) -> int:
        """All tokens, whatever they cost."""
        return (
            self.input_tokens
            + self.output_tokens
            + self.cache_write_tokens
            + self.cache_read_tokens
        )

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
        )


@dataclass(frozen=True)
class Bill:
    """Where an outcome comes from and what it cost, a second asking included.

    Attributes
    ----------
    request_digest
        SHA-256 of the request that gave the outcome, and of its sample.
    cost_usd, seconds
        Of all requests behind the outcome, when they were made.
    charged_usd
        What this run paid of it: nothing for an answer from the response store.
    requests
        Requests behind the outcome: 2 or more where the model was asked again.
    """

    model: str
    prompt_id: str
    prompt_digest: str
    input_digest: str
    request_digest: str
    sample: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: float = 0.0
    charged_usd: float = 0.0
    seconds: float = 0.0
    requests: int = 0


@dataclass(frozen=True)
class Answered(Generic[Output]):
    """A whole, valid answer; `raw` is its text as it came."""

    value: Output
    raw: str
    bill: Bill


@dataclass(frozen=True)
class Refused:
    """The model answered, and its answer cannot be used, even after it was asked again."""

    fault: Fault
    reason: str
    raw: str
    bill: Bill


@dataclass(frozen=True)
class Failed:
    """No answer: the server could not be reached, or would not serve. To be asked another time."""

    reason: str
    bill: Bill


@dataclass(frozen=True)
class Stopped:
    """Not asked, as the budget of the run does not allow it. To be asked in a later run."""

    reason: str
    bill: Bill


Outcome = Answered[Output] | Refused | Failed | Stopped


class LanguageModel(Protocol):
    """Something that answers asks."""

    @property
    def name(self) -> str:
        """Model, as it stands on every row."""

    async def ask_many(self, asks: Sequence[Ask[Any]]) -> list[Outcome[Any]]:
        """One outcome an ask, in their order; nothing is raised for a single one."""
