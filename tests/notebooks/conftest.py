"""The made-up worlds that the tests of notebooks and of what they call share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsworld_dagster.warehouse import Snapshot, open_snapshot
from tests.synthetic_world import publish, write_ledger


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Published snapshots of a world without claims and of one with a ledger."""
    folder = tmp_path_factory.mktemp("notebooks")
    live, target = folder / "newsworld.duckdb", folder / "target"
    empty = publish(live, folder / "empty.duckdb", target)
    write_ledger(live)
    return {"empty": empty, "full": publish(live, folder / "full.duckdb", target)}


@pytest.fixture(scope="session")
def full(snapshots: dict[str, Path]) -> Iterator[Snapshot]:
    """The one with a ledger, open."""
    with open_snapshot(snapshots["full"]) as opened:
        yield opened


@pytest.fixture(scope="session")
def empty(snapshots: dict[str, Path]) -> Iterator[Snapshot]:
    """The one without claims, open."""
    with open_snapshot(snapshots["empty"]) as opened:
        yield opened
