"""Reads as of a moment that the edition's pages are made from: a whole table a query."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts.analysis import ANALYSES, REPORT_TEXTS
from newsworld_dagster.warehouse.asof_topics import TopicReads
from newsworld_dagster.warehouse.queries import AXIS, in_force, story_of_articles, topic_of_stories

SCORED = ["claim_id", "forecaster", "probability", "outcome", "brier", "log_score"]

# No summary: pages show title, publisher, date and link.
_ARTICLES = f"""
    WITH assigned AS (
        {story_of_articles("day < $as_of")}
    ),
    linked AS (
        {topic_of_stories("day < $as_of")}
    )
    SELECT article_id, title, publisher, url, first_seen_at, day,
        duplicate_of IS NOT NULL AS copy, topic_id
    FROM news.articles
    JOIN assigned USING (article_id)
    LEFT JOIN linked USING (story_id)
    WHERE first_seen_at <= $as_of
    ORDER BY first_seen_at DESC, article_id
"""  # noqa: S608

_CLAIMS = f"""
    SELECT c.* EXCLUDE (features, input_digest, sample_index, actor, action, threshold,
            prompt_digest, findings, phase, cost_usd),
        v.verdict, v.decided_at, v.decided_by, v.evidence, v.reason,
        v.resolution_id, v.supersedes
    FROM forecasts.claims AS c
    LEFT JOIN ({in_force("claim_id")}) AS v USING (claim_id)
    WHERE c.as_of <= $as_of AND c.phase = 'record'
    ORDER BY seq
"""  # noqa: S608

_REPORTS = """
    SELECT r.*,
        t.lifecycle, t.growth, t.novelty, t.persistence, t.significance,
        t.independent_publishers, t.articles AS topic_articles,
        t.publishers AS topic_publishers, t.first_seen_at AS topic_since, t.vector, t.keywords
    FROM (
        SELECT * FROM forecasts.reports
        SEMI JOIN (SELECT report_id FROM forecasts.claims WHERE phase = 'record') USING (report_id)
        WHERE as_of <= $as_of
    ) AS r
    ASOF LEFT JOIN stories.topics AS t ON r.topic_id = t.topic_id AND r.day >= t.day
    ORDER BY r.as_of, r.forecaster, r.report_id
"""


class EditionReads(TopicReads):
    """What a Reader offers to the pages."""

    def edition_frames(self, as_of: pd.Timestamp) -> dict[str, pd.DataFrame]:
        """All that pages show of the record as of a moment, a frame a subject.

        Returns
        -------
        dict of str to pandas.DataFrame
            `reports` with their topic as it was then, `claims` with the verdict in force,
            `overruled` verdicts, `articles` with their topic and without their text,
            `topics`, `axis` (all timelines), `digests`, `trending`, `scorecard`, `scored` (scores
            per claim), `editions`, and `texts` and `analyses`, empty where no analyst wrote.
        """
        moment = {"as_of": as_of}
        return {
            "reports": self.frame(_REPORTS, moment),
            "claims": self.frame(_CLAIMS, moment),
            "overruled": self.frame(
                "SELECT * FROM outcomes.resolutions WHERE decided_at <= $as_of AND resolution_id "
                "IN (SELECT supersedes FROM outcomes.resolutions WHERE decided_at <= $as_of) "
                "ORDER BY decided_at, resolution_id",
                moment,
            ),
            "articles": self.frame(_ARTICLES, moment),
            "topics": self.topics_as_of(as_of, vectors=False),
            "axis": self.frame(
                f"{AXIS} ORDER BY topic_id, kind = 'step' DESC, kind = 'open' DESC, date, entry_id",
                moment,
            ),
            "digests": self.frame(
                "SELECT * FROM stories.digests WHERE as_of <= $as_of "
                "ORDER BY day, period, section, rank",
                moment,
            ),
            "trending": self.frame(
                "SELECT * FROM stories.trending WHERE day < $as_of ORDER BY day, section, rank",
                moment,
            ),
            "scorecard": self.frame("SELECT * FROM scorecards.scorecard"),
            "scored": self._if_there("marts.fct_scored_claims", SCORED).sort_values("claim_id"),
            "editions": self.frame(
                "SELECT day, max(as_of) AS as_of, sum(claims)::BIGINT AS claims, "
                "sum(refused)::BIGINT AS refused FROM forecasts.editions "
                "WHERE as_of <= $as_of AND phase = 'record' GROUP BY day ORDER BY day",
                moment,
            ),
            "texts": self._if_there("forecasts.report_texts", list(REPORT_TEXTS.columns)),
            "analyses": self._if_there("forecasts.analyses", list(ANALYSES.columns)),
        }

    def _if_there(self, name: str, columns: list[str]) -> pd.DataFrame:
        """A table that a world need not have yet; without rows where it is missing."""
        schema, table = name.split(".")
        there = self.frame(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = ? AND table_name = ?",
            schema,
            table,
        )
        if there.empty:
            return pd.DataFrame(columns=columns)
        quoted = ", ".join(f'"{column}"' for column in columns)
        return self.frame(f"SELECT {quoted} FROM {name}")  # noqa: S608
