"""Room given back: vectors that nothing reads any more, and what they leave behind on disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from newsworld_dagster.warehouse.asof_pruning import OLD_TEXTS
from newsworld_dagster.warehouse.lake import NAME, Lake
from newsworld_dagster.warehouse.scratch import folder_beside
from newsworld_dagster.warehouse.store import Warehouse, WarehouseLockedError
from newsworld_dagster.warehouse.writing import Writer

# Below this share of a file, copying it gives back too little.
LEAST_SHARE = 0.2


class CompactionError(RuntimeError):
    """The compacted copy is not the warehouse."""


@dataclass(frozen=True)
class Room:
    """Bytes of the warehouse's file, and how many of them hold nothing."""

    size: int
    free: int


@dataclass(frozen=True)
class LakeLeft:
    """What a lake holds of its past: snapshots older than a moment, files of these alone."""

    snapshots: int
    files: int
    bytes: int


def forget_vectors(writer: Writer, before: pd.Timestamp) -> int:
    """Remove the vectors that `Reader.old_vectors` counts; returns their number."""
    row = writer.connection.execute(
        f"DELETE FROM embeddings.vectors WHERE content_digest IN ({OLD_TEXTS})",  # noqa: S608
        {"before": before.to_pydatetime()},
    ).fetchone()
    assert row is not None
    return int(row[0])


def room_in(warehouse: Warehouse) -> Room:
    """How much of a warehouse's file is in use."""
    with warehouse.open_as_is() as reader:
        row = reader.frame(
            "SELECT block_size * total_blocks AS size, block_size * free_blocks AS free "
            "FROM pragma_database_size() WHERE database_name = current_database()"
        ).iloc[0]
    return Room(int(row["size"]), int(row["free"]))


def compact_file(warehouse: Warehouse) -> int:
    """Put a copy without gaps in the place of the warehouse's file; returns the bytes given back.

    Whoever has it open is waited for. The copy is made beside it while nobody may write, compared
    with it table by table, and renamed: a power cut leaves either the old file or the new one.

    Raises
    ------
    WarehouseLockedError
        When someone has it open for longer than the warehouse's patience.
    CompactionError
        When the disk has no room for the copy, or the copy differs. Nothing was changed.
    """
    path = warehouse.path
    with folder_beside(path, "compact") as folder:
        fresh = folder / path.name
        with _still(warehouse) as connection:
            before = path.stat().st_size
            free = shutil.disk_usage(folder).free
            if free < before:
                raise CompactionError(
                    f"Compacting {path} takes up to {before:,} bytes for a while, and {free:,} are "
                    "free. Nothing was changed. Free some space, and run newsworld prune again."
                )
            connection.execute(f"ATTACH '{_quoted(fresh)}' AS fresh")
            connection.execute(f'COPY FROM DATABASE "{path.stem}" TO fresh')
            differing = sorted(_differing(connection, path.stem))
            if differing:
                raise CompactionError(
                    f"The compacted copy differs from {path} in {', '.join(differing)}; it was "
                    "thrown away and nothing was changed. Run newsworld doctor."
                )
            connection.execute("CHECKPOINT fresh")
            connection.execute("DETACH fresh")
            _to_disk(fresh)
            # Still attached: whoever waits to write finds the new file, or the lock.
            fresh.replace(path)
            _to_disk(path.parent)
    return before - path.stat().st_size


@contextmanager
def _still(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the file attached, with no log beside it, while nobody can write."""
    path = warehouse.path
    log = path.with_name(f"{path.name}.wal")
    deadline = time.monotonic() + warehouse.lock_timeout
    while True:
        with warehouse.write() as writer:
            writer.count("main.migrations")  # waits for whoever writes, and leaves no log behind
        with duckdb.connect() as connection:
            try:
                # By the name that it has when it is opened, which the views in it use.
                connection.execute(f"ATTACH '{_quoted(path)}' AS \"{path.stem}\" (READ_ONLY)")
            except duckdb.IOException as error:
                if "lock" not in str(error):
                    raise
            else:
                if not log.exists() or not log.stat().st_size:
                    yield connection
                    return
        if time.monotonic() >= deadline:
            raise WarehouseLockedError(
                f"The warehouse {path} is being written to, and waiting "
                f"{warehouse.lock_timeout:g} seconds did not help. It was not compacted. Wait for "
                "the other run to end, and run newsworld prune again."
            )
        time.sleep(0.1)


def _differing(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[str]:
    """Names of what is not the same in the file and in its copy."""
    shapes = []
    for database in (name, "fresh"):
        columns = connection.execute(
            "SELECT schema_name || '.' || table_name, column_name, data_type, is_nullable, "
            "column_default, comment FROM duckdb_columns() WHERE database_name = ? AND NOT "
            "internal ORDER BY ALL",
            [database],
        ).fetchall()
        views = connection.execute(
            "SELECT schema_name || '.' || view_name, comment FROM duckdb_views() "
            "WHERE database_name = ? AND NOT internal ORDER BY ALL",
            [database],
        ).fetchall()
        shapes.append({*columns, *views})
    yield from {row[0] for row in shapes[0] ^ shapes[1]}
    tables = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = ? "
        "AND NOT internal",
        [name],
    ).fetchall()
    for (table,) in tables:
        old, new = (
            connection.execute(
                f'SELECT count(*), sum(hash(t)) FROM "{database}".{table} AS t'  # noqa: S608
            ).fetchone()
            for database in (name, "fresh")
        )
        if old != new:
            yield table


def lake_left(lake: Lake, before: pd.Timestamp) -> LakeLeft:
    """What `tidy_lake` would remove: the newest snapshot is never old."""
    with lake.catalog_cursor() as cursor:
        cursor.execute(
            """
            WITH kept AS (
                SELECT snapshot_id FROM ducklake_snapshot
                WHERE snapshot_time AT TIME ZONE 'UTC' >= %(before)s
                    OR snapshot_id = (SELECT max(snapshot_id) FROM ducklake_snapshot)
            )
            SELECT (SELECT count(*) FROM ducklake_snapshot) - (SELECT count(*) FROM kept),
                count(*), coalesce(sum(file_size_bytes), 0)::BIGINT
            FROM ducklake_data_file AS f
            WHERE end_snapshot IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM kept WHERE snapshot_id >= begin_snapshot
                    AND snapshot_id < end_snapshot
            )
            """,
            {"before": before.to_pydatetime()},
        )
        row = cursor.fetchone()
    assert row is not None
    return LakeLeft(*(int(value) for value in row))


def tidy_lake(lake: Lake, before: pd.Timestamp) -> LakeLeft:
    """Let go of a lake's snapshots older than `before`, merge small files, remove unused ones.

    In the turn of a writer. Each part is a transaction of the catalog; files go last, once no
    snapshot names them, and those that an interruption left go the next time.
    """
    moment = f"{before.isoformat()}Z"
    with lake.in_turn() as connection:
        left = lake_left(lake, before)
        connection.execute(
            f"CALL ducklake_expire_snapshots('{NAME}', older_than => '{moment}'::TIMESTAMPTZ)"
        )
        # Rows that were deleted are only marked as such until their file is written anew.
        connection.execute(
            f"CALL ducklake_rewrite_data_files('{NAME}', delete_threshold => {LEAST_SHARE})"
        )
        connection.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')")
        # What was just merged stays for readers that have begun.
        connection.execute(
            f"CALL ducklake_cleanup_old_files('{NAME}', older_than => '{moment}'::TIMESTAMPTZ)"
        )
    return left


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
