"""The warehouse as a lake: two writers, the record, copies, and a catalog that goes away."""

from __future__ import annotations

import multiprocessing
import uuid
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.forecasting import chain, verify
from newsworld_dagster.warehouse import (
    BackupError,
    Lake,
    LakeError,
    Reader,
    Warehouse,
    WarehouseLockedError,
    back_up,
    open_snapshot,
    publish_snapshot,
    put_back,
)
from tests.scale.servers import Postgres, free_port
from tests.warehouse.warehouse_rows import articles, at, claim, claims

ARTICLE = articles({"article_id": "a1", "first_seen_at": at("10 00:00")})
LATER = articles({"article_id": "a2", "first_seen_at": at("11 00:00")})


@pytest.fixture
def lake(postgres: Postgres, tmp_path: Path) -> Lake:
    return Lake(postgres.database(f"w{uuid.uuid4().hex}"), str(tmp_path / "lake"), lock_timeout=20)


def chained(question: str, reader: Reader) -> pd.DataFrame:
    """One claim on a question, chained to what the ledger holds."""
    row = claim(0, question, at("10 00:00"), 3, claim_id=f"c-{question}")
    drawn = claims(row).drop(columns=["seq", "previous_hash", "row_hash"])
    return chain(drawn, reader.ledger_head())


def write_claims(catalog: str, data: str, writer: int, number: int, together: Barrier) -> None:
    lake = Lake(catalog, data, lock_timeout=60)
    for place in range(number):
        together.wait(60)
        with lake.write() as transaction:
            transaction.append("forecasts.claims", chained(f"q{writer}-{place}", transaction))


def test_two_writers_at_once_keep_one_chain(lake: Lake) -> None:
    with lake.write():
        pass
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(2)
    writers = [
        spawn.Process(target=write_claims, args=(lake.catalog, lake.data, number, 15, together))
        for number in (1, 2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    with lake.read() as reader:
        ledger = reader.claims_as_of(at("20 00:00"))
    assert ledger["seq"].tolist() == list(range(1, 31))
    assert verify(ledger) is None
    rounds = ledger["question_id"].str.split("-").str[1].astype(int)
    assert rounds.tolist() == [n // 2 for n in range(30)], "both wrote in every round"


def test_a_writer_waits_and_says_for_whom(lake: Lake) -> None:
    other = Lake(lake.catalog, lake.data, lock_timeout=0.2)
    with (
        lake.write() as writer,
        pytest.raises(WarehouseLockedError, match="Another writer holds the lake"),
        other.write(),
    ):
        writer.append("news.articles", ARTICLE)
    with other.read() as reader:
        assert reader.count("news.articles") == 0, "the error rolled the first one back"


def test_readers_do_not_wait_and_see_what_was_committed(lake: Lake) -> None:
    other = Lake(lake.catalog, lake.data, lock_timeout=0.2)
    with lake.write() as writer:
        writer.append("news.articles", ARTICLE)
    with lake.write() as writer:
        writer.append("news.articles", LATER)
        with other.read() as reader:
            assert reader.known_articles().tolist() == ["a1"]
    with other.read() as reader:
        assert sorted(reader.known_articles()) == ["a1", "a2"]
    span = other.span()
    assert span is not None
    assert (span.first, span.last) == (at("10 00:00"), at("11 00:00"))


def test_a_catalog_that_was_killed_is_opened_again(lake: Lake, postgres: Postgres) -> None:
    with lake.write() as writer:
        writer.append("news.articles", ARTICLE)
    postgres.kill()
    try:
        with pytest.raises(LakeError, match="cannot be opened"), lake.read():
            pass
    finally:
        postgres.go_on()
    with lake.read() as reader:
        assert reader.known_articles().tolist() == ["a1"]


def test_errors_do_not_tell_the_password(tmp_path: Path) -> None:
    port = free_port()
    lake = Lake(f"postgresql://me:hunter2@127.0.0.1:{port}/news", str(tmp_path))
    with pytest.raises(LakeError) as caught, lake.read():
        pass
    assert "hunter2" not in str(caught.value)
    assert f"the lake news on 127.0.0.1:{port}" in str(caught.value)
    assert "NEWSWORLD_LAKE" in str(caught.value)


def test_snapshot_and_backup_of_a_lake_are_files(
    lake: Lake, tmp_path: Path, postgres: Postgres
) -> None:
    with lake.write() as writer:
        writer.append("news.articles", ARTICLE)
        one = chained("q1", writer)
        writer.append("forecasts.claims", one)
    with open_snapshot(publish_snapshot(lake, tmp_path / "snapshot.duckdb")) as snapshot:
        assert snapshot.table("news.articles")["article_id"].tolist() == ["a1"]
    counts = back_up(lake, tmp_path / "backup.duckdb")
    assert counts["forecasts.claims"] == 1

    file = Warehouse(tmp_path / "file" / "warehouse.duckdb")
    assert put_back(file, tmp_path / "backup.duckdb") is None
    empty = Lake(postgres.database(f"w{uuid.uuid4().hex}"), str(tmp_path / "other"))
    assert put_back(empty, tmp_path / "backup.duckdb") is None
    for restored in (file, empty):
        with restored.read() as reader:
            ledger = reader.claims_as_of(at("20 00:00"))
        assert verify(ledger) is None
        assert ledger["row_hash"].tolist() == one["row_hash"].tolist()
    with pytest.raises(BackupError, match="never replaces one"):
        put_back(lake, tmp_path / "backup.duckdb", force=True)
