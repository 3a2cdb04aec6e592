"""Words and names in headlines: one reading of text for every room."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

WORD = re.compile(r"[^\W_](?:[\w'’.&-]*[^\W_])?")

# Texts that are not read again: titles and summaries of a month of 1,000 articles a day, which is
# what a live window holds. Of a busier feed each day's window is read anew; more for all would be
# memory that nobody asks for any more.
TEXTS_HELD = 60_000

# Function words, and what newsrooms print round any story. They neither name nor tell one.
STOPWORDS = frozenset(Path(__file__).with_name("stopwords.txt").read_text(encoding="utf-8").split())


@lru_cache(maxsize=TEXTS_HELD)
def words(text: str) -> tuple[str, ...]:
    """Words of a text in their order, as written, possessives dropped."""
    # A word never ends with the apostrophe alone: WORD leaves it out. One string stands for a word
    # in all texts, or those that are held would take four times the memory.
    return tuple(
        sys.intern(token[:-2] if token.endswith(("'s", "’s")) else token)
        for token in WORD.findall(text)
    )


@lru_cache(maxsize=TEXTS_HELD)
def terms(text: str) -> frozenset[str]:
    """Lower-case content words of a text."""
    return frozenset(
        sys.intern(word)
        for word in (token.lower().replace("’", "'") for token in words(text))
        if word not in STOPWORDS and len(word) > 1 and not word.isdigit()
    )


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Snowball stem of a lower-case English word."""
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]
    import Stemmer

    return Stemmer.Stemmer("english")


@lru_cache(maxsize=TEXTS_HELD)
def names(title: str, summary: str) -> frozenset[str]:
    """Lower-case words that look like parts of names.

    A word counts when it stands with a capital or a digit inside a sentence. Headlines in
    Title Case capitalise everything, so there the summary decides.
    """
    tokens = words(title)
    content = [token for token in tokens if token.lower() not in STOPWORDS]
    capitals = sum(token[0].isupper() for token in content)
    title_case = len(content) > 2 and capitals / len(content) > 0.8
    found: set[str] = set()
    for sentence in re.split(r"(?<=[.!?])\s+", summary) + ([] if title_case else [title]):
        found.update(_capitalised(words(sentence)[1:]))
    if title_case:
        lower = terms(summary)
        found.update(name for name in _capitalised(tokens) if name in lower)
    return frozenset(found)


def _capitalised(tokens: Iterable[str]) -> list[str]:
    return [
        lower
        for token in tokens
        if not token.islower()  # as most are; only of the others is each letter looked at
        and any(letter.isupper() for letter in token)
        and (lower := sys.intern(token.lower().replace("’", "'"))) not in STOPWORDS
        and len(lower) > 1
    ]
