"""Worlds that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.worlds import WorldFolder


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """The world that `newsworld demo` makes."""
    world = WorldFolder(tmp_path_factory.mktemp("demo") / "world")
    done = world.run("demo")
    assert done.code == 0, done.err[-3000:]
    (world.path / "demo.txt").write_text(done.out)
    return world


@pytest.fixture
def empty_world(tmp_path: Path) -> WorldFolder:
    """A world in which nothing has happened."""
    return WorldFolder(tmp_path / "world")
