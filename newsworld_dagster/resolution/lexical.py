"""BM25 over the articles of a window, with names weighing more."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from newsworld_dagster.contracts.terms import TEXTS_HELD, names, stem, words

# The usual constants (Robertson and Zaragoza 2009).
SATURATION, LENGTH_WEIGHT = 1.2, 0.75


def bm25(
    statement: str,
    titles: Sequence[str],
    summaries: Sequence[str],
    *,
    name_weight: float = 0.0,
    title_weight: float = 0.0,
) -> np.ndarray:
    """How well articles match a statement word by word, shape (len(titles),), at least 0.

    Parameters
    ----------
    name_weight
        By how much a word weighs more that always stands in a name; in proportion to the share
        of its articles in which it does. 0 is plain BM25.
    title_weight
        What a word's place in the title adds to its count in the article. 0 is plain BM25.
    """
    wanted = sorted(set(stems(statement)))
    held = [_counted(title, summary) for title, summary in zip(titles, summaries, strict=True)]
    scores = np.zeros(len(held))
    if not held:
        return scores
    lengths = np.array([counts.total() for counts, _ in held], dtype=float)
    damping = 1 - LENGTH_WEIGHT + LENGTH_WEIGHT * lengths / max(lengths.mean(), 1.0)
    for word in wanted:
        places = [place for place, (counts, _) in enumerate(held) if word in counts]
        if not places:
            continue
        counts = np.array([held[place][0][word] for place in places], dtype=float)
        weight = math.log(1 + (len(held) - len(places) + 0.5) / (len(places) + 0.5))
        if title_weight:
            counts += [title_weight * (word in held[place][1]) for place in places]
        if name_weight:
            named = sum(word in _named(titles[place], summaries[place]) for place in places)
            weight *= 1 + name_weight * named / len(places)
        scores[places] += (
            weight * counts * (SATURATION + 1) / (counts + SATURATION * damping[places])
        )
    return scores


@lru_cache(maxsize=TEXTS_HELD)
def stems(text: str) -> tuple[str, ...]:
    """Stems of all words and numbers of a text, in their order (Snowball, English)."""
    return tuple(stem(word.lower().replace("’", "'")) for word in words(text))


@lru_cache(maxsize=TEXTS_HELD)
def _counted(title: str, summary: str) -> tuple[Counter[str], frozenset[str]]:
    head = stems(title)
    return Counter(head + stems(summary)), frozenset(head)


@lru_cache(maxsize=TEXTS_HELD)
def _named(title: str, summary: str) -> frozenset[str]:
    return frozenset(stem(name) for name in names(title, summary))
