"""Labels and keywords that a reader would recognise a topic by."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.terms import STOPWORDS, names, terms, words

# A label of one word says too little, one of four says more than a headline has room for.
_LENGTH_BONUS = {1: 0.55, 2: 1.0, 3: 1.05, 4: 0.9}
_INNER = frozenset({"of", "the", "and", "for", "de", "in", "on", "to", "vs"})


@dataclass(frozen=True)
class TermStatistics:
    """How many articles of a window hold each term."""

    articles: int
    frequency: Counter[str]

    @classmethod
    def of(cls, window: pd.DataFrame) -> TermStatistics:
        """Count the terms of a window of articles (columns title, summary)."""
        counts: Counter[str] = Counter()
        for title, summary in zip(window["title"], window["summary"], strict=True):
            counts.update(terms(title) | terms(summary))
        return cls(len(window), counts)

    def rarity(self, term: str) -> float:
        """Inverse document frequency, at least 0.1."""
        return max(math.log((self.articles + 1) / (self.frequency[term] + 1)), 0.1)


def label_and_keywords(
    titles: Sequence[str],
    summaries: Sequence[str],
    statistics: TermStatistics,
    weights: np.ndarray,
) -> tuple[str, list[str]]:
    """Label (one to five words) and keywords (up to ten) of a group of articles.

    Parameters
    ----------
    titles, summaries
        Of the articles, n each.
    statistics
        Of the window that the group is told apart from.
    weights
        Weight of each article, shape (n,): recent ones speak louder.
    """
    keywords = _keywords(titles, summaries, statistics, weights)
    phrases = _phrases(titles, summaries, weights)
    total = float(weights.sum())
    scored: list[tuple[float, str, str]] = []
    least = 2 if len(titles) >= 4 else 1
    for phrase, (weight, count, surface) in phrases.items():
        if count < least:
            continue
        tokens = phrase.split()
        content = [token for token in tokens if token not in STOPWORDS]
        share = weight / total
        rarity = sum(statistics.rarity(token) for token in content) / len(content)
        named = sum(token[:1].isupper() or token[:1].isdigit() for token in surface.split())
        shape = 1.0 + 0.25 * named / len(tokens)
        scored.append((share * rarity * _LENGTH_BONUS[len(content)] * shape, phrase, surface))
    scored.sort(key=lambda item: (-item[0], item[1]))
    if not scored:
        return " ".join(keywords[:3]).title() or "Unnamed topic", keywords
    label = scored[0][2]
    if len(scored[0][1].split()) < 3:
        label = _complete(label, scored)
    return _dressed(label), keywords


def _complete(label: str, scored: list[tuple[float, str, str]]) -> str:
    """Add the next best phrase where the best one is short and the two go together."""
    have = [token.lower() for token in label.split()]
    for score, phrase, surface in scored[1:15]:
        if score < 0.35 * scored[0][0]:
            break
        tokens = phrase.split()
        if have[-1] == tokens[0] and not set(tokens[1:]) & set(have):
            joined = " ".join([label, *surface.split()[1:]])
        elif tokens[-1] == have[0] and not set(tokens[:-1]) & set(have):
            joined = " ".join([*surface.split()[:-1], label])
        elif any(_same_word(token, other) for token in tokens for other in have):
            continue
        else:
            joined = f"{label} {surface}"
        if len(have) < len(joined.split()) <= 4 and len(joined) <= 44:
            return joined
    return label


def _same_word(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter[: max(4, len(shorter) - 2)])


def _phrases(
    titles: Sequence[str], summaries: Sequence[str], weights: np.ndarray
) -> dict[str, tuple[float, int, str]]:
    """Word runs of the headlines: summed weight, count and most common surface of each."""
    weight: defaultdict[str, float] = defaultdict(float)
    surfaces: dict[str, Counter[str]] = {}
    for title, summary, w in zip(titles, summaries, weights, strict=True):
        tokens = words(title)
        name_like = names(title, summary)
        seen: set[str] = set()
        for start in range(len(tokens)):
            for length in range(1, 5):
                run = tokens[start : start + length]
                if len(run) < length:
                    break
                lower = [token.lower().replace("’", "'") for token in run]
                if lower[0] in STOPWORDS or lower[-1] in STOPWORDS:
                    continue
                if any(token in STOPWORDS and token not in _INNER for token in lower[1:-1]):
                    continue
                if length == 1 and (lower[0].isdigit() or len(lower[0]) < 2):
                    continue
                phrase = " ".join(lower)
                if phrase in seen:
                    continue
                seen.add(phrase)
                weight[phrase] += float(w)
                surface = " ".join(
                    token if token.lower() in name_like or token.isupper() else token.lower()
                    for token in run
                )
                surfaces.setdefault(phrase, Counter())[surface] += 1
    return {
        phrase: (
            weight[phrase],
            found.total(),
            max(found, key=lambda form: (found[form], sum(c.isupper() for c in form), form)),
        )
        for phrase, found in surfaces.items()
    }


def _keywords(
    titles: Sequence[str],
    summaries: Sequence[str],
    statistics: TermStatistics,
    weights: np.ndarray,
) -> list[str]:
    heard: defaultdict[str, float] = defaultdict(float)
    for title, summary, weight in zip(titles, summaries, weights, strict=True):
        for term in terms(title):
            heard[term] += 2 * float(weight)
        for term in terms(summary):
            heard[term] += float(weight)
    ranked = sorted(heard, key=lambda term: (-heard[term] * statistics.rarity(term), term))
    return ranked[:10]


def _dressed(label: str) -> str:
    return label[:1].upper() + label[1:]
