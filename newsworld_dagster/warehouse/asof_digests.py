"""Reads as of a moment that timelines and digests need."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected
from newsworld_dagster.warehouse.queries import AXIS, ONE_A_QUESTION, verdicts_in_force


class DigestReads(Connected):
    """What a Reader offers to timelines and digests."""

    def digest_of(self, day: pd.Timestamp, period: str) -> pd.DataFrame:
        """The digest stamped with a day, in the order of its pages."""
        return self.frame(
            "SELECT * FROM stories.digests WHERE day = ? AND period = ? ORDER BY section, rank",
            day,
            period,
        )

    def digest_before(self, day: pd.Timestamp, period: str) -> pd.DataFrame:
        """The last digest of an earlier day: of the day before, unless none was made of it."""
        return self.frame(
            """
            SELECT * FROM stories.digests WHERE period = $period AND day = (
                SELECT max(day) FROM stories.digests WHERE period = $period AND day < $day
            )
            ORDER BY section, rank
            """,
            {"period": period, "day": day},
        )

    def digest_days(self, period: str) -> list[pd.Timestamp]:
        """The days that have a digest of a period, oldest first."""
        found = self.frame(
            "SELECT DISTINCT day FROM stories.digests WHERE period = ? ORDER BY day", period
        )
        return [pd.Timestamp(day) for day in found["day"]]

    def written_of(self, day: pd.Timestamp) -> pd.DataFrame:
        """What a language model wrote of a day, in the order of its pages."""
        return self.frame(
            "SELECT * FROM stories.written_digests WHERE day = ? ORDER BY section, rank", day
        )

    def written_before(self, day: pd.Timestamp) -> pd.DataFrame:
        """Section and headline of the last digest that a model wrote before a day."""
        return self.frame(
            """
            SELECT section, headline FROM stories.written_digests WHERE day = (
                SELECT max(day) FROM stories.written_digests WHERE day < $day
            ) ORDER BY section, rank
            """,
            {"day": day},
        )

    def written_labels(self, as_of: pd.Timestamp) -> pd.Series:
        """Names that a language model gave topics by `as_of`, by topic_id."""
        frame = self.frame(
            "SELECT topic_id, label FROM stories.written_labels WHERE as_of <= ? ORDER BY topic_id",
            as_of,
        )
        return frame.set_index("topic_id")["label"]

    def article_links(self, article_ids: list[str]) -> pd.DataFrame:
        """Title, url and publisher of articles, with their article_id."""
        return self.frame(
            "SELECT article_id, title, url, publisher FROM news.articles "
            "WHERE article_id IN (SELECT unnest(?::VARCHAR[]))",
            article_ids,
        )

    def claims_due(
        self, as_of: pd.Timestamp, within_days: float, preferred: tuple[str, ...]
    ) -> pd.DataFrame:
        """Open claims of the record due within some days of `as_of`, one a question."""
        return self.frame(
            f"""
            SELECT * FROM forecasts.claims AS c
            WHERE resolve_by > $as_of AND resolve_by <= $until AND claim_id IN ({ONE_A_QUESTION})
            AND NOT EXISTS (
                SELECT 1 FROM outcomes.resolutions AS r
                WHERE r.claim_id = c.claim_id AND r.decided_at <= $as_of
            )
            ORDER BY seq
            """,  # noqa: S608
            {
                "as_of": as_of,
                "until": as_of + pd.Timedelta(days=within_days),
                "preferred": list(preferred),
            },
        )

    def cited_articles(self, claims: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
        """The articles that claims cite, oldest first: article_id, publisher, duplicate_of."""
        return self.frame(
            """
            WITH cited AS (
                SELECT DISTINCT unnest(json_extract_string(sources, '$[*].article_id'))
                    AS article_id
                FROM forecasts.claims WHERE claim_id IN (SELECT unnest($claims::VARCHAR[]))
            )
            SELECT article_id, publisher, duplicate_of FROM news.articles
            SEMI JOIN cited USING (article_id)
            WHERE first_seen_at <= $as_of ORDER BY first_seen_at, article_id
            """,
            {"claims": claims["claim_id"].tolist(), "as_of": as_of},
        )

    def topics_with_claims(self, as_of: pd.Timestamp) -> set[str]:
        """Topics that a claim of the record was made on by `as_of`."""
        found = self.frame(
            "SELECT DISTINCT topic_id FROM forecasts.claims WHERE as_of <= ? AND phase = 'record'",
            as_of,
        )
        return set(found["topic_id"])

    def steps_before(self, day: pd.Timestamp) -> pd.DataFrame:
        """Steps that days before `day` wrote, oldest first: topic_id, date, sentence."""
        return self.frame(
            "SELECT topic_id, date, sentence FROM stories.timelines "
            "WHERE kind = 'step' AND day < ? ORDER BY date, entry_id",
            day,
        )

    def claims_for_timelines(
        self, day: pd.Timestamp, as_of: pd.Timestamp, preferred: tuple[str, ...]
    ) -> pd.DataFrame:
        """Claims made or settled by `as_of`, which no day before `day` put on a timeline.

        One a question, of the most preferred forecaster. Beside the columns of
        `forecasts.claims`: verdict and decided_at, null without a verdict; opened, whether the
        claim is on a timeline; settled_on, the date of its last verdict there.
        """
        return self.frame(
            f"""
            WITH placed AS (
                SELECT claim_id, max(date) FILTER (WHERE kind = 'settled') AS settled_on
                FROM stories.timelines WHERE claim_id IS NOT NULL AND day < $day
                GROUP BY claim_id
            ),
            told AS (
                SELECT claim_id, v.verdict, v.decided_at, p.settled_on,
                    p.claim_id IS NOT NULL AS opened
                FROM ({ONE_A_QUESTION}) AS c
                LEFT JOIN ({verdicts_in_force("claim_id")}) AS v USING (claim_id)
                LEFT JOIN placed AS p USING (claim_id)
                WHERE p.claim_id IS NULL
                    OR (v.decided_at IS NOT NULL AND v.decided_at IS DISTINCT FROM p.settled_on)
            )
            SELECT c.*, t.* EXCLUDE (claim_id)
            FROM forecasts.claims AS c JOIN told AS t USING (claim_id)
            ORDER BY seq
            """,  # noqa: S608
            {"as_of": as_of, "day": day, "preferred": list(preferred)},
        )

    def timeline(self, topic_id: str, as_of: pd.Timestamp) -> pd.DataFrame:
        """The axis of a topic at `as_of`: its steps, then its open and its settled claims.

        Each oldest first. A settled claim stands in place of its open row. Steps follow their
        article: one whose article belongs to another topic by `as_of` is on that topic's axis.
        """
        return self.frame(
            f"SELECT * FROM ({AXIS}) WHERE topic_id = $topic "  # noqa: S608
            "ORDER BY kind = 'step' DESC, kind = 'open' DESC, date, entry_id",
            {"as_of": as_of, "topic": topic_id},
        )
