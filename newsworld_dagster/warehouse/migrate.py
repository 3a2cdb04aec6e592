"""Numbered forward migrations."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

MIGRATIONS = Path(__file__).parent / "migrations"

_HISTORY = """
CREATE TABLE IF NOT EXISTS main.migrations (
    number INTEGER NOT NULL, name VARCHAR NOT NULL, digest VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL
)
"""


class MigrationError(RuntimeError):
    """The warehouse was made by other migrations than these."""


def pending(connection: duckdb.DuckDBPyConnection, folder: Path = MIGRATIONS) -> list[str]:
    """Names of the migrations that `connection`'s database has not seen; applies none."""
    try:
        rows = connection.execute("SELECT number FROM main.migrations").fetchall()
    except duckdb.CatalogException:
        rows = []
    known = {number for (number,) in rows}
    return [
        path.stem for path in sorted(folder.glob("[0-9]*.sql")) if int(path.name[:4]) not in known
    ]


def migrate(connection: duckdb.DuckDBPyConnection, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that `connection`'s database has not seen, each in a transaction.

    Returns the names applied.

    Raises
    ------
    MigrationError
        When a migration already applied was edited since, or is unknown to this version.
    """
    connection.execute(_HISTORY)
    known = {
        number: (name, digest)
        for number, name, digest in connection.execute(
            "SELECT number, name, digest FROM main.migrations"
        ).fetchall()
    }
    files = {int(path.name[:4]): path for path in sorted(folder.glob("[0-9]*.sql"))}
    newer = sorted(set(known) - set(files))
    if newer:
        raise MigrationError(
            f"The warehouse has migration {newer[-1]:04d} ({known[newer[-1]][0]}), which this "
            "version of NewsWorld does not know. Upgrade NewsWorld, or point NEWSWORLD_DATA_DIR "
            "at another folder."
        )
    applied = []
    for number, path in files.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if number in known:
            if known[number][1] != digest:
                raise MigrationError(
                    f"Migration {path.name} was edited after it had been applied to this "
                    "warehouse. Restore the file and put the change into a new migration."
                )
            continue
        connection.execute("BEGIN")
        try:
            connection.execute(path.read_text())
            connection.execute(
                "INSERT INTO main.migrations VALUES (?, ?, ?, now()::TIMESTAMP)",
                [number, path.stem, digest],
            )
            connection.execute("COMMIT")
        except duckdb.Error:
            connection.execute("ROLLBACK")
            raise
        applied.append(path.stem)
    if applied:
        # A crash while a schema change is replayed from the log is the one unsafe moment.
        connection.execute("CHECKPOINT")
    return applied
