from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.contracts.asking import Answered, Outcome, Stopped, Usage
from newsworld_dagster.llm import Budget, MemoryStore, Price, Terms
from newsworld_dagster.llm.budget import BudgetSpentError
from tests.llm.asks import GOOD, PRICE, answer, ask
from tests.llm.server import MessagesServer, Says


def test_prices_by_hand() -> None:
    price = Price(input_usd=3.0, output_usd=15.0)
    used = Usage(
        input_tokens=1000, output_tokens=200, cache_write_tokens=400, cache_read_tokens=2000
    )
    # 3 * (1000 + 1.25 * 400 + 0.1 * 2000) + 15 * 200 = 5100 + 3000, per million.
    assert price.cost(used) == pytest.approx(0.0081)
    assert price.cost(used, batch=True) == pytest.approx(0.00405)
    assert price.most(1000, 200) == pytest.approx(3e-6 * 1250 + 15e-6 * 200)
    assert Price().cost(used) == 0.0


def test_a_reservation_waits_for_room_and_takes_it() -> None:
    async def run() -> list[str]:
        budget, told = Budget(tokens=100), []
        first = await budget.reserve(80, 0.0)

        async def second() -> None:
            await budget.reserve(50, 0.0)
            told.append("second may go")

        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.01)
        told.append("first is settled")
        budget.settle(first, 30, 0.0)
        await waiting
        return told

    assert asyncio.run(run()) == ["first is settled", "second may go"]


def test_what_cannot_fit_is_turned_away_with_what_to_do() -> None:
    budget = Budget(tokens=100, usd=0.5)
    held = budget.try_reserve(60, 0.1)
    assert held is not None
    budget.settle(held, 60, 0.1)
    with pytest.raises(BudgetSpentError, match=r"100 tokens and \$0\.5000.*BUDGET_TOKENS"):
        budget.try_reserve(41, 0.1)
    with pytest.raises(BudgetSpentError, match="spent 60 tokens"):
        budget.try_reserve(1, 0.41)
    assert budget.try_reserve(40, 0.4) is not None


@given(
    limit=st.integers(1, 500),
    asked=st.lists(st.tuples(st.integers(1, 100), st.integers(0, 100)), max_size=30),
)
def test_the_budget_is_never_exceeded(limit: int, asked: list[tuple[int, int]]) -> None:
    """Workers that reserve, use no more than they reserved, and settle in any order."""
    budget = Budget(tokens=limit)

    async def worker(reserved: int, share: int) -> None:
        try:
            held = await budget.reserve(reserved, 0.0)
        except BudgetSpentError:
            return
        await asyncio.sleep(0)
        budget.settle(held, reserved * share // 100, 0.0)
        assert budget.spent_tokens <= limit

    async def run() -> None:
        await asyncio.gather(*(worker(*one) for one in asked))

    asyncio.run(run())
    used = sum(reserved * share // 100 for reserved, share in asked)
    if sum(reserved for reserved, _ in asked) <= limit:
        assert budget.spent_tokens == used


def run_many(
    server: MessagesServer, budget: Budget, store: MemoryStore | None = None
) -> list[Outcome]:
    return answer(
        server,
        [ask(n) for n in range(20)],
        budget=budget,
        store=store,
        terms=Terms(concurrency=8, price=PRICE),
    )


def test_parallel_workers_stop_cleanly_within_the_budget() -> None:
    with MessagesServer(lambda body: Says(GOOD, slow=0.02)) as server:
        budget = Budget(tokens=3000)
        store = MemoryStore()
        outcomes = run_many(server, budget, store)
        answered = [one for one in outcomes if isinstance(one, Answered)]
        stopped = [one for one in outcomes if isinstance(one, Stopped)]
        assert len(answered) + len(stopped) == 20
        assert len(answered) >= 5
        assert len(stopped) >= 5
        assert "spent" in stopped[0].reason
        assert server.busiest > 1
        assert budget.spent_tokens == server.billed_tokens <= 3000
        # Nothing lost: a later run pays for the rest only.
        first = server.billed_tokens
        later = Budget(tokens=100_000)
        assert all(isinstance(one, Answered) for one in run_many(server, later, store))
        assert len(server.bodies) == 20
        assert later.spent_tokens == server.billed_tokens - first


def test_the_money_runs_out_before_the_tokens() -> None:
    with MessagesServer(lambda body: Says(GOOD)) as server:
        budget = Budget(tokens=1_000_000, usd=0.01)
        outcomes = run_many(server, budget)
        assert {type(one) for one in outcomes} == {Answered, Stopped}
        assert budget.spent_usd <= 0.01
        paid = sum(one.bill.charged_usd for one in outcomes)
        assert budget.spent_usd == pytest.approx(paid)


def test_a_budget_without_room_asks_nothing() -> None:
    with MessagesServer() as server:
        (outcome,) = answer(server, [ask()], budget=Budget(tokens=50))
        assert isinstance(outcome, Stopped)
        assert server.bodies == []
