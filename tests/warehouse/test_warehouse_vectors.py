from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.warehouse import Reader, VectorMemory, Warehouse, asof_articles
from tests.warehouse.warehouse_rows import vectors

STORED = (
    ("m", {"d1": [1, 0], "d2": [0, 1], "d3": [1, 1], "d4": [2, 1], "d5": [3, 1]}),
    ("other", {"d6": [1, 2]}),
    ("m", {"d7": [5, 1], "d8": [6, 1]}),
)
GIVEN = {digest: vector for _, given in STORED for digest, vector in given.items()}


def test_a_window_that_moves_on_is_read_once_a_text(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.write() as writer:
        for model, given in STORED:
            writer.append("embeddings.vectors", vectors(model, **given))
    asked: list[list[str]] = []
    behind: list[list[str]] = []
    read, read_behind = Reader.vectors, Reader.vectors_and_behind

    def noted(self: Reader, model: str, digests: pd.Series) -> np.ndarray:
        asked.append(digests.tolist())
        return read(self, model, digests)

    def noted_behind(self: Reader, model: str, digests: list[str]) -> dict[str, np.ndarray]:
        found = read_behind(self, model, digests)
        behind.append(sorted(found))
        return found

    monkeypatch.setattr(Reader, "vectors", noted)
    monkeypatch.setattr(Reader, "vectors_and_behind", noted_behind)
    monkeypatch.setattr(asof_articles, "STORED_BEHIND", 3)
    memory = VectorMemory("m")
    windows = (
        *(["d1", "d2", "d1"], ["d2", "d3"], ["d4", "d2"], ["d5"], []),
        *(["d8", "d5"], ["d7", "d8", "d1", "d5"]),
    )
    with warehouse.read() as reader:
        for window in windows:
            found = memory.of(reader, pd.Series(window, dtype=str))
            assert found.dtype == np.float32
            assert found.tolist() == [GIVEN[digest] for digest in window]
        # The first day reads its own; of the three rows behind d3 one is the other model's. Of two
        # texts with one at hand the other is read by itself, of two with none those behind are too.
        assert asked == [["d1", "d2"], ["d8"]]
        assert behind == [["d3", "d4", "d5"], ["d1", "d7", "d8"]]
        with pytest.raises(LookupError, match="1 of 2 texts are not embedded with 'm'"):
            memory.of(reader, pd.Series(["d4", "d9"]))
        assert memory.of(reader, pd.Series(["d4"])).tolist() == [[2, 1]]
