"""A lake whose files are in a bucket: the record, copies, and what is said when it cannot open."""

from __future__ import annotations

import logging
import multiprocessing
import uuid
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.forecasting import chain, verify
from newsworld_dagster.settings import BadSettingError, Settings
from newsworld_dagster.warehouse import (
    S3,
    Lake,
    LakeError,
    Reader,
    Warehouse,
    back_up,
    open_snapshot,
    publish_snapshot,
    put_back,
)
from newsworld_dagster.warehouse.lake import TURN
from tests.scale.s3_server import S3Server
from tests.scale.servers import Postgres, free_port
from tests.warehouse.warehouse_rows import articles, at, claim, claims

ARTICLE = articles({"article_id": "a1", "first_seen_at": at("10 00:00")})
# A few rows would stay in the catalog.
MANY = articles(*({"article_id": f"a{n}", "first_seen_at": at("10 00:00")} for n in range(50)))
SECRET = "hunter2/with+signs"


@pytest.fixture
def catalog(postgres: Postgres) -> str:
    return postgres.database(f"w{uuid.uuid4().hex}")


@pytest.fixture
def lake(catalog: str, s3: S3Server) -> Lake:
    return Lake(catalog, f"s3://{s3.bucket()}/some/lake", 20, s3.opened_with())


def bucket_of(lake: Lake) -> str:
    return lake.data.split("/")[2]


def chained(question: str, reader: Reader) -> pd.DataFrame:
    """One claim on a question, chained to what the ledger holds."""
    row = claim(0, question, at("10 00:00"), 3, claim_id=f"c-{question}")
    drawn = claims(row).drop(columns=["seq", "previous_hash", "row_hash"])
    return chain(drawn, reader.ledger_head())


def write_claims(
    catalog: str, data: str, opened: S3, writer: int, number: int, together: Barrier
) -> None:
    lake = Lake(catalog, data, 60, opened)
    for place in range(number):
        together.wait(60)
        with lake.write() as transaction:
            transaction.append("forecasts.claims", chained(f"q{writer}-{place}", transaction))


def test_what_is_written_is_in_the_bucket_and_read_by_others(lake: Lake, s3: S3Server) -> None:
    with lake.write() as writer:
        writer.append("news.articles", MANY)
        writer.append("forecasts.claims", chained("q1", writer))
    with pytest.raises(RuntimeError, match="no more"), lake.write() as writer:
        writer.append("forecasts.claims", chained("q2", writer))
        raise RuntimeError("no more")
    names = s3.names(bucket_of(lake))
    assert any(name.startswith("some/lake/news/articles/") for name in names)
    assert not Path("s3:").exists()
    other = Lake(lake.catalog, lake.data, 20, s3.opened_with())
    with other.read() as reader:
        assert reader.known_articles().tolist() == MANY["article_id"].tolist()
        assert verify(reader.claims_as_of(at("20 00:00"))) is None
        assert reader.count("forecasts.claims") == 1, "the other was rolled back"
    stored = s3.client().list_objects_v2(Bucket=bucket_of(lake))["Contents"]
    assert 0 < other.size() <= sum(found["Size"] for found in stored)


def test_two_writers_at_once_keep_one_chain(lake: Lake) -> None:
    with lake.write():
        pass
    assert lake.s3 is not None
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(2)
    writers = [
        spawn.Process(
            target=write_claims, args=(lake.catalog, lake.data, lake.s3, number, 10, together)
        )
        for number in (1, 2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    with lake.read() as reader:
        ledger = reader.claims_as_of(at("20 00:00"))
    assert ledger["seq"].tolist() == list(range(1, 21))
    assert verify(ledger) is None


def test_snapshot_backup_and_restore(
    lake: Lake, tmp_path: Path, postgres: Postgres, s3: S3Server
) -> None:
    with lake.write() as writer:
        writer.append("news.articles", ARTICLE)
        one = chained("q1", writer)
        writer.append("forecasts.claims", one)
    with open_snapshot(publish_snapshot(lake, tmp_path / "snapshot.duckdb")) as snapshot:
        assert snapshot.table("news.articles")["article_id"].tolist() == ["a1"]
    assert back_up(lake, tmp_path / "backup.duckdb")["forecasts.claims"] == 1
    file = Warehouse(tmp_path / "file" / "warehouse.duckdb")
    put_back(file, tmp_path / "backup.duckdb")
    empty = Lake(
        postgres.database(f"w{uuid.uuid4().hex}"), f"s3://{s3.bucket()}", 20, s3.opened_with()
    )
    put_back(empty, tmp_path / "backup.duckdb")
    for restored in (file, empty):
        with restored.read() as reader:
            ledger = reader.claims_as_of(at("20 00:00"))
        assert verify(ledger) is None
        assert ledger["row_hash"].tolist() == one["row_hash"].tolist()


def said(lake: Lake) -> str:
    """What opening says."""
    with pytest.raises(LakeError) as caught, lake.read():
        pass
    return str(caught.value)


def test_a_missing_bucket_is_named(catalog: str, s3: S3Server) -> None:
    words = said(Lake(catalog, "s3://nobody-made-it/lake/", 20, s3.opened_with()))
    assert "no bucket 'nobody-made-it'" in words
    assert "NEWSWORLD_LAKE_DATA" in words
    assert s3.secret not in words
    assert s3.key not in words


def test_a_wrong_key_and_a_wrong_secret_are_told_apart(catalog: str, s3: S3Server) -> None:
    data = f"s3://{s3.bucket()}/lake/"
    unknown = said(Lake(catalog, data, 20, s3.opened_with("AKIANOBODYKNOWSIT", SECRET)))
    assert "NEWSWORLD_S3_KEY" in unknown
    assert "AKIANOBODYKNOWSIT" not in unknown
    wrong = said(Lake(catalog, data, 20, s3.opened_with(secret=SECRET)))
    assert "NEWSWORLD_S3_SECRET" in wrong
    for words in (unknown, wrong):
        assert SECRET not in words
        assert "postgresql" not in words


def test_a_server_that_does_not_answer_is_named(catalog: str) -> None:
    port = free_port()
    opened = S3("AKIAKEY", SECRET, f"127.0.0.1:{port}", tls=False)
    words = said(Lake(catalog, "s3://news/lake/", 20, opened))
    assert f"127.0.0.1:{port} does not answer" in words
    assert "NEWSWORLD_S3_ENDPOINT" in words
    assert SECRET not in words
    assert SECRET not in repr(opened)


def test_a_server_that_goes_away_while_writing_costs_that_write(catalog: str) -> None:
    import psycopg2

    going = S3Server.start()
    lake = Lake(catalog, f"s3://{going.bucket()}/lake/", 20, going.opened_with())
    with lake.write():
        pass
    with psycopg2.connect(catalog) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT max(snapshot_id) FROM ducklake_snapshot")
        before = cursor.fetchone()
    with pytest.raises(LakeError, match="does not answer") as caught, lake.write() as writer:
        writer.append("forecasts.claims", chained("q1", writer))
        going.kill()
        writer.append("news.articles", MANY)
    assert "rolled back" in str(caught.value)
    with psycopg2.connect(catalog) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT max(snapshot_id) FROM ducklake_snapshot")
        assert cursor.fetchone() == before, "nothing was committed"
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TURN])
        assert cursor.fetchone() == (True,), "the turn was given back"


def test_settings_name_what_a_bucket_needs(caplog: pytest.LogCaptureFixture) -> None:
    lake = {"lake": "dbname=lake", "lake_data": "s3://news/lake"}
    with pytest.raises(BadSettingError, match="NEWSWORLD_S3_KEY and NEWSWORLD_S3_SECRET is not"):
        Settings(**lake)
    with pytest.raises(BadSettingError, match="NEWSWORLD_S3_SECRET is not"):
        Settings(**lake, s3_key="AKIAKEY")
    with pytest.raises(BadSettingError, match="neither a folder nor"):
        Settings(lake="dbname=lake", lake_data="gs://news/lake")
    whole = Settings(**lake, s3_key="AKIAKEY", s3_secret=SECRET)
    logging.getLogger(__name__).warning("%s", whole)
    assert whole.s3_key is not None
    assert SECRET not in repr(whole) + whole.model_dump_json() + caplog.text
    assert "AKIAKEY" not in repr(whole) + whole.model_dump_json() + caplog.text
