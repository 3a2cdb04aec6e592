"""The published snapshot: what notebooks and pages read while runs write."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb
import pandas as pd

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.warehouse.asof import Reader
from newsworld_dagster.warehouse.scratch import folder_beside
from newsworld_dagster.warehouse.store import Warehouse, WarehouseMissingError

SNAPSHOT_NAME = "snapshot.duckdb"
_EVER_DAYS = 36_500
# Whole texts of others are read here and not handed on.
WITHHELD = frozenset({"news.full_texts"})
# A condition on the rows of a table, and its parameters.
Kept = tuple[str, list[object]]


def publish_snapshot(
    warehouse: Warehouse, target: Path, *, without_vectors_of: str | None = None
) -> Path:
    """Copy the warehouse to `target` for readers, appearing there whole or not at all.

    The copy is made beside the target and renamed over it, so that a reader who holds the
    old file goes on reading it and the next one sees the new.

    Parameters
    ----------
    without_vectors_of
        A model whose vectors are left out: those that no reader asks for.
    """
    kept: dict[str, Kept] = {name: ("false", []) for name in WITHHELD}
    if without_vectors_of is not None:
        kept["embeddings.vectors"] = "model <> ?", [without_vectors_of]
    with folder_beside(target, "snapshot") as folder:
        fresh = folder / target.name
        copy_tables(warehouse, fresh, kept)
        fresh.replace(target)
    return target


def copy_tables(warehouse: Warehouse, path: Path, kept: Mapping[str, Kept] | None = None) -> None:
    """Copy all tables and views to a new file, while the warehouse is in use.

    Table by table: what is deleted from a file can still be read from it.

    Parameters
    ----------
    kept
        Which rows of a table are copied, as a condition and its parameters; all of the others.
    """
    with warehouse.read() as reader:
        connection = reader.connection
        live = connection.execute("SELECT current_database()").fetchone()
        assert live is not None
        quoted = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS snapshot (READ_WRITE)")
        try:
            connection.execute(f'COPY FROM DATABASE "{live[0]}" TO snapshot (SCHEMA)')
            # One transaction, for what is committed is written twice: to the log and to the file.
            connection.execute("BEGIN")
            tables = connection.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
                "WHERE database_name = ?",
                [live[0]],
            ).fetchall()
            for (name,) in tables:
                condition, parameters = (kept or {}).get(name, ("true", []))
                connection.execute(
                    f"INSERT INTO snapshot.{name} "  # noqa: S608
                    f'SELECT * FROM "{live[0]}".{name} WHERE {condition}',
                    parameters,
                )
            connection.execute("COMMIT")
        except BaseException:
            # The connection may be held on to for what comes next.
            for left in ("ROLLBACK", "DETACH snapshot"):
                with suppress(duckdb.Error):
                    connection.execute(left)
            raise
        connection.execute("DETACH snapshot")


class Snapshot:
    """A read-only world for notebooks: SQL in, frames out.

    What a column means is in `columns`; all times are naive UTC. Every frame is new: changing
    one changes nothing else.

    Examples
    --------
    >>> snapshot = open_snapshot()  # doctest: +SKIP
    >>> snapshot.columns("marts.fct_claims")  # doctest: +SKIP
    >>> snapshot.sql("SELECT count(*) AS claims FROM forecasts.claims")  # doctest: +SKIP
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Attached, not connected to: DuckDB shares a connected file by its path, so a kernel that
        # still holds the last snapshot would be given that again instead of the new one.
        self.connection = duckdb.connect(config={"temp_directory": f"{path}.tmp-{os.getpid()}"})
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

    def columns(self, name: str) -> pd.DataFrame:
        """What each column of the table or view `schema.name` holds: column, type, description.

        Raises
        ------
        LookupError
            When there is no such table.
        """
        found = self.sql(
            "SELECT column_name AS column, data_type AS type, comment AS description "
            "FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name || '.' || table_name = ? ORDER BY column_index",
            [name],
        )
        if found.empty:
            raise LookupError(f"The snapshot has no table {name!r}; tables() lists what is there.")
        declared = CONTRACTS[name].columns if name in CONTRACTS else {}
        said = [
            declared[column].description if column in declared else comment
            for column, comment in zip(found["column"], found["description"], strict=True)
        ]
        return found.assign(description=said)

    @property
    def as_of(self) -> pd.Timestamp:
        """As-of moment of the newest edition, naive UTC; NaT before the first."""
        found = self.reader.latest_as_of()
        return pd.NaT if found is None else found

    def claims(self, forecaster: str | None = None) -> pd.DataFrame:
        """The claims on the record, oldest first: columns of `marts.fct_claims`.

        Each with its verdict, null while there is none, and its status at `as_of`: scored, void,
        overdue, early or pending. Of one forecaster only where one is named.
        """
        return self.sql(
            "SELECT * FROM marts.fct_claims WHERE phase = 'record' "
            "AND ($1 IS NULL OR forecaster = $1) ORDER BY made_at, claim_id",
            [forecaster],
        )

    def scored_claims(self, forecaster: str | None = None) -> pd.DataFrame:
        """The scored claims, oldest first: columns of `marts.fct_scored_claims`."""
        return self.sql(
            "SELECT * FROM marts.fct_scored_claims WHERE ($1 IS NULL OR forecaster = $1) "
            "ORDER BY made_at, claim_id",
            [forecaster],
        )

    def scorecard(self) -> pd.DataFrame:
        """Counts, scores and intervals by group: columns of `scorecards.scorecard`."""
        return self.table("scorecards.scorecard")

    def articles(self) -> pd.DataFrame:
        """All articles, oldest first: columns of `news.articles`, and story_id and topic_id.

        As stories and topics stand now; null where an article is in none.
        """
        if pd.isna(self.as_of):
            return self.table("news.articles").assign(story_id=None, topic_id=None)
        window = self.reader.live_window(self.as_of.floor("D"), self.as_of, _EVER_DAYS)
        return window.drop(columns="assigned_on")

    def topics(self) -> pd.DataFrame:
        """The topics as they stand now, largest first: columns of `stories.topics`."""
        if pd.isna(self.as_of):
            return self.table("stories.topics")
        found = self.reader.topics_as_of(self.as_of)
        return found[found["articles"] > 0].sort_values(
            ["articles", "topic_id"], ascending=[False, True], ignore_index=True
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
