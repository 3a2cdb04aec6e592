"""The one place where configuration is read. Every default works offline and without keys."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).parents[1]


class Settings(BaseSettings):
    """Settings of one world; each can be set as an environment variable NEWSWORLD_NAME."""

    model_config = SettingsConfigDict(env_prefix="NEWSWORLD_", env_file=None, extra="ignore")

    data_dir: Path = Field(
        default=PROJECT / "data",
        description="Folder of the world: warehouse, snapshot, published output, run history",
    )
    feeds_file: Path = Field(
        default=PROJECT / "data" / "feeds.yaml", description="The feeds that a live run polls"
    )
    sample_file: Path = Field(
        default=PROJECT / "data" / "sample" / "articles.jsonl", description="The bundled sample"
    )
    embedding_model: str = Field(
        default="all-MiniLM-L6-v2-int8",
        description="sentence-transformers model; the default's weights come in a package",
    )
    lock_timeout: float = Field(
        default=120.0, ge=0, description="Seconds to wait for another writer of the warehouse"
    )
    topics_per_day: int = Field(default=12, ge=1, description="Reports in a day's edition")
    seed: int = Field(default=20260101, description="Seed of every resampling")

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file."""
        return self.data_dir / "warehouse" / "newsworld.duckdb"

    @property
    def published_dir(self) -> Path:
        """Snapshot, rendered notebooks and pages."""
        return self.data_dir / "published"

    @property
    def snapshot_file(self) -> Path:
        """The read-only snapshot that notebooks read."""
        return self.published_dir / "snapshot.duckdb"

    @property
    def dagster_home(self) -> Path:
        """Run history and event log of the world."""
        return self.data_dir / "dagster"


@cache
def code_version() -> str:
    """Package version and, in a checkout, the commit: what every row is stamped with."""
    released = version("newsworld")
    try:
        commit = subprocess.run(
            ["git", "-C", str(PROJECT), "rev-parse", "--short=12", "HEAD"],  # noqa: S607
            check=True,
            capture_output=True,
            text=True,
            timeout=5,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return released
    return f"{released}+{commit}"
