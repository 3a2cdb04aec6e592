from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.articles import canonical_url, plain_text
from newsworld_dagster.articles.feeds import (
    Feed,
    FeedError,
    FeedListError,
    entries_to_articles,
    feeds_to_articles,
    load_feeds,
    parse_feed,
)
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import ARTICLES, REJECTS

NOW = dt.datetime(2026, 3, 1, 12)
URL = "https://news.example.com/feeds/world.xml"
FEED = Feed(name="Example World", url=URL, section="World")
LIST = Path(__file__).parents[2] / "data" / "feeds.yaml"

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>World &amp; more</title><link>https://news.example.com</link>
<item><title>Caf&#233; <![CDATA[<b>reopens</b>]]></title><link>/world/cafe?utm_source=rss</link>
<guid isPermaLink="false">n-1</guid><pubDate>Sun, 01 Mar 2026 10:00:00 +0100</pubDate>
<description><![CDATA[<p>After the flood, it is <i>open</i>.</p>]]></description>
<author>desk@example.com (A. Writer)</author></item>
<item><title>No link</title></item>
<item><link>https://news.example.com/untitled</link></item>
</channel></rss>"""


def test_an_entry_is_read_as_plain_text_with_absolute_link_and_utc_time() -> None:
    parsed = parse_feed(RSS.encode(), feed_url=URL)
    assert parsed.title == "World & more"
    entry = parsed.entries[0]
    assert entry.id == "n-1"
    assert entry.title == "Café reopens"
    assert entry.link == "https://news.example.com/world/cafe?utm_source=rss"
    assert entry.summary == "After the flood, it is open."
    assert entry.published == dt.datetime(2026, 3, 1, 9)
    assert "A. Writer" in entry.author
    assert parsed.findings == [
        "1 of 3 entries have no title",
        "1 of 3 entries have no link",
        "2 of 3 entries have no readable date",
    ]


def test_entries_become_articles_and_rejects() -> None:
    batch = entries_to_articles(parse_feed(RSS.encode(), feed_url=URL), FEED, now=NOW)
    meet(ARTICLES, batch.articles)
    meet(REJECTS, batch.rejects)
    assert batch.read == 3
    row = batch.articles.iloc[0]
    assert row["canonical_url"] == "https://news.example.com/world/cafe"
    assert row["publisher"] == "news.example.com"
    assert row["section"] == "World"
    assert row["source"] == URL
    assert row["first_seen_at"] == NOW  # and not when the publisher says
    assert row["published_at"] == pd.Timestamp("2026-03-01 09:00")
    assert batch.rejects["row_number"].tolist() == [2, 3]
    assert batch.rejects["reason"].str.contains("URL is missing|title is missing").all()
    assert "untitled" in batch.rejects["raw"][1]


@pytest.mark.parametrize(
    ("date", "published", "raw", "reason"),
    [
        ("01 Mar 2036 10:00:00 +0100", NOW, "2036-03-01 09:00:00", "after the article was seen"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", pd.NaT, "1970-01-01 00:00:00", "before 1990"),
    ],
)
def test_a_date_that_cannot_be_true_is_put_right_and_kept(
    date: str, published: object, raw: str, reason: str
) -> None:
    content = RSS.replace("Sun, 01 Mar 2026 10:00:00 +0100", date)
    batch = entries_to_articles(parse_feed(content.encode(), feed_url=URL), FEED, now=NOW)
    assert batch.articles["first_seen_at"].tolist() == [NOW]
    assert batch.articles["published_at"].isna().tolist() == [published is pd.NaT]
    assert (batch.articles["published_at"].dropna() == NOW).all()
    repair = batch.date_repairs.iloc[0]
    assert (repair["raw"], repair["reason"]) == (raw, reason)
    assert repair["article_id"] == batch.articles["article_id"][0]


def test_a_missing_date_needs_no_repair() -> None:
    content = RSS.replace("<pubDate>Sun, 01 Mar 2026 10:00:00 +0100</pubDate>", "")
    batch = entries_to_articles(parse_feed(content.encode(), feed_url=URL), FEED, now=NOW)
    assert batch.articles["published_at"].isna().all()
    assert batch.date_repairs.empty


def test_what_two_feeds_carry_counts_for_the_first() -> None:
    other = Feed(name="Other", url="https://news.example.com/feeds/all.xml", section="Business")
    parsed = parse_feed(RSS.encode(), feed_url=URL)
    batch = feeds_to_articles([(FEED, parsed), (other, parsed)], now=NOW)
    assert batch.articles["source"].tolist() == [URL]
    assert (batch.read, batch.repeated) == (6, 1)
    assert batch.rejects["source"].tolist() == sorted([other.url, other.url, URL, URL])
    assert feeds_to_articles([], now=NOW).articles.empty


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Atom</title><entry>
<id>https://example.com/a</id><title type="html">One &amp;amp; two</title>
<updated>2026-02-01T00:00:00Z</updated></entry></feed>"""


def test_atom_falls_back_to_the_identifier_and_the_update() -> None:
    (entry,) = parse_feed(ATOM.encode(), feed_url=URL).entries
    assert entry.link == "https://example.com/a"
    assert entry.title == "One & two"
    assert entry.published == dt.datetime(2026, 2, 1)


def test_a_whole_article_in_a_feed_is_cut_to_a_summary() -> None:
    long = RSS.replace("After the flood", "After the flood " * 500)
    parsed = parse_feed(long.encode(), feed_url=URL)
    assert len(parsed.entries[0].summary) > 7_000
    summary = entries_to_articles(parsed, FEED, now=NOW).articles["summary"][0]
    assert 900 < len(summary) <= 1_000
    assert summary.endswith(" …")


def rss(title: str, prolog: str = "") -> str:
    return f"{prolog}<rss><channel><item><title>{title}</title></item></channel></rss>"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (rss("caf&eacute; open").encode(), "café open"),
        (rss("caf&eacute; open", "<!DOCTYPE rss [<!ELEMENT rss ANY>]>").encode(), "café open"),
        (rss("a <b>bold & brash").encode(), "a bold & brash"),
        (rss("café", '<?xml version="1.0" encoding="utf-8"?>').encode("latin-1"), "café"),
    ],
    ids=["entity", "entity behind a doctype", "not well-formed", "encoding"],
)
def test_what_strict_xml_would_lose_is_kept(content: bytes, title: str) -> None:
    parsed = parse_feed(content, feed_url=URL)
    assert [entry.title for entry in parsed.entries] == [title]
    assert parsed.findings[0].startswith(("read with the forgiving parser", "repaired"))


def test_json_feed_is_read() -> None:
    content = (
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", '
        b'"url": "https://example.com/1", "title": "One", "content_html": "<p>Text</p>"}]}'
    )
    (entry,) = parse_feed(content, feed_url=URL).entries
    assert (entry.link, entry.title, entry.summary) == ("https://example.com/1", "One", "Text")


@pytest.mark.parametrize(
    "content",
    [b"", b"<html><body>Not found</body></html>", b'{"error": 1}', b"\x00\x01", b"/etc/hostname"],
)
def test_what_is_no_feed_is_an_error_that_says_so(content: bytes) -> None:
    with pytest.raises(FeedError, match=r"feeds/world\.xml"):
        parse_feed(content, feed_url=URL)


def test_entities_that_multiply_stay_small() -> None:
    bomb = "<!DOCTYPE rss [<!ENTITY a0 'ha'>"
    bomb += "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10)) + "]>"
    try:
        parsed = parse_feed(rss("&a9;", bomb).encode(), feed_url=URL)
    except FeedError:
        return
    assert sum(len(entry.title) for entry in parsed.entries) < 1_000


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(RSS)), st.integers(0, 40), st.binary(max_size=8))
def test_a_damaged_feed_never_raises_anything_else(start: int, length: int, junk: bytes) -> None:
    content = RSS.encode()
    content = content[:start] + junk + content[start + length :]
    try:
        parsed = parse_feed(content, feed_url=URL)
    except FeedError:
        return
    for entry in parsed.entries:
        (entry.title + entry.link + entry.summary).encode()


def test_real_feeds_agree_with_feedparser(shared_data: Path) -> None:
    feeds = pd.read_parquet(shared_data / "feeds_real" / "feeds.parquet")
    same = compared = 0
    for row in feeds.itertuples():
        try:
            parsed = parse_feed(row.content, feed_url=URL)
        except FeedError:
            assert row.path.endswith("invalid.json")
            continue
        batch = entries_to_articles(parsed, FEED, now=NOW)
        assert batch.read == len(parsed.entries)
        theirs = feedparser.parse(io.BytesIO(row.content)).entries
        if not theirs:
            continue  # JSON Feed, and one that feedparser cannot read
        assert len(parsed.entries) == len(theirs), row.path
        for ours, entry in zip(parsed.entries, theirs, strict=True):
            compared += 1
            same += ours.title == plain_text(entry.get("title", ""))
            moment = entry.get("published_parsed") or entry.get("updated_parsed")
            if moment and ours.published:
                assert ours.published.replace(microsecond=0) == dt.datetime(*moment[:6])
    assert compared > 150
    assert same / compared > 0.99


def test_feedparsers_own_hard_cases_never_raise_anything_else(shared_data: Path) -> None:
    cases = pd.read_parquet(shared_data / "feeds_feedparser" / "cases.parquet")
    outcomes: Counter[str] = Counter()
    for content in cases["content"]:
        try:
            parse_feed(content, feed_url=URL)
        except FeedError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert outcomes["read"] > 0.99 * outcomes.total()


def test_the_bundled_list_covers_the_sections() -> None:
    feeds = load_feeds(LIST)
    counts = Counter(feed.section for feed in feeds)
    assert len(feeds) >= 70
    assert all(counts[name] >= 12 for name in ("World", "Technology", "Politics", "Business"))
    assert all(counts[name] >= 6 for name in ("Science", "Health"))
    assert all(counts[name] >= 2 for name in ("Sports", "Entertainment"))
    assert len({canonical_url(feed.url) for feed in feeds}) == len(feeds)
    assert len({feed.name for feed in feeds}) == len(feeds)
    for feed in feeds:
        parts = urlsplit(feed.url)
        assert parts.scheme == "https"
        assert "." in parts.netloc
        assert not parts.fragment
        assert feed.url == feed.url.strip()


GOOD = "feeds:\n  - {name: A, url: https://example.com/a, section: World}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["needs a key `feeds`"]),
        ("feeds: []", ["needs a key `feeds`"]),
        ("- 1", ["needs a key `feeds`"]),
        ("feeds:\n  - name: [", ["line 2", "is not YAML"]),
        (GOOD + "  - {name: B, url: https://example.com/b}\n", ["line 3", "section"]),
        (GOOD + "  - just text\n", ["line 3"]),
        (GOOD.replace("World", "Gossip"), ["line 2", "section", "'Entertainment'"]),
        (GOOD.replace("https:", "ftp:"), ["line 2", "url", "http"]),
        (GOOD + GOOD.partition("\n")[2].replace("name: A", "name: B"), ["line 3", "in line 2"]),
        (GOOD.replace("name: A", "name: A, colour: red"), ["line 2", "colour"]),
    ],
)
def test_a_bad_list_names_the_line(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(text)
    with pytest.raises(FeedListError) as caught:
        load_feeds(path)
    for word in ["feeds.yaml", *words]:
        assert word in str(caught.value)


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedListError, match=r"none\.yaml cannot be read"):
        load_feeds(tmp_path / "none.yaml")
