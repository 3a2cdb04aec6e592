from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.warehouse import Reader, VectorMemory, Warehouse
from tests.warehouse.warehouse_rows import vectors

GIVEN = {"d1": [1, 0], "d2": [0, 1], "d3": [1, 1], "d4": [2, 1], "d5": [3, 1]}


def test_a_window_that_moves_on_is_read_once_a_text(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warehouse.write() as writer:
        writer.append("embeddings.vectors", vectors("m", **GIVEN))
    asked: list[list[str]] = []
    read = Reader.vectors

    def noted(self: Reader, model: str, digests: pd.Series) -> np.ndarray:
        asked.append(digests.tolist())
        return read(self, model, digests)

    monkeypatch.setattr(Reader, "vectors", noted)
    memory = VectorMemory("m")
    with warehouse.read() as reader:
        for window in (["d1", "d2", "d1"], ["d2", "d3"], ["d4", "d2"], ["d5"], ["d5", "d4"], []):
            found = memory.of(reader, pd.Series(window, dtype=str))
            assert found.dtype == np.float32
            assert found.tolist() == [GIVEN[digest] for digest in window]
        # The window of one text forgot the others: they are read again.
        assert asked == [["d1", "d2"], ["d3"], ["d4"], ["d5"], ["d4"]]
        with pytest.raises(LookupError, match="1 of 2 texts are not embedded with 'm'"):
            memory.of(reader, pd.Series(["d4", "d9"]))
        assert memory.of(reader, pd.Series(["d4"])).tolist() == [[2, 1]]
