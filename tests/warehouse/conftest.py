from __future__ import annotations

from pathlib import Path

import pytest

from newsworld_dagster.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "world" / "warehouse.duckdb", lock_timeout=0.5)
