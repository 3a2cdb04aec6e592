"""Worlds made by the command line, each in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample" / "articles.jsonl"


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class WorldFolder:
    """A world and the commands that work on it."""

    path: Path

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run `newsworld` on this world."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("newsworld")), *arguments],
            capture_output=True,
            text=True,
            cwd=self.path.parent,
            env={
                **os.environ,
                "NEWSWORLD_DATA_DIR": str(self.path),
                "COLUMNS": "200",
                **environment,
            },
            timeout=1800,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.path / "warehouse" / "newsworld.duckdb"

    def sql(self, query: str) -> pd.DataFrame:
        """Read from the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).df()

    def fingerprint(self) -> dict[str, tuple[int, str]]:
        """Rows and an order-free digest of every table that a run writes."""
        tables = self.sql(
            "SELECT schema_name || '.' || table_name AS name FROM duckdb_tables() "
            "WHERE schema_name IN "
            "('news', 'embeddings', 'stories', 'forecasts', 'outcomes', 'scorecards', 'marts')"
        )["name"]
        found = {}
        for name in sorted(tables):
            row = self.sql(
                f"SELECT count(*) AS n, CAST(sum(hash(t)) AS VARCHAR) AS h FROM {name} AS t"
            ).iloc[0]
            found[name] = (int(row["n"]), str(row["h"]))
        return found
