"""Reads as of a moment that the analyst and the judge need."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected
from newsworld_dagster.warehouse.queries import in_force


@dataclass(frozen=True)
class Analysed:
    """What a forecaster's day comes to: claims, refusals, and digests of what it was made from."""

    claims: int
    refused: int
    inputs: list[str]


class AnalysisReads(Connected):
    """What a Reader offers to the analyst and the judge."""

    def last_edition_day(self, as_of: pd.Timestamp) -> pd.Timestamp | None:
        """The day of the latest edition made by `as_of`."""
        day = self.frame("SELECT max(day) AS day FROM forecasts.editions WHERE as_of <= ?", as_of)
        found = day["day"].iloc[0]
        return None if pd.isna(found) else pd.Timestamp(found)

    def desk_topics(self, day: pd.Timestamp, forecaster: str) -> pd.DataFrame:
        """Topics on which a forecaster reported on a day, the most significant first.

        Columns topic_id, topic_label, section and as_of.
        """
        return self.frame(
            """
            WITH described AS (
                SELECT topic_id, arg_max(significance, day) AS significance FROM stories.topics
                WHERE day <= $day GROUP BY topic_id
            )
            SELECT topic_id, topic_label, section, as_of
            FROM forecasts.reports LEFT JOIN described USING (topic_id)
            WHERE day = $day AND forecaster = $forecaster
            ORDER BY significance DESC NULLS LAST, topic_id
            """,
            {"day": day, "forecaster": forecaster},
        )

    def reported_topics(self, day: pd.Timestamp, forecaster: str) -> set[str]:
        """Topics on which a forecaster has reported on a day, or was refused."""
        frame = self.frame(
            "SELECT topic_id FROM forecasts.reports WHERE day = $day AND forecaster = $forecaster "
            "UNION SELECT topic_id FROM forecasts.refusals "
            "WHERE day = $day AND forecaster = $forecaster",
            {"day": day, "forecaster": forecaster},
        )
        return set(frame["topic_id"])

    def analysed(self, day: pd.Timestamp, forecaster: str) -> Analysed:
        """What a language model's forecaster has made of a day, in however many runs."""
        row = self.frame(
            """
            SELECT
                (SELECT count(*) FROM forecasts.claims
                    WHERE day = $day AND forecaster = $forecaster) AS claims,
                (SELECT count(*) FROM forecasts.refusals
                    WHERE day = $day AND forecaster = $forecaster) AS refused,
                (SELECT coalesce(list(DISTINCT input_digest ORDER BY input_digest), [])
                    FROM forecasts.analyses JOIN forecasts.reports USING (report_id)
                    WHERE day = $day AND forecaster = $forecaster) AS inputs
            """,
            {"day": day, "forecaster": forecaster},
        ).iloc[0]
        return Analysed(int(row["claims"]), int(row["refused"]), list(row["inputs"]))

    def calls_of(self, days: list[pd.Timestamp]) -> pd.DataFrame:
        """Asks of a language model on some days, as rows of `forecasts.model_calls`."""
        return self.frame(
            "SELECT * FROM forecasts.model_calls WHERE day IN (SELECT unnest(?::TIMESTAMP[])) "
            "ORDER BY asked_at, call_id",
            [day.to_pydatetime() for day in days],
        )

    def judge_questions(self, as_of: pd.Timestamp, late_days: int) -> pd.DataFrame:
        """Questions for the judge at `as_of`: the open ones, and those it may have to correct.

        Correctable are its own verdicts until `late_days` after the deadline; a person's are
        not. One row a question, in the ledger's order: question_id, claim_ids, statement,
        resolution_criteria, made_at, resolve_by, verdict and resolution_ids (aligned with
        claim_ids) of the verdict that stands, last_asked (UTC, null before the first asking).
        """
        return self.frame(
            f"""
            WITH standing AS (
                SELECT claim_id, verdict, decided_by, resolution_id FROM ({in_force("claim_id")})
            ),
            asked AS (
                SELECT subject AS claim_id, max(as_of) AS last_asked FROM forecasts.model_calls
                WHERE as_of <= $as_of AND prompt_id LIKE 'judge-%'
                    AND outcome IN ('answered', 'refused')
                GROUP BY subject
            )
            SELECT c.question_id,
                list(claim_id ORDER BY seq) AS claim_ids,
                any_value(statement) AS statement,
                any_value(resolution_criteria) AS resolution_criteria,
                min(made_at) AS made_at,
                any_value(resolve_by) AS resolve_by,
                any_value(standing.verdict) AS verdict,
                list(standing.resolution_id ORDER BY seq) AS resolution_ids,
                max(last_asked) AS last_asked
            FROM forecasts.claims AS c
            LEFT JOIN standing USING (claim_id)
            LEFT JOIN asked USING (claim_id)
            WHERE c.as_of <= $as_of AND c.resolver = 'judge'
            GROUP BY c.question_id
            HAVING bool_and(standing.verdict IS NULL) OR (
                bool_and(standing.decided_by = 'judge') AND any_value(resolve_by) > $late_from
            )
            ORDER BY min(seq)
            """,  # noqa: S608
            {"as_of": as_of, "late_from": as_of - pd.Timedelta(days=late_days)},
        )

    def queued_claims(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Claims that the judge left to a person and that have no verdict at `as_of`.

        The row of the queue of its latest asking, with statement, resolution_criteria, made_at
        and resolve_by of the claim; the longest waiting first.
        """
        return self.frame(
            """
            SELECT q.*, c.statement, c.resolution_criteria, c.made_at, c.resolve_by
            FROM outcomes.judge_queue AS q JOIN forecasts.claims AS c USING (claim_id)
            WHERE q.as_of <= $as_of AND NOT EXISTS (
                SELECT 1 FROM outcomes.resolutions AS r
                WHERE r.claim_id = q.claim_id AND r.decided_at <= $as_of
                    AND r.decided_at >= q.as_of
            )
            QUALIFY row_number() OVER (PARTITION BY q.claim_id ORDER BY q.as_of DESC) = 1
            ORDER BY q.as_of, q.claim_id
            """,
            {"as_of": as_of},
        )
