"""Articles that may decide a claim, best first, each with the sentence that speaks to it.

Dense and lexical search are added up: cosine finds other words for the same event, BM25 keeps to
the names and numbers. Finding is all that happens here; nothing is decided.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from newsworld_dagster.resolution.lexical import bm25

Encode = Callable[[Sequence[str]], np.ndarray]

# A sentence ends at its mark, but not behind an initial, a title or an abbreviation of a month.
_BREAK = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\b(?:Mr|Ms|Dr|St|Jr|Sr|vs|No)\.)(?<!\b(?:Mrs|Sen|Rep|Gov|Gen)\.)"
    r"(?<!\b(?:Jan|Feb|Mar|Apr|Aug|Sep|Oct|Nov|Dec|Inc|Ltd)\.)(?<!\b(?:Sept|Corp|Bros)\.)"
    r"[\"”’')\]]*\s+(?=[\"“‘'(\[]?[A-Z0-9$£€])"
)


@dataclass(frozen=True)
class EvidenceParameters:
    """How evidence is ranked; chosen on the development half of the labelled claims.

    Attributes
    ----------
    lexical_share
        Weight of BM25, divided by its best value in the window, against the cosine.
    name_weight, title_weight
        See `bm25`.
    lateness
        What an article gains from the beginning to the end of the window: what decides a claim
        comes after what leads up to it.
    copy_cosine
        From this cosine on, two articles with the same title are copies.
    """

    lexical_share: float = 0.35
    name_weight: float = 1.0
    title_weight: float = 1.0
    lateness: float = 0.1
    copy_cosine: float = 0.95


@dataclass(frozen=True)
class Evidence:
    """An article that may decide a claim.

    Attributes
    ----------
    article_id
        The article, of its copies the one that ranks first.
    score
        What it is ranked by; comparable within a claim, not between claims.
    cosine
        Of statement and article, in [-1, 1].
    passage
        The sentence of title or summary that is nearest to the statement, word for word.
    copies
        Ids of its copies in the window.
    """

    article_id: str
    score: float
    cosine: float
    passage: str
    copies: tuple[str, ...] = field(default=())


def find_evidence(
    statement: str,
    articles: pd.DataFrame,
    vectors: np.ndarray,
    encode: Encode,
    *,
    k: int = 10,
    parameters: EvidenceParameters | None = None,
) -> list[Evidence]:
    """The `k` articles that most likely decide a claim, best first; copies count once.

    Parameters
    ----------
    statement
        The claim in one sentence.
    articles
        Those of the claim's window, oldest first: article_id, title, summary, first_seen_at,
        duplicate_of.
    vectors
        Unit vectors of the articles, shape (len(articles), d).
    encode
        Texts to unit vectors of the same model, shape (n, d).

    Raises
    ------
    ValueError
        When `k` is below 1, or articles and vectors differ in number.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}.")
    if len(articles) != len(vectors):
        raise ValueError(f"{len(articles)} articles came with {len(vectors)} vectors.")
    if articles.empty:
        return []
    query = encode([statement])[0]
    cosines = vectors @ query
    scores = rank_scores(statement, articles, cosines, parameters)
    copies = _leaders(articles, vectors, scores, k, (parameters or EvidenceParameters()))
    ids, titles, summaries = (
        articles[name].tolist() for name in ("article_id", "title", "summary")
    )
    offered = [sentences(titles[place], summaries[place]) for place in copies]
    nearest = _nearest(offered, query, encode)
    return [
        Evidence(
            article_id=ids[place],
            score=round(float(scores[place]), 4),
            cosine=round(float(cosines[place]), 4),
            passage=passage,
            copies=tuple(ids[copy] for copy in others),
        )
        for (place, others), passage in zip(copies.items(), nearest, strict=True)
    ]


def rank_scores(
    statement: str,
    articles: pd.DataFrame,
    cosines: np.ndarray,
    parameters: EvidenceParameters | None = None,
) -> np.ndarray:
    """What articles are ranked by, shape (len(articles),): cosine, BM25 and lateness together."""
    given = parameters or EvidenceParameters()
    lexical = bm25(
        statement,
        articles["title"].tolist(),
        articles["summary"].tolist(),
        name_weight=given.name_weight,
        title_weight=given.title_weight,
    )
    best = float(lexical.max(initial=0.0))
    share = given.lexical_share
    combined = (1 - share) * cosines + (share * lexical / best if best else 0.0)
    seen = articles["first_seen_at"].to_numpy("datetime64[us]").astype(float)
    span = float(np.ptp(seen)) if len(seen) else 0.0
    return combined + (given.lateness * (seen - seen.min()) / span if span else 0.0)


def sentences(title: str, summary: str) -> list[str]:
    """The title and the sentences of the summary, as they stand."""
    parts = []
    start = 0
    for gap in _BREAK.finditer(summary):
        parts.append(summary[start : gap.end()].strip())
        start = gap.end()
    parts.append(summary[start:].strip())
    return [title, *(part for part in parts if part)]


def _leaders(
    articles: pd.DataFrame,
    vectors: np.ndarray,
    scores: np.ndarray,
    k: int,
    parameters: EvidenceParameters,
) -> dict[int, list[int]]:
    """Places of the best `k` articles that copy none of the others, with those of their copies."""
    ids, originals = articles["article_id"].tolist(), articles["duplicate_of"].tolist()
    # A copy names its original, which may lie outside the window.
    family = [own if pd.isna(of) else of for own, of in zip(ids, originals, strict=True)]
    titles = articles["title"].str.casefold().tolist()
    found: dict[int, list[int]] = {}
    leader_of: dict[str, int] = {}
    by_title: dict[str, list[int]] = {}
    for place in np.argsort(-scores, kind="stable").tolist():
        leader = leader_of.get(family[place])
        if leader is None:
            leader = next(
                (
                    other
                    for other in by_title.get(titles[place], [])
                    if vectors[place] @ vectors[other] >= parameters.copy_cosine
                ),
                None,
            )
        if leader is not None:
            found[leader].append(place)
            leader_of.setdefault(family[place], leader)
        elif len(found) < k:
            found[place] = []
            leader_of[family[place]] = place
            by_title.setdefault(titles[place], []).append(place)
    return found


def _nearest(offered: list[list[str]], query: np.ndarray, encode: Encode) -> list[str]:
    """Of each article's sentences the one nearest to the query; the title on a tie."""
    flat = [sentence for own in offered for sentence in own]
    cosines = encode(flat) @ query
    chosen = []
    start = 0
    for own in offered:
        chosen.append(own[int(np.argmax(cosines[start : start + len(own)]))])
        start += len(own)
    return chosen
