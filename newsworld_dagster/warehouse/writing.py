"""What a transaction writes to the warehouse, and which tables only grow."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.warehouse.asof import Reader

APPEND_ONLY = frozenset(
    {
        "forecasts.editions",
        "forecasts.reports",
        "forecasts.anchors",
        "forecasts.claims",
        "forecasts.refusals",
        "forecasts.analyses",
        "forecasts.report_texts",
        "forecasts.samples",
        "forecasts.model_calls",
        "outcomes.judge_queue",
        "forecasts.heads",
        "news.revisions",
        "news.full_texts",
        "outcomes.resolutions",
        "outcomes.verdict_chain",
    }
)


class Writer(Reader):
    """One write transaction; also reads what it has written."""

    def replace_partition(self, table: str, days: list[pd.Timestamp], frame: pd.DataFrame) -> int:
        """Replace all rows of `table` whose `day` is among `days` by `frame`.

        Raises
        ------
        ValueError
            When the table is append-only, or a row lies outside `days`.
        """
        self._refuse_append_only(table)
        rows = meet(CONTRACTS[table], frame)
        if not rows["day"].isin(days).all():
            raise ValueError(f"Rows for {table} lie outside the partition being replaced.")
        return self.replace_checked(table, days, as_arrow(rows))

    def replace_checked(self, table: str, days: Sequence[pd.Timestamp], rows: pa.Table) -> int:
        """What `replace_partition` does with rows that it has checked before."""
        self.connection.execute(
            f"DELETE FROM {table} WHERE day IN (SELECT unnest(?::TIMESTAMP[]))",  # noqa: S608
            [[day.to_pydatetime() for day in days]],
        )
        return self._insert(table, rows)

    def replace_all(self, table: str, frame: pd.DataFrame) -> int:
        """Replace the whole of a derived table."""
        self._refuse_append_only(table)
        rows = meet(CONTRACTS[table], frame)
        self.connection.execute(f"DELETE FROM {table}")  # noqa: S608
        return self._insert(table, as_arrow(rows))

    def append(self, table: str, frame: pd.DataFrame) -> int:
        """Append `frame`; rows whose contract key is already stored are left as they are.

        Returns the number of rows that were new.
        """
        return self.append_checked(table, as_arrow(meet(CONTRACTS[table], frame)))

    def append_checked(self, table: str, rows: pa.Table) -> int:
        """What `append` does with rows that it has checked before."""
        return self._insert(table, self.not_stored(table, rows))

    def not_stored(self, table: str, rows: pa.Table) -> pa.Table:
        """Those of some rows whose contract key is not stored."""
        if not rows.num_rows:
            return rows
        keys = CONTRACTS[table].unique or []
        with self.handed("incoming", rows):
            stored = self.stored_keys(table, keys, f"SEMI JOIN incoming USING ({_listed(keys)})")
        if not stored:
            return rows
        return rows.filter(pa.array([key not in stored for key in keys_of(rows, keys)]))

    def stored_keys(
        self, table: str, keys: Sequence[str], among: str = ""
    ) -> set[tuple[object, ...]]:
        """The contract keys of a table's rows; `among` is a join that chooses some."""
        query = f"SELECT {_listed(keys)} FROM {table} {among}"  # noqa: S608
        return set(self.connection.execute(query).fetchall())

    def _insert(self, table: str, rows: pa.Table) -> int:
        if rows.num_rows:
            with self.handed("incoming", rows):
                self.connection.execute(
                    f"INSERT INTO {table} BY NAME SELECT * FROM incoming"  # noqa: S608
                )
        return int(rows.num_rows)

    @staticmethod
    def _refuse_append_only(table: str) -> None:
        if table in APPEND_ONLY:
            raise ValueError(f"Table {table} is append-only: its rows are never replaced.")


def keys_of(rows: pa.Table, names: Sequence[str]) -> list[tuple[object, ...]]:
    """The key of each row, as a query returns it."""
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def as_arrow(rows: pd.DataFrame) -> pa.Table:
    """Rows as arrow has them: DuckDB would read each text of a frame."""
    return pa.Table.from_pandas(rows, preserve_index=False)
