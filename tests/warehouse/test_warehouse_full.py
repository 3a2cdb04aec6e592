from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.warehouse import Warehouse, WarehouseFullError, publish_snapshot

pytestmark = pytest.mark.file_only


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    mount = shutil.which("mount")
    if mount is None:
        pytest.skip("no mount command: a full disk cannot be made here")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def block(number: int) -> pd.DataFrame:
    """About 0.4 MB of vectors."""
    rng = np.random.default_rng(number)
    return pd.DataFrame(
        {
            "model": "m",
            "content_digest": [f"{number}-{i}" for i in range(250)],
            "vector": list(rng.standard_normal((250, 384)).astype(np.float32)),
        }
    )


def test_a_full_disk_loses_nothing_that_was_acknowledged(small_disk: Path) -> None:
    warehouse = Warehouse(small_disk / "warehouse.duckdb")
    acknowledged = 0
    with pytest.raises(WarehouseFullError, match=r"is full.*Free some space"):
        for number in range(20):
            with warehouse.write() as writer:
                added = writer.append("embeddings.vectors", block(number))
            acknowledged += added
    assert acknowledged >= 250
    with warehouse.read() as reader:
        assert reader.count("embeddings.vectors") == acknowledged

    # With room again the same step goes through.
    subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)], check=True)
    with warehouse.write() as writer:
        assert writer.append("embeddings.vectors", block(acknowledged // 250)) == 250
    with warehouse.read() as reader:
        assert reader.count("embeddings.vectors") == acknowledged + 250


def test_a_snapshot_that_does_not_fit_leaves_the_old_one(small_disk: Path, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    target = small_disk / "snapshot.duckdb"
    with warehouse.write() as writer:
        writer.append("embeddings.vectors", block(0))
    publish_snapshot(warehouse, target)
    old = target.read_bytes()
    with warehouse.write() as writer:
        for number in range(1, 9):
            writer.append("embeddings.vectors", block(number))
    with pytest.raises(WarehouseFullError):
        publish_snapshot(warehouse, target)
    assert target.read_bytes() == old
    assert [path.name for path in small_disk.iterdir()] == ["snapshot.duckdb"]
