"""Reads as of a moment that contests, bands and consistency need."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected
from newsworld_dagster.warehouse.queries import in_force


class LearningReads(Connected):
    """What a Reader offers to whoever learns from the record."""

    def settled_record(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Claims of the record that had fallen due and were settled by `as_of`, yes or no.

        Without those of the warm-up, in the ledger's order: claim_id, question_id, topic_id,
        forecaster, model, prompt_digest, input_digest, probability, cost_usd, made_at,
        resolve_by, decided_at and outcome (0.0 or 1.0).
        """
        return self.frame(
            f"""
            WITH verdicts AS (SELECT claim_id, verdict, decided_at FROM ({in_force("claim_id")}))
            SELECT claim_id, question_id, topic_id, forecaster, model, prompt_digest, input_digest,
                probability, cost_usd, made_at, resolve_by, decided_at,
                (verdict = 'yes')::DOUBLE AS outcome
            FROM forecasts.claims JOIN verdicts USING (claim_id)
            WHERE as_of <= $as_of AND resolve_by <= $as_of AND phase = 'record'
                AND verdict IN ('yes', 'no')
            ORDER BY seq
            """,  # noqa: S608
            {"as_of": as_of},
        )

    def sides_on_record(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Who is on record by `as_of`: distinct forecaster, model and prompt_digest."""
        return self.frame(
            "SELECT DISTINCT forecaster, model, prompt_digest FROM forecasts.claims "
            "WHERE as_of <= ? AND phase = 'record' ORDER BY ALL",
            as_of,
        )

    def claims_of_days(self, days: list[pd.Timestamp], as_of: pd.Timestamp) -> pd.DataFrame:
        """The claims of some days' editions, made by `as_of`, in the ledger's order."""
        return self.frame(
            "SELECT * FROM forecasts.claims WHERE as_of <= ? "
            "AND day IN (SELECT unnest(?::TIMESTAMP[])) ORDER BY seq",
            as_of,
            [day.to_pydatetime() for day in days],
        )

    def leader_as_of(self, as_of: pd.Timestamp) -> str | None:
        """The forecaster that leads at `as_of`; None before the first look."""
        leader = self.frame(
            "SELECT arg_max(leader, as_of) AS leader FROM scorecards.leaders WHERE as_of <= ?",
            as_of,
        )["leader"].iloc[0]
        return None if pd.isna(leader) else str(leader)

    def last_look(self, day: pd.Timestamp) -> tuple[pd.Timestamp, str] | None:
        """The last day before `day` on which a leader was named, and who; None without one."""
        found = self.frame(
            "SELECT max(day) AS day, arg_max(leader, day) AS leader FROM scorecards.leaders "
            "WHERE day < ?",
            day,
        ).iloc[0]
        return None if pd.isna(found["day"]) else (pd.Timestamp(found["day"]), str(found["leader"]))

    def open_relations(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Related claims made by `as_of` of which neither had a verdict then."""
        return self.frame(
            """
            WITH settled AS (
                SELECT claim_id FROM outcomes.resolutions WHERE decided_at <= $as_of
            )
            SELECT pair.* FROM forecasts.relations AS pair
            ANTI JOIN settled AS one ON one.claim_id = pair.claim_id
            ANTI JOIN settled AS other ON other.claim_id = pair.other_id
            WHERE pair.as_of <= $as_of
            ORDER BY arbitrage DESC, claim_id, other_id
            """,
            {"as_of": as_of},
        )

    def relations_on_record(self, as_of: pd.Timestamp) -> pd.DataFrame:
        """Related claims of the record made by `as_of`, whether settled or not."""
        return self.frame(
            """
            SELECT r.* FROM forecasts.relations AS r
            SEMI JOIN (SELECT claim_id FROM forecasts.claims WHERE phase = 'record')
                USING (claim_id)
            WHERE r.as_of <= $as_of ORDER BY arbitrage DESC, claim_id, other_id
            """,
            {"as_of": as_of},
        )
