from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.warehouse import MigrationError, Warehouse
from newsworld_dagster.warehouse.migrate import MIGRATIONS, migrate


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE a (x INTEGER);")
    (tmp_path / "0002_second.sql").write_text("ALTER TABLE a ADD COLUMN y INTEGER;")
    return tmp_path


def test_each_migration_is_applied_once(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    assert migrate(connection, folder) == ["0001_first", "0002_second"]
    assert migrate(connection, folder) == []
    (folder / "0003_third.sql").write_text("DROP TABLE a;")
    assert migrate(connection, folder) == ["0003_third"]
    history = connection.execute("SELECT number FROM main.migrations ORDER BY number").fetchall()
    assert history == [(1,), (2,), (3,)]


def test_edited_migration_is_refused(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    migrate(connection, folder)
    (folder / "0001_first.sql").write_text("CREATE TABLE a (x BIGINT);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was edited.*new migration"):
        migrate(connection, folder)


def test_migration_of_a_newer_version_is_refused(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    migrate(connection, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationError, match=r"migration 0002 \(0002_second\).*Upgrade NewsWorld"):
        migrate(connection, folder)


def test_failing_migration_leaves_nothing_behind(
    connection: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    (folder / "0003_bad.sql").write_text("CREATE TABLE b (x INTEGER); INSERT INTO c VALUES (1);")
    with pytest.raises(duckdb.Error, match="c does not exist"):
        migrate(connection, folder)
    tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    assert tables == {"a", "migrations"}
    assert connection.execute("SELECT max(number) FROM main.migrations").fetchone() == (2,)


def test_tables_hold_exactly_the_contracts_columns(connection: duckdb.DuckDBPyConnection) -> None:
    migrate(connection, MIGRATIONS)
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name <> 'main' AND NOT internal ORDER BY table_oid, column_index"
    ).fetchall():
        found.setdefault(table, []).append(column)
    for name, contract in CONTRACTS.items():
        assert found[name] == list(contract.columns), name


@pytest.mark.file_only
def test_world_made_by_a_newer_version_stays_as_it_is(warehouse: Warehouse) -> None:
    with warehouse.write():
        pass
    with duckdb.connect(str(warehouse.path)) as opened:
        opened.execute("INSERT INTO main.migrations VALUES (9999, 'future', '', now()::TIMESTAMP)")
    with pytest.raises(MigrationError, match="9999"), warehouse.write():
        pytest.fail("the block must not be entered")
