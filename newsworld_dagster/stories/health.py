"""Checks on stories."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts.findings import CheckFinding


def evaluate_singletons(sizes: pd.DataFrame, most: float = 0.9) -> CheckFinding:
    """Whether at most `most` of the stories hold a single article.

    Parameters
    ----------
    sizes
        One row a story, with column articles.
    """
    if sizes.empty:
        return CheckFinding(True, "there are no stories yet", {"stories": 0})
    share = float((sizes["articles"] == 1).mean())
    figures: dict[str, float | int | str] = {"stories": len(sizes), "share of one": share}
    return CheckFinding(share <= most, f"{share:.0%} of the stories hold one article", figures)
