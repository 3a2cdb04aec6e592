"""Dagster's history in SQLite, written without a wait for the disk at each event."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

# Dagster asks for these variables and has no other setting for them.
_AT_ONCE = {
    "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
    "DAGSTER_EVENT_BATCH_SIZE": "500",
}


@contextmanager
def history_kept_open(home: Path) -> Iterator[None]:
    """Keep the files of a Dagster home open while the block lasts.

    Dagster opens and closes a connection an event. Whoever closes the last one to a file with a
    write-ahead log merges the log into the file and waits for the disk; a connection of our own to
    each file makes us the last. Such files wait for the disk at merges alone (`synchronous` is
    NORMAL): a process that is killed loses nothing, a machine without power may lose the last
    events of a run, and never the file.

    Parameters
    ----------
    home
        The folder that DAGSTER_HOME names.
    """
    from sqlalchemy import Engine, event

    kept: dict[str, sqlite3.Connection] = {}
    lock, folder = Lock(), str(home.resolve())

    def keep(connection: Any, _record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        file = next(row[2] for row in connection.execute("PRAGMA database_list"))
        if not file.startswith(folder):
            return
        with lock:
            if file not in kept and _has_log(connection):
                kept[file] = _open(file)
        if file in kept:
            connection.execute("PRAGMA synchronous = NORMAL")

    event.listen(Engine, "connect", keep)
    try:
        yield
    finally:
        event.remove(Engine, "connect", keep)
        for connection in kept.values():
            connection.close()


@contextmanager
def days_at_once() -> Iterator[None]:
    """Have a run that begins in the block tell Dagster of its days together.

    By itself Dagster notes for each day of each table that it will be made, and then that it was,
    in a transaction each: for a replay of eleven months that takes minutes. Here the first is noted
    once a table, and the second is handed over in batches. The price: days of a step that failed
    are shown as missing, not as failed.
    """
    before = {name: os.environ.get(name) for name in _AT_ONCE}
    os.environ.update(_AT_ONCE)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def _has_log(connection: sqlite3.Connection) -> bool:
    """Whether the file has a write-ahead log; one that Dagster is still making has none yet."""
    with closing(connection.execute("PRAGMA journal_mode")) as mode:
        return bool(mode.fetchone()[0] == "wal")


def _open(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    # Only who has read is counted among those who have it open.
    with closing(connection.execute("SELECT count(*) FROM sqlite_master")) as read:
        read.fetchone()
    return connection
