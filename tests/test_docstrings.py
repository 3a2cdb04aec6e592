"""The examples in docstrings say what comes out (those of `scoring` are in its own tests)."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import newsworld_dagster

PACKAGE = Path(newsworld_dagster.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text("utf-8") and "scoring" not in path.relative_to(PACKAGE).parts
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
