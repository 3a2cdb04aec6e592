"""How a window of articles uses its words: rare or common, noun or verb, in which letters."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial

import pandas as pd

from newsworld_dagster.contracts.terms import STOPWORDS, TEXTS_HELD, WORD, terms, words
from newsworld_dagster.stories.lexicon import Counts, Lexicon

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


# With fewer articles 'Oslo's mayor' would do for a name that never stands without 's.
_OWNERS_LEAST = 5


@lru_cache(maxsize=TEXTS_HELD)
def segments(text: str) -> tuple[tuple[str, ...], ...]:
    """Word runs of a text between its pauses."""
    return tuple(run for part in _PAUSE.split(text) if (run := words(part)))


@lru_cache(maxsize=TEXTS_HELD)
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
                verbs.append(sys.intern(word.lower()))
            elif before.lower() in _BEFORE_NOUN:
                ends = not after or after.lower() in STOPWORDS
                (nouns if ends else modifiers).append(sys.intern(word.lower()))
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
        How often each form of a word stands inside a sentence: 'iOS', 'Florida'.
    texts
        Title and summary of each article.
    """

    articles: int
    frequency: Counts
    nouns: Counts
    modifiers: Counts
    verbs: Counts
    forms: Counts
    texts: list[tuple[str, str]] = field(repr=False, compare=False)
    # A word is asked for many times; these keep what was found.
    _rarity: dict[str, float] = field(default_factory=dict, repr=False, compare=False)
    _likeness: dict[str, float] = field(default_factory=dict, repr=False, compare=False)
    _usual: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, window: pd.DataFrame) -> TermStatistics:
        """Read a window of articles (columns title, summary)."""
        titles, summaries = window["title"].tolist(), window["summary"].tolist()
        texts = list(zip(titles, summaries, strict=True))
        frequency = _TERMS.number(texts).count()
        # Headlines capitalise at will and leave out articles; summaries are sentences.
        nouns, modifiers, verbs, forms = (kind.number(summaries).count() for kind in _USES)
        return cls(len(window), frequency, nouns, modifiers, verbs, forms, texts)

    def rarity(self, term: str) -> float:
        """Inverse document frequency, at least 0.1."""
        known = self._rarity.get(term)
        if known is None:
            share = (self.articles + 1) / (self.frequency.of(term) + 1)
            known = self._rarity[term] = max(math.log(share), 0.1)
        return known

    def noun_likeness(self, word: str) -> float:
        """Share of a lower-case word's uses that end a noun phrase, in (0, 1); 0.5 when unseen."""
        known = self._likeness.get(word)
        if known is None:
            seen = self.nouns.of(word)
            other = self.modifiers.of(word) + self.verbs.of(word)
            if word.endswith(("ed", "ly")):  # 'was delayed', 'sharply': after 'the' it is rare
                other += 2
            if not seen and word.endswith("s"):  # 'Oslo spreads': a verb until seen as a noun
                other += 1
            known = self._likeness[word] = (seen + 1) / (seen + other + 2)
        return known

    def is_verb(self, word: str) -> bool:
        """Whether a lower-case word stands more often for a verb than in a noun phrase."""
        verbs = self.verbs.of(word)
        return verbs > 0 and verbs > self.nouns.of(word) + self.modifiers.of(word)

    @cached_property
    def _owners(self) -> Counts:
        return _OWNERS.number(self.texts).count()

    def is_possessive(self, word: str) -> bool:
        """Whether a lower-case word is a name that hardly stands without 's: 'mcdonald'."""
        usual, held = self.usual_form(word), self.frequency.of(word)
        if usual is None or not usual[0].isupper() or not word.isalpha() or not held:
            return False
        return self._owners.of(word) >= max(_OWNERS_LEAST, 0.8 * held)

    def usual_form(self, lower: str) -> str | None:
        """How a lower-case word is mostly written inside a sentence; None where it never is."""
        if lower not in self._usual:
            self._usual[lower] = self.forms.usual_spelling(lower)
        return self._usual[lower]


class Casing:
    """How a group of articles writes its words inside sentences.

    Headlines In Title Case tell nothing about names, so the group's own summaries are asked
    first, then the whole window.
    """

    def __init__(self, summaries: Sequence[str], statistics: TermStatistics) -> None:
        self._statistics, self._summaries = statistics, summaries
        forms: Counter[str] = Counter()
        for summary in summaries:
            forms.update(_uses(summary)[3])
        self._own = _usual(forms)

    def written(self, form: str) -> str:
        """A headline's word as it is usually written inside a sentence."""
        if len(form) <= 4 and form.isupper():  # NASA, ICE; 'US' is no pronoun
            return form
        return self._inside(form.lower()) or form

    def has_capital(self, form: str) -> bool:
        """Whether sentences show a headline's word with a capital."""
        usual = self._inside(form.lower())
        return usual is not None and usual[0].isupper()

    def _inside(self, lower: str) -> str | None:
        """How sentences write a word; None where none holds it."""
        return self._own.get(lower) or self._statistics.usual_form(lower)

    def run(self, forms: tuple[str, ...]) -> tuple[str, ...]:
        """A headline's words as they are usually written beside one another in a sentence.

        'Center' is mostly 'the center' by itself, but not behind 'Kennedy'.
        """
        usual = [self.written(form) for form in forms]
        if usual != list(forms):
            for place, form in enumerate(forms):
                if usual[place].islower() and form[0].isupper():
                    beside = forms[max(place - 1, 0) : place + 2]
                    if any(self._beside[pair] > 0 for pair in _with_neighbours(form, beside)):
                        usual[place] = form.capitalize() if form.isupper() else form
        return tuple(usual)

    @cached_property
    def _beside(self) -> Counter[tuple[str, str]]:
        """By how much more often a word has a capital beside a name than it has none."""
        found: Counter[tuple[str, str]] = Counter()
        for summary in self._summaries:
            for run in segments(summary):
                if len(run) > 3 and not any(word.islower() and len(word) > 3 for word in run):
                    continue  # a headline In Title Case: its capitals tell nothing
                for place in range(1, len(run)):  # the first word of a sentence has one anyway
                    word, beside = run[place], run[max(place - 1, 1) : place + 2]
                    for pair in _with_neighbours(word, beside):
                        found[pair] += 1 if word[0].isupper() else -1
        return found


def _with_neighbours(word: str, beside: tuple[str, ...]) -> list[tuple[str, str]]:
    """A word in small letters with each name among the words beside it."""
    lower = word.lower()
    return [(lower, one.lower()) for one in beside if one[0].isupper() and one != word]


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


def _owners_of(article: tuple[str, str]) -> set[str]:
    """Lower-case words of an article that stand there with 's alone."""
    tokens = (token.lower() for text in article for token in WORD.findall(text))
    held = {token.replace("’", "'") for token in tokens}
    return {token[:-2] for token in held if token.endswith("'s")} - held


def _used_as(kind: int, text: str) -> tuple[str, ...]:
    return _uses(text)[kind]


_TERMS = Lexicon(_terms_of)
_OWNERS = Lexicon(_owners_of)
_USES = tuple(Lexicon(partial(_used_as, kind), spelled=kind == 3) for kind in range(4))
