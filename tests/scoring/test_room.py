from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import newsworld_dagster.scoring as room

MODULES = [found.name for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
STATISTICS = (
    "proper",
    "reliability",
    "bootstrap",
    "calibration",
    "diagnostics",
    "comparison",
    "reliability_bands",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    if name.rpartition(".")[2] in STATISTICS and ".charts." not in name:
        assert result.attempted >= 2


def test_the_room_imports_neither_charts_nor_models() -> None:
    code = (
        f"import sys, {room.__name__}; "
        "print([m for m in ('altair', 'sklearn', 'duckdb', 'dagster') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
