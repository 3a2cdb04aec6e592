"""A copy of a warehouse file, in which days are made ahead, and what was written to it."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import pandas as pd
import pyarrow as pa

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.warehouse.store import Warehouse
from newsworld_dagster.warehouse.writing import Writer, keys_of


@dataclass(frozen=True)
class Write:
    """One change of a table.

    Attributes
    ----------
    how
        The writer's method, of those that take checked rows.
    table
        Its table.
    days
        The days that are replaced; none where rows are appended.
    rows
        What was written; it has met its contract, and what was appended was not stored before.
    """

    how: Literal["append", "replace"]
    table: str
    days: tuple[pd.Timestamp, ...]
    rows: pa.Table


# The contract keys of the rows of tables that were appended to.
Keys = dict[str, set[tuple[object, ...]]]


class RecordingWarehouse(Warehouse):
    """A file that nobody else writes to; keeps in mind what is written to it."""

    def __init__(self, path: Path, lock_timeout: float = 60.0, memory: float = 2.0) -> None:
        super().__init__(path, lock_timeout, memory)
        self._written: list[Write] = []
        self._keys: Keys = {}

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        connection = super()._connect(read_only=read_only)
        # A copy is thrown away, so its log need never be merged into the file.
        connection.execute("SET checkpoint_threshold = '1TB'")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        return connection

    def written(self) -> list[Write]:
        """What was written since this was asked last, in order."""
        written, self._written = self._written, []
        return written

    def _writer(self, connection: duckdb.DuckDBPyConnection) -> Writer:
        return _RecordingWriter(connection, self._written, self._keys)


class _RecordingWriter(Writer):
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, written: list[Write], keys: Keys
    ) -> None:
        super().__init__(connection)
        self._written, self._keys = written, keys

    def replace_checked(self, table: str, days: Sequence[pd.Timestamp], rows: pa.Table) -> int:
        self._written.append(Write("replace", table, tuple(days), rows))
        return super().replace_checked(table, days, rows)

    def append_checked(self, table: str, rows: pa.Table) -> int:
        # Of a table that grows day by day they are asked for once: nobody else adds to it.
        names = CONTRACTS[table].unique or []
        if table not in self._keys:
            self._keys[table] = self.stored_keys(table, names)
        known = self._keys[table]
        held = keys_of(rows, names)
        fresh = rows.filter(pa.array([key not in known for key in held], pa.bool_()))
        self._written.append(Write("append", table, (), fresh))
        known.update(held)
        return self._insert(table, fresh)

    def replace_all(self, table: str, frame: pd.DataFrame) -> int:
        raise NotImplementedError(f"{table} is made as a whole, not day by day.")


def write_again(writer: Writer, written: Iterable[Write]) -> None:
    """Write to one warehouse what was written to another, each table's changes at once."""
    of_table: defaultdict[tuple[str, str], list[Write]] = defaultdict(list)
    for write in written:
        of_table[write.how, write.table].append(write)
    for (how, table), writes in of_table.items():
        # A column that is empty on one day has no type of its own there.
        rows = pa.concat_tables([one.rows for one in writes], promote_options="permissive")
        if how == "append":
            writer.append_checked(table, rows)
        else:
            writer.replace_checked(table, [day for one in writes for day in one.days], rows)


def copy_file(warehouse: Warehouse, path: Path) -> None:
    """Copy a warehouse file as it stands, with the log of what was not yet merged into it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log = warehouse.path.with_name(f"{warehouse.path.name}.wal")
    with warehouse.read():  # no process writes meanwhile
        shutil.copyfile(warehouse.path, path)
        if log.exists():
            shutil.copyfile(log, path.with_name(f"{path.name}.wal"))
