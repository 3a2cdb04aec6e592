"""Reads as of a moment of forecasts and outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from newsworld_dagster.warehouse.connected import Connected
from newsworld_dagster.warehouse.queries import in_force, verdicts_in_force

# The last links of claims and verdicts, and the number of heads.
RecordEnd = tuple[tuple[int, str], tuple[int, str], int]


class RecordReads(Connected):
    """What a Reader offers about claims and verdicts."""

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

    def record_end(self) -> RecordEnd:
        """Where the record ends: what was appended to it since has moved this."""
        return self.ledger_head(), self.verdicts_head(), self.count("forecasts.heads")

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
            f"SELECT seq, row_hash FROM {table} WHERE seq = (SELECT max(seq) FROM {table})"  # noqa: S608
        ).fetchone()
        return (0, "0" * 64) if row is None else (int(row[0]), str(row[1]))

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
        wanted = pa.table({"anchor_id": pa.array(anchor_ids.drop_duplicates(), pa.string())})
        with self.handed("wanted", wanted):
            return self.frame("SELECT * FROM forecasts.anchors SEMI JOIN wanted USING (anchor_id)")

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
