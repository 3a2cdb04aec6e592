"""The published snapshot: what notebooks and pages read while runs write."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from newsworld_dagster.warehouse.asof import Reader
from newsworld_dagster.warehouse.store import Warehouse, WarehouseMissingError

SNAPSHOT_NAME = "snapshot.duckdb"


def publish_snapshot(warehouse: Warehouse, target: Path) -> Path:
    """Copy the warehouse to `target`, appearing there whole or not at all.

    The copy is made beside the target and renamed over it, so that a reader who holds the
    old file goes on reading it and the next one sees the new.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".snapshot-") as folder:
        fresh = Path(folder) / target.name
        with warehouse.read() as reader:
            live = reader.connection.execute("SELECT current_database()").fetchone()
            assert live is not None
            quoted = str(fresh).replace("'", "''")
            reader.connection.execute(f"ATTACH '{quoted}' AS snapshot (READ_WRITE)")
            reader.connection.execute(f'COPY FROM DATABASE "{live[0]}" TO snapshot')
            reader.connection.execute("DETACH snapshot")
        fresh.replace(target)
    return target


class Snapshot:
    """A read-only world for notebooks: SQL in, frames out.

    Examples
    --------
    >>> snapshot = open_snapshot()  # doctest: +SKIP
    >>> snapshot.sql("SELECT count(*) AS claims FROM forecasts.claims")  # doctest: +SKIP
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Attached, not connected to: DuckDB shares a connected file by its path, so a kernel that
        # still holds the last snapshot would be given that again instead of the new one.
        self.connection = duckdb.connect(config={"temp_directory": f"{path}.tmp"})
        quoted = str(path).replace("'", "''")
        self.connection.execute(f"ATTACH '{quoted}' AS snapshot (READ_ONLY)")
        self.connection.execute("USE snapshot")
        self.reader = Reader(self.connection)

    def sql(self, query: str, parameters: list[object] | None = None) -> pd.DataFrame:
        """The frame that `query` returns."""
        return self.connection.execute(query, parameters or []).df()

    def table(self, name: str) -> pd.DataFrame:
        """A whole table or view by its `schema.name`."""
        return self.connection.sql(f"FROM {name}").df()

    def tables(self) -> pd.DataFrame:
        """Schema, name and estimated rows of everything in the snapshot."""
        return self.sql(
            "SELECT schema_name AS schema, table_name AS name, estimated_size AS rows, "
            "'table' AS kind FROM duckdb_tables() UNION ALL "
            "SELECT schema_name, view_name, NULL, 'view' FROM duckdb_views() WHERE NOT internal "
            "ORDER BY ALL"
        )

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_snapshot(path: Path | str | None = None) -> Snapshot:
    """Open the published snapshot.

    Parameters
    ----------
    path
        The snapshot file; by default the one of the world that NEWSWORLD_DATA_DIR names, or
        of `data/` beside the package.

    Raises
    ------
    WarehouseMissingError
        When nothing was published there yet.
    """
    if path is None:
        world = os.environ.get("NEWSWORLD_DATA_DIR")
        folder = Path(world) if world else Path(__file__).parents[2] / "data"
        path = folder / "published" / SNAPSHOT_NAME
    path = Path(path)
    if not path.is_file():
        raise WarehouseMissingError(
            f"No snapshot was published at {path} yet. Run `make demo` (or `newsworld demo`, or "
            "materialise the asset published/snapshot in the Dagster UI), then open it again."
        )
    return Snapshot(path)
