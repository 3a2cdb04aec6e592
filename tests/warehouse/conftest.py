from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from newsworld_dagster.warehouse import Lake, Warehouse
from tests.scale.servers import Postgres

ON_A_LAKE = bool(os.environ.get("NEWSWORLD_TEST_LAKE"))


@pytest.fixture(scope="session")
def lake_files(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Parquet files of all lakes of a session, whose catalogs are copies of one."""
    folder = tmp_path_factory.mktemp("lake")
    lake = Lake(postgres.database("migrated"), str(folder))
    with lake.write():
        pass
    lake.close()
    return folder


@pytest.fixture
def warehouse(tmp_path: Path, request: pytest.FixtureRequest) -> Warehouse:
    """A file; with NEWSWORLD_TEST_LAKE=1 a lake, on which the same tests are to pass."""
    if not ON_A_LAKE:
        return Warehouse(tmp_path / "world" / "warehouse.duckdb", lock_timeout=0.5)
    if request.node.get_closest_marker("file_only"):
        pytest.skip("of the file itself")
    files = request.getfixturevalue("lake_files")
    postgres: Postgres = request.getfixturevalue("postgres")
    catalog = postgres.database(f"w{uuid.uuid4().hex}", like="migrated")
    return Lake(catalog, str(files), lock_timeout=0.5)
