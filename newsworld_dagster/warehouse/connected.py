"""An open connection, and what every room of reads asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pandas as pd
import pyarrow as pa


class Connected:
    """Tables and queries over one open connection.

    Parameters
    ----------
    connection
        Open connection to a warehouse or snapshot.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    @contextmanager
    def handed(self, name: str, rows: pa.Table) -> Iterator[None]:
        """Rows that a query finds under a name."""
        self.connection.register(name, rows)
        try:
            yield
        finally:
            self.connection.unregister(name)

    def table(self, name: str) -> pd.DataFrame:
        """The whole of `schema.name`."""
        return self.connection.table(name).df()

    def count(self, name: str, days: list[pd.Timestamp] | None = None) -> int:
        """Rows of a table, of some days only where `days` is given."""
        where = "" if days is None else " WHERE day IN (SELECT unnest(?::TIMESTAMP[]))"
        given = [] if days is None else [[day.to_pydatetime() for day in days]]
        row = self.connection.execute(
            f"SELECT count(*) FROM {name}{where}",  # noqa: S608
            given,
        ).fetchone()
        assert row is not None
        return int(row[0])

    def frame(self, query: str, *parameters: object) -> pd.DataFrame:
        """The frame of a query, with parameters in order or as one dict of named ones."""
        named = parameters[0] if parameters and isinstance(parameters[0], dict) else None
        given: object
        if named is not None:
            given = {key: _plain(value) for key, value in named.items()}
        else:
            given = [_plain(value) for value in parameters]
        return self.connection.execute(query, given).df()


def _plain(value: object) -> object:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
