"""Untrusted text, put where it can be read as nothing but data."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

# Line breaks and tabs lay out; the rest of the control characters, and those that turn the
# direction of writing or show nothing at all, could hide what is written.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class Block(str):
    """Text in delimiters that nothing inside of it can close."""

    __slots__ = ()


def escape(text: object) -> str:
    """Text without markup: `<`, `>` and `&` become entities, hidden characters spaces."""
    return html.escape(_HIDDEN.sub(" ", str(text)), quote=False)


def articles_block(articles: Iterable[Mapping[str, object]]) -> Block:
    """Articles, numbered from 1 in the order in which they are given.

    Parameters
    ----------
    articles
        Each with title, summary, publisher and first_seen_at.
    """
    parts = ["<articles>"]
    for number, article in enumerate(articles, start=1):
        publisher = html.escape(escape(article["publisher"]).replace("\n", " "), quote=True)
        parts += [
            f'<article number="{number}" publisher="{publisher}" '
            f'seen="{article["first_seen_at"]:%Y-%m-%d %H:%M} UTC">',
            f"<title>{escape(article['title'])}</title>",
            f"<summary>{escape(article['summary'])}</summary>",
            "</article>",
        ]
    return Block("\n".join([*parts, "</articles>"]))


def list_block(name: str, lines: Iterable[object]) -> Block:
    """Lines between <name> and </name>, one a line, each led by a dash.

    Raises
    ------
    ValueError
        When the name is not made of lower-case letters and underscores.
    """
    if not re.fullmatch("[a-z_]+", name):
        raise ValueError(f"{name!r} cannot delimit a block: use lower-case letters, underscores.")
    items = [f"- {' '.join(escape(line).split())}" for line in lines] or ["(none)"]
    return Block("\n".join([f"<{name}>", *items, f"</{name}>"]))
