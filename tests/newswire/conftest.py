"""One small stream for all tests of the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.newswire.process import Process
from tests.benchmarks.newswire.stream import write
from tests.benchmarks.newswire.truth import Truth

SEED, ARTICLES = 2, 8_000
PROCESS = Process(a_day=250)


@pytest.fixture(scope="session")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a month of 250 articles a day and its truth."""
    folder = tmp_path_factory.mktemp("newswire")
    write(folder, ARTICLES, PROCESS, SEED)
    return folder


@pytest.fixture(scope="session")
def truth(wire: Path) -> Truth:
    """What is hidden of it."""
    return Truth(wire, PROCESS, SEED)
