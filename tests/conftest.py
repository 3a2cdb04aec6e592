"""Fixtures that several test packages share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from filelock import FileLock

from tests.e2e.worlds import WorldFolder
from tests.scale.servers import Postgres, Redis, ServersMissingError

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole replays come first: a long file at the end would leave the other cores idle.

    Of them the one that makes the demo is the first, so that nobody waits for its world later.
    """
    ranks = ("tests/e2e/test_demo", "tests/e2e", "")
    items.sort(key=lambda item: next(n for n, part in enumerate(ranks) if part in item.nodeid))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real evaluation data, which is not part of the repository."""
    folder = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real evaluation data not found at {folder}; set NEWSWORLD_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def demo_world(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """The world that `newsworld demo` makes: once, and each process of the tests has a copy."""
    own = tmp_path_factory.getbasetemp()
    together = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made = WorldFolder(together / "demo-made" / "world")
    said = made.path.parent / "demo.txt"
    with FileLock(together / "demo.lock"):
        if not said.exists():
            shutil.rmtree(made.path, ignore_errors=True)  # of a process that failed at it
            made.path.parent.mkdir(exist_ok=True)
            done = made.run("demo")
            assert done.code == 0, done.err[-3000:]
            said.write_text(done.out)
    world = WorldFolder(tmp_path_factory.mktemp("demo") / "world")
    shutil.copytree(made.path, world.path, symlinks=True)
    shutil.copy(said, world.path)
    return world


def _without(reason: str) -> NoReturn:
    """Skip, but where the servers are what is to be tested (`make test-scale`)."""
    if os.environ.get("NEWSWORLD_TEST_SERVERS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not below pytest's own folder, which the server's user may not enter.
    with tempfile.TemporaryDirectory(prefix="newsworld-postgres-") as folder:
        try:
            server = Postgres.start(Path(folder))
        except ServersMissingError as error:
            _without(str(error))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    try:
        server = Redis.start(tmp_path_factory.mktemp("servers") / "redis")
    except ServersMissingError as error:
        _without(str(error))
    yield server
    server.kill()
