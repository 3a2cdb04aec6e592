"""The words of an article's address, which tell of it in other words than its title."""

from __future__ import annotations

import re
from functools import lru_cache

# Of two words, as in /world-news/ and /us-politics/, most are sections.
FEWEST = 3
_ENDING = re.compile(r"\.(?:html?|php|aspx?|amp|story)$")
_BETWEEN = re.compile(r"[-_+]")


@lru_cache(maxsize=50_000)
def slug_words(url: str) -> str:
    """The words of the part of an address's path that has the most, with spaces between them.

    A publisher names the file of an article by what it first called it, or by what people search
    for. Numbers, dates and single letters are no words. Empty for an address without a part of
    three words or more, and for anything that is no address.
    """
    path = url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
    best: list[str] = []
    for part in path.split("/"):
        pieces = _BETWEEN.split(_ENDING.sub("", part))
        words = [word for word in pieces if word.isalpha() and len(word) > 1]
        if len(words) >= max(FEWEST, len(best)):
            best = words
    return " ".join(best)
