"""Labels and keywords that a reader would recognise a topic by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from newsworld_dagster.contracts.terms import STOPWORDS, terms, words
from newsworld_dagster.stories.wording import Casing, TermStatistics, segments


def _word_list(name: str) -> frozenset[str]:
    return frozenset(Path(__file__).with_name(name).read_text(encoding="utf-8").split())


# What no label begins or ends with: verbs of headlines, units, words of any story.
GENERIC = _word_list("label_generic.txt")
# What no label begins with: the role before a name, the adjective before the news.
LEADING = _word_list("leading.txt")

FEWEST, MOST = 2, 5
# Words of a label: three say most in the room that a headline has.
_LENGTH_BONUS = {2: 1.0, 3: 1.6, 4: 1.65, 5: 1.3}
# Monday and Friday for the sales: Cyber Monday, Black Friday.
_INNER = frozenset(
    {"of", "the", "and", "for", "de", "in", "on", "vs", "at", "with", "monday", "friday"}
)
_AMOUNT = re.compile(r"^\d[\d.]*(?:m|mn|bn|b|k|tn|st|nd|rd|th)$")
_INITIALS = re.compile(r"^(?:[A-Z]\.)+[A-Z]$")
# 'New' is a word of any headline, but not before these.
_NEW = frozenset(
    {"york", "yorkers", "zealand", "jersey", "orleans", "mexico", "hampshire", "delhi", "england"}
)
# The label of yesterday stays while a new one is not clearly better.
_LOYALTY = 1.5


class _Phrase(NamedTuple):
    """A run of words: as written, weight of the articles that hold it, and their places."""

    form: tuple[str, ...]
    weight: float
    places: list[int]


def label_and_keywords(
    titles: Sequence[str],
    summaries: Sequence[str],
    statistics: TermStatistics,
    weights: np.ndarray,
    *,
    before: str | None = None,
    taken: Collection[str] = (),
) -> tuple[str, list[str]]:
    """Label (two to five words, where the headlines have as many) and up to ten keywords.

    A label is a run of words that the headlines share, or a name with a noun that often goes
    with it. It scores by the share of articles that hold it, the mean rarity of its words, and
    its shape: names first, a noun at the end.

    Parameters
    ----------
    titles, summaries
        Of the articles, n each.
    statistics
        Of the window that the group is told apart from.
    weights
        Weight of each article, shape (n,): recent ones speak louder.
    before
        The label that the group had; kept unless another scores half as much again.
    taken
        Keys (`label_key`) of the labels that other groups have.
    """
    keywords = _keywords(titles, summaries, statistics, weights)
    casing = Casing(summaries, statistics)
    phrases = _phrases(titles, summaries, casing, weights)
    total = float(weights.sum())
    scored = _scored(phrases, statistics, total, least=2 if len(titles) >= 3 else 1)
    if before is not None:
        kept = before.lower()
        if kept in scored:
            scored[kept] = (scored[kept][0] * _LOYALTY, before)
    ranked = sorted(scored.items(), key=lambda item: (-item[1][0], item[0]))
    for _, (_, label) in ranked:
        if label_key(label) not in taken:
            return label, keywords
    return _fallback(titles, keywords, casing, taken), keywords


def _scored(
    phrases: dict[str, _Phrase], statistics: TermStatistics, total: float, least: int
) -> dict[str, tuple[float, str]]:
    scored: dict[str, tuple[float, str]] = {}
    inside = _weight_inside_runs(phrases)
    heads: list[tuple[float, _Phrase]] = []
    nouns: list[tuple[float, _Phrase]] = []
    for phrase in phrases.values():
        if len(phrase.places) < least:
            continue
        value = phrase.weight / total * _rarity(phrase.form, statistics)
        named = [_is_name(word) for word in phrase.form]
        if len(phrase.form) >= FEWEST:
            score = value * _LENGTH_BONUS[len(phrase.form)] * _shape(phrase.form, statistics)
            _keep_best(scored, phrase.form, score)
        # 'Supreme' mostly stands inside 'Supreme Court': it is no name of its own.
        if inside[phrase.form] >= 0.5 * phrase.weight:
            continue
        likeness = statistics.noun_likeness(phrase.form[-1].lower())
        if all(named) and len(phrase.form) <= 3:
            heads.append((value * (1 + 0.15 * len(phrase.form)), phrase))
        elif not any(named) and len(phrase.form) <= 2 and likeness >= 0.6:
            nouns.append((value * likeness, phrase))
    heads.sort(key=lambda item: (-item[0], item[1].form))
    nouns.sort(key=lambda item: (-item[0], item[1].form))
    for _, head in heads[:6]:
        places = frozenset(head.places)
        for _, noun in nouns[:10]:
            together = places.intersection(noun.places)
            form = (*head.form, *noun.form)
            turned = f"{noun.form[-1]} {head.form[0]}".lower()  # 'Hurricane Melissa' has its order
            if len(together) < least or len(form) > MOST or turned in phrases:
                continue
            share = min(head.weight, noun.weight) * len(together) / len(places.union(noun.places))
            # Words that do not stand together say less surely what happened.
            score = 0.9 * share / total * _rarity(form, statistics) * _LENGTH_BONUS[len(form)]
            _keep_best(scored, form, score * _shape(form, statistics))
    return scored


def _weight_inside_runs(phrases: dict[str, _Phrase]) -> dict[tuple[str, ...], float]:
    """Weight of the heaviest run, one word longer, that a run begins or ends.

    Only runs of names alone and runs without a name are looked at: 'Supreme Court', 'peace plan'.
    """
    inside: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for phrase in phrases.values():
        if len(phrase.form) >= FEWEST and len(set(map(_is_name, phrase.form))) == 1:
            for part in (phrase.form[:-1], phrase.form[1:]):
                if phrase.weight > inside[part]:
                    inside[part] = phrase.weight
    return inside


def _keep_best(scored: dict[str, tuple[float, str]], form: tuple[str, ...], score: float) -> None:
    label = _dressed(form)
    key = label.lower()
    if score > scored.get(key, (0.0, ""))[0]:
        scored[key] = (score, label)


def _rarity(form: tuple[str, ...], statistics: TermStatistics) -> float:
    content = [lower for word in form if (lower := word.lower()) not in STOPWORDS]
    return sum(map(statistics.rarity, content)) / max(len(content), 1)


def _shape(form: tuple[str, ...], statistics: TermStatistics) -> float:
    """How much a run looks like a noun phrase with a name, about 0.1 to 1.5."""
    named = [_is_name(word) for word in form]
    # A name tells who, a noun after it what: 'Louvre heist' says more than 'Louvre Museum'.
    shape = 1.0 + 0.4 * any(named) + 0.25 * (any(named) and not named[-1])
    if not named[-1]:
        shape *= min(1.0, 0.35 + statistics.noun_likeness(form[-1].lower()))
    # 'lures Russia', 'depicting it': a plain word before a name is rarely part of it.
    first = form[0].lower()
    if not named[0] and (any(named) or first.endswith(("ing", "ed")) or statistics.is_verb(first)):
        shape *= 0.6
    # 'Trump threatens tariffs': a plain word between names or after one may be the verb.
    for word, is_name in list(zip(form, named, strict=True))[1:-1]:
        lower = word.lower()
        if not is_name and lower not in _INNER and statistics.is_verb(lower):
            shape *= 0.4
    return shape


@lru_cache(maxsize=200_000)
def _is_name(word: str) -> bool:
    return any(map(str.isupper, word)) or word[0].isdigit()


def _phrases(
    titles: Sequence[str],
    summaries: Sequence[str],
    casing: Casing,
    weights: np.ndarray,
) -> dict[str, _Phrase]:
    """Word runs of headlines and summaries; a headline's count more."""
    weight: dict[str, float] = {}
    places: dict[str, list[int]] = {}
    forms: dict[str, list[tuple[str, ...]]] = {}
    articles = zip(titles, summaries, weights.tolist(), strict=True)
    for place, (title, summary, own) in enumerate(articles):
        told = _runs(title, casing)
        also = _runs(summary, casing)
        for key, form in (also | told).items():
            if key in told:
                voice = own * (0.85 + 0.15) if key in also else own * 0.85
            else:
                voice = own * 0.35
            if key in weight:
                weight[key] += voice
                places[key].append(place)
                forms[key].append(form)
            else:
                weight[key], places[key], forms[key] = voice, [place], [form]
    return {key: _Phrase(_usual_form(forms[key]), weight[key], places[key]) for key in weight}


def _usual_form(forms: list[tuple[str, ...]]) -> tuple[str, ...]:
    if len(forms) == 1:
        return forms[0]
    return max(set(forms), key=lambda form: (forms.count(form), form))


def _runs(text: str, casing: Casing) -> dict[str, tuple[str, ...]]:
    """What could be a label in a text, as written, by its words in lower case."""
    return _runs_in(tuple(tuple(map(casing.written, run)) for run in segments(text)))


@lru_cache(maxsize=50_000)
def _runs_in(text: tuple[tuple[str, ...], ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for run in text:
        lower = [word.lower().replace("’", "'") for word in run]
        placed = [word == "new" and after in _NEW for word, after in pairwise([*lower, ""])]
        written = ["New" if place else word for place, word in zip(placed, run, strict=True)]
        for start, first in enumerate(lower):
            if first[0].isdigit() or first in LEADING or (start and placed[start - 1]):
                continue
            if not (placed[start] or _may_stand(first, written[start])):
                continue
            for end in range(start + 1, min(start + MOST, len(run)) + 1):
                last = end - 1
                if lower[last] in STOPWORDS and lower[last] not in _INNER and not placed[last]:
                    break
                if _may_stand(lower[last], written[last]):
                    found.setdefault(" ".join(lower[start:end]), tuple(written[start:end]))
    return found


@lru_cache(maxsize=200_000)
def _may_stand(lower: str, written: str) -> bool:
    """Whether a label may begin or end with the word."""
    if lower in STOPWORDS or len(lower) < 2 or _AMOUNT.match(lower):
        return False
    return lower not in GENERIC or (written.isupper() and len(written) > 1)


def label_key(label: str) -> str:
    """What two labels share that a reader takes for one: 'Super Bowl ad', 'super bowl ads'."""
    return " ".join(word.rstrip("s") or word for word in label.lower().split())


def _fallback(
    titles: Sequence[str],
    keywords: Sequence[str],
    casing: Casing,
    taken: Collection[str],
) -> str:
    """The telling words of the newest headline in its order, else of the keywords."""
    for text in (titles[len(titles) - 1], " ".join(keywords)):
        content = [w for w in words(text) if w.lower() not in STOPWORDS and not w.isdigit()]
        if len(content) < FEWEST:
            continue
        for most in (3, 4, 5):
            label = _dressed(tuple(casing.written(word) for word in content[:most]))
            if label_key(label) not in taken:
                return label
    return "Unnamed topic"


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


def _dressed(form: tuple[str, ...]) -> str:
    """A label as printed: a capital first, unless the name is written otherwise (iOS)."""
    whole = [f"{word}." if _INITIALS.match(word) else word for word in form]
    first = whole[0]
    if not any(letter.isupper() for letter in first):
        first = first[:1].upper() + first[1:]
    return " ".join([first, *whole[1:]])
