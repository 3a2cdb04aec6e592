"""Articles as they come in, and what became of the rows that could not be read."""

from __future__ import annotations

import pandera.pandas as pa

from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import DUPLICATE_KINDS, FEED_HEALTH, SECTIONS

ARTICLES = contract(
    "news.articles",
    {
        "article_id": column(str, doc="First 16 hex digits of SHA-1 of the canonical URL"),
        "url": column(str, doc="Link as the publisher gave it"),
        "canonical_url": column(str, doc="Link without tracking, fragment, default port or 'www'"),
        "title": column(str, pa.Check.str_length(min_value=1), doc="Headline as plain text"),
        "summary": column(str, doc="Summary as plain text; may be empty"),
        "publisher": column(
            str, pa.Check.str_length(min_value=1), doc="Host, or as the archive names it"
        ),
        "section": column(
            str, pa.Check.isin(SECTIONS), nullable=True, doc="Section named by the source, if any"
        ),
        "source": column(str, doc="Feed URL or archive name that brought the article"),
        "published_at": column(
            TIME, nullable=True, doc="UTC; what the publisher claims, never used as point in time"
        ),
        "first_seen_at": column(TIME, doc="UTC; when the article was first seen: point in time"),
        "day": column(TIME, doc="UTC day of first_seen_at: the partition"),
        "content_digest": column(str, doc="SHA-256 of title and summary, as embedded"),
        "duplicate_of": column(
            str,
            nullable=True,
            doc="Earlier article with its text, or nearly; another publisher's with its headline",
        ),
        "duplicate_kind": column(
            str, pa.Check.isin(DUPLICATE_KINDS), nullable=True, doc="'exact', 'near' or 'headline'"
        ),
    },
    unique=["article_id"],
    doc="One item of one publisher, identified by its canonical URL.",
)

REJECTS = contract(
    "news.rejects",
    {
        "reject_id": column(str, doc="Digest of source, row number, reason and raw row"),
        "source": column(str, doc="File name or feed URL"),
        "row_number": column("int64", pa.Check.ge(0), doc="1-based row or entry of the source"),
        "reason": column(str, doc="What was wrong, in words"),
        "raw": column(str, doc="The row as read, cut at 2,000 characters"),
        "rejected_at": column(TIME, doc="UTC"),
    },
    unique=["reject_id"],
    doc="Rows that could not become articles, each with its reason.",
)

FEED_STATE = contract(
    "news.feed_state",
    {
        "feed_url": column(str, doc="Feed URL as configured"),
        "etag": column(str, nullable=True, doc="ETag of the last full answer"),
        "last_modified": column(str, nullable=True, doc="Last-Modified of the last full answer"),
        "status": column(str, doc="'ok', 'unchanged' or 'failed' at the last poll"),
        "error": column(str, nullable=True, doc="Why the last poll failed"),
        "failures": column("int64", pa.Check.ge(0), doc="Failed polls in a row"),
        "polled_at": column(TIME, doc="UTC time of the last poll"),
        "succeeded_at": column(TIME, nullable=True, doc="UTC time of the last good poll"),
        "health": column(
            str, pa.Check.isin(FEED_HEALTH), doc="'good', 'empty', 'failing' or 'gone' (HTTP 410)"
        ),
        "next_poll_at": column(
            TIME, nullable=True, doc="UTC; not asked before: back-off or the server's Retry-After"
        ),
        "body_digest": column(str, nullable=True, doc="SHA-256 of the last full answer"),
        "entries": column("int64", pa.Check.ge(0), doc="Entries of the last full answer"),
        "moved_to": column(str, nullable=True, doc="Where permanent redirects lead, if anywhere"),
        "moved_seen": column(
            "int64", pa.Check.ge(0), doc="How often in a row they led there; adopted from 3 on"
        ),
    },
    unique=["feed_url"],
    doc="What each feed answered last; the basis of conditional requests and feed health.",
)

REVISIONS = contract(
    "news.revisions",
    {
        "revision_id": column(str, doc="Digest of article, moment and text"),
        "article_id": column(str, doc="Article"),
        "seen_at": column(TIME, doc="UTC; when the changed text was first seen"),
        "day": column(TIME, doc="UTC day of seen_at"),
        "title": column(str, pa.Check.str_length(min_value=1), doc="Headline then"),
        "summary": column(str, doc="Summary then"),
        "content_digest": column(str, doc="SHA-256 of title and summary then"),
        "previous_digest": column(str, doc="The same of the text before"),
        "source": column(str, doc="Feed URL or archive name that brought it"),
    },
    unique=["revision_id"],
    doc="Later texts of articles; the article keeps the text that it was first seen with.",
)

DATE_REPAIRS = contract(
    "news.date_repairs",
    {
        "repair_id": column(str, doc="Digest of article and raw date"),
        "article_id": column(str, doc="Article"),
        "seen_at": column(TIME, doc="UTC; when the article was first seen"),
        "day": column(TIME, doc="UTC day of seen_at"),
        "raw": column(str, doc="The date as the source gave it"),
        "published_at": column(TIME, nullable=True, doc="UTC; what it was taken for, if anything"),
        "reason": column(str, doc="What was wrong, in words"),
    },
    unique=["repair_id"],
    doc="Publication dates that cannot be true: what the source said and what it was taken for.",
)

FULL_TEXT_CHARACTERS = 20_000
FULL_TEXTS = contract(
    "news.full_texts",
    {
        "article_id": column(str, doc="Article"),
        "seen_at": column(TIME, doc="UTC; when the page was read: point in time of the text"),
        "day": column(TIME, doc="UTC day of seen_at"),
        "source": column(str, doc="Feed URL that brought the article"),
        "address": column(str, doc="Where the page was in the end"),
        "text": column(
            str,
            pa.Check.str_length(min_value=1, max_value=FULL_TEXT_CHARACTERS),
            doc="What was extracted, a paragraph a line; at most 20,000 characters",
        ),
        "cut": column(bool, doc="Whether the page had more"),
    },
    unique=["article_id"],
    doc="Texts of the pages of new articles, of feeds with `full_text: true`; not published.",
)
