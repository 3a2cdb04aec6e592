"""Checks on timelines and digests."""

from __future__ import annotations

import itertools

import pandas as pd

from newsworld_dagster.contracts.citations import citations
from newsworld_dagster.contracts.findings import CheckFinding
from newsworld_dagster.stories.digests import DAILY, WEEKLY
from newsworld_dagster.stories.sentences import repeats
from newsworld_dagster.stories.sources import count_listed

_PERIODS = {"daily": DAILY, "weekly": WEEKLY}


def evaluate_repeats(digests: pd.DataFrame) -> CheckFinding:
    """Whether no digest prints a headline of the digest before, or one much like it.

    Parameters
    ----------
    digests
        Rows of `stories.digests`.
    """
    printed = digests[["day", "period", "kind", "headline"]].drop_duplicates()
    editions = list(printed.groupby(["period", "day"]))  # in order of the days of each period
    again = []
    for ((earlier, _), before), ((period, day), rows) in itertools.pairwise(editions):
        if earlier != period:
            continue
        parameters = _PERIODS[period]
        watched = set(before.loc[before["kind"] == "watch", "headline"])
        told = list(before.loc[before["kind"] != "watch", "headline"])
        for kind, headline in zip(rows["kind"], rows["headline"], strict=True):
            if headline in watched or (
                kind != "watch" and repeats(headline, told, parameters.repeated)
            ):
                again.append(f"{day:%Y-%m-%d} ({period}): {headline}")
    figures: dict[str, float | int | str] = {"headlines": len(printed), "repeated": len(again)}
    if again:
        return CheckFinding(
            False, f"{len(again)} headlines repeat the digest before, first {again[0]}", figures
        )
    return CheckFinding(True, f"none of {len(printed)} headlines is repeated", figures)


def evaluate_sources(digests: pd.DataFrame) -> CheckFinding:
    """Whether every item lists at least as many independent sources as its kind must have.

    Parameters
    ----------
    digests
        Rows of `stories.digests`.
    """
    listed = pd.Series(
        [count_listed(text) for text in digests["sources"]], digests.index, dtype=int
    )
    news = digests["fresh_sources"].where(digests["kind"] == "happened", listed)
    least = pd.Series(
        [
            _PERIODS[period].least(kind)
            for period, kind in zip(digests["period"], digests["kind"], strict=True)
        ],
        digests.index,
        dtype=int,
    )
    wrong = (listed != digests["independent_sources"]) | (news < least) | (listed < least)
    wrong |= (digests["kind"] == "changed") & (digests["fresh_sources"] < 1)
    figures: dict[str, float | int | str] = {"items": len(digests), "wrong": int(wrong.sum())}
    if wrong.any():
        first = digests[wrong].iloc[0]
        return CheckFinding(
            False,
            f"{wrong.sum()} items have too few independent sources or count them wrongly, first "
            f"{first['headline']!r} on {first['day']:%Y-%m-%d}",
            figures,
        )
    return CheckFinding(True, f"all {len(digests)} items keep the minimum", figures)


def evaluate_verbatim(printed: pd.DataFrame, articles: pd.DataFrame) -> CheckFinding:
    """Whether every sentence stands word for word in the article that it is said to be of.

    Parameters
    ----------
    printed
        Columns text and article_id.
    articles
        Columns article_id, title, summary.
    """
    texts = articles.set_index("article_id")
    body = (texts["title"] + "\n" + texts["summary"]).to_dict()
    altered = [
        text
        for text, article in zip(printed["text"], printed["article_id"], strict=True)
        if text not in body.get(article, "")
    ]
    figures: dict[str, float | int | str] = {"sentences": len(printed), "altered": len(altered)}
    if altered:
        return CheckFinding(
            False,
            f"{len(altered)} sentences are not in their article, first {altered[0]!r}",
            figures,
        )
    return CheckFinding(True, f"all {len(printed)} sentences stand in their articles", figures)


def evaluate_seen(rows: pd.DataFrame, first_seen: pd.Series) -> CheckFinding:
    """Whether every source had been seen by the as-of moment of its item or step.

    Parameters
    ----------
    rows
        Rows of `stories.digests` or `stories.timelines`: columns as_of and sources.
    first_seen
        first_seen_at by article_id.
    """
    cited = citations(rows, first_seen)
    late = cited.loc[~(cited["seen"] <= cited["as_of"]), "row"].nunique()
    figures: dict[str, float | int | str] = {"rows": len(rows), "late": late}
    said = f"{late} of {len(rows)} rows cite an article seen later or not at all"
    return CheckFinding(not late, said, figures)
