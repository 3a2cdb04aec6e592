from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsworld_dagster.contracts.asking import Answered, Failed, Outcome, Refused, Stopped
from newsworld_dagster.llm import (
    BatchClient,
    BatchPolicy,
    Budget,
    Client,
    FolderStore,
    MemoryStore,
    OpenBatch,
    ResponseStore,
    Terms,
)
from newsworld_dagster.llm.requests import request_digest, request_of
from newsworld_dagster.llm.sdk import SdkWire
from tests.llm.asks import GOOD, LIMITS, PRICE, ask
from tests.llm.server import KEY, Lost, MessagesServer, Says

ASKS = [ask(n) for n in range(5)]


def number_of(body: dict[str, Any]) -> int:
    return int(body["messages"][0]["content"][-1]["text"].rstrip("?").split()[-1])


def by_number(*special: tuple[int, Any]) -> Callable[[dict[str, Any]], Any]:
    """Each place has an answer of its own; the special ones are given once."""
    once = dict(special)

    def respond(body: dict[str, Any]) -> Any:
        number = number_of(body)
        return once.pop(number, None) or Says(GOOD | {"words": f"place {number}"})

    return respond


def answer_batch(
    server: MessagesServer,
    store: ResponseStore | None = None,
    budget: Budget | None = None,
    patience: float = 10.0,
) -> list[Outcome[Any]]:
    async def run() -> list[Outcome[Any]]:
        async with SdkWire(server.url, KEY, LIMITS) as wire:
            client = Client(wire, "toy-1", store=store, budget=budget, terms=Terms(price=PRICE))
            policy = BatchPolicy(poll_seconds=0.02, patience_seconds=patience)
            return await BatchClient(client, wire, policy).ask_many(ASKS)

    return asyncio.run(run())


def words(outcomes: list[Outcome[Any]]) -> list[str]:
    return [one.value.words for one in outcomes if isinstance(one, Answered)]


def test_results_are_joined_by_custom_id_at_half_the_price() -> None:
    with MessagesServer(by_number()) as server:
        budget = Budget()
        outcomes = answer_batch(server, budget=budget)
        assert words(outcomes) == [f"place {n}" for n in range(5)]
        assert server.bodies == []
        assert budget.spent_tokens == server.billed_tokens
        (batch,) = server.batches.values()
        assert batch["polls"] >= 2
        usage = sum((one.bill.usage for one in outcomes[1:]), outcomes[0].bill.usage)
        assert budget.spent_usd == pytest.approx(PRICE.cost(usage) / 2)


@pytest.mark.parametrize("how", ["errored", "expired", "canceled", "missing"])
def test_what_the_batch_does_not_answer_is_asked_again(how: str) -> None:
    with MessagesServer(by_number((1, Lost(how)), (3, Lost(how)))) as server:
        outcomes = answer_batch(server)
        assert words(outcomes) == [f"place {n}" for n in range(5)]
        assert sorted(map(number_of, server.bodies)) == [1, 3]


def test_an_invalid_result_is_asked_again_and_others_are_not() -> None:
    bad = Says(GOOD | {"probability": 1.7})
    with MessagesServer(by_number((2, bad))) as server:
        outcomes = answer_batch(server)
        assert words(outcomes) == [f"place {n}" for n in range(5)]
        assert [one.bill.requests for one in outcomes] == [1, 1, 2, 1, 1]
        assert len(server.bodies) == 1


def test_a_refusal_in_a_batch_is_refused() -> None:
    with MessagesServer(by_number((0, Says(GOOD, stop="refusal")))) as server:
        outcomes = answer_batch(server)
        assert isinstance(outcomes[0], Refused)
        assert len(words(outcomes)) == 4


def test_a_rerun_submits_nothing() -> None:
    with MessagesServer(by_number()) as server:
        store = MemoryStore()
        answer_batch(server, store)
        outcomes = answer_batch(server, store, Budget(tokens=0))
        assert words(outcomes) == [f"place {n}" for n in range(5)]
        assert len(server.batches) == 1


def test_a_run_that_ends_early_is_taken_up_by_the_next(tmp_path: Path) -> None:
    with MessagesServer(by_number()) as server:
        server.polls_until_ended = 1_000_000
        store = FolderStore(tmp_path)

        async def killed() -> None:
            async with SdkWire(server.url, KEY, LIMITS) as wire:
                client = Client(wire, "toy-1", store=store, terms=Terms(price=PRICE))
                batches = BatchClient(client, wire, BatchPolicy(poll_seconds=0.02))
                await asyncio.wait_for(batches.ask_many(ASKS), 0.5)

        with pytest.raises(TimeoutError):
            asyncio.run(killed())
        assert len(store.open_batches()) == 1
        server.polls_until_ended = 0
        outcomes = answer_batch(server, FolderStore(tmp_path), Budget(tokens=0))
        assert words(outcomes) == [f"place {n}" for n in range(5)]
        assert len(server.batches) == 1
        assert server.bodies == []
        assert store.open_batches() == []


def test_what_a_batch_is_still_at_work_on_is_not_asked_for_beside_it() -> None:
    with MessagesServer(by_number()) as server:
        server.polls_until_ended = 1_000_000
        store = MemoryStore()
        for _ in range(2):
            outcomes = answer_batch(server, store, patience=0.1)
            assert all(isinstance(one, Failed) for one in outcomes)
            assert "run again to collect" in outcomes[0].reason
        assert len(server.batches) == 1
        assert server.bodies == []
        server.polls_until_ended = 0
        outcomes = answer_batch(server, store, Budget(tokens=0))
        assert words(outcomes) == [f"place {n}" for n in range(5)]


def test_a_batch_that_the_server_forgot_is_asked_for_anew() -> None:
    with MessagesServer(by_number()) as server:
        store = MemoryStore()
        digests = tuple(request_digest(request_of(one, "toy-1", "tool"), 0) for one in ASKS)
        store.open_batch(OpenBatch("msgbatch_gone", digests))
        outcomes = answer_batch(server, store)
        assert words(outcomes) == [f"place {n}" for n in range(5)]
        assert store.open_batches() == []
        assert len(server.batches) == 1


def test_a_batch_takes_no_more_than_the_budget_allows() -> None:
    with MessagesServer(by_number()) as server:
        budget = Budget(tokens=1000)
        outcomes = answer_batch(server, budget=budget)
        assert {type(one) for one in outcomes} == {Answered, Stopped}
        assert budget.spent_tokens == server.billed_tokens <= 1000
