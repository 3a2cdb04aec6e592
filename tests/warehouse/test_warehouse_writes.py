from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.contracts import ContractError
from newsworld_dagster.warehouse import APPEND_ONLY, Warehouse
from newsworld_dagster.warehouse.store import WarehouseMemoryError
from tests.warehouse.warehouse_rows import (
    DAY,
    articles,
    assignments,
    at,
    claim,
    claims,
    links,
    vectors,
)


def test_append_leaves_stored_keys_as_they_are(warehouse: Warehouse) -> None:
    first = articles({"article_id": "a1", "first_seen_at": at("14 10:00"), "title": "First"})
    again = articles(
        {"article_id": "a1", "first_seen_at": at("15 10:00"), "title": "Changed"},
        {"article_id": "a2", "first_seen_at": at("15 11:00")},
    )
    with warehouse.write() as writer:
        assert writer.append("news.articles", first) == 1
    with warehouse.write() as writer:
        assert writer.append("news.articles", again) == 1
        assert writer.append("news.articles", again) == 0
        assert writer.append("news.articles", again.head(0)) == 0
    with warehouse.read() as reader:
        stored = reader.table("news.articles").sort_values("article_id")
    assert stored["title"].tolist() == ["First", "Headline a2"]
    assert stored["first_seen_at"].tolist() == [at("14 10:00"), at("15 11:00")]


def test_append_knows_a_row_by_its_whole_key(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.append("embeddings.vectors", vectors("m1", d1=[1, 0]))
        # Same text, other model; same model, other text.
        assert writer.append("embeddings.vectors", vectors("m2", d1=[0, 1])) == 1
        assert writer.append("embeddings.vectors", vectors("m1", d1=[0, 1], d2=[0, 1])) == 1
    with warehouse.read() as reader:
        kept = reader.vectors("m1", pd.Series(["d1"]))
    assert kept.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_append_only_tables_are_never_replaced(warehouse: Warehouse, table: str) -> None:
    with warehouse.write() as writer:
        with pytest.raises(ValueError, match=f"{table} is append-only"):
            writer.replace_partition(table, [DAY], pd.DataFrame())
        with pytest.raises(ValueError, match=f"{table} is append-only"):
            writer.replace_all(table, pd.DataFrame())


def test_ledger_and_outcomes_are_append_only() -> None:
    assert {"forecasts.claims", "forecasts.editions", "outcomes.resolutions"} <= APPEND_ONLY


def test_replacing_a_partition_leaves_the_others(warehouse: Warehouse) -> None:
    next_day = DAY + pd.Timedelta(days=1)
    with warehouse.write() as writer:
        writer.replace_partition("stories.assignments", [DAY], assignments(DAY, a1="s1", a2="s2"))
        writer.replace_partition("stories.assignments", [next_day], assignments(next_day, a3="s3"))
    with warehouse.write() as writer:
        assert writer.replace_partition("stories.assignments", [DAY], assignments(DAY, a1="s9"))
    with warehouse.read() as reader:
        stored = reader.table("stories.assignments").sort_values("article_id")
        assert reader.count("stories.assignments", [DAY]) == 1
    assert list(zip(stored["article_id"], stored["story_id"], strict=True)) == [
        ("a1", "s9"),
        ("a3", "s3"),
    ]


def test_an_exception_in_the_block_undoes_all_of_it(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.replace_partition("stories.assignments", [DAY], assignments(DAY, a1="s1"))

    with pytest.raises(KeyboardInterrupt), warehouse.write() as writer:
        writer.replace_partition("stories.assignments", [DAY], assignments(DAY, a1="s2", a2="s2"))
        writer.replace_all("stories.topic_stories", links(DAY, s2="t2"))
        writer.append("forecasts.claims", claims(claim(1, "q1", at("14"), 3)))
        assert writer.count("stories.assignments") == 2
        raise KeyboardInterrupt
    with warehouse.read() as reader:
        assert reader.table("stories.assignments")["story_id"].tolist() == ["s1"]
        assert reader.count("stories.topic_stories") == 0
        assert reader.count("forecasts.claims") == 0


def test_rows_outside_the_partition_are_refused(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.replace_partition("stories.assignments", [DAY], assignments(DAY, a1="s1"))
    stray = assignments(DAY + pd.Timedelta(days=1), a2="s2")
    with (
        pytest.raises(ValueError, match=r"stories\.assignments lie outside"),
        warehouse.write() as writer,
    ):
        writer.replace_partition("stories.assignments", [DAY], stray)
    with warehouse.read() as reader:
        assert reader.table("stories.assignments")["article_id"].tolist() == ["a1"]


ARTICLE = articles({"article_id": "a1", "first_seen_at": at("14 10:00")})


@pytest.mark.parametrize(
    ("rows", "column", "rule"),
    [
        (ARTICLE.assign(section="Gossip"), "section", "isin.*Gossip"),
        (ARTICLE.assign(title=""), "title", "str_length"),
        (ARTICLE.assign(publisher=None), "publisher", "not_nullable"),
        (ARTICLE.assign(first_seen_at="soon"), "first_seen_at", "something else than times"),
        (ARTICLE.assign(mood="good"), "mood", "column_in_schema"),
        (ARTICLE.drop(columns="url"), "url", "column_in_dataframe"),
        (pd.concat([ARTICLE, ARTICLE], ignore_index=True), "article_id", "unique"),
    ],
)
def test_contract_error_names_table_column_and_rule(
    warehouse: Warehouse, rows: pd.DataFrame, column: str, rule: str
) -> None:
    with pytest.raises(ContractError, match=rule) as caught, warehouse.write() as writer:
        writer.append("news.articles", rows)
    message = str(caught.value)
    assert "news.articles" in message
    assert column in message
    assert "Nothing was written" in message
    with warehouse.read() as reader:
        assert reader.count("news.articles") == 0


@pytest.mark.parametrize("probability", [0.0, 1.0, 1.5])
def test_probability_is_strictly_between_0_and_1(warehouse: Warehouse, probability: float) -> None:
    row = claims(claim(1, "q1", at("14"), 3, probability=probability))
    with (
        pytest.raises(ContractError, match=r"forecasts\.claims.*probability.*in_range"),
        warehouse.write() as writer,
    ):
        writer.append("forecasts.claims", row)


def test_absurd_dates_of_publishers_are_kept(warehouse: Warehouse) -> None:
    odd = ARTICLE.assign(published_at=pd.Timestamp("9999-12-31"))
    with warehouse.write() as writer:
        writer.append("news.articles", odd)
    with warehouse.read() as reader:
        assert reader.table("news.articles")["published_at"].iloc[0].year == 9999


def test_duckdb_takes_two_gibibytes_and_a_folder_of_its_process(warehouse: Warehouse) -> None:
    if type(warehouse) is not Warehouse:
        pytest.skip("a lake is not a file that DuckDB has open")
    asked = "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
    folder = Path(f"{warehouse.path}.tmp-{os.getpid()}")
    large = "SELECT * FROM range(3_000_000) ORDER BY hash(range)"
    for opened in (warehouse.write(), warehouse.read()):
        with opened as held:
            limit, own = held.connection.execute(asked).fetchone()
            assert float(limit.removesuffix(" GiB")) <= 2.0
            assert own == str(folder)
            held.connection.execute("SET memory_limit = '20MB'")
            held.connection.execute(large).fetchone()
            assert list(folder.iterdir())
        assert not folder.exists()


def test_a_query_that_needs_more_memory_is_told_what_to_set(tmp_path: Path) -> None:
    small = Warehouse(tmp_path / "w.duckdb", memory=0.03)
    with (
        pytest.raises(WarehouseMemoryError, match=r"0\.03 GiB .* NEWSWORLD_DUCKDB_MEMORY"),
        small.write() as writer,
    ):
        writer.connection.execute("SELECT list(range::VARCHAR) FROM range(10_000_000)").fetchone()
    with small.read() as reader:
        assert reader.count("news.articles") == 0
