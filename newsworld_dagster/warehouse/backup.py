"""Copies of a warehouse that is in use, checked before they count, and the way back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from newsworld_dagster.warehouse.asof import Reader
from newsworld_dagster.warehouse.lake import Lake
from newsworld_dagster.warehouse.migrate import MigrationError, migrate
from newsworld_dagster.warehouse.scratch import folder_beside
from newsworld_dagster.warehouse.snapshot import copy_tables
from newsworld_dagster.warehouse.store import Warehouse, set_aside


class BackupError(RuntimeError):
    """A copy cannot be made, or is not fit to be put back."""


def back_up(warehouse: Warehouse, target: Path, *, force: bool = False) -> dict[str, int]:
    """Copy the warehouse to `target` while it is in use; returns the rows of each table.

    The copy appears under its name only after every table was counted on both sides.

    Raises
    ------
    BackupError
        When there is no warehouse, `target` is taken, or the copy differs.
    """
    if not warehouse.exists():
        raise BackupError(
            f"There is no warehouse at {warehouse}, so there is nothing to back up. Check "
            "NEWSWORLD_DATA_DIR."
        )
    if target.exists() and not force:
        raise BackupError(f"{target} exists. Choose another name, or add --force to replace it.")
    with folder_beside(target, "backup") as folder:
        copy = folder / "copy.duckdb"
        with warehouse.read() as reader:
            expected = row_counts(reader)
            copy_tables(warehouse, copy)
        with opened_copy(copy) as reader:
            found = row_counts(reader)
        differing = {
            name for name in {*expected, *found} if found.get(name, 0) < expected.get(name, 0)
        }
        if differing:
            raise BackupError(
                f"The copy holds fewer rows than the warehouse in {', '.join(sorted(differing))}; "
                "it was thrown away. Check the disk, and try again."
            )
        copy.replace(target)
    return found


@contextmanager
def opened_copy(path: Path) -> Iterator[Reader]:
    """Reads from a backup, which is not changed.

    Raises
    ------
    BackupError
        When the file is none of ours.
    """
    if not path.is_file():
        raise BackupError(f"There is no file {path}. Give the path of a backup.")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise BackupError(f"{path} is not a readable DuckDB file: {error}") from error
    try:
        try:
            connection.execute("SELECT count(*) FROM main.migrations")
        except duckdb.CatalogException as error:
            raise BackupError(f"{path} is a DuckDB file, but no warehouse of NewsWorld.") from error
        yield Reader(connection)
    finally:
        connection.close()


def put_back(warehouse: Warehouse, source: Path, *, force: bool = False) -> Path | None:
    """Put a backup in the place of the warehouse; returns where the old one was set aside.

    The backup is copied beside the warehouse, brought up to date there and renamed: a power cut
    leaves either the old warehouse or the new one.

    Raises
    ------
    BackupError
        When a warehouse is there already and `force` is not given, or the backup is none.
    WarehouseLockedError
        When someone is using the warehouse that is to be replaced.
    """
    with opened_copy(source):
        pass
    if isinstance(warehouse, Lake):
        _put_into(warehouse, source)
        return None
    path = warehouse.path
    if path.exists() and not force:
        raise BackupError(
            f"There is a warehouse at {path} already. Restoring would replace it; add --force if "
            "that is meant (the old file is kept beside it), or point NEWSWORLD_DATA_DIR at an "
            "empty folder."
        )
    with folder_beside(path, "restore") as folder:
        fresh = folder / path.name
        shutil.copyfile(source, fresh)
        with duckdb.connect(str(fresh)) as connection:
            try:
                migrate(connection)
            except MigrationError as error:
                raise BackupError(f"{source} cannot be used: {error}") from error
        old = None
        if path.exists():
            with warehouse.write():
                pass  # waits for whoever uses it, and leaves no log behind
            old = set_aside(path, "before-restore")
        fresh.replace(path)
    return old


def _put_into(lake: Lake, source: Path) -> None:
    """Fill an empty lake with a backup: another one is never emptied for it."""
    if lake.exists():
        raise BackupError(
            f"{lake} holds a warehouse already, and restoring into a lake never replaces one. Make "
            "an empty catalog database, set NEWSWORLD_LAKE to it (and NEWSWORLD_LAKE_DATA to an "
            "empty folder), and restore there."
        )
    with opened_copy(source) as copy:
        counts = row_counts(copy)
    with lake.write() as writer:
        quoted = str(source.resolve()).replace("'", "''")
        writer.connection.execute(f"ATTACH '{quoted}' AS backup (READ_ONLY)")
        kept = set(row_counts(writer)) - {"main.migrations"}
        # What dbt makes is made again by the next run.
        for name in sorted(kept & set(counts)):
            writer.connection.execute(f"INSERT INTO {name} BY NAME FROM backup.{name}")
        found = row_counts(writer)
        differing = sorted(name for name in kept & set(counts) if found[name] != counts[name])
        if differing:
            raise BackupError(
                f"The restored tables {', '.join(differing)} hold other numbers of rows than "
                f"{source}; nothing was restored. Check the catalog's disk, and try again."
            )


def row_counts(reader: Reader) -> dict[str, int]:
    """Rows of every table, by schema.name."""
    names = reader.frame(
        "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() "
        "WHERE NOT internal AND database_name = current_database() ORDER BY 1"
    )["name"]
    return {name: reader.count(name) for name in names}
