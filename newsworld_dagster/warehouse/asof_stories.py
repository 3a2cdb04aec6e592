"""Reads as of a moment that tell how stories stand and why an article is where it is."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected
from newsworld_dagster.warehouse.queries import last_written, story_of_articles


class StoryReads(Connected):
    """What a Reader offers about stories."""

    def placements(self, article: str, as_of: pd.Timestamp) -> pd.DataFrame:
        """What is known of where an article belongs, oldest first.

        Rows of `stories.assignments` of days that had begun, with title, publisher and url of
        the article, which is named by its id or its address.
        """
        return self.frame(
            """
            SELECT s.*, a.title, a.publisher, a.url
            FROM stories.assignments AS s
            JOIN news.articles AS a USING (article_id)
            WHERE s.day < $as_of AND a.first_seen_at <= $as_of
              AND $article IN (a.article_id, a.url, a.canonical_url)
            ORDER BY s.day
            """,
            {"article": article, "as_of": as_of},
        )

    def followers(self, article_id: str, as_of: pd.Timestamp, most: int = 5) -> pd.DataFrame:
        """Articles of the same story that were placed with this one among their nearest.

        Columns article_id, title, publisher, probability; nearest first.
        """
        return self.frame(
            f"""
            WITH current AS (
                {last_written("stories.assignments", "article_id", "day < $as_of")}
            ),
            named AS (
                SELECT c.article_id, unnest((c.nearest::JSON)::JSON[]) AS near FROM current AS c
                WHERE c.story_id = (
                    SELECT story_id FROM current WHERE current.article_id = $article
                ) AND c.article_id <> $article
            )
            SELECT n.article_id, a.title, a.publisher,
                (n.near ->> 'probability')::DOUBLE AS probability
            FROM named AS n JOIN news.articles AS a ON a.article_id = n.article_id
            WHERE (n.near ->> 'article_id') = $article AND (n.near ->> 'member')::BOOLEAN
            ORDER BY probability DESC, n.article_id LIMIT $most
            """,  # noqa: S608
            {"article": article_id, "as_of": as_of, "most": most},
        )

    def stories_of(self, article_ids: Sequence[str], as_of: pd.Timestamp) -> dict[str, str]:
        """The story that each of the articles has, as days that had begun left it."""
        named = "article_id IN (SELECT unnest($ids::VARCHAR[]))"
        found = self.frame(
            story_of_articles(f"day < $as_of AND {named}"),
            {"ids": list(article_ids), "as_of": as_of},
        )
        return dict(zip(found["article_id"], found["story_id"], strict=True))

    def placements_of(self, day: pd.Timestamp, most: int = 12) -> pd.DataFrame:
        """Articles that a day put with others, the least sure first, each beside its nearest."""
        return self.frame(
            """
            SELECT
                a.title AS article, s.reason, round(s.score, 2) AS score, b.title AS nearest,
                (s.nearest -> '$[0].probability')::DOUBLE AS probability,
                array_to_string(list_concat(
                    (s.nearest -> '$[0].names')::VARCHAR[], (s.nearest -> '$[0].shared')::VARCHAR[]
                ), ', ') AS shared
            FROM stories.assignments AS s
            JOIN news.articles AS a USING (article_id)
            JOIN news.articles AS b ON b.article_id = (s.nearest ->> '$[0].article_id')
            WHERE s.day = $day AND s.reason <> 'founded'
            ORDER BY s.score, s.article_id
            LIMIT $most
            """,
            {"day": day, "most": most},
        )

    def older_members(self, day: pd.Timestamp, as_of: pd.Timestamp, days: int) -> dict[str, int]:
        """How many articles the stories of the live window have before it; as `live_window`."""
        found = self.frame(
            """
            WITH live AS (
                SELECT DISTINCT story_id FROM (
                    SELECT arg_max(story_id, day) AS story_id FROM stories.assignments
                    SEMI JOIN (
                        SELECT article_id FROM news.articles
                        WHERE first_seen_at <= $as_of AND first_seen_at > $since
                    ) USING (article_id)
                    WHERE day <= $day
                    GROUP BY article_id
                )
            ),
            -- Only what was ever of these stories is asked where it stands now.
            touched AS (
                SELECT article_id FROM stories.assignments SEMI JOIN live USING (story_id)
                WHERE day <= $day
            ),
            older AS (
                SELECT arg_max(story_id, day) AS story_id FROM stories.assignments
                SEMI JOIN touched USING (article_id)
                SEMI JOIN (SELECT article_id FROM news.articles WHERE first_seen_at <= $since)
                    USING (article_id)
                WHERE day <= $day
                GROUP BY article_id
            )
            SELECT story_id, count(*) AS articles FROM older SEMI JOIN live USING (story_id)
            GROUP BY story_id
            """,
            {"as_of": as_of, "since": as_of - pd.Timedelta(days=days), "day": day},
        )
        return dict(zip(found["story_id"], found["articles"].astype(int), strict=True))

    def story_sizes(self, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
        """Stories touched on the days, largest first: story_id, articles, publishers, headline.

        A copy of an earlier article adds no publisher.
        """
        return self.frame(
            f"""
            WITH current AS (
                {story_of_articles("day <= $last")}
            ),
            touched AS (
                SELECT DISTINCT story_id FROM stories.assignments
                WHERE day BETWEEN $first AND $last
            )
            SELECT story_id, count(*) AS articles,
                count(DISTINCT publisher) FILTER (duplicate_of IS NULL) AS publishers,
                arg_min(title, (first_seen_at, article_id)) AS headline
            FROM current SEMI JOIN touched USING (story_id)
            JOIN news.articles USING (article_id)
            GROUP BY story_id ORDER BY articles DESC, story_id
            """,  # noqa: S608
            {"first": first, "last": last},
        )

    def story_moves(self, since: pd.Timestamp, as_of: pd.Timestamp) -> pd.DataFrame:
        """Articles that went from one story to another from `since` on and before `as_of`.

        Columns article_id, day, and back: whether it leads to a story that the article had before.
        """
        return self.frame(
            """
            WITH placed AS (
                SELECT article_id, day, story_id, list(story_id) OVER (
                    PARTITION BY article_id ORDER BY day
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS before
                FROM stories.assignments
                SEMI JOIN (
                    SELECT article_id FROM stories.assignments
                    WHERE day >= $since AND day < $as_of
                ) USING (article_id)
                WHERE day < $as_of
            )
            SELECT article_id, day, list_contains(before, story_id) AS back FROM placed
            WHERE day >= $since AND before[-1] <> story_id
            ORDER BY article_id, day
            """,
            {"since": since, "as_of": as_of},
        )

    def week_sizes(self, as_of: pd.Timestamp) -> pd.Series:
        """How many articles of the seven days before `as_of` each of their stories has.

        As the stories stood at `as_of`; indexed by story_id.
        """
        found = self.frame(
            f"""
            WITH current AS (
                {story_of_articles("day < $as_of")}
            )
            SELECT story_id, count(*) AS articles
            FROM current JOIN news.articles USING (article_id)
            WHERE first_seen_at <= $as_of AND first_seen_at > $since
            GROUP BY story_id ORDER BY story_id
            """,  # noqa: S608
            {"as_of": as_of, "since": as_of - pd.Timedelta(days=7)},
        )
        return found.set_index("story_id")["articles"]
