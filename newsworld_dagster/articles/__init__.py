"""Articles: identity, archives, duplicates, feeds and fetching.

Feeds, fetching and duplicates are imported from their modules, because they bring network and
hashing libraries along that most users of this package do not need.
"""

from __future__ import annotations

from newsworld_dagster.articles.archives import ArchiveError, read_archive
from newsworld_dagster.articles.batches import ImportBatch
from newsworld_dagster.articles.identity import (
    article_id,
    canonical_url,
    content_digest,
    embedded_text,
    plain_text,
    publisher_of,
)

__all__ = [
    "ArchiveError",
    "ImportBatch",
    "article_id",
    "canonical_url",
    "content_digest",
    "embedded_text",
    "plain_text",
    "publisher_of",
    "read_archive",
]
