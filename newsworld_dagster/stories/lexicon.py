"""Texts as arrays of numbers: whole numbers are counted far quicker than strings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

Text = TypeVar("Text", bound=Hashable)


@dataclass(frozen=True)
class Numbered:
    """The terms of some texts, one text after the other.

    Attributes
    ----------
    numbers
        Number of each term, shape (all terms,).
    lengths
        Terms of each text, shape (texts,).
    terms
        The term of each number.
    """

    numbers: np.ndarray
    lengths: np.ndarray
    terms: list[str]

    @property
    def rows(self) -> np.ndarray:
        """The text of each term, shape (all terms,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def count(self) -> Counter[str]:
        """How often each term stands in the texts."""
        counts = np.bincount(self.numbers)
        held = np.flatnonzero(counts)
        names = map(self.terms.__getitem__, held.tolist())
        return Counter(dict(zip(names, counts[held].tolist(), strict=True)))


class Lexicon(Generic[Text]):
    """Numbers the terms of texts, and reads no text again that it has read lately.

    Which number a term has depends on what was read before, so no result may hang on the order
    of numbers; within one call a number is one term. A lexicon that has come to hold more than
    `most_texts` or `most_terms` begins anew with the next call.

    Parameters
    ----------
    read
        The terms of a text, as a pure function.
    """

    def __init__(
        self,
        read: Callable[[Text], Iterable[str]],
        *,
        most_texts: int = 50_000,
        most_terms: int = 500_000,
    ) -> None:
        self._read = read
        self._most_texts, self._most_terms = most_texts, most_terms
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self._texts: dict[Text, np.ndarray] = {}
        self._numbers: dict[str, int] = {}
        self._terms: list[str] = []

    def number(self, texts: Iterable[Text]) -> Numbered:
        """The terms of texts, in the order in which `read` gives them."""
        with self._lock:  # two threads must not give one number to two terms
            if len(self._texts) > self._most_texts or len(self._terms) > self._most_terms:
                self._begin()
            known = self._texts
            found = []
            for text in texts:
                numbers = known.get(text)
                if numbers is None:
                    numbers = known[text] = self._numbers_of(self._read(text))
                found.append(numbers)
            together = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
            lengths = np.array([len(numbers) for numbers in found], dtype=np.int64)
            return Numbered(together, lengths, self._terms)

    def _numbers_of(self, read: Iterable[str]) -> np.ndarray:
        numbers = []
        for term in read:
            number = self._numbers.get(term)
            if number is None:
                number = self._numbers[term] = len(self._terms)
                self._terms.append(term)
            numbers.append(number)
        return np.array(numbers, dtype=np.int64)
