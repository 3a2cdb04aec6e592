"""Whole tables, without holding them in memory at once: what checks read."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected

# Rows that are held at once.
PART = 50_000


class TableReads(Connected):
    """What a Reader offers on tables whose rows have a day."""

    def parts(self, name: str, rows: int = PART) -> Iterator[pd.DataFrame]:
        """A table of days in parts of whole days, each as soon as it has so many rows."""
        part: list[pd.Timestamp] = []
        counts = self.day_counts(name)
        held = 0
        for day, number in counts.items():
            part.append(pd.Timestamp(day))
            held += int(number)
            if held >= rows or day == counts.index[-1]:
                yield self.frame(
                    f"SELECT * FROM {name} WHERE day BETWEEN ? AND ?",  # noqa: S608
                    part[0],
                    part[-1],
                )
                part, held = [], 0

    def day_counts(self, name: str) -> pd.Series:
        """Rows of each day that has any, oldest first."""
        found = self.frame(f"SELECT day, count(*) AS n FROM {name} GROUP BY day ORDER BY day")  # noqa: S608
        return found.set_index("day")["n"]

    def repeated(self, name: str, key: str) -> int:
        """How many values of a column are in more than one row."""
        found = self.frame(
            f"SELECT count(*) AS n FROM "  # noqa: S608
            f"(SELECT 1 FROM {name} GROUP BY {key} HAVING count(*) > 1)"
        )
        return int(found["n"][0])
