"""Pieces of SQL that several as-of reads share; each has the parameter $as_of."""

from __future__ import annotations

# Of the record up to $as_of, the claim of the most preferred forecaster on each question.
ONE_A_QUESTION = """
    SELECT * FROM forecasts.claims WHERE as_of <= $as_of AND phase = 'record'
    QUALIFY row_number() OVER (PARTITION BY question_id ORDER BY
        coalesce(list_position($preferred::VARCHAR[], forecaster), 1000), forecaster) = 1
"""


def in_force(key: str) -> str:
    """SQL for the verdict of each `key` that is in force at $as_of: the latest, if superseding."""
    return (
        "SELECT * FROM outcomes.resolutions WHERE decided_at <= $as_of "  # noqa: S608
        f"QUALIFY row_number() OVER (PARTITION BY {key} "
        "ORDER BY decided_at DESC, supersedes IS NULL) = 1"
    )
