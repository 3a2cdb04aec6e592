"""What a run has found of its record need not be found again at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsworld_dagster.defs import looks
from newsworld_dagster.defs.checks import ledger_checks
from newsworld_dagster.defs.looks import look_at_record
from tests.defs.toy_world import make, toy_world


def test_the_record_is_gone_through_again_only_where_it_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = toy_world(tmp_path, days=8)
    make(world, 0, 6)
    looked = []
    real = looks.first_fault
    monkeypatch.setattr(looks, "first_fault", lambda *given: looked.append(1) or real(*given))

    def said_of_the_ledger() -> tuple[str, str]:
        with world.warehouse.read() as reader:
            (found,) = (look for look in look_at_record(world, reader) if look.name == "ledger")
        return found.state, found.said

    before = said_of_the_ledger()
    assert before[0] == "good"
    assert looked == [1]
    assert all(result.passed for result in ledger_checks(world=world))
    assert said_of_the_ledger() == before
    assert looked == [1]
    make(world, 7, 7)
    assert said_of_the_ledger()[0] == "good"
    assert looked == [1, 1]
    # Whatever is wrong is found by whoever looks for the first time.
    with world.warehouse.write() as writer:
        writer.connection.execute("UPDATE forecasts.claims SET probability = 0.123 WHERE seq = 1")
    assert said_of_the_ledger()[0] == "bad"
    assert not all(result.passed for result in ledger_checks(world=world))
    assert said_of_the_ledger()[0] == "bad"
