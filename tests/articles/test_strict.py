"""The strict reader: what it reads, and what it leaves to the forgiving one."""

from __future__ import annotations

import io

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.articles import plain_text
from newsworld_dagster.articles.feeds import SUMMARY_CHARACTERS, parse_feed
from newsworld_dagster.articles.strict import UnusualFeedError, read_strictly

NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom"'
)


def rss(item: str) -> bytes:
    return (
        f"<rss {NAMESPACES}><channel><title>T</title><item>{item}</item></channel></rss>".encode()
    )


def atom(entry: str) -> bytes:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example.com/blog/">'
        f"<title>T</title><entry>{entry}</entry></feed>"
    ).encode()


def test_rss_fields() -> None:
    (entry,) = read_strictly(
        rss(
            "<title>A</title><title>B</title><link>https://example.com/a?x=1&amp;y=2</link>"
            '<guid isPermaLink="false">g</guid><pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate>'
            "<dc:date>2026-03-02</dc:date><dc:creator>First</dc:creator><author>Last</author>"
            "<content:encoded>Whole</content:encoded><description>Short</description>"
            "<media:content><media:title>Picture</media:title></media:content>"
        )
    ).entries
    assert (entry.id, entry.link, entry.title) == ("g", "https://example.com/a?x=1&y=2", "A")
    assert (entry.published, entry.updated) == ("Sun, 01 Mar 2026 10:00:00 GMT", "2026-03-02")
    assert (entry.summary, entry.author) == ("Short", "Last")


def test_a_guid_is_a_link_unless_it_says_otherwise() -> None:
    assert read_strictly(rss("<guid>https://a.example</guid>")).entries[0].link
    assert (
        not read_strictly(rss('<guid isPermaLink="false">https://a.example</guid>')).entries[0].link
    )


def test_atom_fields_with_markup_and_base() -> None:
    (entry,) = read_strictly(
        atom(
            '<id>urn:x</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">One '
            '<b>two</b></div></title><link rel="enclosure" href="a.mp3"/><link href="../post"/>'
            "<author><name>N</name><email>n@example.com</email></author>"
            "<summary/><content>Text</content>"
        )
    ).entries
    assert (entry.id, entry.link) == ("urn:x", "https://example.com/post")
    assert plain_text(entry.title) == "One two"
    assert (entry.summary, entry.author) == ("Text", "N (n@example.com)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<rss><channel>", "well-formed"),
        (b"<html/>", "its root is <html>"),
        (rss('<content mode="base64">QQ==</content>'), "encoded"),
        (rss("<description><p>bare</p></description>"), "elements where text belongs"),
        (rss("<media:title>Only a picture's</media:title>"), "media:title"),
        (rss("<body>Old</body>"), "<body>"),
        (rss("<item><title>Inner</title></item>"), "<item>"),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss><channel><title>&a;</title></channel></rss>",
         "entities"),
    ],
)  # fmt: skip
def test_what_it_is_not_sure_of_it_leaves(content: bytes, reason: str) -> None:
    with pytest.raises(UnusualFeedError, match=reason):
        read_strictly(content)


def test_two_wounds_of_encoding_are_healed() -> None:
    wounded = "caf\u00c3\u00a9 \u0093quoted\u0094"
    assert (
        read_strictly(rss(f"<title>{wounded}</title>")).entries[0].title
        == "caf\u00c3\u00a9 “quoted”"
    )
    twice = "café".encode().decode("latin-1")
    assert read_strictly(rss(f"<title>{twice}</title>")).entries[0].title == "café"


TEXT = st.text("ab<>&;é \u0093'\"", max_size=12).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
)
CHILD = st.builds(
    lambda name, text: f"<{name}>{text}</{name}>",
    st.sampled_from(
        ["title", "link", "guid", "description", "content:encoded", "dc:creator", "author",
         "pubDate", "dc:date", "dc:title", "atom:summary", "media:description", "category"]
    ),
    TEXT,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(CHILD, max_size=6))
def test_any_order_of_elements_reads_as_feedparser_reads_it(children: list[str]) -> None:
    content = rss("".join(children))
    try:
        ours = read_strictly(content).entries[0]
    except UnusualFeedError:
        return
    (theirs,) = feedparser.parse(
        io.BytesIO(content), resolve_relative_uris=False, sanitize_html=False
    ).entries
    assert ours.title == theirs.get("title", "")
    assert ours.link == theirs.get("link", "")
    assert ours.id == theirs.get("id", "")
    assert ours.author == theirs.get("author", "")
    contents = [each["value"] for each in theirs.get("content", [])]
    assert ours.summary == (theirs.get("summary", "") or next(filter(None, contents), ""))


def test_a_long_summary_is_cleaned_only_as_far_as_it_is_wanted() -> None:
    long = "&lt;p&gt;" + "Word &lt;b&gt;bold&lt;/b&gt; and &lt;i&gt;more&lt;/i&gt;. " * 2_000
    content = rss(f"<title>A</title><description>{long}</description>")
    whole = parse_feed(content, feed_url="").entries[0].summary
    head = parse_feed(content, feed_url="", summary_characters=SUMMARY_CHARACTERS)
    assert len(head.entries[0].summary) < len(whole)
    assert head.entries[0].summary[:SUMMARY_CHARACTERS] == whole[:SUMMARY_CHARACTERS]
