"""The warehouse as a DuckLake: a PostgreSQL catalog, Parquet files, writers on many machines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final

import duckdb
import pandas as pd

from newsworld_dagster.warehouse.migrate import migrate
from newsworld_dagster.warehouse.s3 import S3, SCHEME
from newsworld_dagster.warehouse.store import Warehouse, WarehouseLockedError, WorldSpan

if TYPE_CHECKING:
    import psycopg2.extensions

# dbt calls the database by this name, as it does the file newsworld.duckdb.
NAME: Final = "newsworld"
EXTENSIONS: Final = ("ducklake", "postgres_scanner")
S3_EXTENSIONS: Final = (*EXTENSIONS, "httpfs")
# The advisory lock of writers: any number that nobody else in the catalog database uses.
TURN: Final = 4_211_973


class LakeError(RuntimeError):
    """The lake cannot be opened."""


class Lake(Warehouse):
    """A warehouse whose tables are Parquet files and whose catalog is a PostgreSQL database.

    DuckLake lets two transactions append to one table at once. The ledger may not: each row is
    chained to the one before. So writers take turns by an advisory lock of the catalog, which
    dies with its connection; reads never wait.

    Parameters
    ----------
    catalog
        The catalog database, as libpq writes it. Never shown: it may hold a password.
    data
        Folder of the Parquet files, or s3://BUCKET/PREFIX/.
    lock_timeout
        Seconds to wait for another writer.
    s3
        How that bucket is opened; needed for one, and for nothing else.

    Raises
    ------
    LakeError
        When the packages of the extra `team` are missing, the catalog or the storage does not
        answer, the bucket is missing, or its key is wrong.
    """

    def __init__(
        self, catalog: str, data: str, lock_timeout: float = 60.0, s3: S3 | None = None
    ) -> None:
        super().__init__(Path(data), lock_timeout)
        self.catalog = catalog
        in_bucket = data.startswith(SCHEME)
        if in_bucket and s3 is None:
            raise ValueError(f"{data} needs to be told how it is opened (s3=...)")
        self.s3 = s3 if in_bucket else None
        # A prefix ends with a slash, or a lake would share it with others of longer names.
        self.data = f"{data.rstrip('/')}/" if in_bucket else data
        self._root: duckdb.DuckDBPyConnection | None = None
        self._opening = RLock()
        # Threads of this process take turns before the process asks for one.
        self._writing = RLock()
        self._has_turn = False

    def __str__(self) -> str:
        """Host and database of the catalog, without who and password."""
        import psycopg2
        from psycopg2.extensions import parse_dsn

        try:
            said = parse_dsn(self.catalog)
        except psycopg2.Error:
            return "the lake of NEWSWORLD_LAKE"
        place = said.get("host", "this machine")
        return f"the lake {said.get('dbname', '')} on {place}:{said.get('port', 5432)}"

    def exists(self) -> bool:
        """Whether the catalog holds a lake of ours."""
        if self._current:
            return True
        with self.catalog_cursor() as cursor:
            cursor.execute("SELECT to_regclass('ducklake_table') IS NOT NULL")
            if not _only(cursor):
                return False
            cursor.execute("SELECT count(*) FROM ducklake_table WHERE table_name = 'migrations'")
            return bool(_only(cursor))

    def size(self) -> int:
        """Bytes of the Parquet files: of all in the folder, of those in use in a bucket."""
        if self.s3 is not None:
            return self._size_in_catalog()
        return sum(file.stat().st_size for file in Path(self.data).rglob("*.parquet"))

    def _size_in_catalog(self) -> int:
        if not self.exists():
            return 0
        with self.catalog_cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(file_size_bytes), 0)::BIGINT FROM ducklake_data_file "
                "WHERE end_snapshot IS NULL"
            )
            return int(str(_only(cursor)))

    def changed_at(self) -> pd.Timestamp | None:
        """When the newest transaction was committed, naive UTC; None before the first."""
        if not self.exists():
            return None
        with self.catalog_cursor() as cursor:
            cursor.execute("SELECT max(snapshot_time) AT TIME ZONE 'UTC' FROM ducklake_snapshot")
            return pd.Timestamp(_only(cursor))

    def dbt_environment(self) -> dict[str, str]:
        """What dbt_models/profiles.yml needs to find this lake."""
        place = {
            "NEWSWORLD_TARGET": "ducklake",
            "NEWSWORLD_LAKE": self.catalog,
            "NEWSWORLD_LAKE_DATA": self.data,
        }
        if self.s3 is None:
            return place
        return place | {
            "NEWSWORLD_TARGET": "ducklake_s3",
            "NEWSWORLD_S3_ENDPOINT": self.s3.endpoint,
            "NEWSWORLD_S3_REGION": self.s3.region,
            "NEWSWORLD_S3_URL_STYLE": self.s3.url_style,
            "NEWSWORLD_S3_TLS": str(self.s3.tls).lower(),
            # dbt takes variables of such names out of all that it writes.
            "DBT_ENV_SECRET_S3_KEY": self.s3.key,
            "DBT_ENV_SECRET_S3_SECRET": self.s3.secret,
        }

    @contextmanager
    def in_turn(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection in a writer's turn and in no transaction: for the lake's upkeep."""
        with self._alone(), self._open(read_only=False) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the catalog; the next read or write opens it again."""
        if self._root is not None:
            self._root.close()
            self._root = None

    def _remember(self, span: WorldSpan) -> None:
        """Nothing: a lake that is being written can be read."""

    def _connected_at_once(self) -> duckdb.DuckDBPyConnection:
        return self._connect(read_only=True)

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:  # noqa: ARG002
        # Opening takes a second, a cursor nothing. A catalog that went away and came back is
        # opened anew.
        with self._opening:
            for again in (True, False):
                if self._root is None:
                    self._root = self._attached()
                try:
                    connection = self._root.cursor()
                    connection.execute(f"USE {NAME}")
                    connection.execute("SELECT max(snapshot_id) FROM ducklake_snapshots(?)", [NAME])
                except duckdb.Error as error:
                    self._root = None
                    if not again:
                        raise self._unreachable(error) from None
                else:
                    return connection
        raise AssertionError("either returned or raised")

    def _attached(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        load_extensions(connection, EXTENSIONS if self.s3 is None else S3_EXTENSIONS)
        catalog, data = (text.replace("'", "''") for text in (self.catalog, self.data))
        try:
            if self.s3 is not None:
                self.s3.open_for(connection, self.data)
                # One question for names that nobody uses: a bucket that cannot be opened is told
                # before anything is computed, and not by the first table that is written.
                connection.execute("SELECT count(*) FROM glob(?)", [f"{self.data}.opened-*"])
            connection.execute(
                f"ATTACH 'ducklake:postgres:{catalog}' AS {NAME} (DATA_PATH '{data}')"
            )
        except duckdb.Error as error:
            connection.close()
            raise self._unreachable(error) from None
        return connection

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with super()._open(read_only=read_only) as connection:
                yield connection
        except duckdb.Error as error:
            words = None if self.s3 is None else self.s3.explain(error, self.data)
            if words is None:
                raise
            raise LakeError(
                f"{self} cannot reach its files: {words}. What was being written was rolled back."
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._writing:
            if self._has_turn:
                yield
                return
            with self.catalog_cursor() as cursor:
                self._wait_for_turn(cursor)
                self._has_turn = True
                try:
                    yield
                finally:
                    self._has_turn = False

    def _wait_for_turn(self, cursor: psycopg2.extensions.cursor) -> None:
        deadline = time.monotonic() + self.lock_timeout
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [TURN])
            if _only(cursor):
                return
            if time.monotonic() >= deadline:
                raise WarehouseLockedError(
                    f"Another writer holds {self}, and waiting {self.lock_timeout:g} seconds "
                    "did not help. Nothing was changed. Wait for the other run to end (the "
                    "Dagster UI shows it), or stop it, and try again."
                )
            time.sleep(0.05)

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self._current:
            return
        with self._alone():
            migrate(connection)
        self._current = True

    @contextmanager
    def catalog_cursor(self) -> Iterator[psycopg2.extensions.cursor]:
        """A cursor of a connection of its own, whose locks end with the block."""
        import psycopg2

        try:
            connection = psycopg2.connect(self.catalog, connect_timeout=10)
        except psycopg2.Error as error:
            raise self._unreachable(error) from None
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _unreachable(self, error: Exception) -> LakeError:
        if self.s3 is not None and isinstance(error, duckdb.Error):
            words = self.s3.explain(error, self.data)
            if words is not None:
                return LakeError(f"{self} cannot be opened: {words}. Nothing was changed.")
        words = " ".join(str(error).split()).replace(self.catalog, "...")
        return LakeError(
            f"{self} cannot be opened: {words}. Check that PostgreSQL runs and NEWSWORLD_LAKE and "
            "NEWSWORLD_LAKE_DATA name what the lake was made with. Nothing was changed."
        )


def load_extensions(
    connection: duckdb.DuckDBPyConnection, names: tuple[str, ...] = EXTENSIONS
) -> None:
    """Load what a lake needs, installed from Python packages and never from the network.

    Raises
    ------
    LakeError
        When a package is missing.
    """
    for name in names:
        try:
            connection.execute(f"LOAD {name}")
        except duckdb.Error:
            connection.execute(f"INSTALL '{_packaged(name)}'")
            connection.execute(f"LOAD {name}")


def _packaged(name: str) -> Path:
    try:
        module = import_module(f"duckdb_extension_{name}")
    except ImportError as error:
        raise LakeError(
            f"DuckDB's extension {name} is missing, which a lake needs. Install the packages for "
            "teams: pip install -r requirements-team.lock"
        ) from error
    (folder,) = module.__path__
    return Path(folder) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"


def _only(cursor: psycopg2.extensions.cursor) -> object:
    """The one value of a query of one row."""
    row = cursor.fetchone()
    assert row is not None
    return row[0]
