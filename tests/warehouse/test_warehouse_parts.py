"""Whole tables read in parts, and the check of articles that rests on it."""

from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.articles.health import evaluate_contract
from newsworld_dagster.warehouse import Warehouse
from tests.warehouse.warehouse_rows import articles, at


@pytest.fixture
def stored(warehouse: Warehouse) -> Warehouse:
    """Three days of two, one and three articles."""
    days = ("01", "01", "03", "04", "04", "04")
    rows = [
        {"article_id": f"a{number}", "first_seen_at": at(day), "day": at(day)}
        for number, day in enumerate(days)
    ]
    with warehouse.write() as writer:
        writer.append("news.articles", articles(*rows))
    return warehouse


def test_parts_are_whole_days_and_all_of_the_table(stored: Warehouse) -> None:
    with stored.read() as reader:
        parts = list(reader.parts("news.articles", rows=3))
        counts = reader.day_counts("news.articles")
    assert [len(part) for part in parts] == [3, 3]
    assert counts.tolist() == [2, 1, 3]
    assert pd.concat(parts)["article_id"].is_unique


def test_the_check_of_articles_sees_every_part_and_ids_across_them(stored: Warehouse) -> None:
    with stored.write() as writer:
        parts = list(writer.parts("news.articles", rows=1))
        assert evaluate_contract(parts, writer.repeated("news.articles", "article_id")).passed
        writer.connection.execute(
            "INSERT INTO news.articles SELECT * REPLACE (day + INTERVAL 1 DAY AS day) "
            "FROM news.articles ORDER BY article_id LIMIT 1"
        )
        twice = evaluate_contract([], writer.repeated("news.articles", "article_id"))
    assert not twice.passed
    assert twice.reason == "1 article ids stand in two rows"
    broken = parts[-1].assign(title=None)
    found = evaluate_contract([*parts[:-1], broken], 0)
    assert not found.passed
    assert "title" in found.reason
    assert found.figures == {"articles": 6}
