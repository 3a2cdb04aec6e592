"""What a table's rows cite, and when it was first seen."""

from __future__ import annotations

import json

import pandas as pd


def citations(rows: pd.DataFrame, first_seen: pd.Series) -> pd.DataFrame:
    """Every source that rows cite, beside the moment that it had to be known at.

    Parameters
    ----------
    rows
        Columns as_of and sources: a JSON list of objects with article_id.
    first_seen
        When each article was first seen, by article_id.

    Returns
    -------
    pandas.DataFrame
        One row a citation: row, its place in `rows`; as_of; seen, NaT for an unknown article.
    """
    cited = [[source["article_id"] for source in json.loads(text)] for text in rows["sources"]]
    each = pd.DataFrame({"row": range(len(rows)), "as_of": rows["as_of"], "article_id": cited})
    # A row that cites nothing stays as a row without an article.
    each = each.explode("article_id").dropna(subset=["article_id"])
    # `map` does not take an empty series of times.
    seen = first_seen.reindex(each.pop("article_id")).to_numpy()
    return each.assign(seen=seen).reset_index(drop=True)
