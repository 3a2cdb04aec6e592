"""Texts as arrays of numbers: whole numbers are counted far quicker than strings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

Text = TypeVar("Text", bound=Hashable)


@dataclass(frozen=True)
class Vocabulary:
    """The terms that have a number; it grows with what is read.

    Attributes
    ----------
    terms
        The term of each number.
    numbers
        The number of each term.
    spellings
        Numbers of the terms that are one in small letters, by that; empty unless asked for.
    """

    terms: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    spellings: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Numbered:
    """The terms of some texts, one text after the other.

    Attributes
    ----------
    numbers
        Number of each term, shape (all terms,).
    lengths
        Terms of each text, shape (texts,).
    vocabulary
        What the numbers stand for.
    """

    numbers: np.ndarray
    lengths: np.ndarray
    vocabulary: Vocabulary

    @property
    def terms(self) -> list[str]:
        """The term of each number."""
        return self.vocabulary.terms

    @property
    def rows(self) -> np.ndarray:
        """The text of each term, shape (all terms,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def count(self) -> Counts:
        """How often each term stands in the texts."""
        return Counts(np.bincount(self.numbers), self.vocabulary)


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each term stands in some texts: looked up where it is asked, never copied.

    Attributes
    ----------
    counts
        By the number of the term, shape (m,); the vocabulary may have grown since.
    vocabulary
        What the numbers stand for.
    """

    counts: np.ndarray
    vocabulary: Vocabulary

    def of(self, term: str) -> int:
        """How often a term stands there."""
        return self._of_number(self.vocabulary.numbers.get(term, len(self.counts)))

    def _of_number(self, number: int) -> int:
        return int(self.counts[number]) if number < len(self.counts) else 0

    def usual_spelling(self, lower: str) -> str | None:
        """The most frequent spelling of a word in small letters; of equals the last by letter."""
        numbers = self.vocabulary.spellings.get(lower, ())
        found = [(self._of_number(n), self.vocabulary.terms[n]) for n in numbers]
        count, spelling = max(found, default=(0, None))
        return spelling if count else None


class Lexicon(Generic[Text]):
    """Numbers the terms of texts, and reads no text again that it has read lately.

    Which number a term has depends on what was read before, so no result may hang on the order
    of numbers; within one call a number is one term. A lexicon that has come to hold more than
    `most_texts` or `most_terms` begins anew with the next call.

    Parameters
    ----------
    read
        The terms of a text, as a pure function.
    spelled
        Whether spellings of a word are to be found by the word in small letters.
    """

    def __init__(
        self,
        read: Callable[[Text], Iterable[str]],
        *,
        spelled: bool = False,
        most_texts: int = 50_000,
        most_terms: int = 500_000,
    ) -> None:
        self._read, self._spelled = read, spelled
        self._most_texts, self._most_terms = most_texts, most_terms
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self._texts: dict[Text, np.ndarray] = {}
        self._vocabulary = Vocabulary()

    def number(self, texts: Iterable[Text]) -> Numbered:
        """The terms of texts, in the order in which `read` gives them."""
        with self._lock:  # two threads must not give one number to two terms
            if (
                len(self._texts) > self._most_texts
                or len(self._vocabulary.terms) > self._most_terms
            ):
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
            return Numbered(together, lengths, self._vocabulary)

    def _numbers_of(self, read: Iterable[str]) -> np.ndarray:
        known = self._vocabulary
        numbers = []
        for term in read:
            number = known.numbers.get(term)
            if number is None:
                number = known.numbers[term] = len(known.terms)
                known.terms.append(term)
                if self._spelled:
                    known.spellings.setdefault(term.lower(), []).append(number)
            numbers.append(number)
        return np.array(numbers, dtype=np.int64)
