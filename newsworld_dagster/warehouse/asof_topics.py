"""Reads as of a moment of stories and topics as they stood."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected
from newsworld_dagster.warehouse.queries import story_of_articles, topic_of_stories


class TopicReads(Connected):
    """What a Reader offers about the live window and its topics."""

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
                -- What was seen after $since has no story of a day before that of $since.
                WHERE day <= $day AND day >= date_trunc('day', $since::TIMESTAMP)
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

    def topics_as_of(
        self,
        as_of: pd.Timestamp,
        since: pd.Timestamp | None = None,
        *,
        vectors: bool = True,
    ) -> pd.DataFrame:
        """The description of each topic at `as_of`, of those with articles from `since` on.

        With its vector, unless `vectors` is false: most of the bytes are theirs. Its lifecycle is
        that of the moment: a topic that nothing was heard of since its row has become dormant or
        closed by itself.
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
            "*" if vectors else "* EXCLUDE (vector)",
        )
        for stage, start in (("dormant", "dormant_from"), ("closed", "closed_from")):
            frame.loc[frame[start] <= as_of, "lifecycle"] = stage
        return frame

    def thread_articles(self, day: pd.Timestamp, before: pd.Timestamp, days: int) -> pd.DataFrame:
        """Articles first seen up to `before`, of topics described before `day` and not closed.

        A topic closes after `days` days without an article. As stories stood once `day` was
        processed: topic_id, article_id, story_id, publisher, duplicate_of, first_seen_at and day.
        """
        return self.frame(
            f"""
            WITH alive AS (
                SELECT topic_id FROM stories.topics WHERE day < $day AND day >= $since
                GROUP BY topic_id HAVING arg_max(closed_from, day) > $day
            ),
            -- Only what was ever of these topics is asked which it is of now.
            once AS (
                SELECT story_id FROM stories.topic_stories SEMI JOIN alive USING (topic_id)
                WHERE day < $day
            ),
            linked AS MATERIALIZED (
                SELECT * FROM ({topic_of_stories("day < $day", "SEMI JOIN once USING (story_id)")})
                SEMI JOIN alive USING (topic_id)
            ),
            -- Only what was ever of these stories is asked where it stands now.
            touched AS (
                SELECT article_id FROM stories.assignments SEMI JOIN linked USING (story_id)
                WHERE day <= $day
            ),
            assigned AS (
                {story_of_articles("day <= $day", "SEMI JOIN touched USING (article_id)")}
            )
            SELECT topic_id, article_id, story_id, publisher, duplicate_of, first_seen_at, a.day
            FROM assigned
            JOIN linked USING (story_id)
            JOIN news.articles AS a USING (article_id)
            WHERE first_seen_at <= $before
            ORDER BY first_seen_at, article_id
            """,  # noqa: S608
            # What is not closed was described when its last article came, or later.
            {"day": day, "before": before, "since": day - pd.Timedelta(days=days)},
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
            -- Rows are found by narrow columns: the vectors of all topics would fill the memory.
            WITH last AS (
                SELECT topic_id, arg_max(rowid, day) AS row FROM stories.topics WHERE day < $as_of
                GROUP BY topic_id
                HAVING arg_max(dormant_from, day) > $as_of AND max(day) >= $week_before
            ),
            rows AS (
                SELECT row FROM last
                UNION ALL
                SELECT arg_max(rowid, day) FROM stories.topics SEMI JOIN last USING (topic_id)
                WHERE day < $week_before GROUP BY topic_id
            ),
            described AS (
                SELECT topic_id, day, vector FROM stories.topics
                WHERE rowid IN (SELECT row FROM rows)
            )
            SELECT topic_id, list_cosine_similarity(before.vector, now.vector) AS cosine
            FROM described AS before JOIN described AS now USING (topic_id)
            WHERE before.day < $week_before AND now.day >= $week_before
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
        columns: str = "*",
    ) -> pd.DataFrame:
        """The row of each key that is in force at `as_of`, of the keys that `among` joins."""
        return self.frame(
            # The narrow columns find the rows, so that texts and vectors are read of these alone.
            f"SELECT {columns} FROM {table} WHERE rowid IN "  # noqa: S608
            f"(SELECT arg_max(rowid, day) FROM {table} {among} WHERE day < $as_of GROUP BY {key}) "
            f"ORDER BY {key}",
            {"as_of": as_of} | ({} if since is None else {"since": since}),
        )

    def last_story_day(self) -> pd.Timestamp | None:
        """The last day whose articles were assigned to stories."""
        row = self.connection.execute("SELECT max(day) FROM stories.assignments").fetchone()
        return None if row is None or row[0] is None else pd.Timestamp(row[0])

    def trending_window(
        self, day: pd.Timestamp, as_of: pd.Timestamp, days: int, columns: Sequence[str] = ("*",)
    ) -> pd.DataFrame:
        """The live window, with the section of the topic where the source names none."""
        window = self.live_window(day, as_of, days, columns)
        described = self.frame(
            # A topic is described when an article comes to it: those of the window since.
            "SELECT topic_id, arg_max(section, day) AS section FROM stories.topics "
            "WHERE day BETWEEN $since AND $day GROUP BY topic_id",
            {"since": (as_of - pd.Timedelta(days=days)).floor("D"), "day": day},
        ).set_index("topic_id")["section"]
        of_topic = window["topic_id"].map(described)
        return window.assign(section=window["section"].where(window["section"].notna(), of_topic))

    def trending(self, day: pd.Timestamp) -> pd.DataFrame:
        """The strips of one day: rows of `stories.trending`, each section from its first rank."""
        return self.frame(
            "SELECT * FROM stories.trending WHERE day = ? ORDER BY section, rank", day
        )
