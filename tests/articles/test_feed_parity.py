"""Our readers against feedparser, on real feeds and on feedparser's own hard cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.articles.feedparser_fields import compare, shared_feeds

# Judged one by one in docs/feeds.md.
KNOWN = {
    ("tests/wellformed/rss/item_category_image.xml", "title"),
    ("tests/wellformed/sanitize/entry_content_crazy.xml", "summary"),
    ("tests/wellformed/sanitize/entry_summary_crazy.xml", "summary"),
    ("tests/wellformed/sanitize/item_content_encoded_crazy.xml", "summary"),
    ("tests/wellformed/sanitize/item_fullitem_crazy.xml", "summary"),
}


@pytest.mark.parametrize(
    ("collection", "least_entries"), [("feeds_real", 150), ("feeds_feedparser", 800)]
)
def test_fields_equal_feedparsers(shared_data: Path, collection: str, least_entries: int) -> None:
    entries, differences = 0, []
    for path, content in shared_feeds(shared_data, collection):
        found, wrong = compare(content, path)
        entries += found
        differences += wrong
    assert entries > least_entries
    apart = {(difference.path, difference.entry) for difference in differences}
    assert len(apart) <= 0.01 * entries
    unjudged = [d for d in differences if (d.path, d.field) not in KNOWN]
    assert not unjudged
