"""Is a quotation really in the article? Only case, typography and spacing may differ."""

from __future__ import annotations

import html
import unicodedata

_PLAIN = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00ad": None}
)


def plain(text: str) -> str:
    """Text with entities read, marks of one kind made one, and one space between words."""
    # Articles are shown with their markup as entities, and may be quoted either way.
    read = unicodedata.normalize("NFKC", html.unescape(text)).translate(_PLAIN)
    return " ".join(read.split()).casefold()


def stands_in(quote: str, title: str, summary: str) -> bool:
    """Whether a quotation stands in the title or in the summary, word for word.

    It must begin and end where a word does: "not guilty" cannot be quoted as "guil".
    """
    words = plain(quote).strip(" \"'")
    if not words:
        return False
    for text in map(plain, (title, summary)):
        start = text.find(words)
        while start >= 0:
            end = start + len(words)
            if not _inside(text, start) and not _inside(text, end):
                return True
            start = text.find(words, start + 1)
    return False


def _inside(text: str, place: int) -> bool:
    """Whether a place lies inside a word."""
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()
