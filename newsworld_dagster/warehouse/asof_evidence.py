"""Reads as of a moment that the search for evidence needs."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected


class EvidenceReads(Connected):
    """What a Reader offers to the search for evidence."""

    def evidence_window(
        self, made_at: pd.Timestamp, resolve_by: pd.Timestamp, as_of: pd.Timestamp
    ) -> pd.DataFrame:
        """Articles that may decide a claim at `as_of`, oldest first.

        First seen after the claim was made, and at or before its deadline and `as_of`: article_id,
        title, summary, publisher, url, first_seen_at, content_digest, duplicate_of.
        """
        return self.frame(
            """
            SELECT article_id, title, summary, publisher, url, first_seen_at, content_digest,
                duplicate_of
            FROM news.articles
            WHERE first_seen_at > $made_at AND first_seen_at <= least($resolve_by, $as_of)
            ORDER BY first_seen_at, article_id
            """,
            {"made_at": made_at, "resolve_by": resolve_by, "as_of": as_of},
        )

    def full_texts(self, articles: pd.Series, as_of: pd.Timestamp) -> pd.Series:
        """Texts of pages that were read by `as_of`, of articles among ids; indexed by article_id.

        A page is read after its article was first seen, and may be read by then or not.
        """
        return self.frame(
            "SELECT article_id, text FROM news.full_texts WHERE seen_at <= $as_of "
            "AND article_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY article_id",
            {"as_of": as_of, "ids": articles.tolist()},
        ).set_index("article_id")["text"]
