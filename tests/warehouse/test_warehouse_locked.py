from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from newsworld_dagster.warehouse import Warehouse, WarehouseLockedError
from tests.warehouse.warehouse_rows import articles, at

pytestmark = pytest.mark.file_only

HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
connection.close()
"""


@contextmanager
def held(warehouse: Warehouse) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(warehouse.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.communicate("\n", timeout=20)


@pytest.fixture
def filled(warehouse: Warehouse) -> Warehouse:
    with warehouse.write() as writer:
        writer.append(
            "news.articles", articles({"article_id": "a1", "first_seen_at": at("14 10:00")})
        )
    return warehouse


def test_a_held_warehouse_is_waited_for_and_then_reported(filled: Warehouse) -> None:
    filled.lock_timeout = 0.3
    with held(filled):
        started = time.monotonic()
        with pytest.raises(WarehouseLockedError) as caught, filled.write():
            pytest.fail("the block must not be entered")
        waited = time.monotonic() - started
        with pytest.raises(WarehouseLockedError), filled.read():
            pytest.fail("the block must not be entered")
    assert 0.3 <= waited < 5
    message = str(caught.value)
    assert str(filled.path) in message
    assert "0.3 seconds" in message
    assert "Nothing was changed" in message
    assert "open_snapshot" in message
    with filled.read() as reader:
        assert reader.table("news.articles")["article_id"].tolist() == ["a1"]


def test_a_warehouse_let_go_in_time_is_written(filled: Warehouse) -> None:
    filled.lock_timeout = 20
    more = articles({"article_id": "a2", "first_seen_at": at("14 11:00")})
    with held(filled) as process:
        assert process.stdin is not None
        stdin = process.stdin
        timer = threading.Timer(0.4, lambda: (stdin.write("\n"), stdin.flush()))
        timer.start()
        with filled.write() as writer:
            assert writer.append("news.articles", more) == 1
        timer.join()
    with filled.read() as reader:
        assert reader.count("news.articles") == 2
