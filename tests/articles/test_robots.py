"""robots.txt by RFC 9309, with the examples of its text."""

from __future__ import annotations

import time

import pytest

from newsworld_dagster.articles.robots import EVERYTHING, NOTHING, product, read_robots

# RFC 9309, section 5.1.
SIMPLE = b"""
User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("crawler", "path", "allowed"),
    [
        ("otherbot", "/example/page.html", False),
        ("otherbot", "/publications/a", True),
        ("otherbot", "/a/picture.gif", False),
        ("otherbot", "/a/picture.gif?size=1", True),
        ("otherbot", "/", True),
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("foobot", "/example/", False),
        ("FooBot/2.1 (news)", "/", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/other.html", True),
        ("quxbot", "/example/page.html", True),
    ],
)
def test_the_examples_of_the_standard(crawler: str, path: str, allowed: bool) -> None:
    assert read_robots(SIMPLE, crawler).allows(f"https://e.com{path}") is allowed


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        # Section 5.2: the longest match.
        ("Allow: /example/page/\nDisallow: /example/page/disallowed.gif",
         "/example/page/disallowed.gif", False),
        ("Disallow: /\nAllow: /a", "/a", True),
        ("Disallow: /a\nAllow: /a", "/a", True),
        ("Disallow:", "/a", True),
        ("Disallow: /*?print", "/a/b?print=1", False),
        ("Disallow: /*?print", "/a/b", True),
        ("Disallow: /a*b*c$", "/axxbxxc", False),
        ("Disallow: /a*b*c$", "/axxbxxcd", True),
        ("Disallow: /$", "/", False),
        ("Disallow: /$", "/a", True),
        ("Disallow: /caf%C3%A9", "/café", False),
        ("Disallow: /café", "/caf%c3%a9", False),
        ("Disallow: /a # for reasons", "/a", False),
        ("DISALLOW : /a", "/a", False),
        ("Allow: /robots.txt\nNonsense\n: \nDisallow: /a", "/a", False),
    ],
)  # fmt: skip
def test_rules(rules: str, path: str, allowed: bool) -> None:
    robots = read_robots(f"\ufeffUser-agent: *\r\n{rules}\r\n".encode(), "bot")
    assert robots.allows(f"https://e.com{path}") is allowed


def test_groups_that_name_the_same_crawler_are_one() -> None:
    said = b"User-agent: bot\nDisallow: /a\n\nUser-agent: *\nDisallow: /\nUser-agent: bot\n"
    robots = read_robots(said + b"Disallow: /b\nCrawl-delay: 2.5", "bot")
    assert [robots.allows(f"https://e.com/{path}") for path in "abc"] == [False, False, True]
    assert robots.delay == 2.5


@pytest.mark.parametrize("delay", ["-1", "nan", "1e9", "soon", ""])
def test_a_delay_that_is_none_is_none(delay: str) -> None:
    said = f"User-agent: *\nCrawl-delay: {delay}".encode()
    assert read_robots(said, "bot").delay == 0


def test_everything_nothing_and_no_name() -> None:
    assert EVERYTHING.allows("https://e.com/a?b")
    assert not NOTHING.allows("https://e.com")
    assert product("4711/1.0") == ""
    assert read_robots(b"User-agent: 1\nDisallow: /", "4711/1.0").allows("https://e.com/a")


def test_hostile_rules_end_soon() -> None:
    rules = b"User-agent: *\n" + b"Disallow: /" + b"a*" * 5_000 + b"b$\n" + b"\xff\x00" * 1_000
    began = time.monotonic()
    robots = read_robots(rules + b"Disallow: /x\n" * 40_000, "bot")
    assert robots.allows("https://e.com/" + "a" * 5_000)
    assert time.monotonic() - began < 5
