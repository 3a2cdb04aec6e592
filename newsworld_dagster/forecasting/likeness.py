"""Whether a new claim says what an open claim says already."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile, takewhile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from newsworld_dagster.contracts.terms import stem, words
from newsworld_dagster.forecasting.events import infinitive
from newsworld_dagster.forecasting.windows import mentions
from newsworld_dagster.forecasting.wording import QUOTED

# Deadlines written as a date, as its last second or in another time zone are the same.
SAME_DEADLINE = pd.Timedelta(days=2)
# Shares of words, names counted twice, chosen on the development halves of the labelled claims and
# pairs. Where each says something that the other does not, more has to agree. Vectors alone cannot
# tell a claim from its opposite number ("delivers the jet", "certifies the jet": cosine 0.93).
SHARED_IF_ONE_SAYS_MORE = 0.6
SHARED_IF_BOTH_DO = 0.85
SHARED_IF_CLOSE_TOO = 0.75
COSINE = 0.92
# Beside a quoted title the rest is a formula, of which every word counts.
SHARED_WORDS_BESIDE_QUOTES = 0.9

_WORDS = yaml.safe_load(Path(__file__).with_name("lint_words.yaml").read_text(encoding="utf-8"))
_LITTLE = frozenset(_WORDS["little"].split())
_SAME = {stem(word): stem(line.split()[0]) for line in _WORDS["same"] for word in line.split()}
_APART = [{_SAME.get(stem(word), stem(word)) for word in pair.split()} for pair in _WORDS["apart"]]
_ALIASES = [
    (re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})(?!\w)"), name)
    for name, names in _WORDS["aliases"].items()
]
_TURNS = frozenset(_SAME.get(stem(word), stem(word)) for word in _WORDS["turns"].split())
NEGATION = re.compile(r"\b(?:not|no|never|without|fails? to|neither|nor)\b|n['’]t\b", re.IGNORECASE)
_FIGURES = {
    word: str(number)
    for line in (
        ["", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
        ["", "first", "second", "third", "fourth", "fifth"],
    )
    for number, word in enumerate(line)
    if word
}
_MONTHS = frozenset(month.lower() for month in calendar.month_name if month)


@dataclass(frozen=True)
class Gist:
    """What two statements must share to say the same."""

    plain: str
    quotes: tuple[str, ...]
    stems: frozenset[str]
    names: frozenset[str]
    figures: tuple[str, ...]
    dates: frozenset[pd.Timestamp]
    negated: bool
    lead: frozenset[str]
    passive: bool


@lru_cache(maxsize=20_000)
def gist(statement: str) -> Gist:
    """Stems, names, figures and dates of a statement."""
    rest = re.sub(QUOTED, " ", statement)
    found = [mention for mention in mentions(rest) if mention.role != "named"]
    for mention in reversed(found):
        rest = rest[: mention.start] + " " + rest[mention.end :]
    for alias, name in _ALIASES:
        rest = alias.sub(name, rest)
    tokens = words(rest)
    figures = re.findall(r"\d[\d.,]*\d|\d", rest)
    figures += [_FIGURES[token.lower()] for token in tokens if token.lower() in _FIGURES]
    figures += [
        token.lower() for token in tokens if token.lower() in _MONTHS and token[0].isupper()
    ]
    # "Spain's prime minister" is no news of Spain.
    owners = {token for name in re.findall(r"([\w ]+)['’]s\b", rest) for token in name.split()[-2:]}
    content = [
        token
        for token in tokens
        if not {token.lower(), stem(token.lower())} & _LITTLE
        and not token[0].isdigit()
        and token.lower() not in _FIGURES
    ]
    stems = [_key(token) for token in content]
    named = {token for token in tokens if token[0].isupper() and token.lower() not in _LITTLE}
    named -= owners
    run = takewhile(
        lambda token: token in named or token in ("and", "the"),
        dropwhile(lambda token: token.lower() in _LITTLE, tokens),
    )
    lead = [_key(token) for token in run if token in named]
    return Gist(
        plain=" ".join(statement.lower().split()),
        quotes=tuple(sorted(quote[1:-1].lower() for quote in QUOTED.findall(statement))),
        stems=frozenset(stems),
        names=frozenset(stem for token, stem in zip(content, stems, strict=True) if token in named),
        figures=tuple(sorted(figures)),
        dates=frozenset(mention.last.normalize() for mention in found),
        negated=bool(NEGATION.search(rest)),
        lead=frozenset(lead),
        passive=bool(re.search(r"\b(?:is|are|be|been|gets?)\b", rest)),
    )


def _key(token: str) -> str:
    """One key for the forms and the synonyms of a word."""
    word = token.lower()
    root = stem(word if token[0].isupper() else infinitive(word))
    return str(_SAME.get(root, root))


def duplicate_of(
    statement: str,
    open_statements: Sequence[str],
    *,
    vector: np.ndarray | None = None,
    open_vectors: np.ndarray | None = None,
) -> str | None:
    """The first open statement that says the same, None where none does.

    Two statements say the same when they share their figures, their dates and their names, are
    both affirmed or both denied, hold no opposites (raises, cuts), and share most of their words,
    fewer where vectors are given and lie close.

    Parameters
    ----------
    statement
        The new claim.
    open_statements
        n open claims whose deadline is the same.
    vector, open_vectors
        Unit vectors of shape (d,) and (n, d) of the statements, if there are any.

    Raises
    ------
    ValueError
        When the vectors do not fit the open statements.
    """
    if (vector is None) != (open_vectors is None) or (
        open_vectors is not None and len(open_vectors) != len(open_statements)
    ):
        raise ValueError(
            "Dense duplicates need a vector of the claim and one of each of the "
            f"{len(open_statements)} open claims; give both or neither."
        )
    close = None if open_vectors is None else np.asarray(open_vectors) @ np.asarray(vector)
    one = gist(statement)
    for place, other_statement in enumerate(open_statements):
        other = gist(other_statement)
        if one.plain == other.plain:
            return other_statement
        if (one.quotes, one.figures, one.negated) != (other.quotes, other.figures, other.negated):
            continue
        if one.dates != other.dates and one.dates and other.dates:
            continue
        if not one.stems or not _compatible(one, other):
            continue
        shared = _weight(one.stems & other.stems, one, other) / _weight(
            one.stems | other.stems, one, other
        )
        both = bool(one.stems - other.stems and other.stems - one.stems)
        near = close is not None and close[place] >= COSINE
        least = SHARED_IF_BOTH_DO if both else SHARED_IF_ONE_SAYS_MORE
        if both and near:
            least = SHARED_IF_CLOSE_TOO
        if shared >= (SHARED_WORDS_BESIDE_QUOTES if one.quotes else least):
            return other_statement
    return None


def _compatible(one: Gist, other: Gist) -> bool:
    """Whether neither names someone the other does not, nor says the opposite."""
    mine, theirs = one.stems - other.stems, other.stems - one.stems
    if (one.names & mine) and (other.names & theirs):
        return False
    # "Spain's Pedro Sánchez" is Pedro Sánchez; two parties more make another government.
    more = (one.names & mine) | (other.names & theirs)
    # "India beats Pakistan" is not "Pakistan beats India".
    swapped = one.passive == other.passive and one.lead.isdisjoint(other.lead)
    if swapped and one.lead and other.lead and one.lead <= other.names and other.lead <= one.names:
        return False
    if len(more) > 1 or any(len(name) == 1 for name in more) or (mine | theirs) & _TURNS:
        return False
    return not any((pair & mine) and (pair & theirs) for pair in _APART)


def _weight(stems: frozenset[str], one: Gist, other: Gist) -> int:
    """Number of stems, names counted twice: who it is about says more than how it is put."""
    return len(stems) + len(stems & (one.names | other.names))
