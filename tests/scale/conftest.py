"""Real servers on loopback; `make test-scale` runs these tests, `make test` skips them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from newsworld_dagster.warehouse import Warehouse
from tests.e2e.worlds import SAMPLE, WorldFolder
from tests.scale.replaying import DAYS, tables
from tests.scale.s3_server import S3Server

PACKAGES = (
    "psycopg2",
    "duckdb_extension_ducklake",
    "duckdb_extension_httpfs",
    "dagster_postgres",
    "dagster_celery",
    "moto",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing and not os.environ.get("NEWSWORLD_TEST_SERVERS"):
        reason = f"{', '.join(missing)} not installed; `make test-scale` installs them"
        for item in items:
            if "tests/scale" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    server = S3Server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """The tables of the same days on one laptop: a file, and no worker."""
    world = WorldFolder(tmp_path_factory.mktemp("alone") / "world")
    for arguments in (("import", str(SAMPLE)), ("backtest", *DAYS)):
        done = world.run(*arguments)
        assert done.code == 0, done.err[-3000:]
    return tables(Warehouse(world.warehouse))
