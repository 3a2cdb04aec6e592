"""How a window of articles uses its words: rare or common, noun or verb, in which letters."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import pandas as pd

from newsworld_dagster.contracts.terms import STOPWORDS, terms, words
from newsworld_dagster.stories.lexicon import Lexicon

# What stands before a noun, and what stands before a verb.
_BEFORE_NOUN = frozenset(
    {"the", "a", "an", "its", "his", "her", "their", "our", "this", "these", "of", "in", "on"}
    | {"for", "from", "with", "by", "into", "new", "over"}
)
_BEFORE_VERB = frozenset(
    {"to", "will", "would", "could", "can", "may", "might", "should", "must", "has", "have"}
    | {"had", "not", "he", "she", "they", "it", "who", "we", "i", "you", "be", "been", "is"}
    | {"are", "was", "were", "and"}
)
# Longer pauses end a phrase; the period of an abbreviation ("J.J. McCarthy") does not.
_PAUSE = re.compile(r"[,:;!?|()\[\]“”\"…]+|\s[-–—]+\s|[—–]|\s[‘']|[’']\s|(?<=[a-z0-9]{2})\.\s|\.$")


@lru_cache(maxsize=200_000)
def segments(text: str) -> tuple[tuple[str, ...], ...]:
    """Word runs of a text between its pauses."""
    return tuple(run for part in _PAUSE.split(text) if (run := words(part)))


@lru_cache(maxsize=200_000)
def _uses(text: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Words seen as nouns, before nouns and as verbs, and the forms of words inside sentences."""
    nouns: list[str] = []
    modifiers: list[str] = []
    verbs: list[str] = []
    forms: list[str] = []
    for run in segments(text):
        for before, word, after in zip(run, run[1:], (*run[2:], ""), strict=False):
            forms.append(word)
            if before.lower() in _BEFORE_VERB:
                verbs.append(word.lower())
            elif before.lower() in _BEFORE_NOUN:
                ends = not after or after.lower() in STOPWORDS
                (nouns if ends else modifiers).append(word.lower())
    return tuple(nouns), tuple(modifiers), tuple(verbs), tuple(forms)


@dataclass(frozen=True)
class TermStatistics:
    """How a window of articles uses its terms.

    Attributes
    ----------
    articles
        Articles in the window.
    frequency
        Number of articles that hold each term.
    nouns, modifiers, verbs
        How often each word ends a noun phrase, stands inside one, or where a verb is expected.
    forms
        The usual form of a word inside a sentence, by the word in lower case: 'iOS', 'Florida'.
    """

    articles: int
    frequency: Counter[str]
    nouns: Counter[str]
    modifiers: Counter[str]
    verbs: Counter[str]
    forms: dict[str, str]

    @classmethod
    def of(cls, window: pd.DataFrame) -> TermStatistics:
        """Read a window of articles (columns title, summary)."""
        titles, summaries = window["title"].tolist(), window["summary"].tolist()
        frequency = _TERMS.number(zip(titles, summaries, strict=True)).count()
        # Headlines capitalise at will and leave out articles; summaries are sentences.
        nouns, modifiers, verbs, forms = (kind.number(summaries).count() for kind in _USES)
        return cls(len(window), frequency, nouns, modifiers, verbs, _usual(forms))

    def rarity(self, term: str) -> float:
        """Inverse document frequency, at least 0.1."""
        return max(math.log((self.articles + 1) / (self.frequency[term] + 1)), 0.1)

    def noun_likeness(self, word: str) -> float:
        """Share of a lower-case word's uses that end a noun phrase, in (0, 1); 0.5 when unseen."""
        seen = self.nouns.get(word, 0)
        other = self.modifiers.get(word, 0) + self.verbs.get(word, 0)
        if word.endswith(("ed", "ly")):  # 'was delayed', 'sharply': what follows 'the' is rare
            other += 2
        if not seen and word.endswith("s"):  # 'Oslo spreads': a verb until seen as a noun
            other += 1
        return (seen + 1) / (seen + other + 2)

    def is_verb(self, word: str) -> bool:
        """Whether a lower-case word stands more often for a verb than in a noun phrase."""
        seen = self.nouns.get(word, 0) + self.modifiers.get(word, 0)
        return self.verbs.get(word, 0) > seen


class Casing:
    """How a group of articles writes its words inside sentences.

    Headlines In Title Case tell nothing about names, so the group's own summaries are asked
    first, then the whole window.
    """

    def __init__(self, summaries: Sequence[str], statistics: TermStatistics) -> None:
        self._statistics = statistics
        forms: Counter[str] = Counter()
        for summary in summaries:
            forms.update(_uses(summary)[3])
        self._own = _usual(forms)

    def written(self, form: str) -> str:
        """A headline's word as it is usually written inside a sentence."""
        if form.isupper() and len(form) <= 4:  # NASA, ICE; 'US' is no pronoun
            return form
        lower = form.lower()
        return self._own.get(lower) or self._statistics.forms.get(lower, form)


def _usual(forms: Counter[str]) -> dict[str, str]:
    """The form of each word that was seen most often; of equal ones the last of the alphabet."""
    usual: dict[str, str] = {}
    for form, count in forms.items():
        lower = form.lower()
        best = usual.get(lower)
        if best is None or (count, form) > (forms[best], best):
            usual[lower] = form
    return usual


def _terms_of(article: tuple[str, str]) -> frozenset[str]:
    title, summary = article
    return terms(title) | terms(summary)


def _used_as(kind: int, text: str) -> tuple[str, ...]:
    return _uses(text)[kind]


_TERMS = Lexicon(_terms_of)
_USES = tuple(Lexicon(partial(_used_as, kind)) for kind in range(4))
