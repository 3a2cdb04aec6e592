"""How near a claim came: its rule counted at the deadline, and on beyond it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.rules import RuleSpec, matches, tally

COLUMNS = ("claim_id", "needed", "counted", "met_at", "counted_ids", "later_ids")


def nearness(
    claims: pd.DataFrame, anchors: pd.DataFrame, articles: pd.DataFrame, vectors: np.ndarray
) -> pd.DataFrame:
    """What each rule counted by the deadline, and when it was met if one counts on.

    For reading misses, not for verdicts: it looks beyond deadlines.

    Parameters
    ----------
    claims
        Claims with a rule: claim_id, spec (JSON), made_at, resolve_by.
    anchors
        Their anchors: rows of `forecasts.anchors`.
    articles
        In time order, from the making of the oldest claim on and as far beyond the deadlines as
        is to be looked.
    vectors
        Unit vectors of the articles, shape (len(articles), d).

    Returns
    -------
    pandas.DataFrame
        One row a claim: needed and counted (within the window) of what the rule counts, met_at
        (when the rule was first met, in the window or after it; NaT if never), and counted_ids
        and later_ids, the articles that count before and after the deadline.
    """
    placed = {anchor_id: place for place, anchor_id in enumerate(anchors["anchor_id"])}
    matched = matches(articles, vectors, anchors)
    seen = articles["first_seen_at"].to_numpy()
    rows = []
    for claim in claims.itertuples():
        spec = RuleSpec.model_validate_json(str(claim.spec))
        places = matched[placed[spec.anchor_id]]
        after = places[seen[places] > claim.made_at.to_datetime64()]
        found = tally(spec, articles.iloc[after]).evidence
        inside = found["first_seen_at"] <= claim.resolve_by
        met = (
            found["first_seen_at"].iloc[spec.at_least - 1] if len(found) >= spec.at_least else None
        )
        rows.append(
            {
                "claim_id": claim.claim_id,
                "needed": spec.at_least,
                "counted": int(inside.sum()),
                "met_at": pd.NaT if met is None else met,
                "counted_ids": list(found.loc[inside, "article_id"]),
                "later_ids": list(found.loc[~inside, "article_id"]),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"met_at": "datetime64[us]"})
