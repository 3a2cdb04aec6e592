"""Vectors of a window that moves on day by day, read once each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.warehouse.asof import Reader


class VectorMemory:
    """Vectors of one model for a step over many days, whose windows overlap.

    A vector depends on its text alone, so what was read for one day holds for every other. Texts
    that have left the window are forgotten once they are more than those that are in it. Behind
    the first day, what was stored just behind a day's vectors is kept too until it is asked for:
    those of the next days are mostly there.

    Parameters
    ----------
    model
        Name of the embedding model.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self._places: dict[str, int] = {}
        self._matrix = np.zeros((0, 0), np.float32)
        self._behind: dict[str, np.ndarray] | None = None

    def of(self, reader: Reader, digests: pd.Series) -> np.ndarray:
        """What `reader.vectors(model, digests)` returns, and raises."""
        wanted = digests.tolist()
        distinct = list(dict.fromkeys(wanted))
        if len(self._places) > 2 * len(distinct):
            known = [digest for digest in distinct if digest in self._places]
            self._matrix = self._matrix[[self._places[digest] for digest in known]]
            self._places = {digest: place for place, digest in enumerate(known)}
        unread = [digest for digest in distinct if digest not in self._places]
        if unread:
            found = self._read(reader, unread)
            size = len(self._places)
            self._matrix = np.vstack([self._matrix, found]) if size else found
            self._places |= {digest: size + place for place, digest in enumerate(unread)}
        if not wanted:
            return np.zeros((0, 0), np.float32)
        return self._matrix[[self._places[digest] for digest in wanted]]

    def _read(self, reader: Reader, digests: list[str]) -> np.ndarray:
        if self._behind is None:
            self._behind = {}
            return reader.vectors(self.model, pd.Series(digests, dtype=str))
        unread = [digest for digest in digests if digest not in self._behind]
        if 2 * len(unread) > len(digests):
            self._behind = reader.vectors_and_behind(self.model, digests)
        elif unread:  # texts of long ago that were printed again
            found = reader.vectors(self.model, pd.Series(unread, dtype=str))
            self._behind |= dict(zip(unread, found, strict=True))
        return np.stack([self._behind[digest] for digest in digests])
