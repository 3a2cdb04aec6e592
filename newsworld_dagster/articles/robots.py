"""What a site's robots.txt allows, by RFC 9309.

The standard library's reader takes the first rule that fits and knows no wildcards, so that it
allows what many sites forbid.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

MOST_BYTES = 512 * 1024
TOKEN = re.compile(r"[a-zA-Z_-]+")


@dataclass(frozen=True)
class Robots:
    """The rules for one crawler.

    Attributes
    ----------
    rules
        Pairs of a path pattern and whether it allows.
    delay
        Seconds that the site wants between two requests; 0 where it says nothing.
    """

    rules: Sequence[tuple[str, bool]] = ()
    delay: float = 0.0

    def allows(self, url: str) -> bool:
        """Whether an address may be asked for: the longest rule that fits decides, or none."""
        parts = urlsplit(url)
        path = _plain(parts.path or "/") + (f"?{_plain(parts.query)}" if parts.query else "")
        # Of two as long as each other the one that allows wins.
        fitting = [(len(rule), allows) for rule, allows in self.rules if _fits(rule, path)]
        return max(fitting, default=(0, True))[1]


EVERYTHING = Robots()
NOTHING = Robots((("/", False),))


def read_robots(content: bytes, user_agent: str) -> Robots:
    """The rules of a robots.txt for the crawler of a user agent; of all groups that name it.

    Where none does, those for '*' hold. A line that cannot be read says nothing.
    """
    own, anyone = _Group(), _Group()
    named = False
    token = product(user_agent)
    current: list[_Group] = []
    after_rules = True
    for line in content[:MOST_BYTES].decode("utf-8-sig", "replace").splitlines():
        key, _, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            if after_rules:
                current, after_rules = [], False
            if value == "*":
                current.append(anyone)
            elif token and product(value) == token:
                current.append(own)
                named = True
        elif key in ("allow", "disallow", "crawl-delay"):
            after_rules = True
            for group in current:
                group.add(key, value)
    chosen = own if named else anyone
    return Robots(tuple(chosen.rules), chosen.delay)


def product(user_agent: str) -> str:
    """The product token that a robots.txt would name, in lower case; empty if there is none."""
    found = TOKEN.match(user_agent)
    return found[0].lower() if found else ""


class _Group:
    def __init__(self) -> None:
        self.rules: list[tuple[str, bool]] = []
        self.delay = 0.0

    def add(self, key: str, value: str) -> None:
        if key == "crawl-delay":
            if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
                self.delay = max(self.delay, float(value))
        elif value:  # an empty rule fits nothing
            self.rules.append((_plain(value), key == "allow"))


def _fits(rule: str, path: str) -> bool:
    """Whether a pattern fits the beginning of a path; '*' is anything, '$' at its end the end."""
    at_end = rule.endswith("$")
    first, *rest = (rule[:-1] if at_end else rule).split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    for number, part in enumerate(rest, start=1):
        if at_end and number == len(rest):
            return len(path) - len(part) >= place and path.endswith(part)
        found = path.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return not at_end or place == len(path)


def _plain(text: str) -> str:
    """Percent-encoding in one form, so that a rule and a path written otherwise are the same."""
    return quote(unquote(text, errors="replace"), safe="/*$?=&;:@!'(),+~-._[]")
