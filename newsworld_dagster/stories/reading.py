"""Articles cut into words, with the runs of capitals that may be names."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsworld_dagster.contracts.terms import STOPWORDS, WORD
from newsworld_dagster.stories.lexicon import Lexicon

Phrase = tuple[str, ...]

# Words that stand inside a name, never at its ends.
CONNECTORS = frozenset(
    [
        "&",
        "a",
        "an",
        "and",
        "at",
        "da",
        "de",
        "del",
        "for",
        "in",
        "la",
        "of",
        "on",
        "the",
        "to",
        "with",
    ]
)
# Marks between two phrases: after the first a capital means nothing, after the second it does.
STOP, PAUSE = ".", ","
_ENDS = re.compile(r"[.:;?!…|]")
_TOKEN = re.compile(rf"{WORD.pattern}|&")
POSSESSIVE = re.compile(r"['’]s?$")
# A full stop after these ends no sentence: 'Robert F. Kennedy', 'St. Louis'.
_SHORT = r"(?:[A-Z]|St|Dr|Mr|Ms|Jr|Mt|Ft|Lt|Mrs|Sen|Rep|Gov|Rev)"
_ABBREVIATION = re.compile(rf"(?:.*\.)?{_SHORT}")
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b[SDMJFL][a-z]\.)(?<!\b[MSRG][a-z]{2}\.)[\"'”’]?\s+"
)
_DATELINE = re.compile(r"^[A-Z][^()a-z]{1,30}[^()]{0,20}\((?:AP|Reuters|AFP)\)\s*[—–-]*\s*")


@dataclass(frozen=True)
class Reading:
    """One article, read for phrases.

    Attributes
    ----------
    tokens
        Lower-case words of title and summary without possessives; an empty one wherever no
        phrase may cross.
    surfaces
        The same words as printed, possessives kept.
    trusted
        Whether each stands inside a sentence, where a capital means a name.
    title
        How many of the tokens are the title's.
    runs
        Start and end of each run of capitals in text that is not in Title Case.
    """

    tokens: Phrase
    surfaces: Phrase
    trusted: tuple[bool, ...]
    title: int
    runs: tuple[tuple[int, int], ...]


@lru_cache(maxsize=20_000)
def read_article(title: str, summary: str) -> Reading:
    """Cut an article into words, and find its runs of capitals."""
    surfaces: list[str] = []
    trusted: list[bool] = []
    runs: list[tuple[int, int]] = []
    for sentence in [title, *_SENTENCE.split(_DATELINE.sub("", summary))]:
        own = _words(sentence)
        telling = not _in_title_case(own)
        if telling:
            runs += [(len(surfaces) + a, len(surfaces) + b) for a, b in _runs(own)]
        trusted += [telling and before != STOP for before in [STOP, *own]]
        surfaces += [*own, STOP]
    return Reading(
        tuple(_key(word) for word in surfaces),
        tuple(surfaces),
        tuple(trusted),
        len(_words(title)),
        tuple(runs),
    )


@lru_cache(maxsize=100_000)
def _key(word: str) -> str:
    if word in (STOP, PAUSE):
        return ""
    return sys.intern(POSSESSIVE.sub("", word).lower().replace("’", "'").rstrip("."))


def _words(sentence: str) -> list[str]:
    """Words of a sentence, with STOP or PAUSE at every mark that ends a phrase."""
    found: list[str] = []
    last = 0
    for match in _TOKEN.finditer(sentence):
        between = sentence[last : match.start()].strip()
        if found and between == "." and _ABBREVIATION.fullmatch(found[-1]):
            found[-1] += "."
        elif found and between:
            found.append(STOP if _ENDS.search(between) else PAUSE)
        found.append(sys.intern(match.group()))
        last = match.end()
    return found


@lru_cache(maxsize=100_000)
def is_capital(word: str) -> bool:
    """Whether a word has a capital anywhere: 'iPhone' has."""
    return any(letter.isupper() for letter in word)


def _in_title_case(tokens: Sequence[str]) -> bool:
    content = [token for token in tokens if _key(token) and token.lower() not in STOPWORDS]
    return len(content) > 2 and sum(map(is_capital, content)) > 0.7 * len(content)


def _runs(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = None
    for place, token in enumerate([*tokens, STOP]):
        if is_capital(token) or token[0].isdigit():
            start = place if start is None else start
        elif start is not None and not (
            token.lower() in CONNECTORS and any(map(is_capital, tokens[place + 1 : place + 2]))
        ):
            yield start, place
            start = None


def _tokens_of(article: tuple[str, str]) -> Phrase:
    return read_article(*article).tokens


# The tokens of articles (title, summary) as numbers.
TOKENS = Lexicon(_tokens_of)
