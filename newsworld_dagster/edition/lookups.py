"""Rows that pages look up, and the note that is taken of each look.

A page is gathered through indexes only. Each look is noted with the digest of the rows that it
found, so that the next build can tell from the digests alone that a page would come out the same,
without gathering it. What is noted is what was read: no list of dependencies is kept by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache, partial
from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.edition.text import cell_cleaner

# An index and the key that was looked up in it; None is for all of its rows.
Look = tuple[str, str | None]
_UNREAD: Final = object()
# Cells of a column that are read at once, and how many such blocks are kept: pages that are made
# one behind the other read rows that lie near, and all cells of a long record take gigabytes.
BLOCK = 512
MOST_BLOCKS = 64
# Values that several pages share; the pages that share one are made near each other.
MOST_SHARED = 10_000


class Record:
    """A row, each cell of which is made fit for pages when it is read, None where it is missing.

    It is no dict on purpose: what a page is made from must be plain values, and a whole row that
    slips in among them fails at once.
    """

    __slots__ = ("_place", "_table")

    def __init__(self, table: Table, place: int) -> None:
        self._table = table
        self._place = place

    def __getitem__(self, name: str) -> Any:
        return self._table.cell(name, self._place)


class Table:
    """A frame whose cells are cleaned when they are asked for.

    Parameters
    ----------
    frame
        Raw rows in their order. Its index is not looked at.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        self._columns: dict[str, _Column] = {}

    def __len__(self) -> int:
        return len(self._frame)

    def raw(self, name: str) -> np.ndarray:
        """A column as it was given."""
        return plain(self._frame[name])

    def cell(self, name: str, place: int) -> Any:
        """One cleaned value."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = _Column(name, self._frame[name])
        return column.cell(place)

    @cached_property
    def digests(self) -> np.ndarray:
        """A digest of each raw row, 64 bits, which also tells the columns and their types apart."""
        columns = repr([(name, str(kind)) for name, kind in self._frame.dtypes.items()])
        salt = hashlib.blake2b(columns.encode(), digest_size=8).digest()
        rows = pd.util.hash_pandas_object(self._frame, index=False).to_numpy()
        return _mixed(rows ^ np.uint64(int.from_bytes(salt)))


class _Column:
    """Cells of a column, cleaned when they are asked for; the blocks read last are kept."""

    __slots__ = ("_block", "_cleaned")

    def __init__(self, name: str, values: pd.Series) -> None:
        moments = pd.api.types.is_datetime64_any_dtype(values)
        self._cleaned = _moment if moments else cell_cleaner(name, values) or _as_it_is
        self._block = lru_cache(MOST_BLOCKS)(partial(_block, values, moments))

    def cell(self, place: int) -> Any:
        number, within = divmod(place, BLOCK)
        made, raw = self._block(number)
        if made[within] is _UNREAD:
            made[within] = self._cleaned(raw[within])
        return made[within]


def _block(values: pd.Series, moments: bool, number: int) -> tuple[list[Any], list[Any]]:
    """Cells that wait to be cleaned, and as they were given."""
    part = values.iloc[number * BLOCK : (number + 1) * BLOCK]
    raw = list(part.to_numpy()) if moments else plain(part).tolist()
    return [_UNREAD] * len(raw), raw


class Index:
    """Rows of a table by a key, in an order.

    Parameters
    ----------
    name
        What looks into it are noted under, in this build and the next.
    table
        The rows.
    keys
        The key of each row: a column, or a value for each row; rows without a key are in no group.
    places
        Which rows, and in which order; all in the table's order if None.
    noted
        Where looks are noted.
    """

    def __init__(
        self,
        name: str,
        table: Table,
        keys: str | Sequence[Any] | np.ndarray,
        noted: Notes,
        places: np.ndarray | None = None,
    ) -> None:
        self.name = name
        self._table = table
        self._notes = noted
        self._places = np.arange(len(table)) if places is None else places
        found = table.raw(keys) if isinstance(keys, str) else np.asarray(keys, dtype=object)
        codes, names = pd.factorize(found[self._places])
        order = np.argsort(codes, kind="stable")
        order = order[np.searchsorted(codes[order], 0) :]
        self._sorted = self._places[order]
        # One number a key, and an array of where its rows begin: many keys have a row each.
        self._numbers = {str(key): number for number, key in enumerate(names)}
        counts = np.bincount(codes[order], minlength=len(names))
        self._bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        noted.add(self)

    def _span(self, key: str | None) -> tuple[int, int]:
        number = self._numbers.get(key or "")
        if number is None:
            return 0, 0
        start, end = self._bounds[number : number + 2].tolist()
        return start, end

    def get(self, key: str | None) -> list[Record]:
        """The rows of a key; none where there is no such key."""
        self._notes.note(self.name, key or "")
        start, end = self._span(key)
        return [Record(self._table, place) for place in self._sorted[start:end].tolist()]

    def one(self, key: str | None) -> Record | None:
        """The first row of a key."""
        self._notes.note(self.name, key or "")
        start, end = self._span(key)
        return Record(self._table, int(self._sorted[start])) if end > start else None

    def size(self, key: str | None = None) -> int:
        """How many rows a key has, or how many there are."""
        self._notes.note(self.name, key)
        if key is None:
            return len(self._places)
        start, end = self._span(key)
        return end - start

    def __contains__(self, key: str | None) -> bool:
        self._notes.note(self.name, key or "")
        return (key or "") in self._numbers

    def __iter__(self) -> Iterator[str]:
        """All keys, in the order of their first rows."""
        self._notes.note(self.name, None)
        return iter(self._numbers)

    def all(self) -> Iterator[Record]:
        """All rows in order, also those without a key."""
        self._notes.note(self.name, None)
        return (Record(self._table, place) for place in self._places.tolist())

    def digests(self, keys: Iterable[str | None]) -> list[int]:
        """Digest of the rows of each key, of all for None; 0 where there is no such key."""
        return [self._whole if key is None else self._digest(key) for key in keys]

    def _digest(self, key: str) -> int:
        number = self._numbers.get(key)
        return 0 if number is None else int(self._digests[number])

    @cached_property
    def _whole(self) -> int:
        every = _mixed(self._table.digests[self._places] ^ _spread(len(self._places)))
        return _signed(np.add.reduce(every, dtype=np.uint64) + np.uint64(1))

    @cached_property
    def _digests(self) -> np.ndarray:
        """Digest of the rows of each key, by its number."""
        if not self._numbers:
            return np.zeros(0, np.int64)
        starts = self._bounds[:-1]
        within = np.arange(len(self._sorted)) - np.repeat(starts, np.diff(self._bounds))
        # The place in its group is mixed in, since a group in another order is another group.
        rows = _mixed(self._table.digests[self._sorted] ^ _spread(len(self._sorted))[within])
        sums = np.add.reduceat(rows, starts) + np.uint64(1)
        return sums.view(np.int64)


class Notes:
    """What was looked up while a page was gathered, and values that several pages share."""

    def __init__(self) -> None:
        self._indexes: dict[str, Index] = {}
        self._open: list[set[Look]] = []
        self._shared: dict[tuple[Any, ...], tuple[Any, set[Look]]] = {}

    def add(self, index: Index) -> None:
        """Make an index known under its name."""
        assert index.name not in self._indexes, index.name
        self._indexes[index.name] = index

    def note(self, name: str, key: str | None) -> None:
        """Note a look, where anyone asks for it."""
        if self._open:
            self._open[-1].add((name, key))

    @contextmanager
    def taken(self) -> Iterator[set[Look]]:
        """The looks that are taken within, which count for what is around it as well."""
        looks: set[Look] = set()
        self._open.append(looks)
        try:
            yield looks
        finally:
            self._open.pop()
            self._count(looks)

    def _count(self, looks: set[Look]) -> None:
        if self._open:
            self._open[-1].update(looks)

    def shared(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """A value made once, as long as it is kept; whoever asks for it is noted to have looked up
        what it is made from.

        Parameters
        ----------
        key
            What the value is of.
        make
            Makes it from looks, and from nothing that `key` does not name.
        """
        if key not in self._shared:
            with self.taken() as looks:
                value = make()
            if len(self._shared) >= MOST_SHARED:
                del self._shared[next(iter(self._shared))]
            self._shared[key] = value, looks
        value, looks = self._shared[key]
        self._count(looks)
        return value

    def digests(self, name: str, keys: Sequence[str | None]) -> list[int]:
        """Digest of what each look into an index finds now; 0 where it finds nothing."""
        index = self._indexes.get(name)
        return index.digests(keys) if index else [0] * len(keys)


def plain(values: pd.Series) -> np.ndarray:
    """A column as Python objects, None where one is missing; much quicker to walk than a series."""
    return values.to_numpy(dtype=object, na_value=None)


def names_of(key: Callable[..., str], parts: Sequence[pd.Series | np.ndarray]) -> np.ndarray:
    """A key of several columns for each row."""
    columns = [plain(part) if isinstance(part, pd.Series) else part for part in parts]
    return np.array([key(*one) for one in zip(*columns, strict=True)], dtype=object)


def mapped(frame: pd.DataFrame, key: str, value: str) -> dict[Any, Any]:
    """One column of a frame by another."""
    return dict(zip(plain(frame[key]), plain(frame[value]), strict=True))


def day_names(values: pd.Series) -> np.ndarray:
    """Days as YYYY-MM-DD."""
    return np.datetime_as_string(values.to_numpy("datetime64[D]"), unit="D").astype(object)


def week_names(values: pd.Series) -> np.ndarray:
    """The ISO week of each moment, as YYYY-WW."""
    codes, days = pd.factorize(values.to_numpy("datetime64[D]"))
    weeks = [f"{year}-{week:02d}" for year, week, _ in map(_calendar, days)]
    return np.array(weeks, dtype=object)[codes] if weeks else np.array([], dtype=object)


def _calendar(day: np.datetime64) -> tuple[int, int, int]:
    return pd.Timestamp(day).isocalendar()


def _moment(value: np.datetime64) -> pd.Timestamp | None:
    return None if np.isnat(value) else pd.Timestamp(value)


def _as_it_is(value: Any) -> Any:
    """Figures and our own ids need no care."""
    return None if value is pd.NaT else value


def _mixed(values: np.ndarray) -> np.ndarray:
    """Each bit of each value spread over all 64 (the last steps of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _spread(count: int) -> np.ndarray:
    """One number far from the others for each place."""
    return _mixed(np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def _signed(value: np.uint64) -> int:
    return int(np.asarray(value, np.uint64).view(np.int64))
