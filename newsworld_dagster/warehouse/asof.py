"""Reads as of a moment: the only place that filters by time.

Every method that takes `as_of` returns what was known at that moment and nothing else:
articles first seen then or before, descriptions of days that had begun, verdicts decided by
then.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from newsworld_dagster.warehouse.asof_analysis import AnalysisReads
from newsworld_dagster.warehouse.asof_digests import DigestReads
from newsworld_dagster.warehouse.asof_edition import EditionReads
from newsworld_dagster.warehouse.asof_evidence import EvidenceReads
from newsworld_dagster.warehouse.asof_learning import LearningReads
from newsworld_dagster.warehouse.asof_pruning import PruningReads
from newsworld_dagster.warehouse.asof_stories import StoryReads
from newsworld_dagster.warehouse.asof_tables import TableReads
from newsworld_dagster.warehouse.queries import in_force, verdicts_in_force

# How far back words are counted, to tell the news from what is always there.
HISTORY_DAYS = 60
HISTORY_ARTICLES = 10_000


class Reader(
    AnalysisReads,
    DigestReads,
    EditionReads,
    EvidenceReads,
    LearningReads,
    PruningReads,
    StoryReads,
    TableReads,
):
    """Reads over one open connection.

    Parameters
    ----------
    connection
        Open connection to a warehouse or snapshot.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def table(self, name: str) -> pd.DataFrame:
        """The whole of `schema.name`."""
        return self.connection.table(name).df()

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
        """The frame of a query, with parameters in order or as one dict of named ones."""
        named = parameters[0] if parameters and isinstance(parameters[0], dict) else None
        given: object
        if named is not None:
            given = {key: _plain(value) for key, value in named.items()}
        else:
            given = [_plain(value) for value in parameters]
        return self.connection.execute(query, given).df()

    # -- articles ---------------------------------------------------------------------------

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
        wanted = pd.DataFrame({"content_digest": digests.drop_duplicates()})
        self.connection.register("wanted", wanted)
        found = self.connection.execute(
            # The narrow column finds the rows, and the vectors are read of these alone: texts of
            # some days were stored together, and the others' vectors are not even decompressed.
            "SELECT content_digest, vector FROM embeddings.vectors WHERE rowid IN "
            "(SELECT rowid FROM embeddings.vectors "
            "SEMI JOIN wanted USING (content_digest) WHERE model = ?)",
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

    def live_window(
        self, day: pd.Timestamp, as_of: pd.Timestamp, days: int, columns: Sequence[str] = ("*",)
    ) -> pd.DataFrame:
        """Articles of the `days` days up to `as_of`, each with its story and topic of then.

        Beside the columns of `news.articles`, all or some: story_id and topic_id, null where
        there is none, as they stood before `day` was processed or, where it was, after it; and
        assigned_on, the day of the assignment.
        """
        return self.frame(
            f"""
            -- Not materialised: each use then reads the one column that it needs.
            WITH window_articles AS NOT MATERIALIZED (
                SELECT * FROM news.articles WHERE first_seen_at <= $as_of AND first_seen_at > $since
            ),
            assigned AS NOT MATERIALIZED (
                SELECT article_id, arg_max(story_id, day) AS story_id, max(day) AS assigned_on
                FROM stories.assignments
                SEMI JOIN window_articles USING (article_id)
                WHERE day <= $day
                GROUP BY article_id
            ),
            linked AS (
                SELECT story_id, arg_max(topic_id, day) AS topic_id FROM stories.topic_stories
                SEMI JOIN assigned USING (story_id)
                WHERE day <= $day
                GROUP BY story_id
            )
            SELECT {", ".join(f"w.{name}" for name in columns)},
                a.story_id, a.assigned_on, l.topic_id
            FROM window_articles AS w
            LEFT JOIN assigned AS a USING (article_id)
            LEFT JOIN linked AS l ON l.story_id = a.story_id
            ORDER BY first_seen_at, article_id
            """,  # noqa: S608
            {"as_of": as_of, "since": as_of - pd.Timedelta(days=days), "day": day},
        )

    def history(
        self, as_of: pd.Timestamp, live_days: int, days: int = HISTORY_DAYS
    ) -> pd.DataFrame:
        """Title and summary of articles of the `days` days before the live window.

        Of more than `HISTORY_ARTICLES` a fixed sample, drawn by their digests: frequencies need
        no more, and a large feed list stays quick.
        """
        until = as_of - pd.Timedelta(days=live_days)
        return self.frame(
            """
            SELECT title, summary FROM news.articles
            WHERE first_seen_at <= $until AND first_seen_at > $since
            ORDER BY content_digest, article_id
            LIMIT $most
            """,
            {
                "until": until,
                "since": until - pd.Timedelta(days=days),
                "most": HISTORY_ARTICLES,
            },
        )

    def assignments_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The assignment of each article that is in force at `as_of`."""
        return self._latest("stories.assignments", "article_id", as_of)

    def topic_stories_as_of(
        self, as_of: pd.Timestamp, since: pd.Timestamp | None = None
    ) -> pd.DataFrame:
        """The topic of each story at `as_of`, of those with articles assigned from `since` on."""
        return self._latest(
            "stories.topic_stories",
            "story_id",
            as_of,
            ""
            if since is None
            else "SEMI JOIN "
            "(SELECT story_id FROM stories.assignments WHERE day >= $since AND day < $as_of) "
            "USING (story_id)",
            since,
        )

    def topics_as_of(self, as_of: pd.Timestamp, since: pd.Timestamp | None = None) -> pd.DataFrame:
        """The description of each topic at `as_of`, of those with articles from `since` on.

        Its lifecycle is that of the moment: a topic that nothing was heard of since its row has
        become dormant or closed by itself.
        """
        frame = self._latest(
            "stories.topics",
            "topic_id",
            as_of,
            ""
            if since is None
            else "SEMI JOIN "
            "(SELECT topic_id FROM stories.topics WHERE last_seen_at >= $since AND day < $as_of) "
            "USING (topic_id)",
            since,
        )
        for stage, start in (("dormant", "dormant_from"), ("closed", "closed_from")):
            frame.loc[frame[start] <= as_of, "lifecycle"] = stage
        return frame

    def thread_articles(self, day: pd.Timestamp, before: pd.Timestamp) -> pd.DataFrame:
        """Articles first seen up to `before`, of topics described before `day` and not closed.

        As stories stood once `day` was processed: topic_id, article_id, story_id, publisher,
        duplicate_of, first_seen_at and day.
        """
        return self.frame(
            """
            WITH alive AS (
                SELECT topic_id, closed_from FROM stories.topics WHERE day < $day
                QUALIFY row_number() OVER (PARTITION BY topic_id ORDER BY day DESC) = 1
            ),
            linked AS (
                SELECT story_id, topic_id FROM stories.topic_stories WHERE day < $day
                QUALIFY row_number() OVER (PARTITION BY story_id ORDER BY day DESC) = 1
            ),
            assigned AS (
                SELECT article_id, story_id FROM stories.assignments WHERE day <= $day
                QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY day DESC) = 1
            )
            SELECT topic_id, article_id, story_id, publisher, duplicate_of, first_seen_at, a.day
            FROM assigned
            JOIN linked USING (story_id)
            JOIN alive USING (topic_id)
            JOIN news.articles AS a USING (article_id)
            WHERE closed_from > $day AND first_seen_at <= $before
            ORDER BY first_seen_at, article_id
            """,
            {"day": day, "before": before},
        )

    def topics_end(self) -> pd.Timestamp:
        """End of the last day that described a topic; the first moment of 1970 without one."""
        row = self.connection.execute("SELECT max(day) FROM stories.topics").fetchone()
        if row is None or row[0] is None:
            return pd.Timestamp(0)
        return pd.Timestamp(row[0]) + pd.Timedelta(days=1)

    def topic_drift(self, as_of: pd.Timestamp) -> pd.Series:
        """Cosine of each awake topic's centroid with the one of a week before `as_of`.

        Topics that are younger, or that nothing was added to since, are left out.
        """
        frame = self.frame(
            """
            WITH now AS (
                SELECT topic_id, arg_max(vector, day) AS vector, max(day) AS described
                FROM stories.topics WHERE day < $as_of
                GROUP BY topic_id HAVING arg_max(dormant_from, day) > $as_of
            ),
            week_before AS (
                SELECT topic_id, arg_max(vector, day) AS vector
                FROM stories.topics WHERE day < $week_before GROUP BY topic_id
            )
            SELECT topic_id, list_cosine_similarity(week_before.vector, now.vector) AS cosine
            FROM now JOIN week_before USING (topic_id) WHERE described >= $week_before
            ORDER BY topic_id
            """,
            {"as_of": as_of, "week_before": as_of - pd.Timedelta(days=7)},
        )
        return frame.set_index("topic_id")["cosine"]

    def _latest(
        self,
        table: str,
        key: str,
        as_of: pd.Timestamp,
        among: str = "",
        since: pd.Timestamp | None = None,
    ) -> pd.DataFrame:
        """The row of each key that is in force at `as_of`, of the keys that `among` joins."""
        return self.frame(
            f"SELECT * FROM {table} {among} WHERE day < $as_of "  # noqa: S608
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY day DESC) = 1 "
            f"ORDER BY {key}",
            {"as_of": as_of} | ({} if since is None else {"since": since}),
        )

    def last_story_day(self) -> pd.Timestamp | None:
        """The last day whose articles were assigned to stories."""
        row = self.connection.execute("SELECT max(day) FROM stories.assignments").fetchone()
        return None if row is None or row[0] is None else pd.Timestamp(row[0])

    def trending_window(self, day: pd.Timestamp, as_of: pd.Timestamp, days: int) -> pd.DataFrame:
        """The live window, with the section of the topic where the source names none."""
        window = self.live_window(day, as_of, days)
        described = self.frame(
            "SELECT topic_id, arg_max(section, day) AS section FROM stories.topics "
            "WHERE day <= ? GROUP BY topic_id",
            day,
        ).set_index("topic_id")["section"]
        of_topic = window["topic_id"].map(described)
        return window.assign(section=window["section"].where(window["section"].notna(), of_topic))

    def trending(self, day: pd.Timestamp) -> pd.DataFrame:
        """The strips of one day: rows of `stories.trending`, each section from its first rank."""
        return self.frame(
            "SELECT * FROM stories.trending WHERE day = ? ORDER BY section, rank", day
        )

    # -- forecasts and outcomes ---------------------------------------------------------------

    def claims_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The ledger up to `as_of`, in its order."""
        return self.frame("SELECT * FROM forecasts.claims WHERE as_of <= ? ORDER BY seq", as_of)

    def editions_of(self, day: pd.Timestamp) -> pd.DataFrame:
        """Seals of one day."""
        return self.frame("SELECT * FROM forecasts.editions WHERE day = ?", day)

    def latest_as_of(self) -> pd.Timestamp | None:
        """As-of moment of the newest edition."""
        row = self.connection.execute("SELECT max(as_of) FROM forecasts.editions").fetchone()
        return None if row is None or row[0] is None else pd.Timestamp(row[0])

    def latest_moment(self) -> pd.Timestamp | None:
        """The latest moment that something was polled at or forecast as of."""
        row = self.connection.execute(
            "SELECT greatest((SELECT max(polled_at) FROM news.feed_state), "
            "(SELECT max(as_of) FROM forecasts.editions))"
        ).fetchone()
        return None if row is None or row[0] is None else pd.Timestamp(row[0])

    def ledger_head(self) -> tuple[int, str]:
        """Sequence number and hash of the ledger's last row; (0, zeros) when empty."""
        return self._last_link("forecasts.claims")

    def verdicts_head(self) -> tuple[int, str]:
        """Number and hash of the last sealed verdict; (0, zeros) when there is none."""
        return self._last_link("outcomes.verdict_chain")

    def unsealed_verdicts(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Verdicts decided up to `as_of` that no link of the chain covers yet."""
        return self.frame(
            # The narrow column finds the rows, so that the evidence is read of these alone.
            "SELECT * FROM outcomes.resolutions WHERE rowid IN "
            "(SELECT v.rowid FROM outcomes.resolutions AS v "
            "ANTI JOIN outcomes.verdict_chain USING (resolution_id) WHERE decided_at <= ?)",
            as_of,
        )

    def last_head(self) -> pd.DataFrame:
        """The newest signed-off head; no row when there is none."""
        return self.frame(
            "SELECT * FROM forecasts.heads WHERE seq = (SELECT max(seq) FROM forecasts.heads)"
        )

    def _last_link(self, table: str) -> tuple[int, str]:
        # Not ORDER BY seq DESC LIMIT 1: of a table whose last rows were once deleted, DuckDB 1.5
        # takes the largest seq to be the deleted one and passes over the rows that came after.
        row = self.connection.execute(
            f"SELECT max(seq), arg_max(row_hash, seq) FROM {table}"  # noqa: S608
        ).fetchone()
        return (0, "0" * 64) if row is None or row[0] is None else (int(row[0]), str(row[1]))

    def verdicts_as_of(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The verdict in force at `as_of` of each claim that has one."""
        return self.frame(f"{in_force('claim_id')} ORDER BY claim_id", {"as_of": as_of})

    def open_claims(self, as_of: pd.Timestamp, columns: Sequence[str] = ("*",)) -> pd.DataFrame:
        """Claims made up to `as_of` that have no verdict then."""
        return self.frame(
            # Most of the ledger is settled; of that the narrow column alone is read.
            f"SELECT {', '.join(columns)} FROM forecasts.claims WHERE rowid IN "  # noqa: S608
            "(SELECT c.rowid FROM forecasts.claims AS c ANTI JOIN "
            "(SELECT claim_id FROM outcomes.resolutions WHERE decided_at <= $as_of) "
            "USING (claim_id) WHERE as_of <= $as_of) ORDER BY seq",
            {"as_of": as_of},
        )

    def anchors(self, anchor_ids: pd.Series) -> pd.DataFrame:
        """Anchors by id."""
        wanted = pd.DataFrame({"anchor_id": anchor_ids.drop_duplicates().astype(str)})
        self.connection.register("wanted", wanted)
        frame = self.frame("SELECT * FROM forecasts.anchors SEMI JOIN wanted USING (anchor_id)")
        self.connection.unregister("wanted")
        return frame

    def claims_with_verdicts(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """The record up to `as_of`: each claim but those of the warm-up, with its verdict then."""
        return self.frame(
            f"""
            SELECT c.*, v.verdict, v.decided_at
            FROM forecasts.claims AS c
            LEFT JOIN ({in_force("claim_id")}) AS v USING (claim_id)
            WHERE c.as_of <= $as_of AND c.phase = 'record'
            ORDER BY seq
            """,  # noqa: S608
            {"as_of": as_of},
        )

    def settled_questions(self, as_of: pd.Timestamp, resolver: str = "rule") -> pd.DataFrame:
        """What a model may learn from at `as_of`: one row a question that fell due by then.

        Of the questions that `resolver` decides, "rule" or "judge".

        Columns template, window_days, features (of the first who answered), outcome (0 or 1).
        Questions that were settled before their deadline come in only when it has passed, or
        quick yeses would flatter.
        """
        return self.frame(
            f"""
            WITH due AS (
                SELECT question_id, min(seq) AS seq FROM forecasts.claims
                WHERE as_of <= $as_of AND resolve_by <= $as_of AND resolver = $resolver
                GROUP BY question_id
            ),
            answered AS (
                SELECT seq, CASE verdict WHEN 'yes' THEN 1 ELSE 0 END AS outcome
                FROM due JOIN ({verdicts_in_force("question_id")}) USING (question_id)
                WHERE verdict IN ('yes', 'no')
            )
            SELECT template, window_days, features, outcome
            FROM forecasts.claims JOIN answered USING (seq) ORDER BY seq
            """,  # noqa: S608
            {"as_of": as_of, "resolver": resolver},
        )

    def settled_forecasts(
        self,
        as_of: pd.Timestamp,
        forecasters: Sequence[str] | None = None,
        resolver: str | None = None,
    ) -> pd.DataFrame:
        """What recalibration may learn from at `as_of`: one row a claim that fell due by then.

        Of some forecasters and of one resolver, or of all. Columns claim_id, question_id,
        forecaster, probability, resolve_by, decided_at and outcome (0.0 or 1.0), those of the
        warm-up among them, in the ledger's order.
        """
        return self.frame(
            f"""
            SELECT claim_id, question_id, forecaster, probability, resolve_by, decided_at,
                (verdict = 'yes')::DOUBLE AS outcome
            FROM forecasts.claims JOIN ({verdicts_in_force("claim_id")}) USING (claim_id)
            WHERE as_of <= $as_of AND resolve_by <= $as_of AND verdict IN ('yes', 'no')
                AND ($forecasters IS NULL OR list_contains($forecasters::VARCHAR[], forecaster))
                AND ($resolver IS NULL OR resolver = $resolver)
            ORDER BY seq
            """,  # noqa: S608
            {
                "as_of": as_of,
                "forecasters": None if forecasters is None else [*forecasters],
                "resolver": resolver,
            },
        )


def _plain(value: object) -> object:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
