"""Worlds that several tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.worlds import WorldFolder


@pytest.fixture
def empty_world(tmp_path: Path) -> WorldFolder:
    """A world in which nothing has happened."""
    return WorldFolder(tmp_path / "world")
