from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from newsworld_dagster.warehouse import (
    Warehouse,
    WarehouseLockedError,
    WarehouseMissingError,
    back_up,
    open_snapshot,
    publish_snapshot,
)
from newsworld_dagster.warehouse.scratch import folder_beside
from newsworld_dagster.warehouse.snapshot import copy_tables
from tests.warehouse.warehouse_rows import articles, at, vectors


def add(warehouse: Warehouse, *days: str) -> None:
    with warehouse.write() as writer:
        for day in days:
            writer.append(
                "news.articles",
                articles({"article_id": f"a{day}", "first_seen_at": at(f"{day} 10:00")}),
            )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "it's published" / "snapshot.duckdb"


def test_a_reader_keeps_the_old_snapshot_and_the_next_sees_the_new(
    warehouse: Warehouse, target: Path
) -> None:
    add(warehouse, "14")
    assert publish_snapshot(warehouse, target) == target
    with open_snapshot(target) as old:
        assert len(old.table("news.articles")) == 1
        add(warehouse, "15")
        publish_snapshot(warehouse, target)
        with open_snapshot(target) as new:
            assert len(new.table("news.articles")) == 2
        assert len(old.table("news.articles")) == 1


def test_nothing_but_the_snapshot_is_left_in_its_folder(warehouse: Warehouse, target: Path) -> None:
    add(warehouse, "14")
    for _ in range(2):
        publish_snapshot(warehouse, target)
    assert [path.name for path in target.parent.iterdir()] == ["snapshot.duckdb"]


def test_what_a_killed_publication_left_goes_with_the_next(
    warehouse: Warehouse, target: Path
) -> None:
    add(warehouse, "14")
    target.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(target, "snapshot") as at_work:
        left = target.parent / ".snapshot-left"
        left.mkdir()
        (left / "snapshot.duckdb").write_bytes(b"half of it")
        other = target.parent / ".render-left"
        other.mkdir()
        publish_snapshot(warehouse, target)
        # What another process is at work on stays.
        assert set(target.parent.iterdir()) == {target, at_work, other}


@pytest.mark.file_only
def test_a_publication_that_fails_leaves_the_old_snapshot(
    warehouse: Warehouse, target: Path
) -> None:
    add(warehouse, "14")
    publish_snapshot(warehouse, target)
    with duckdb.connect(str(warehouse.path)), pytest.raises(WarehouseLockedError):
        publish_snapshot(warehouse, target)
    assert [path.name for path in target.parent.iterdir()] == ["snapshot.duckdb"]
    with open_snapshot(target) as snapshot:
        assert len(snapshot.table("news.articles")) == 1


def test_a_snapshot_is_read_only_and_answers_as_of(warehouse: Warehouse, target: Path) -> None:
    add(warehouse, "14", "15")
    publish_snapshot(warehouse, target)
    with open_snapshot(target) as snapshot:
        with pytest.raises(duckdb.Error, match="read-only"):
            snapshot.sql("DELETE FROM news.articles")
        found = snapshot.sql("SELECT article_id FROM news.articles WHERE day = ?", [at("15")])
        assert found["article_id"].tolist() == ["a15"]
        assert len(snapshot.reader.articles_as_of(at("14 12:00"))) == 1
        tables = snapshot.tables()
        assert "news.articles" in set(tables["schema"] + "." + tables["name"])


@pytest.mark.file_only
def test_views_travel_with_the_snapshot(warehouse: Warehouse, target: Path) -> None:
    add(warehouse, "14")
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("CREATE VIEW news.titles AS SELECT title FROM news.articles")
    publish_snapshot(warehouse, target)
    with open_snapshot(target) as snapshot:
        assert snapshot.table("news.titles")["title"].tolist() == ["Headline a14"]
        kinds = snapshot.tables().set_index("name")["kind"]
        assert kinds["titles"] == "view"


def test_opening_without_a_snapshot_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSWORLD_DATA_DIR", str(tmp_path))
    expected = tmp_path / "published" / "snapshot.duckdb"
    with pytest.raises(WarehouseMissingError, match="make demo") as caught:
        open_snapshot()
    assert str(expected) in str(caught.value)


@pytest.mark.file_only
def test_span_of_a_world(warehouse: Warehouse) -> None:
    assert warehouse.span() is None
    with warehouse.write():
        pass
    assert warehouse.span() is None
    add(warehouse, "14", "17", "16")
    span = warehouse.span()
    assert span is not None
    assert (span.first, span.last) == (at("14"), at("17"))
    # While someone writes, it is what it was when it was read last.
    with duckdb.connect(str(warehouse.path)):
        assert warehouse.span() == span
    add(warehouse, "19")
    later = warehouse.span()
    assert later is not None
    assert later.last == at("19")
    (remembered,) = warehouse.path.parent.glob("*.days.json")
    with duckdb.connect(str(warehouse.path)):
        assert warehouse.span() == later
        for damage in ("", "{}", '{"first": 1'):
            remembered.write_text(damage)
            assert warehouse.span() is None


def test_readers_get_no_whole_texts_and_no_vectors_that_they_never_ask_for(
    warehouse: Warehouse, target: Path, tmp_path: Path
) -> None:
    page = dict.fromkeys(("source", "address", "text"), "https://paper.example/a14")
    page |= {"article_id": "a14", "seen_at": at("14 11:00"), "day": at("14 00:00"), "cut": False}
    add(warehouse, "14")
    with warehouse.write() as writer:
        writer.append("news.full_texts", pd.DataFrame([page]))
        for model in ("words", "words-events"):
            writer.append("embeddings.vectors", vectors(model, d1=[1, 0]))
    publish_snapshot(warehouse, target, without_vectors_of="words-events")
    with open_snapshot(target) as snapshot:
        assert len(snapshot.table("news.articles")) == 1
        assert snapshot.table("news.full_texts").empty
        assert snapshot.table("embeddings.vectors")["model"].tolist() == ["words"]
    # A backup is of everything.
    counts = back_up(warehouse, tmp_path / "backup.duckdb")
    assert (counts["news.full_texts"], counts["embeddings.vectors"]) == (1, 2)


def test_a_copy_that_fails_leaves_a_held_connection_as_it_was(
    warehouse: Warehouse, target: Path, tmp_path: Path
) -> None:
    add(warehouse, "14")
    with warehouse.hold():
        with pytest.raises(duckdb.Error, match="no_column"):
            copy_tables(warehouse, tmp_path / "copy.duckdb", {"news.articles": ("no_column", [])})
        add(warehouse, "15")
        publish_snapshot(warehouse, target)
    with open_snapshot(target) as snapshot:
        assert len(snapshot.table("news.articles")) == 2
