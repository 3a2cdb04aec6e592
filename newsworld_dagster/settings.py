"""The one place where configuration is read. Every default works offline and without keys."""

from __future__ import annotations

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from newsworld_dagster.articles.addresses import Network, networks

PROJECT = Path(__file__).parents[1]
LEAST_VECTORS_DAYS = 35


class BadSettingError(RuntimeError):
    """A setting cannot be used; no ValueError, whose report would show a password."""


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
    fetch_allow: str = Field(
        default="",
        description="Networks that are not public and may be fetched from, such as 10.0.0.0/8",
    )
    user_agent: str = Field(
        default="NewsWorld/0.1 (news feed reader)",
        description="How a poll introduces itself; name a way to reach you",
    )
    lake: SecretStr | None = Field(
        default=None,
        description="PostgreSQL database that is the catalog of a DuckLake, as libpq writes it "
        "(postgresql://... or host=... dbname=...); without one the warehouse is a DuckDB file",
    )
    lake_data: str = Field(
        default="",
        description="Folder of the lake's Parquet files, or s3://BUCKET/PREFIX/; by default lake/ "
        "in the world",
    )
    s3_endpoint: str = Field(
        default="s3.amazonaws.com",
        pattern=r"^[^\s/]+$",
        description="Server of the bucket in NEWSWORLD_LAKE_DATA as HOST or HOST:PORT",
    )
    s3_region: str = Field(default="us-east-1", description="Region of the bucket")
    s3_key: SecretStr | None = Field(
        default=None,
        description="Access key that may list, read, write and delete there; with its secret it "
        "must be given, for no other source of keys is asked",
    )
    s3_secret: SecretStr | None = Field(default=None, description="Secret of the access key")
    s3_url_style: Literal["path", "vhost"] = Field(
        default="path",
        description="How the bucket is named: path for ENDPOINT/BUCKET, which most servers know, "
        "vhost for BUCKET.ENDPOINT",
    )
    s3_tls: bool = Field(default=True, description="Whether the server speaks https")
    dagster_postgres: SecretStr | None = Field(
        default=None,
        description="PostgreSQL database of Dagster's runs and events, as "
        "postgresql+psycopg2://...; files in the world without",
    )
    workers: SecretStr | None = Field(
        default=None,
        description="Broker whose workers run the steps, such as redis://HOST:6379/0; without "
        "one a run does all of its steps itself",
    )
    spread: int = Field(
        default=4, ge=1, description="Runs at once over which the embedding of days is spread"
    )
    ahead_days: int = Field(
        default=45,
        ge=0,
        description="A run over so many days or more has them made ahead by processes of their "
        "own, each on a copy of the warehouse's file; 0: never",
    )
    worker_patience: int = Field(
        default=25_200,
        ge=1,
        description="Seconds after which the step of a lost worker goes to another; longer than "
        "step_limit, or a step that is at work would be begun again",
    )
    lock_timeout: float = Field(
        default=120.0, ge=0, description="Seconds to wait for another writer of the warehouse"
    )
    duckdb_memory: float = Field(
        default=2.0,
        ge=0.25,
        description="GiB of memory that DuckDB may take for the warehouse's file in a process",
    )
    run_wait: float = Field(
        default=21_600.0, ge=0, description="Seconds to wait for another run of the same world"
    )
    step_limit: float = Field(
        default=21_600.0, ge=0, description="Seconds that one step of a run may take; 0: no limit"
    )
    keep_vectors_days: int = Field(
        default=120,
        ge=0,
        description="Days of articles whose vectors `newsworld prune` keeps, at least 35; more "
        "where an open claim reads further back; 0: all",
    )
    keep_runs_days: int = Field(
        default=90, ge=0, description="Days for which it keeps Dagster's ended runs; 0: all"
    )
    keep_old_snapshots: int = Field(
        default=2, ge=0, description="Published snapshots of before a restore that it keeps"
    )
    keep_lake_days: int = Field(
        default=7, ge=1, description="Days for which it keeps a lake's earlier states"
    )
    topics_per_day: int = Field(default=12, ge=1, description="Reports in a day's edition")
    site_url: str = Field(
        default="http://127.0.0.1:8000/",
        pattern=r"^https?://[^\s/]+/(?:[^\s?#]+/)?$",
        description="Whole address of the published pages, with a slash at its end",
    )
    seed: int = Field(default=20260101, description="Seed of every resampling")

    llm_base_url: str = Field(
        default="https://api.anthropic.com",
        description="Server that speaks the Messages API, Anthropic's or one's own",
    )
    llm_model: str = Field(
        default="claude-sonnet-4-5-20250929", description="Model that the server is asked for"
    )
    llm_api_key: SecretStr | None = Field(
        default=None, description="Key of the server; without one the analyst is off"
    )
    llm_structure: Literal["tool", "schema"] = Field(
        default="tool",
        description="How the form of an answer is asked for: by a forced tool, which any server "
        "knows, or by an output schema",
    )
    llm_budget_tokens: int = Field(
        default=2_000_000, ge=0, description="Most tokens of one run, input and output together"
    )
    llm_budget_usd: float = Field(default=5.0, ge=0, description="Most US dollars of one run")
    llm_input_usd: float = Field(
        default=3.0, ge=0, description="US dollars per million input tokens; 0 for one's own server"
    )
    llm_output_usd: float = Field(
        default=15.0, ge=0, description="US dollars per million output tokens"
    )
    llm_concurrency: int = Field(default=4, ge=1, description="Requests at once")
    llm_samples: int = Field(
        default=3, ge=1, description="Independent probabilities of each predicted event"
    )
    llm_topics: int = Field(default=4, ge=0, description="Topics a day that the analyst reports on")
    llm_batches: bool = Field(
        default=True, description="Whether a backfill asks by Message Batches, at half the price"
    )
    llm_batch_poll_seconds: float = Field(
        default=60.0, gt=0, description="Seconds between looks at an open batch"
    )

    alert_webhook: SecretStr | None = Field(
        default=None, description="URL that alerts are posted to as JSON; none by default"
    )
    alert_smtp: SecretStr | None = Field(
        default=None,
        description="Mail server for alerts, smtp://HOST:PORT or smtps://USER:PASSWORD@HOST:PORT",
    )
    alert_mail_to: str = Field(default="", description="Who gets alerts by mail")
    alert_mail_from: str = Field(default="newsworld@localhost", description="Who sends them")

    @property
    def analyst_on(self) -> bool:
        """Whether a language model can be asked: it takes a key, even if the server ignores it."""
        return self.llm_api_key is not None and bool(self.llm_api_key.get_secret_value())

    @field_validator("dagster_postgres")
    @classmethod
    def _names_the_driver(cls, address: SecretStr | None) -> SecretStr | None:
        driver = "postgresql+psycopg2://"
        if address is not None and not address.get_secret_value().startswith(driver):
            # SQLAlchemy would choose another one, which Dagster's storage does not work with.
            raise BadSettingError(
                f"NEWSWORLD_DAGSTER_POSTGRES begins with something else than {driver}; write it as "
                f"{driver}USER:PASSWORD@HOST/DATABASE."
            )
        return address

    @field_validator("lake_data")
    @classmethod
    def _is_folder_or_bucket(cls, place: str) -> str:
        scheme, there, rest = place.partition("://")
        if not there:
            return place
        if scheme != "s3" or not rest.partition("/")[0]:
            raise BadSettingError(
                f"NEWSWORLD_LAKE_DATA is {place!r}, which is neither a folder nor "
                "s3://BUCKET/PREFIX/. Other kinds of storage are not supported."
            )
        return place

    @model_validator(mode="after")
    def _bucket_has_a_key(self) -> Self:
        if self.lake is None or not self.lake_data.startswith("s3://"):
            return self
        given = {"NEWSWORLD_S3_KEY": self.s3_key, "NEWSWORLD_S3_SECRET": self.s3_secret}
        missing = [name for name, said in given.items() if not (said and said.get_secret_value())]
        if missing:
            raise BadSettingError(
                f"NEWSWORLD_LAKE_DATA names the bucket {self.lake_data}, and "
                f"{' and '.join(missing)} is not set. Set access key and secret of an account that "
                "may list, read, write and delete there."
            )
        return self

    @field_validator("keep_vectors_days")
    @classmethod
    def _reach_as_far_as_steps(cls, days: int) -> int:
        # The furthest window that a step reads is 30 days, and a day may be made late.
        if 0 < days < LEAST_VECTORS_DAYS:
            raise BadSettingError(
                f"NEWSWORLD_KEEP_VECTORS_DAYS is {days}; the next day reads up to 30 days back, so "
                f"give at least {LEAST_VECTORS_DAYS}, or 0 to keep all."
            )
        return days

    @field_validator("fetch_allow")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text

    @property
    def allowed_networks(self) -> tuple[Network, ...]:
        """`fetch_allow` as networks."""
        return networks(self.fetch_allow)

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file."""
        return self.data_dir / "warehouse" / "newsworld.duckdb"

    @property
    def lake_files(self) -> str:
        """Where the Parquet files of a lake are."""
        return self.lake_data or str((self.data_dir / "lake").resolve())

    @property
    def published_dir(self) -> Path:
        """Snapshot, rendered notebooks and pages."""
        return self.data_dir / "published"

    @property
    def snapshot_file(self) -> Path:
        """The read-only snapshot that notebooks read."""
        return self.published_dir / "snapshot.duckdb"

    @property
    def answers_dir(self) -> Path:
        """Answers of language models that were paid for, by the digest of their request."""
        return self.data_dir / "answers"

    @property
    def edition_dir(self) -> Path:
        """The pages that readers see: a link to the newest build."""
        return self.published_dir / "edition"

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
