"""Reads as of a moment: the only place that filters by time.

Every method that takes `as_of` returns what was known at that moment and nothing else:
articles first seen then or before, descriptions of days that had begun, verdicts decided by
then.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from newsworld_dagster.contracts import CONTRACTS, meet


class Reader:
    """Reads over one open connection.

    Parameters
    ----------
    connection
        Open connection to a warehouse or snapshot.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def table(self, name: str) -> pd.DataFrame:
        """The whole of `schema.name`, in its contract's types."""
        return meet(CONTRACTS[name], self.connection.table(name).df())

    def count(self, name: str, days: list[pd.Timestamp] | None = None) -> int:
        """Rows of a table, of some days only where `days` is given."""
        where = "" if days is None else " WHERE day IN (SELECT unnest(?::TIMESTAMP[]))"
        given = [] if days is None else [[day.to_pydatetime() for day in days]]
        row = self.connection.execute(
            f"SELECT count(*) FROM {name}{where}",  # noqa: S608
            given,
        ).fetchone()
        assert row is not None
        return int(row[0])

    def frame(self, query: str, *parameters: object) -> pd.DataFrame:
        """The frame of a query; timestamps in parameters may be pandas'."""
        given = [p.to_pydatetime() if isinstance(p, pd.Timestamp) else p for p in parameters]
        return self.connection.execute(query, given).df()

    # -- articles ---------------------------------------------------------------------------

    def articles_as_of(
        self, as_of: pd.Timestamp, since: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """Articles first seen up to `as_of` (and from `since` on), oldest first."""
        frame = self.frame(
            "SELECT * FROM news.articles WHERE first_seen_at <= ? AND first_seen_at >= ? "
            "ORDER BY first_seen_at, article_id",
            as_of,
            since if since is not None else pd.Timestamp("1970-01-01"),
        )
        return meet(CONTRACTS["news.articles"], frame)

    def article_days(self) -> list[pd.Timestamp]:
        """The days that have articles, oldest first."""
        frame = self.frame("SELECT DISTINCT day FROM news.articles ORDER BY day")
        return [pd.Timestamp(day) for day in frame["day"]]

    def missing_texts(self, model: str, days: list[pd.Timestamp]) -> pd.DataFrame:
        """Texts of the days' articles that `model` has not embedded: digest, title, summary."""
        return self.frame(
            "SELECT content_digest, min(title) AS title, min(summary) AS summary "
            "FROM news.articles WHERE day IN (SELECT unnest(?::TIMESTAMP[])) "
            "AND content_digest NOT IN "
            "(SELECT content_digest FROM embeddings.vectors WHERE model = ?) "
            "GROUP BY content_digest ORDER BY content_digest",
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
        wanted = pd.DataFrame({"content_digest": digests.drop_duplicates()})
        self.connection.register("wanted", wanted)
        found = self.connection.execute(
            "SELECT content_digest, vector FROM embeddings.vectors "
            "SEMI JOIN wanted USING (content_digest) WHERE model = ?",
            [model],
        ).to_arrow_table()
        self.connection.unregister("wanted")
        if found.num_rows < len(wanted):
            raise LookupError(
                f"{len(wanted) - found.num_rows} of {len(wanted)} texts are not embedded with "
                f"{model!r} yet. Materialise embeddings/vectors for these days first."
            )
        flat = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        matrix = flat.reshape(found.num_rows, -1).astype(np.float32, copy=False)
        place = pd.Series(
            np.arange(found.num_rows), index=found["content_digest"].to_pylist(), dtype="int64"
        )
        return matrix[place.loc[digests].to_numpy()]

    # -- stories and topics -------------------------------------------------------------------

    def assignments_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The assignment of each article that is in force at `as_of`."""
        return self._latest("stories.assignments", "article_id", as_of)

    def topic_stories_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The topic of each story at `as_of`."""
        return self._latest("stories.topic_stories", "story_id", as_of)

    def topics_as_of(self, as_of: pd.Timestamp, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """The description of each topic at `as_of`, of those with articles from `since` on."""
        frame = self._latest("stories.topics", "topic_id", as_of)
        if since is not None:
            frame = frame[frame["last_seen_at"] >= since].reset_index(drop=True)
        return frame

    def _latest(self, table: str, key: str, as_of: pd.Timestamp) -> pd.DataFrame:
        frame = self.frame(
            f"SELECT * FROM {table} WHERE day < ? "  # noqa: S608
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY day DESC) = 1 "
            f"ORDER BY {key}",
            as_of,
        )
        return meet(CONTRACTS[table], frame)

    # -- forecasts and outcomes ---------------------------------------------------------------

    def claims_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The ledger up to `as_of`, in its order."""
        frame = self.frame("SELECT * FROM forecasts.claims WHERE as_of <= ? ORDER BY seq", as_of)
        return meet(CONTRACTS["forecasts.claims"], frame)

    def editions_of(self, day: pd.Timestamp) -> pd.DataFrame:
        """Seals of one day."""
        frame = self.frame("SELECT * FROM forecasts.editions WHERE day = ?", day)
        return meet(CONTRACTS["forecasts.editions"], frame)

    def latest_as_of(self) -> pd.Timestamp | None:
        """As-of moment of the newest edition."""
        row = self.connection.execute("SELECT max(as_of) FROM forecasts.editions").fetchone()
        return None if row is None or row[0] is None else pd.Timestamp(row[0])

    def ledger_head(self) -> tuple[int, str]:
        """Sequence number and hash of the ledger's last row; (0, zeros) when empty."""
        row = self.connection.execute(
            "SELECT seq, row_hash FROM forecasts.claims ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return (0, "0" * 64) if row is None else (int(row[0]), str(row[1]))

    def verdicts_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The verdict in force at `as_of` of each claim that has one."""
        frame = self.frame(
            "SELECT * FROM outcomes.resolutions WHERE decided_at <= ? "
            "QUALIFY row_number() OVER "
            "(PARTITION BY claim_id ORDER BY decided_at DESC, supersedes IS NULL) = 1 "
            "ORDER BY claim_id",
            as_of,
        )
        return meet(CONTRACTS["outcomes.resolutions"], frame)

    def open_claims(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Claims made up to `as_of` that have no verdict then."""
        frame = self.frame(
            "SELECT * FROM forecasts.claims AS c WHERE as_of <= ? AND NOT EXISTS "
            "(SELECT 1 FROM outcomes.resolutions AS r "
            "WHERE r.claim_id = c.claim_id AND r.decided_at <= ?) ORDER BY seq",
            as_of,
            as_of,
        )
        return meet(CONTRACTS["forecasts.claims"], frame)

    def anchors(self, anchor_ids: pd.Series) -> pd.DataFrame:
        """Anchors by id."""
        wanted = pd.DataFrame({"anchor_id": anchor_ids.drop_duplicates().astype(str)})
        self.connection.register("wanted", wanted)
        frame = self.frame(
            "SELECT a.* FROM forecasts.anchors AS a SEMI JOIN wanted USING (anchor_id)"
        )
        self.connection.unregister("wanted")
        return meet(CONTRACTS["forecasts.anchors"], frame)
