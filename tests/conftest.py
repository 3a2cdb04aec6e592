"""Fixtures that several test packages share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.worlds import WorldFolder
from tests.scale.servers import Postgres, Redis, ServersMissingError

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole replays come first: a long file at the end would leave the other cores idle."""
    items.sort(key=lambda item: "tests/e2e" not in item.nodeid)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real evaluation data, which is not part of the repository."""
    folder = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real evaluation data not found at {folder}; set NEWSWORLD_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """The world that `newsworld demo` makes."""
    world = WorldFolder(tmp_path_factory.mktemp("demo") / "world")
    done = world.run("demo")
    assert done.code == 0, done.err[-3000:]
    (world.path / "demo.txt").write_text(done.out)
    return world


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not below pytest's own folder, which the server's user may not enter.
    with tempfile.TemporaryDirectory(prefix="newsworld-postgres-") as folder:
        try:
            server = Postgres.start(Path(folder))
        except ServersMissingError as error:
            pytest.skip(str(error))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    try:
        server = Redis.start(tmp_path_factory.mktemp("servers") / "redis")
    except ServersMissingError as error:
        pytest.skip(str(error))
    yield server
    server.kill()
