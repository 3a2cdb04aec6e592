"""The world that assets work on: settings, warehouse, encoder and clock."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import dagster as dg
import numpy as np
import pandas as pd

from newsworld_dagster.contracts.asking import LanguageModel
from newsworld_dagster.contracts.triggers import trigger_families
from newsworld_dagster.defs.ahead import Ahead
from newsworld_dagster.defs.limits import collect_rarely
from newsworld_dagster.embeddings import Encoder, SentenceTransformerEncoder
from newsworld_dagster.llm import BatchPolicy, Budget, FolderStore, Price, Terms, connect
from newsworld_dagster.runhistory import history_kept_open
from newsworld_dagster.runsafety import note_process, run_turn, spending_of_run
from newsworld_dagster.settings import Settings, code_version
from newsworld_dagster.stories import SECTION_DESCRIPTIONS, BoostedPairModel, PairModel
from newsworld_dagster.warehouse import S3, Lake, Reader, RecordEnd, Warehouse

Found = TypeVar("Found")


def utc_now() -> pd.Timestamp:
    """The moment, naive UTC."""
    return pd.Timestamp.now(tz="UTC").tz_localize(None).as_unit("us")


def warehouse_of(settings: Settings) -> Warehouse:
    """The warehouse that the settings name: a DuckDB file, or a lake with many writers."""
    if settings.lake is None:
        return Warehouse(settings.warehouse_file, settings.lock_timeout, settings.duckdb_memory)
    return Lake(
        settings.lake.get_secret_value(), settings.lake_files, settings.lock_timeout, _s3(settings)
    )


def _s3(settings: Settings) -> S3 | None:
    if settings.s3_key is None or settings.s3_secret is None:
        return None
    return S3(
        settings.s3_key.get_secret_value(),
        settings.s3_secret.get_secret_value(),
        settings.s3_endpoint,
        settings.s3_region,
        settings.s3_url_style,
        settings.s3_tls,
    )


@dataclass
class World:
    """Everything an asset needs beside its inputs; tests hand in their own."""

    settings: Settings
    clock: Callable[[], pd.Timestamp] = utc_now
    given_encoder: Encoder | None = None
    given_model: LanguageModel | None = None
    code_version: str = field(default_factory=code_version)
    progress: Callable[[str], None] = lambda _text: None
    # Of a run over many days, as long as it lasts.
    ahead: Ahead | None = None
    # Where the record ended that this process has found as it was written.
    sound_to: RecordEnd | None = None

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse of this world."""
        return warehouse_of(self.settings)

    @cached_property
    def encoder(self) -> Encoder:
        """The embedding model, loaded when it first embeds."""
        return self.given_encoder or SentenceTransformerEncoder(self.settings.embedding_model)

    @cached_property
    def pair_model(self) -> PairModel:
        """What scores pairs of articles, loaded when it first scores."""
        return BoostedPairModel()

    @property
    def analyst_on(self) -> bool:
        """Whether there is a language model to ask."""
        return self.given_model is not None or self.settings.analyst_on

    @cached_property
    def budget(self) -> Budget:
        """What this run may spend on language models, in all its steps together."""
        return Budget(self.settings.llm_budget_tokens, self.settings.llm_budget_usd)

    @property
    def price(self) -> Price:
        """What the language model costs."""
        return Price(self.settings.llm_input_usd, self.settings.llm_output_usd)

    @asynccontextmanager
    async def language_model(self, *, backfill: bool = False) -> AsyncIterator[LanguageModel]:
        """The language model of the settings as long as the block lasts; its answers are kept.

        A backfill asks by Message Batches where the server takes them.
        """
        if self.given_model is not None:
            yield self.given_model
            return
        settings = self.settings
        assert settings.llm_api_key is not None, "without a key nothing is asked"
        batches = BatchPolicy(poll_seconds=settings.llm_batch_poll_seconds)
        async with connect(
            settings.llm_base_url,
            settings.llm_model,
            settings.llm_api_key.get_secret_value(),
            store=FolderStore(settings.answers_dir),
            budget=self.budget,
            terms=Terms(settings.llm_structure, settings.llm_concurrency, self.price),
            batches=batches if backfill and settings.llm_batches else None,
        ) as model:
            yield model

    def ask(
        self, work: Callable[[LanguageModel], Awaitable[Found]], *, backfill: bool = False
    ) -> Found:
        """What some work with the language model comes to."""

        async def run() -> Found:
            async with self.language_model(backfill=backfill) as model:
                return await work(model)

        return asyncio.run(run())

    def end_ahead(self) -> None:
        """End what makes days ahead, where something does."""
        if self.ahead is not None:
            self.ahead.close()
            self.ahead = None

    def section_vectors(self, reader: Reader) -> dict[str, np.ndarray]:
        """Unit vector of each section's description."""
        return self._described(reader, SECTION_DESCRIPTIONS)

    def trigger_vectors(self, reader: Reader) -> dict[str, np.ndarray]:
        """Unit vector of each trigger family's description."""
        return self._described(reader, trigger_texts())

    def _described(self, reader: Reader, texts: Mapping[str, str]) -> dict[str, np.ndarray]:
        digests = pd.Series([text_digest(text) for text in texts.values()], dtype=str)
        return dict(zip(texts, reader.vectors(self.encoder.name, digests), strict=True))


class EmptyLedgerError(LookupError):
    """No edition was made in this world yet."""


def newest_edition(reader: Reader) -> pd.Timestamp:
    """As-of moment of the newest edition.

    Raises
    ------
    EmptyLedgerError
        When there is none.
    """
    moment = reader.latest_as_of()
    if moment is None:
        raise EmptyLedgerError(
            "The ledger is empty: no edition was made in this world yet. Run `newsworld demo`, "
            "`newsworld run`, or `newsworld import FILE` and `newsworld backtest`."
        )
    return moment


def trigger_texts() -> dict[str, str]:
    """What is embedded for each trigger family."""
    return {name: f"News of {family.event}" for name, family in trigger_families().items()}


def text_digest(text: str) -> str:
    """Cache key of a fixed text of our own."""
    return hashlib.sha256(text.encode()).hexdigest()


def fixed_texts() -> pd.DataFrame:
    """Texts of our own that are embedded beside the articles: content_digest, text."""
    texts = [*SECTION_DESCRIPTIONS.values(), *trigger_texts().values()]
    return pd.DataFrame({"content_digest": [text_digest(text) for text in texts], "text": texts})


@dg.resource(description="The world of the process's settings; runs on it take turns.")
def world_in_turn(context: dg.InitResourceContext) -> Iterator[World]:
    """The world; for a run that a daemon launched, once no other run is at work.

    Whole runs take turns, or one would wait for the warehouse while another holds it for a long
    backfill. The process is noted on the run, so that one that is killed can be told from one at
    work.
    """
    settings = Settings()
    world = World(settings)
    if context.run is None:  # a sensor's or a schedule's
        yield world
        return
    assert context.instance is not None, "a run has an instance"
    if settings.workers is not None:
        # Their runs take turns by dagster-team.yaml, and each step has a world of its own.
        with spending_of_run(context.instance, context.run.run_id, world.budget):
            yield world
        return
    collect_rarely()
    note_process(context.instance, context.run.run_id)
    with (
        run_turn(settings, context.log.info if context.log else print),
        history_kept_open(Path(context.instance.root_directory)),
    ):
        try:
            yield world
        finally:
            world.end_ahead()


@dg.definitions
def resources() -> dg.Definitions:
    """What steps and sensors work on."""
    return dg.Definitions(resources={"world": world_in_turn}, executor=_executor(Settings()))


def _executor(settings: Settings) -> dg.ExecutorDefinition:
    if settings.workers is None:
        return dg.in_process_executor
    from newsworld_dagster.workers import spread_executor  # of the extra `team`

    return spread_executor(settings)
