"""Later texts of articles that are already known."""

from __future__ import annotations

import hashlib

import pandas as pd

from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import REVISIONS


def revisions_of(articles: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Which of the articles come with another text than the last one known.

    The article itself keeps the text that it was first seen with: what was computed from it stays
    true of the moment. A revision is recorded beside it.

    Parameters
    ----------
    articles
        What came in, meeting `news.articles`.
    known
        Of each stored article its article_id, the content_digest of its latest text and when that
        was seen (seen_at).

    Returns
    -------
    DataFrame
        Meeting `news.revisions`.
    """
    came = articles.merge(
        known.rename(columns={"content_digest": "previous_digest", "seen_at": "before"}),
        on="article_id",
    )
    changed = came[
        (came["content_digest"] != came["previous_digest"])
        & (came["first_seen_at"] > came["before"])
    ].reset_index(drop=True)
    rows = changed.assign(
        seen_at=changed["first_seen_at"],
        revision_id=[
            hashlib.sha256(f"{article}\n{seen}\n{text}".encode()).hexdigest()
            for article, seen, text in zip(
                changed["article_id"],
                changed["first_seen_at"],
                changed["content_digest"],
                strict=True,
            )
        ],
    )
    return meet(REVISIONS, rows[list(REVISIONS.columns)])
