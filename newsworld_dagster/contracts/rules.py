"""Rules: what later articles decide a claim, agreed between who makes it and who resolves it.

A rule is frozen in the claim (`spec`) and in its anchor when the claim is made. It reads
articles alone, never stories or topics, so that later clustering cannot move a verdict.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from newsworld_dagster.contracts.terms import terms
from newsworld_dagster.contracts.triggers import found_term


class RuleSpec(BaseModel):
    """A machine-checkable condition on the articles that an anchor matches.

    `publishers`: at least `at_least` distinct publishers report. `articles`: at least
    `at_least` articles. `trigger`: at least `at_least` distinct publishers report with one of
    `trigger_terms` in title or summary.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Literal["publishers", "articles", "trigger"]
    anchor_id: str
    at_least: int = Field(ge=1)
    family: str | None = None
    trigger_terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tally:
    """How far the matched articles meet a rule."""

    count: int
    met: bool
    evidence: pd.DataFrame


@dataclass(frozen=True)
class Texts:
    """What a rule reads of n articles: object arrays of shape (n,)."""

    title: np.ndarray
    summary: np.ndarray
    publisher: np.ndarray

    @classmethod
    def of(cls, articles: pd.DataFrame) -> Texts:
        """The texts of a frame with the columns title, summary and publisher."""
        columns = (articles[name] for name in ("title", "summary", "publisher"))
        return cls(*(column.to_numpy(dtype=object) for column in columns))


def counted(spec: RuleSpec, places: np.ndarray, texts: Texts) -> np.ndarray:
    """Positions of the articles that count toward a rule.

    Parameters
    ----------
    spec
        The rule.
    places
        Positions, in time order, of the articles of the claim's window that its anchor counts;
        integers, shape (k,).
    texts
        Of the articles that the positions point into.

    Returns
    -------
    numpy.ndarray
        Those of `places` that count, in their order: the first of each publisher for the rules
        on publishers, all of them for the rule on articles.
    """
    if spec.rule == "articles":
        return places
    first: dict[object, int] = {}
    for place in places.tolist():
        publisher = texts.publisher[place]
        if publisher in first:
            continue
        if spec.rule == "trigger":
            text = f"{texts.title[place]}. {texts.summary[place]}"
            if found_term(spec.trigger_terms, text) is None:
                continue
        first[publisher] = place
    return np.fromiter(first.values(), dtype=int, count=len(first))


def tally(spec: RuleSpec, matched: pd.DataFrame) -> Tally:
    """Count the matched articles toward a rule.

    Parameters
    ----------
    spec
        The rule.
    matched
        Articles of the claim's window that its anchor counts, in time order: article_id,
        title, summary, publisher, first_seen_at.

    Returns
    -------
    Tally
        `evidence` holds the articles that count, as `counted` finds them.
    """
    places = counted(spec, np.arange(len(matched)), Texts.of(matched))
    return Tally(len(places), len(places) >= spec.at_least, matched.iloc[places])


def matches(articles: pd.DataFrame, vectors: np.ndarray, anchors: pd.DataFrame) -> list[np.ndarray]:
    """Positions of the articles that each anchor counts as coverage.

    An article counts when its cosine to the anchor's vector reaches the anchor's floor and its
    title or summary holds one of the anchor's terms (any, where the anchor has none). A copy
    of an earlier article (duplicate_of) is not a voice of its own and never counts.

    Parameters
    ----------
    articles
        Columns title, summary, duplicate_of, shape (n, ...).
    vectors
        Unit vectors, shape (n, d).
    anchors
        Rows of `forecasts.anchors`, shape (m, ...).

    Returns
    -------
    list of numpy.ndarray
        One sorted integer array for each anchor, in the order of `anchors`.
    """
    if anchors.empty or articles.empty:
        return [np.zeros(0, int) for _ in range(len(anchors))]
    near = vectors @ np.stack(list(anchors["vector"])).T
    near = near >= anchors["min_similarity"].to_numpy()[None, :]
    near &= articles["duplicate_of"].isna().to_numpy()[:, None]
    # Of objects: a text that is taken from an arrow array is made anew each time.
    titles, summaries = (articles[name].to_numpy(dtype=object) for name in ("title", "summary"))
    found = []
    for column, listed in enumerate(anchors["terms"]):
        required = frozenset(json.loads(listed))
        places = np.flatnonzero(near[:, column])
        if required:
            places = np.array(
                [
                    place
                    for place in places
                    if not required.isdisjoint(terms(titles[place]))
                    or not required.isdisjoint(terms(summaries[place]))
                ],
                dtype=int,
            )
        found.append(places)
    return found
