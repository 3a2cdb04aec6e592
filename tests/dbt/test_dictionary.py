from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.dictionary import dictionary
from newsworld_dagster.warehouse import Warehouse
from tests.synthetic_world import dbt

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("manifest")
    assert dbt(folder / "none.duckdb", folder, "parse").success
    return dictionary(json.loads((folder / "manifest.json").read_text(encoding="utf-8")))


def test_the_committed_page_is_up_to_date(page: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == page, "run `make docs`"


def test_every_table_and_column_is_told(page: str) -> None:
    sections = page.split("\n### ")
    told = {section.split("\n")[0]: section for section in sections[1:]}
    for name, contract in CONTRACTS.items():
        assert str(contract.description) in told[name]
        for column, declared in contract.columns.items():
            assert f"| `{column}` |" in told[name]
            assert declared.description
    assert sum(name.startswith("marts.") for name in told) == 14
    assert (
        "| `skill` | double | 1 - Brier / Brier of base-rate, both summed over the scored claims "
        "whose question base-rate was scored on as well. 1 is perfect, 0 is no better than "
        "base-rate; null without a shared question. |"
    ) in told["marts.scorecard_by_cohort"]
    assert "| `made_at` | timestamp | UTC; when the claim was made |" in told["forecasts.claims"]
    assert "| `vector` | [float] | " in told["embeddings.vectors"]
    empty = [line for line in page.splitlines() if line.endswith("|  |")]
    assert empty == []


def test_types_are_those_of_the_warehouse(page: str, tmp_path: Path) -> None:
    told = {section.split("\n")[0]: section for section in page.split("\n### ")[1:]}
    with Warehouse(tmp_path / "newsworld.duckdb").write() as writer:
        held = writer.connection.execute(
            "SELECT table_schema || '.' || table_name, column_name, lower(data_type) "
            "FROM information_schema.columns"
        ).fetchall()
    types = {(table, column): kind for table, column, kind in held}
    for name, contract in CONTRACTS.items():
        for column in contract.columns:
            kind = types[name, column].replace("float[]", "[float]")
            assert f"| `{column}` | {kind} |" in told[name], name
