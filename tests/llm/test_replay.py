from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from newsworld_dagster.contracts.asking import Answered, Ask, Outcome, Refused, Stopped
from newsworld_dagster.llm import (
    CassetteMissError,
    Client,
    DryRun,
    FolderStore,
    Price,
    ReplayWire,
    Terms,
    cassettes,
)
from newsworld_dagster.llm.requests import canonical, request_digest
from newsworld_dagster.llm.store import StoreError
from tests.llm.asks import GOOD, PRICE, Chance, answer, ask
from tests.llm.server import MessagesServer, Says


def replay(folder: Path, asked: Ask[Chance]) -> Outcome[Chance]:
    client = Client(
        ReplayWire(folder), "toy-1", store=FolderStore(folder), terms=Terms(price=PRICE)
    )
    return asyncio.run(client.ask(asked))


def test_what_is_recorded_is_replayed_without_a_server(tmp_path: Path) -> None:
    with MessagesServer() as server:
        server.queue = [Says({"words": "é“rain”"}), Says(GOOD)]
        (recorded,) = answer(server, [ask()], store=FolderStore(tmp_path))
    replayed = replay(tmp_path, ask())
    assert isinstance(recorded, Answered)
    assert isinstance(replayed, Answered)
    assert replayed.value == recorded.value
    assert replayed.bill.usage == recorded.bill.usage
    assert (replayed.bill.requests, replayed.bill.charged_usd) == (2, 0.0)
    held = cassettes(tmp_path)
    assert len(held) == 2
    for digest, stored in held.items():
        assert request_digest(stored.request, stored.sample) == digest
        file = tmp_path / f"{digest}.json"
        text = file.read_text(encoding="utf-8")
        assert text == stored.as_json()
        assert list(json.loads(text)) == sorted(json.loads(text))
    sent = [json.loads(raw) for raw in server.raw_bodies]
    for body in sent:
        del body["stream"]
    assert sorted(map(canonical, sent)) == sorted(
        canonical(stored.request) for stored in held.values()
    )


def test_a_refused_answer_is_replayed_as_refused(tmp_path: Path) -> None:
    with MessagesServer() as server:
        server.queue = [Says(GOOD, stop="refusal")]
        answer(server, [ask()], store=FolderStore(tmp_path))
    assert isinstance(replay(tmp_path, ask()), Refused)


def test_a_request_that_was_not_recorded_says_how_it_differs(tmp_path: Path) -> None:
    with pytest.raises(CassetteMissError, match="There is no cassette"):
        replay(tmp_path, ask())
    with MessagesServer() as server:
        server.queue = [Says(GOOD)]
        answer(server, [ask(1)], store=FolderStore(tmp_path))
    with pytest.raises(CassetteMissError, match="place 2"):
        replay(tmp_path, ask(2))


def test_a_dry_run_plans_the_exact_requests_without_sending() -> None:
    dry = DryRun("toy-1", Price(3.0, 15.0))
    outcomes = asyncio.run(dry.ask_many([ask(1), ask(2, sample=1)]))
    assert all(isinstance(one, Stopped) for one in outcomes)
    with MessagesServer() as server:
        server.queue = [Says(GOOD)]
        answer(server, [ask(1)])
        body = dict(server.bodies[0])
        del body["stream"]
        assert dry.planned[0].body == body
    planned = dry.planned[1]
    assert (planned.sample, planned.max_tokens) == (1, 100)
    assert planned.input_tokens == round(len(canonical(planned.body)) / 4)
    by_hand = 3e-6 * 1.25 * planned.input_tokens + 15e-6 * 100
    assert planned.most_usd == pytest.approx(by_hand)


def test_a_broken_cassette_names_its_file(tmp_path: Path) -> None:
    with MessagesServer() as server:
        server.queue = [Says(GOOD)]
        (outcome,) = answer(server, [ask()], store=FolderStore(tmp_path))
    file = tmp_path / f"{outcome.bill.request_digest}.json"
    file.write_text(file.read_text()[:100])
    with pytest.raises(StoreError, match=r"json is not a stored answer.*Delete it"):
        replay(tmp_path, ask())
