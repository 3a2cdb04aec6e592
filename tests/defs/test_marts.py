"""The step that builds the marts: what it tries again, and what it does not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_dbt import DbtCliInvocation, DbtCliResource
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from newsworld_dagster.definitions import defs as load
from newsworld_dagster.defs.marts import marts
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import Settings
from tests.warehouse.warehouse_rows import articles, at


class ConflictError(DagsterDbtCliRuntimeError):
    """What dbt says of a transaction that met another."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(Settings(data_dir=tmp_path / "world"))
    with made.warehouse.write() as writer:
        writer.append(
            "news.articles", articles({"article_id": "a1", "first_seen_at": at("10 09:00")})
        )
    return made


def built(world: World) -> tuple[bool, Counter[str], str]:
    """Whether it succeeded, how often it began and was tried again, and what was said."""
    dbt: DbtCliResource = load().resources["dbt"]  # type: ignore[index,assignment]
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(
            [marts], instance=instance, resources={"world": world, "dbt": dbt}, raise_on_error=False
        )
    tries = Counter(event.event_type_value for event in done.all_events)
    said = [
        str(event.step_failure_data.error)
        for event in done.all_events
        if event.event_type_value == "STEP_FAILURE"
    ]
    return done.success, tries, "".join(said)


def test_a_build_that_met_a_conflict_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, streams = DbtCliInvocation.stream, []

    def stream(self: DbtCliInvocation, *given: Any, **more: Any) -> Any:
        streams.append(self)
        if len(streams) == 1:
            self.process.kill()
            raise ConflictError("Transaction conflict: another transaction changed the table")
        return whole(self, *given, **more)

    monkeypatch.setattr(DbtCliInvocation, "stream", stream)
    success, tries, _ = built(world)
    assert success
    assert len(streams) == 2
    assert tries["STEP_UP_FOR_RETRY"] == 1


def test_rows_that_break_a_rule_are_named_and_not_tried_again(world: World) -> None:
    with world.warehouse.write() as writer:
        writer.connection.execute("UPDATE news.articles SET section = 'Gossip'")
    success, tries, said = built(world)
    assert not success
    assert tries["STEP_UP_FOR_RETRY"] == 0
    assert "Nothing was published" in said
    assert "section is not in its list (1 rows)" in said
