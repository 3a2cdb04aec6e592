"""The one place where what others wrote is made harmless before a page sees it.

Markup needs no care here: templates escape everything. What escaping leaves is handled: control
and bidirectional override characters, null bytes, lone surrogates, endless titles, stacked
accents, and addresses that are no web page.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import urlsplit

import pandas as pd

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


def clean_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame that pages may show: texts cleaned, JSON parsed and cleaned, addresses checked."""
    made = {}
    for name in frame.columns:
        values = frame[name]
        if name in JSON_COLUMNS:
            # Claims of a report share their sources: the same text is parsed once.
            known = {text: clean_tree(_parsed(text), str(name)) for text in values.unique()}
            made[name] = pd.Series(
                [known[text] for text in values], index=frame.index, dtype=object
            )
        elif name == "url":
            made[name] = pd.Series(
                [web_link(address) for address in values], index=frame.index, dtype=object
            )
        elif _is_text(str(name), values):
            made[name] = pd.Series(
                _cleaned(values, LONGEST.get(str(name), OTHERWISE), lines=name == "text"),
                index=frame.index,
                dtype=object,
            )
    return frame.assign(**made)


def _is_text(name: str, values: pd.Series) -> bool:
    """Whether others may have written a column: ids and hashes are digests of our own."""
    ours = name.endswith(("_id", "_hash")) or name == "vector"
    return not ours and pd.api.types.is_string_dtype(values)


def _cleaned(values: pd.Series, longest: int, *, lines: bool) -> list[str | None]:
    """Each text cleaned, the same one once."""
    known: dict[object, str | None] = {}
    found = []
    for text in values.to_numpy(dtype=object, na_value=None):
        if text not in known:
            known[text] = clean(text, longest, lines=lines) if isinstance(text, str) else None
        found.append(known[text])
    return found


def _parsed(text: object) -> list[Any]:
    if not isinstance(text, str):
        return []
    found = json.loads(text)
    return found if isinstance(found, list) else [found]


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())
