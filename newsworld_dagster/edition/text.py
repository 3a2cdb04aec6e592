"""The one place where what others wrote is made harmless before a page sees it.

Markup needs no care here: templates escape everything. What escaping leaves is handled: control
and bidirectional override characters, null bytes, lone surrogates, endless titles, stacked
accents, and addresses that are no web page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import pandas as pd
from pydantic_core import from_json

# Longest text of a column, in characters; what is not named may be as long as OTHERWISE.
LONGEST: Final = {
    "title": 300,
    "headline": 300,
    "label": 80,
    "topic_label": 80,
    "term": 60,
    "publisher": 80,
    "sentence": 500,
    "quote": 300,
    "statement": 500,
    "note": 400,
    "heading": 200,
    "text": 12_000,
    "url": 2_000,
}
OTHERWISE: Final = 4_000
# Texts of JSON whose lists are kept for those that come soon after.
MOST_PARSED = 4_096
JSON_COLUMNS: Final = frozenset({"sources", "evidence", "keywords", "cites", "findings"})

# Separators, zero-width marks but the joiners that emoji and scripts need, embeddings, overrides
# and isolates, byte order marks, tags, and what is not a character at all.
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff\ud800-\udfff]+"
)
_STACKED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)
_SPACE = re.compile(r"[^\S\n]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def clean(text: str, longest: int = OTHERWISE, *, lines: bool = False) -> str:
    r"""A text without invisible characters, on one line unless `lines`, cut at a word.

    Examples
    --------
    >>> clean("Deal\x00 \u202esigned\n today")
    'Deal signed today'
    >>> clean("one two three", 9)
    'one two…'
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        # Nothing in it can be unseen: most texts are such.
        text = text.strip()
    elif lines:
        text = "\n".join(
            _STACKED.sub(r"\1", _SPACE.sub(" ", _UNSEEN.sub(" ", line)).strip())
            for line in text.splitlines()
        ).strip()
    else:
        text = _STACKED.sub(r"\1", _SPACE.sub(" ", _UNSEEN.sub(" ", text)).strip())
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > longest // 2 else cut).rstrip(" ,;:") + "…"


def clean_tree(value: Any, name: str = "") -> Any:
    """The same for every text in parsed JSON; the key above a text tells how long it may be."""
    if isinstance(value, str):
        return clean(value, LONGEST.get(name, OTHERWISE))
    if isinstance(value, list):
        return [clean_tree(one, name) for one in value]
    if isinstance(value, dict):
        return {key: clean_tree(one, key) for key, one in value.items()}
    return value


def web_link(address: object) -> str | None:
    """An address that a page may link to, or None: http or https, a host, nothing unseen.

    Examples
    --------
    >>> web_link("https://example.org/a")
    'https://example.org/a'
    >>> web_link("javascript:alert(1)") is None
    True
    """
    if not isinstance(address, str) or len(address) > LONGEST["url"] or _UNSEEN.search(address):
        return None
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    # What is no part of an address is escaped, so that it stays valid where it is quoted.
    return re.sub(r"[\s<>\"'`{}|\\^\[\]]", _percent, address.strip())


def page_name(identifier: str) -> str:
    """An id as a file name; raises ValueError for one that could leave its folder."""
    if not _NAME.fullmatch(identifier):
        raise ValueError(
            f"The id {identifier!r} cannot name a page: letters, digits, '-' and '_' only, at most "
            "80 of them. Look at the row in the warehouse; nothing was published."
        )
    return identifier


def cell_cleaner(name: str, values: pd.Series) -> Callable[[Any], Any] | None:
    """What makes a value of a column fit for pages; None for a column that needs no care.

    Texts are cleaned, JSON is parsed and cleaned, addresses are checked. The same JSON, met again
    soon, is parsed once, and the same list given for it: claims of a report share their sources.
    """
    if name in JSON_COLUMNS:
        return lru_cache(MOST_PARSED)(lambda text: clean_tree(parsed(text), name))
    if name == "url":
        return web_link
    if _is_text(name, values):
        longest, lines = LONGEST.get(name, OTHERWISE), name == "text"
        return lambda text: clean(text, longest, lines=lines) if isinstance(text, str) else text
    return None


def _is_text(name: str, values: pd.Series) -> bool:
    """Whether others may have written a column: ids and hashes are digests of our own."""
    ours = name.endswith(("_id", "_hash"))
    # Texts of which some are missing can be a column of objects.
    return not ours and (values.dtype == object or pd.api.types.is_string_dtype(values))


def parsed(text: object) -> list[Any]:
    """JSON as a list, empty where there is none."""
    if not isinstance(text, str):
        return []
    found = from_json(text)
    return found if isinstance(found, list) else [found]


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())
