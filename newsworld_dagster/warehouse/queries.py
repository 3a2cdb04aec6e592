"""Pieces of SQL that several as-of reads share; those that take no `when` have $as_of."""

from __future__ import annotations


def last_written(table: str, key: str, when: str) -> str:
    """SQL for the row of each `key` that the last of some days wrote.

    Parameters
    ----------
    table
        What has a column `day`, with any joins that choose among its rows.
    when
        The condition on the day.
    """
    return (
        f"SELECT * FROM {table} WHERE {when} "  # noqa: S608
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY day DESC) = 1"
    )


def story_of_articles(when: str, among: str = "") -> str:
    """SQL for article_id and story_id, as the last of some days left them."""
    return _last_of("stories.assignments", "article_id", "story_id", when, among)


def topic_of_stories(when: str, among: str = "") -> str:
    """SQL for story_id and topic_id, as the last of some days left them."""
    return _last_of("stories.topic_stories", "story_id", "topic_id", when, among)


def _last_of(table: str, key: str, value: str, when: str, among: str = "") -> str:
    """SQL for one column of `last_written`, by a cheaper aggregate."""
    return (
        f"SELECT {key}, arg_max({value}, day) AS {value} FROM {table} {among} "  # noqa: S608
        f"WHERE {when} GROUP BY {key}"
    )


# Of the record up to $as_of, the claim of the most preferred forecaster on each question: claim_id
# alone, since statements and sources are wide.
ONE_A_QUESTION = """
    SELECT claim_id FROM forecasts.claims WHERE as_of <= $as_of AND phase = 'record'
    QUALIFY row_number() OVER (PARTITION BY question_id ORDER BY
        coalesce(list_position($preferred::VARCHAR[], forecaster), 1000), forecaster) = 1
"""

_WITH_STEP = """
    SEMI JOIN (SELECT article_id FROM stories.timelines WHERE kind = 'step') USING (article_id)
"""
# The axes of all topics at $as_of: steps of the topic that their article belongs to by then, and
# claims, a settled one in place of its open row.
AXIS = f"""
    WITH assigned AS (
        {story_of_articles("day < $as_of", _WITH_STEP)}
    ),
    linked AS (
        {topic_of_stories("day < $as_of")}
    ),
    steps AS (
        SELECT t.* REPLACE (l.topic_id AS topic_id)
        FROM stories.timelines AS t
        JOIN assigned AS a ON a.article_id = t.article_id
        JOIN linked AS l ON l.story_id = a.story_id
        WHERE t.kind = 'step' AND t.as_of <= $as_of
    ),
    claims AS (
        SELECT * FROM stories.timelines
        WHERE kind <> 'step' AND as_of <= $as_of
        QUALIFY row_number() OVER (
            PARTITION BY topic_id, claim_id ORDER BY kind = 'settled' DESC, date DESC
        ) = 1
    )
    SELECT * FROM (SELECT * FROM steps UNION ALL SELECT * FROM claims)
"""  # noqa: S608


def in_force(key: str) -> str:
    """SQL for the verdict of each `key` that is in force at $as_of: the latest, if superseding."""
    return (
        "SELECT * FROM outcomes.resolutions WHERE decided_at <= $as_of "  # noqa: S608
        f"QUALIFY row_number() OVER (PARTITION BY {key} "
        "ORDER BY decided_at DESC, supersedes IS NULL) = 1"
    )


def verdicts_in_force(key: str) -> str:
    """SQL for `key`, verdict and decided_at of `in_force`, by a cheaper aggregate."""
    return (
        f"SELECT {key}, max(decided_at) AS decided_at, "  # noqa: S608
        # Of two of one moment the superseding one: an odd rank.
        "arg_max(verdict, 2 * epoch_us(decided_at) + (supersedes IS NOT NULL)::BIGINT) AS verdict "
        f"FROM outcomes.resolutions WHERE decided_at <= $as_of GROUP BY {key}"
    )
