"""Labels and keywords that a reader would recognise a topic by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence, Set
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from newsworld_dagster.contracts.terms import STOPWORDS, terms, words
from newsworld_dagster.stories.wording import Casing, TermStatistics, segments


def _word_list(name: str) -> frozenset[str]:
    return frozenset(Path(__file__).with_name(name).read_text(encoding="utf-8").split())


# What no label begins or ends with, unless as a part of a name: verbs of headlines, units, words
# of any story.
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
# Inside a name: 'Strait of Hormuz', 'Hall of Fame'.
_LINKS = frozenset({"of", "de"})
# Share of a name's weight from which on it is but a part of a longer name.
_PART_OF = 0.9
# The label of yesterday stays while a new one is not clearly better.
_LOYALTY = 1.5


class _Phrase(NamedTuple):
    """A run of words: as written, weight of the articles that hold it, and their places."""

    words: tuple[str, ...]
    weight: float
    places: list[int]


_NOWHERE = _Phrase((), 0.0, [])


def label_and_keywords(
    titles: Sequence[str],
    summaries: Sequence[str],
    statistics: TermStatistics,
    weights: np.ndarray,
    *,
    before: str | None = None,
    taken: Set[str] = frozenset(),
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
    before = "" if before is None else before.replace("’s", "")
    kept, least = before.lower(), 2 if len(titles) >= 3 else 1
    scored = _scored(phrases, statistics, total, kept, taken, least)
    if kept in scored:
        scored[kept] = (scored[kept][0] * _LOYALTY, before)
    ranked = sorted(scored.items(), key=lambda item: (-item[1][0], item[0]))
    for _, (_, label) in ranked:
        if label_key(label) not in taken:
            return _with_possessives(label, statistics), keywords
    label = _fallback(titles, keywords, casing, taken)
    return _with_possessives(label, statistics), keywords


def _with_possessives(label: str, statistics: TermStatistics) -> str:
    """The label with the 's without which a name hardly stands: 'McDonald’s CEO'."""
    return " ".join(
        f"{word}’s" if statistics.is_possessive(word.lower()) else word for word in label.split()
    )


def _scored(
    phrases: dict[str, _Phrase],
    statistics: TermStatistics,
    total: float,
    kept: str,
    taken: Set[str],
    least: int,
) -> dict[str, tuple[float, str]]:
    scored: dict[str, tuple[float, str]] = {}
    inside = _longer_runs(phrases)
    heads: list[tuple[float, _Phrase]] = []
    nouns: list[tuple[float, _Phrase]] = []
    for phrase in phrases.values():
        if len(phrase.places) < least:
            continue
        form = _form(phrase.words)
        longer = inside.get(phrase.words, _NOWHERE)
        value = phrase.weight / total * _rarity(form, statistics)
        size = len(phrase.words)
        if size >= FEWEST:
            score = value * _LENGTH_BONUS[size] * _shape(form, statistics)
            # 'Baseball Classic' is cut out of 'World Baseball Classic', which goes in its place.
            cut = form.all_named and longer.weight >= _PART_OF * phrase.weight
            if cut and len(longer.places) >= least and form.label.lower() != kept:
                if label_key(form.label) not in taken:
                    _keep_best(scored, _form(longer.words), score)
                score *= 0.5
            _keep_best(scored, form, score)
        # 'Supreme' mostly stands inside 'Supreme Court': it is no name of its own.
        if longer.weight >= 0.5 * phrase.weight:
            continue
        if form.all_named:
            if size <= 3:
                heads.append((value * (1 + 0.15 * size), phrase))
        elif not form.any_named and size <= 2:
            likeness = statistics.noun_likeness(form.last)
            if likeness >= 0.6:
                nouns.append((value * likeness, phrase))
    heads.sort(key=lambda item: (-item[0], item[1].words))
    nouns.sort(key=lambda item: (-item[0], item[1].words))
    for _, head in heads[:6]:
        places = frozenset(head.places)
        for _, noun in nouns[:10]:
            together = places.intersection(noun.places)
            both = (*head.words, *noun.words)
            turned = f"{noun.words[-1]} {head.words[0]}".lower()  # 'Hurricane Melissa' as it is
            if len(together) < least or len(both) > MOST or turned in phrases:
                continue
            share = min(head.weight, noun.weight) * len(together) / len(places.union(noun.places))
            form = _form(both)
            # Words that do not stand together say less surely what happened.
            score = 0.9 * share / total * _rarity(form, statistics) * _LENGTH_BONUS[len(both)]
            _keep_best(scored, form, score * _shape(form, statistics))
    return scored


def _longer_runs(phrases: dict[str, _Phrase]) -> dict[tuple[str, ...], _Phrase]:
    """The heaviest run, one word longer, that a run begins or ends.

    Only runs of names alone and runs without a name are looked at: 'Supreme Court', 'peace plan';
    and of 'Strait of Hormuz' both names.
    """
    inside: dict[tuple[str, ...], _Phrase] = {}
    for phrase in phrases.values():
        run = phrase.words
        parts: tuple[tuple[str, ...], ...] = ()
        if len(run) == 3 and run[1].lower() in _LINKS and _is_name(run[0]) and _is_name(run[2]):
            parts = (run[:1], run[2:])
        elif len(run) >= FEWEST and len(set(map(_is_name, run))) == 1:
            parts = (run[:-1], run[1:])
        for part in parts:
            if phrase.weight > inside.get(part, _NOWHERE).weight:
                inside[part] = phrase
    return inside


class _Form(NamedTuple):
    """What a run of words is, whatever it is told apart from.

    Attributes
    ----------
    content
        Its words in small letters, less the function words.
    any_named, all_named, first_named, last_named
        Which of its words are names; all, where but an 'of' between them is none.
    first, last
        In small letters.
    trails
        Whether a plain word at its head would lead up to a name, or looks like a verb's form.
    inner
        The plain words inside, in small letters, that may be a verb.
    label
        As printed.
    """

    content: tuple[str, ...]
    any_named: bool
    all_named: bool
    first_named: bool
    last_named: bool
    first: str
    last: str
    trails: bool
    inner: tuple[str, ...]
    label: str


# Topics are described anew day after day, mostly in the words of the day before.
@lru_cache(maxsize=50_000)
def _form(run: tuple[str, ...]) -> _Form:
    lower = [word.lower() for word in run]
    named = [_is_name(word) for word in run]
    return _Form(
        content=tuple(word for word in lower if word not in STOPWORDS),
        any_named=any(named),
        all_named=named[0]
        and named[-1]
        and all(is_name or word in _LINKS for word, is_name in zip(lower, named, strict=True)),
        first_named=named[0],
        last_named=named[-1],
        first=lower[0],
        last=lower[-1],
        trails=any(named) or lower[0].endswith(("ing", "ed")),
        inner=tuple(
            word
            for word, is_name in list(zip(lower, named, strict=True))[1:-1]
            if not is_name and word not in _INNER
        ),
        label=_dressed(run),
    )


def _keep_best(scored: dict[str, tuple[float, str]], form: _Form, score: float) -> None:
    key = form.label.lower()
    if score > scored.get(key, (0.0, ""))[0]:
        scored[key] = (score, form.label)


def _rarity(form: _Form, statistics: TermStatistics) -> float:
    return sum(map(statistics.rarity, form.content)) / max(len(form.content), 1)


def _shape(form: _Form, statistics: TermStatistics) -> float:
    """How much a run looks like a noun phrase with a name, about 0.1 to 1.5."""
    # A name tells who, a noun after it what: 'Louvre heist' says more than 'Louvre Museum'.
    shape = 1.0 + 0.4 * form.any_named + 0.25 * (form.any_named and not form.last_named)
    if not form.last_named:
        shape *= min(1.0, 0.35 + statistics.noun_likeness(form.last))
    # 'lures Russia', 'depicting it': a plain word before a name is rarely part of it.
    if not form.first_named and (form.trails or statistics.is_verb(form.first)):
        shape *= 0.6
    # 'Trump threatens tariffs': a plain word between names or after one may be the verb.
    for word in form.inner:
        if statistics.is_verb(word):
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
    return _runs_in(
        tuple(
            (casing.run(run), tuple(w.lower() in GENERIC and casing.has_capital(w) for w in run))
            for run in segments(text)
        )
    )


@lru_cache(maxsize=20_000)
def _runs_in(
    text: tuple[tuple[tuple[str, ...], tuple[bool, ...]], ...],
) -> dict[str, tuple[str, ...]]:
    """Runs of words as written, each with which of its generic words sentences write large."""
    found: dict[str, tuple[str, ...]] = {}
    for run, large in text:
        lower = [word.lower().replace("’", "'") for word in run]
        placed = [word == "new" and after in _NEW for word, after in pairwise([*lower, ""])]
        written = ["New" if place else word for place, word in zip(placed, run, strict=True)]
        named = [*map(_is_name, written), False]
        # 'Live Nation' and 'Daily Show' are names, 'live updates' words of any story.
        of_name = [
            large[place]
            and word != "week"  # 'Week 13'
            and named[place]
            and (named[place + 1] or named[place - 1])
            for place, word in enumerate(lower)
        ]
        for start, first in enumerate(lower):
            if first[0].isdigit() or first in LEADING or (start and placed[start - 1]):
                continue
            behind = start > 0 and named[start - 1] and lower[start - 1] not in ("the", "a")
            begins_name = of_name[start] and named[start + 1] and not behind
            if not (placed[start] or begins_name or _may_stand(first, written[start])):
                continue
            for end in range(start + 1, min(start + MOST, len(run)) + 1):
                last = end - 1
                stays = placed[last] or of_name[last] or lower[last] in _INNER
                if lower[last] in STOPWORDS and not stays:
                    break
                ends_name = last > start and of_name[last] and named[last - 1]
                if ends_name or _may_stand(lower[last], written[last]):
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
    return " ".join(word.rstrip("s’") or word for word in label.lower().split())


def _fallback(
    titles: Sequence[str],
    keywords: Sequence[str],
    casing: Casing,
    taken: Set[str],
) -> str:
    """The telling words of the newest headline in its order, else of the keywords."""
    for text in (titles[len(titles) - 1], " ".join(keywords)):
        content = [w for w in words(text) if w.lower() not in STOPWORDS and not w.isdigit()]
        if len(content) < FEWEST:
            continue
        for most in (3, 4, 5):
            label = _dressed(casing.run(tuple(content[:most])))
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
