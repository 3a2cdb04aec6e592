from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from newsworld_dagster.contracts.asking import Answered, Failed, Outcome, Refused, Usage
from newsworld_dagster.llm import Budget, Client, Limits, MemoryStore, Terms
from newsworld_dagster.llm.requests import canonical
from newsworld_dagster.llm.sdk import SdkWire
from tests.llm.asks import GOOD, LIMITS, PRICE, answer, ask
from tests.llm.server import KEY, Garbage, MessagesServer, Reset, Says, Script, Status


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer() as running:
        yield running


def test_a_good_answer_carries_its_value_and_its_bill(server: MessagesServer) -> None:
    server.queue = [Says(GOOD)]
    (outcome,) = answer(server, [ask()])
    assert isinstance(outcome, Answered)
    assert outcome.value.model_dump() == GOOD
    assert json.loads(outcome.raw) == GOOD
    bill = outcome.bill
    assert (bill.model, bill.prompt_id, bill.requests) == ("toy-1", "weather-1", 1)
    assert bill.usage.total == server.billed_tokens
    # Two blocks of 25 and 32 characters are marked for the cache: 15 tokens.
    assert bill.usage.cache_write_tokens == 15
    used = bill.usage
    by_hand = 3e-6 * (used.input_tokens + 1.25 * 15) + 15e-6 * used.output_tokens
    assert bill.cost_usd == bill.charged_usd == pytest.approx(by_hand)
    assert 0 < bill.seconds < 20


def test_the_request_forces_the_tool_and_marks_what_is_shared(server: MessagesServer) -> None:
    server.queue = [Says(GOOD)]
    answer(server, [ask()])
    (body,) = server.bodies
    assert body["tool_choice"] == {"type": "tool", "name": "answer"}
    assert body["tools"][0]["input_schema"]["properties"]["probability"]["exclusiveMaximum"] == 1
    assert [("cache_control" in block) for block in body["messages"][0]["content"]] == [True, False]
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_the_shared_part_is_read_from_the_cache(server: MessagesServer) -> None:
    server.queue = [Says(GOOD), Says(GOOD)]
    outcomes = answer(server, [ask(1), ask(2)], terms=Terms(concurrency=1, price=PRICE))
    assert [outcome.bill.usage.cache_read_tokens for outcome in outcomes] == [0, 15]
    assert outcomes[1].bill.cost_usd < outcomes[0].bill.cost_usd


def test_the_answer_can_be_asked_for_by_schema(server: MessagesServer) -> None:
    server.queue = [Says(GOOD)]
    (outcome,) = answer(server, [ask()], terms=Terms(structure="schema", price=PRICE))
    assert isinstance(outcome, Answered)
    form = server.bodies[0]["output_config"]["format"]
    assert form["type"] == "json_schema"
    assert form["schema"]["additionalProperties"] is False
    assert "tools" not in server.bodies[0]


BAD = {
    "not JSON": ('{"words": "rain", "probability": ', "Invalid JSON"),
    "above one": ({"words": "rain", "probability": 1.7}, "probability: Input should be less than"),
    "not a number": ('{"words": "rain", "probability": NaN}', "probability: Input should be"),
    "a field too few": ({"probability": 0.5}, "words: Field required"),
    "a field too many": (GOOD | {"mood": "bad"}, "mood: Extra inputs"),
    "empty": ("", "Invalid JSON"),
}


@pytest.mark.parametrize("case", BAD)
def test_an_invalid_answer_is_asked_again_with_the_error(server: MessagesServer, case: str) -> None:
    content, reason = BAD[case]
    server.queue = [Says(content), Says(GOOD)]
    (outcome,) = answer(server, [ask()])
    assert isinstance(outcome, Answered)
    assert outcome.bill.requests == 2
    assert outcome.bill.usage.total == server.billed_tokens
    first, second = server.bodies
    assert second["messages"][0] == first["messages"][0]
    assert second["messages"][1]["role"] == "assistant"
    assert reason in second["messages"][2]["content"][0]["text"]


@pytest.mark.parametrize("case", BAD)
def test_twice_invalid_is_refused_with_its_raw_text(server: MessagesServer, case: str) -> None:
    content, reason = BAD[case]
    server.queue = [Says(content), Says(content)]
    (outcome,) = answer(server, [ask()])
    assert isinstance(outcome, Refused)
    assert outcome.fault == "invalid"
    assert reason in outcome.reason
    assert outcome.raw == Says(content).raw
    assert len(server.bodies) == 2


def test_a_check_is_held_against_a_valid_answer(server: MessagesServer) -> None:
    asked = ask(check=lambda chance: [] if "sun" in chance.words else ["say something of the sun"])
    server.queue = [Says(GOOD), Says(GOOD | {"words": "no sun"})]
    (outcome,) = answer(server, [asked])
    assert isinstance(outcome, Answered)
    assert outcome.value.words == "no sun"
    assert "say something of the sun" in server.bodies[1]["messages"][2]["content"][0]["text"]


@pytest.mark.parametrize(
    ("says", "fault", "reason", "raw"),
    [
        (Says(GOOD, stop="refusal"), "refusal", "general_harms: scripted", ""),
        (Says(GOOD, stop="max_tokens"), "max_tokens", "ran into its limit", json.dumps(GOOD)),
        (Says(GOOD, stop="pause_turn"), "unexpected", "pause_turn", json.dumps(GOOD)),
        (Says("x" * 500), "max_tokens", "after 100 tokens", "x" * 400),
    ],
)
def test_an_answer_that_stops_early_is_refused_and_not_asked_again(
    server: MessagesServer, says: Says, fault: str, reason: str, raw: str
) -> None:
    server.queue = [says]
    store = MemoryStore()
    (outcome,) = answer(server, [ask()], store=store)
    assert isinstance(outcome, Refused)
    assert (outcome.fault, outcome.raw) == (fault, raw)
    assert reason in outcome.reason
    assert outcome.bill.usage.total == server.billed_tokens
    stored = store.get(outcome.bill.request_digest)
    assert stored is not None
    assert not stored.reply.whole
    # The same again is the same refusal, and costs nothing.
    (again,) = answer(server, [ask()], store=store)
    assert isinstance(again, Refused)
    assert (again.fault, again.bill.charged_usd) == (fault, 0.0)
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("cut", "politely"),
    [(0, False), *((cut, politely) for cut in (1, 3, 4, 5, 6) for politely in (False, True))],
)
def test_a_stream_that_breaks_off_is_asked_for_once_more(
    server: MessagesServer, cut: int, politely: bool
) -> None:
    server.queue = [Says(GOOD, cut=cut, politely=politely), Says(GOOD)]
    store, budget = MemoryStore(), Budget(usd=1.0)
    (outcome,) = answer(server, [ask()], store=store, budget=budget)
    assert isinstance(outcome, Answered)
    # The half answer may have been billed: it counts with the most that it could cost.
    lost = outcome.bill.charged_usd - outcome.bill.cost_usd
    assert lost > PRICE.most(server.billed_tokens // 4, max_tokens=100)
    assert budget.spent_usd == pytest.approx(outcome.bill.charged_usd)
    assert store.get(outcome.bill.request_digest) is not None


def test_a_stream_that_breaks_off_twice_is_refused_and_never_stored(server: MessagesServer) -> None:
    # Cut after the whole JSON came, but before the end of the message.
    server.queue = [Says(GOOD, cut=4), Says(GOOD, cut=4)]
    store = MemoryStore()
    (outcome,) = answer(server, [ask()], store=store)
    assert isinstance(outcome, Refused)
    assert outcome.fault == "truncated"
    assert outcome.raw == json.dumps(GOOD)
    assert store.get(outcome.bill.request_digest) is None


@pytest.mark.parametrize(
    "faults",
    [
        [Status(429, {"retry-after": "0.05"}), Status(429, {"retry-after": "0.05"})],
        [Status(529)],
        [Status(500)],
        [Reset()],
    ],
    ids=["429", "529", "500", "reset"],
)
def test_passing_faults_are_retried(server: MessagesServer, faults: list[Script]) -> None:
    server.queue = [*faults, Says(GOOD)]
    budget = Budget(tokens=10_000)
    (outcome,) = answer(server, [ask()], budget=budget)
    assert isinstance(outcome, Answered)
    assert server.retries == list(range(len(faults) + 1))
    assert budget.spent_tokens == server.billed_tokens == outcome.bill.usage.total


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(Status(429, {"retry-after": "0.05"}), "HTTP 429"), (Reset(), "cannot be used")],
)
def test_lasting_faults_fail_after_bounded_retries(
    server: MessagesServer, fault: Script, reason: str
) -> None:
    server.respond = lambda body: fault
    store, budget = MemoryStore(), Budget(tokens=10_000)
    (outcome,) = answer(server, [ask()], store=store, budget=budget)
    assert isinstance(outcome, Failed)
    assert reason in outcome.reason
    assert server.url in outcome.reason
    assert len(server.bodies) == 1 + LIMITS.retries
    assert budget.spent_tokens == 0
    assert store.get(outcome.bill.request_digest) is None


def test_a_wait_without_end_is_bounded(server: MessagesServer) -> None:
    server.respond = lambda body: Status(429, {"retry-after": "3600"})
    (outcome,) = answer(server, [ask()], limits=replace(LIMITS, seconds=0.5))
    assert isinstance(outcome, Failed)
    assert "within 0.5 seconds" in outcome.reason


def test_a_slow_answer_is_not_asked_for_twice(server: MessagesServer) -> None:
    server.respond = lambda body: Says(GOOD, slow=1.5)
    budget = Budget(usd=1.0)
    limits = Limits(retries=2, seconds=20, silent_seconds=0.3)
    (outcome,) = answer(server, [ask()], limits=limits, budget=budget)
    assert isinstance(outcome, Failed)
    assert "sent nothing for 0.3 seconds" in outcome.reason
    assert len(server.bodies) == 1
    # It may have been billed, and counts as if it had been.
    assert budget.spent_usd == outcome.bill.charged_usd > 0


def test_a_stream_that_falls_silent_is_asked_for_once_more(server: MessagesServer) -> None:
    server.queue = [Says(GOOD, stall=1.5), Says(GOOD)]
    limits = Limits(retries=2, seconds=20, silent_seconds=0.3)
    (outcome,) = answer(server, [ask()], limits=limits)
    assert isinstance(outcome, Answered)


@pytest.mark.parametrize(
    "garbage",
    [
        Garbage("<html>Welcome</html>"),
        Garbage(json.dumps({"type": "message", "content": []}), "application/json"),
        Garbage("", "text/event-stream"),
        Says(GOOD, cut=0, politely=True),
    ],
)
def test_a_server_of_another_kind_fails_and_is_named(
    server: MessagesServer, garbage: Script
) -> None:
    server.queue = [garbage]
    budget = Budget(usd=1.0)
    (outcome,) = answer(server, [ask()], budget=budget)
    assert isinstance(outcome, Failed)
    assert "no stream of the Messages API; check that NEWSWORLD_LLM_BASE_URL" in outcome.reason
    assert budget.spent_usd == 0


@pytest.mark.parametrize(
    "data", ["{}", '{"type": "message_start"}', '{"type": "content_block_delta"}', "{broken", "7"]
)
def test_an_event_that_is_none_does_not_end_the_run(server: MessagesServer, data: str) -> None:
    garbage = Garbage(f"event: message_start\ndata: {data}\n\n", "text/event-stream")
    server.respond = lambda body: garbage if "place 1" in json.dumps(body) else Says(GOOD)
    first, second = answer(server, [ask(1), ask(2)])
    assert isinstance(first, Failed | Refused)
    assert isinstance(second, Answered)


def test_a_wrong_key_fails_at_once(server: MessagesServer) -> None:
    (outcome,) = answer(server, [ask()], key="wrong")
    assert isinstance(outcome, Failed)
    assert "HTTP 401" in outcome.reason


def test_no_server_fails_and_names_the_address() -> None:
    with MessagesServer() as gone:
        pass
    (outcome,) = answer(gone, [ask()], limits=replace(LIMITS, retries=0))
    assert isinstance(outcome, Failed)
    assert gone.url in outcome.reason
    assert outcome.bill.usage == Usage()


def test_asking_the_same_again_costs_nothing(server: MessagesServer) -> None:
    server.queue = [Says({"words": "rain"}), Says(GOOD)]
    store, budget = MemoryStore(), Budget(tokens=100_000)
    (first,) = answer(server, [ask()], store=store, budget=budget)
    (second,) = answer(server, [ask()], store=store, budget=budget)
    assert len(server.bodies) == 2
    assert isinstance(second, Answered)
    assert second.value == first.value
    assert second.bill.cost_usd == first.bill.cost_usd
    assert (second.bill.charged_usd, budget.spent_tokens) == (0.0, server.billed_tokens)


def test_one_goes_first_and_the_others_read_what_it_cached(server: MessagesServer) -> None:
    server.respond = lambda body: Says(GOOD, slow=0.05)
    asks = [ask(n, shared=f"<data>{n % 2}</data>") for n in range(8)]
    outcomes = answer(server, asks, terms=Terms(concurrency=8, price=PRICE))
    assert [one.bill.usage.cache_read_tokens > 0 for one in outcomes] == [False] * 2 + [True] * 6
    assert server.busiest == 6


def test_the_same_request_at_the_same_time_is_sent_once(server: MessagesServer) -> None:
    server.respond = lambda body: Says(GOOD, slow=0.1)

    async def run() -> list[Outcome[Any]]:
        async with SdkWire(server.url, KEY, LIMITS) as wire:
            client = Client(wire, "toy-1", terms=Terms(price=PRICE))
            return list(await asyncio.gather(*(client.ask(ask()) for _ in range(4))))

    outcomes = asyncio.run(run())
    assert all(isinstance(outcome, Answered) for outcome in outcomes)
    assert len(server.bodies) == 1
    assert sum(outcome.bill.charged_usd > 0 for outcome in outcomes) == 1


def test_samples_of_one_request_are_answers_of_their_own(server: MessagesServer) -> None:
    server.queue = [Says(GOOD | {"probability": p}) for p in (0.2, 0.4, 0.6)]
    terms = Terms(concurrency=1, price=PRICE)
    outcomes = answer(server, [ask(sample=k) for k in range(3)], terms=terms)
    assert [outcome.value.probability for outcome in outcomes] == [0.2, 0.4, 0.6]
    assert len({outcome.bill.request_digest for outcome in outcomes}) == 3
    assert server.raw_bodies[0] == server.raw_bodies[1] == server.raw_bodies[2]
    # One body is counted once.
    assert server.counted == 1


def test_a_server_that_does_not_count_is_no_obstacle(server: MessagesServer) -> None:
    server.counts = False
    server.respond = lambda body: Says(GOOD)
    outcomes = answer(server, [ask(n) for n in range(3)], budget=Budget(tokens=100_000))
    assert all(isinstance(outcome, Answered) for outcome in outcomes)


def test_what_is_sent_is_the_request_that_was_digested(server: MessagesServer) -> None:
    server.queue = [Says(GOOD)]
    store = MemoryStore()
    (outcome,) = answer(server, [ask()], store=store)
    stored = store.get(outcome.bill.request_digest)
    assert stored is not None
    sent = json.loads(server.raw_bodies[0])
    assert sent.pop("stream") is True
    assert canonical(sent) == canonical(stored.request)
