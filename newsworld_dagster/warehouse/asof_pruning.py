"""Reads as of a moment that tell what nothing needs any more."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.warehouse.connected import Connected


class PruningReads(Connected):
    """What a Reader offers to whoever prunes."""

    def oldest_read_for_claims(self, as_of: pd.Timestamp, late_days: int) -> pd.Timestamp | None:
        """The moment from which articles are read for the claims of `as_of`; None for no claim.

        When the oldest was made of the claims up to `as_of` that have no verdict then, or that
        the judge may still correct, until `late_days` after the deadline.
        """
        found = self.frame(
            """
            SELECT min(made_at) AS made_at FROM forecasts.claims AS c
            WHERE as_of <= $as_of AND (resolver = 'judge' AND resolve_by >= $late OR NOT EXISTS (
                SELECT 1 FROM outcomes.resolutions AS r
                WHERE r.claim_id = c.claim_id AND r.decided_at <= $as_of
            ))
            """,
            {"as_of": as_of, "late": as_of - pd.Timedelta(days=late_days)},
        )["made_at"][0]
        return None if pd.isna(found) else pd.Timestamp(found)

    def old_vectors(self, before: pd.Timestamp) -> tuple[int, int]:
        """Rows and bytes of the vectors of texts that no article of `before` or later has.

        Vectors of texts that no article has, such as our own, are none of them.
        """
        row = self.frame(
            "SELECT count(*) AS rows, coalesce(sum(4 * len(vector)), 0)::BIGINT AS bytes "  # noqa: S608
            f"FROM embeddings.vectors WHERE content_digest IN ({OLD_TEXTS})",
            {"before": before},
        ).iloc[0]
        return int(row["rows"]), int(row["bytes"])


# Digests of the texts of articles that were all first seen before $before.
OLD_TEXTS = (
    "SELECT content_digest FROM news.articles GROUP BY content_digest HAVING max(day) < $before"
)
