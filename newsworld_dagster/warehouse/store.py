"""The warehouse: short connections, one writer at a time; here as one DuckDB file."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from newsworld_dagster.warehouse.asof import Reader
from newsworld_dagster.warehouse.migrate import migrate, pending
from newsworld_dagster.warehouse.writing import Writer

LOG = logging.getLogger(__name__)
_BYTES = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
# The first field of a write-ahead log: its version.
LOG_START = b"d\x00b"


class WarehouseLockedError(RuntimeError):
    """Another process holds the warehouse."""


class WarehouseFullError(RuntimeError):
    """The disk under the warehouse is full."""


class WarehouseMemoryError(RuntimeError):
    """A query needs more memory than DuckDB may take."""


class WarehouseMissingError(RuntimeError):
    """There is no warehouse or snapshot at the path."""


@dataclass(frozen=True)
class WorldSpan:
    """First and last day with articles, and whether feeds were ever polled."""

    first: pd.Timestamp
    last: pd.Timestamp
    live: bool


class Warehouse:
    """Opens short connections to one warehouse file.

    Parameters
    ----------
    path
        The DuckDB file; made, with its folder, at the first write.
    lock_timeout
        Seconds to wait for another process that holds the file.
    memory
        GiB that DuckDB may take.
    """

    def __init__(self, path: Path, lock_timeout: float = 60.0, memory: float = 2.0) -> None:
        self.path = path
        self.memory = memory
        self.lock_timeout = lock_timeout
        self._held: duckdb.DuckDBPyConnection | None = None
        self._current = False

    def __str__(self) -> str:
        """Where it is, in words that may be shown."""
        return str(self.path)

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self.path.exists()

    def size(self) -> int:
        """Bytes on this machine's disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def changed_at(self) -> pd.Timestamp | None:
        """When it was last written to, naive UTC; None where there is none."""
        if not self.path.exists():
            return None
        return pd.Timestamp(self.path.stat().st_mtime, unit="s")

    def dbt_environment(self) -> dict[str, str]:
        """What dbt_models/profiles.yml needs to find this warehouse."""
        return {"NEWSWORLD_TARGET": "duckdb", "NEWSWORLD_WAREHOUSE": str(self.path.resolve())}

    def span(self) -> WorldSpan | None:
        """The days of the world; None for no world.

        A file that is being written cannot be read: then the days that were read last, which a
        file beside it remembers. A daemon's run would else not know the day that it is to make.
        """
        if not self.exists():
            return None
        try:
            with self._connected_at_once() as connection:
                row = connection.execute(
                    "SELECT min(day), max(day), (SELECT count(*) > 0 FROM news.feed_state) "
                    "FROM news.articles"
                ).fetchone()
        except duckdb.Error:
            return _remembered(self.path)
        if row is None or row[0] is None:
            return None
        span = WorldSpan(pd.Timestamp(row[0]), pd.Timestamp(row[1]), bool(row[2]))
        self._remember(span)
        return span

    def _remember(self, span: WorldSpan) -> None:
        if span == _remembered(self.path):
            return
        first, last = span.first.isoformat(), span.last.isoformat()
        with suppress(OSError):  # a world that may only be read
            fresh = _span_file(self.path).with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps({"first": first, "last": last, "live": span.live}))
            fresh.replace(_span_file(self.path))

    def _connected_at_once(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection, or duckdb.Error where another process has the file."""
        return duckdb.connect(str(self.path), read_only=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """The turn to write: the lock on the file is one."""
        yield

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Bring what is to be written to up to date."""
        migrate(connection)

    @contextmanager
    def hold(self, *, one_thread: bool = False) -> Iterator[None]:
        """Keep one connection open for all reads and writes inside: for a step over many days.

        Each write is still a transaction of its own; other processes wait until the end.

        Parameters
        ----------
        one_thread
            Whether DuckDB works in one thread meanwhile: many small queries take less time so than
            in several that wait for one another.
        """
        with self._open(read_only=False) as connection:
            if one_thread:
                connection.execute("SET threads TO 1")
            self._held = connection
            try:
                yield
            finally:
                self._held = None
                if one_thread:  # a lake's connection stays
                    with suppress(duckdb.Error):
                        connection.execute("RESET threads")

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self._alone(), self._open(read_only=False) as connection:
            connection.execute("BEGIN")
            try:
                yield self._writer(connection)
                connection.execute("COMMIT")
            except BaseException as error:
                self._roll_back(connection)
                if _disk_is_full(error):
                    raise self._full() from error
                raise

    def _writer(self, connection: duckdb.DuckDBPyConnection) -> Writer:
        """What writes in a transaction of a connection."""
        return Writer(connection)

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A read-only connection; a world is made, or brought up to date, first where needed."""
        if not self.exists() or self._is_behind():
            with self.write():
                pass
        with self._open(read_only=True) as connection:
            yield Reader(connection)

    @contextmanager
    def open_as_is(self) -> Iterator[Reader]:
        """A read-only connection that makes and migrates nothing."""
        with self._open(read_only=True) as connection:
            yield Reader(connection)

    def _is_behind(self) -> bool:
        """Whether migrations are to be applied, asked once for each warehouse."""
        if self._current or self._held is not None:
            return False
        with self._open(read_only=True) as connection:
            self._current = not pending(connection)
        return not self._current

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._held is not None:
            yield self._held
            return
        connection = self._connect(read_only=read_only)
        try:
            if not read_only:
                self._prepare(connection)
            yield connection
        except duckdb.OutOfMemoryException as error:
            if _disk_is_full(error):
                raise self._full() from error
            raise WarehouseMemoryError(
                f"A query on {self} needs more than the {self.memory:g} GiB that DuckDB may take, "
                "and cannot be done piece by piece. What was being written is not stored. Raise "
                "NEWSWORLD_DUCKDB_MEMORY (GiB), and try again."
            ) from error
        except duckdb.Error as error:
            if _disk_is_full(error):
                raise self._full() from error
            raise
        finally:
            connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self.lock_timeout
        log = self.path.with_name(f"{self.path.name}.wal")
        while True:
            try:
                if _is_no_log(log):
                    self._set_log_aside(log, "it does not begin as such a log does")
                there = _file_number(self.path)
                connection = duckdb.connect(str(self.path), read_only=read_only)
                if there in (None, _file_number(self.path)):
                    _bound_memory(connection, self.path, self.memory)
                    return connection
                # Compacting or restoring put another file there while this one was being opened.
                connection.close()
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                if _disk_is_full(error):
                    raise self._full() from error
                if "replaying WAL" in str(error) and log.exists():
                    self._set_log_aside(log, " ".join(str(error).split())[-200:])
                    continue
                if not _is_locked(error):
                    raise
                if time.monotonic() >= deadline:
                    raise WarehouseLockedError(
                        f"The warehouse {self.path} is held by another process, and waiting "
                        f"{self.lock_timeout:g} seconds did not help. Nothing was changed. Wait "
                        "for the other run to end (the Dagster UI shows it), or stop it, and try "
                        "again; to read, use the published snapshot instead (open_snapshot)."
                    ) from error
                time.sleep(0.1)

    def _set_log_aside(self, log: Path, why: str) -> None:
        kept = set_aside(log, "damaged")
        LOG.critical(
            "The write-ahead log of the warehouse %s is damaged (%s). It was set aside as %s, and "
            "the warehouse goes on from its last checkpoint: what was written after that is "
            "missing. Run `newsworld doctor` and `newsworld ledger verify`, run the missing days "
            "again, and keep the file until you know what was in it.",
            self.path,
            why,
            kept,
        )

    def _full(self) -> WarehouseFullError:
        return WarehouseFullError(
            f"The disk under the warehouse {self.path} is full. This step was rolled back and "
            "everything stored before it is safe. Free some space (or move the folder and set "
            "NEWSWORLD_DATA_DIR), and run the same command again."
        )

    @staticmethod
    def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
        try:
            connection.execute("ROLLBACK")
        except duckdb.Error:  # a connection that died of the error has nothing left to undo
            return


def set_aside(path: Path, why: str) -> Path:
    """Rename a file so that nothing opens it any more and nobody loses it; returns the new path."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    kept = path.with_name(f"{path.name}.{why}-{stamp}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.{why}-{stamp}-{number}")
    return path.rename(kept)


def _is_no_log(log: Path) -> bool:
    """Whether a write-ahead log begins with something else than the version of one.

    DuckDB passes over such a file without a word.
    """
    try:
        with log.open("rb") as file:
            start = file.read(len(LOG_START))
    except FileNotFoundError:
        return False
    return bool(start) and not LOG_START.startswith(start) and start != LOG_START


def _is_locked(error: Exception) -> bool:
    text = str(error)
    return "Could not set lock" in text or "different configuration" in text


def _bound_memory(connection: duckdb.DuckDBPyConnection, path: Path, memory: float) -> None:
    """Keep DuckDB from holding as much of the file as the machine has memory, its default.

    Beyond `memory` GiB it writes what it works on aside, to a folder of this process: the default
    is one for all who have the file open, and their files have the same names.
    """
    setting = "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
    limit, folder = connection.execute(setting).fetchone() or ("", "")
    number, _, unit = limit.partition(" ")
    most = int(memory * 2**30)
    if float(number) * _BYTES[unit] > most:
        connection.execute(f"SET memory_limit = '{most}B'")
    own = f"{path}.tmp-{os.getpid()}"
    if folder != own:
        quoted = own.replace("'", "''")
        connection.execute(f"SET temp_directory = '{quoted}'")


def _disk_is_full(error: BaseException) -> bool:
    text = str(error)
    return isinstance(error, (duckdb.Error, OSError)) and (
        "No space left" in text or "max_temp_directory_size" in text or "Disk full" in text
    )


def _file_number(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _span_file(path: Path) -> Path:
    return path.with_name(f"{path.stem}.days.json")


def _remembered(path: Path) -> WorldSpan | None:
    try:
        said = json.loads(_span_file(path).read_text())
        return WorldSpan(
            pd.Timestamp(said["first"]), pd.Timestamp(said["last"]), bool(said["live"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
