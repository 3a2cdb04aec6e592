"""Reads as of a moment of articles and their vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from newsworld_dagster.warehouse.connected import Connected

# How far back words are counted, to tell the news from what is always there.
HISTORY_DAYS = 60
HISTORY_ARTICLES = 10_000
# Rows behind a day's vectors that are read with them; 1.5 KiB each.
STORED_BEHIND = 8_192


class ArticleReads(Connected):
    """What a Reader offers about articles."""

    def articles_as_of(
        self,
        as_of: pd.Timestamp,
        since: pd.Timestamp | None = None,
        columns: Sequence[str] = ("*",),
    ) -> pd.DataFrame:
        """Articles first seen up to `as_of` (and from `since` on), oldest first."""
        return self.frame(
            f"SELECT {', '.join(columns)} FROM news.articles "  # noqa: S608
            "WHERE first_seen_at <= ? AND first_seen_at >= ? ORDER BY first_seen_at, article_id",
            as_of,
            since if since is not None else pd.Timestamp("1970-01-01"),
        )

    def article_days(self, as_of: pd.Timestamp | None = None) -> list[pd.Timestamp]:
        """The days that have articles (first seen up to `as_of`, if given), oldest first."""
        frame = self.frame(
            "SELECT DISTINCT day FROM news.articles WHERE first_seen_at <= ? ORDER BY day",
            pd.Timestamp("9999-12-31") if as_of is None else as_of,
        )
        return [pd.Timestamp(day) for day in frame["day"]]

    def known_articles(self) -> pd.Series:
        """Ids of all stored articles."""
        return self.frame("SELECT article_id FROM news.articles")["article_id"]

    def latest_texts(self, articles: pd.Series) -> pd.DataFrame:
        """Of stored articles among ids: article_id, content_digest of the latest text, seen_at."""
        return self.frame(
            "SELECT article_id, arg_max(content_digest, seen_at) AS content_digest, "
            "max(seen_at) AS seen_at FROM (SELECT article_id, content_digest, "
            "first_seen_at AS seen_at FROM news.articles UNION ALL "
            "SELECT article_id, content_digest, seen_at FROM news.revisions) "
            "WHERE article_id IN (SELECT unnest($ids::VARCHAR[])) GROUP BY article_id",
            {"ids": articles.tolist()},
        )

    def known_texts(self, model: str, digests: pd.Series) -> set[str]:
        """Those of `digests` that `model` has embedded."""
        found = self.frame(
            "SELECT content_digest FROM embeddings.vectors "
            "WHERE model = ? AND content_digest IN (SELECT unnest(?::VARCHAR[]))",
            model,
            digests.tolist(),
        )
        return set(found["content_digest"])

    def missing_texts(self, model: str, days: list[pd.Timestamp]) -> pd.DataFrame:
        """Texts of the days' articles that `model` has not embedded: digest, title, summary.

        In time order: what a day reads together then lies together once it is stored.
        """
        return self.frame(
            "SELECT content_digest, min(title) AS title, min(summary) AS summary "
            "FROM news.articles WHERE day IN (SELECT unnest(?::TIMESTAMP[])) "
            "AND content_digest NOT IN "
            "(SELECT content_digest FROM embeddings.vectors WHERE model = ?) "
            "GROUP BY content_digest ORDER BY min(first_seen_at), content_digest",
            [day.to_pydatetime() for day in days],
            model,
        )

    def vectors(self, model: str, digests: pd.Series) -> np.ndarray:
        """Vectors of texts, aligned with `digests`.

        Returns
        -------
        numpy.ndarray
            float32, shape (len(digests), d); shape (0, 0) for no digests.

        Raises
        ------
        LookupError
            When a text was not embedded by `model`.
        """
        if digests.empty:
            return np.zeros((0, 0), np.float32)
        texts, matrix = self._stored_vectors(model, digests.drop_duplicates().tolist())
        place = {text: row for row, text in enumerate(texts)}
        return matrix[[place[digest] for digest in digests]]

    def vectors_and_behind(self, model: str, digests: list[str]) -> dict[str, np.ndarray]:
        """Vectors of distinct texts, and of those that were stored just behind them.

        They lie compressed together, so that those behind are as good as read with them. float32,
        shape (d,) each, by content_digest.

        Raises
        ------
        LookupError
            When a text of `digests` was not embedded by `model`.
        """
        return dict(zip(*self._stored_vectors(model, digests, STORED_BEHIND), strict=True))

    def _stored_vectors(
        self, model: str, digests: list[str], behind: int = 0
    ) -> tuple[list[str], np.ndarray]:
        with self.handed("wanted", pa.table({"content_digest": digests})):
            found = self.connection.execute(
                # The narrow columns find the rows, and the vectors are read of these alone: texts
                # of some days were stored together, the others' are not even decompressed.
                """
                WITH held AS MATERIALIZED (
                    SELECT rowid AS place FROM embeddings.vectors
                    SEMI JOIN wanted USING (content_digest) WHERE model = $model
                ),
                reach AS (SELECT max(place) AS last FROM held)
                SELECT content_digest, vector FROM embeddings.vectors WHERE rowid IN (
                    SELECT place FROM held
                    UNION
                    SELECT rowid FROM embeddings.vectors, reach
                    WHERE model = $model AND rowid > last AND rowid <= last + $behind
                )
                """,
                {"model": model, "behind": behind},
            ).to_arrow_table()
        texts = found["content_digest"].to_pylist()
        missing = len(set(digests).difference(texts))
        if missing:
            raise LookupError(
                f"{missing} of {len(digests)} texts are not embedded with "
                f"{model!r} yet. Materialise embeddings/vectors for these days first."
            )
        flat = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return texts, flat.reshape(len(texts), -1).astype(np.float32, copy=False)

    def history(self, as_of: pd.Timestamp, live_days: int, days: int = HISTORY_DAYS) -> list[str]:
        """Ids of articles of the `days` days before the live window.

        Of more than `HISTORY_ARTICLES` a fixed sample, drawn by their digests: frequencies need
        no more, and a large feed list stays quick.
        """
        until = as_of - pd.Timedelta(days=live_days)
        found = self.connection.execute(
            """
            SELECT article_id FROM news.articles
            WHERE first_seen_at <= $until AND first_seen_at > $since
            ORDER BY content_digest, article_id
            LIMIT $most
            """,
            {
                "until": until.to_pydatetime(),
                "since": (until - pd.Timedelta(days=days)).to_pydatetime(),
                "most": HISTORY_ARTICLES,
            },
        ).to_arrow_table()
        return found["article_id"].to_pylist()

    def texts(self, article_ids: Sequence[str]) -> pd.DataFrame:
        """Of articles by id, in any order: article_id, title and summary."""
        wanted = pa.table({"article_id": pa.array(article_ids, pa.string())})
        with self.handed("wanted", wanted):
            return self.frame(
                # The narrow column finds the rows, and the texts are read of these alone.
                "SELECT article_id, title, summary FROM news.articles WHERE rowid IN "
                "(SELECT rowid FROM news.articles SEMI JOIN wanted USING (article_id))"
            )
