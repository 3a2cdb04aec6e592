"""Sentences that articles offer, and which of them says best what a group of articles says.

Extractive: a sentence is a title or a whole sentence of a summary, as it stands. Nothing is
cut, joined or rewritten.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from newsworld_dagster.contracts.terms import terms, words
from newsworld_dagster.stories.labels import TermStatistics
from newsworld_dagster.stories.sources import Article, voices

# Where a full stop ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Reps|Sens|Gov|Gen|Lt|Col|Sgt|Capt|Maj|Adm|Rev|Hon|Pres|Jr|"
    r"Sr|St|Ave|Mt|Ft|vs|v|No|Nos|Inc|Corp|Co|Ltd|Dept|Univ|Assn|Bros|Jan|Feb|Mar|Apr|Aug|Sept|"
    r"Sep|Oct|Nov|Dec|a\.m|p\.m|i\.e|e\.g|approx|est)|\b[A-Za-z](?:\.[A-Za-z])*)\.$"
)
_BREAK = re.compile(r"(?<=[.!?])([\"”’')\]]*)\s+(?=[\"“‘'(\[]?[A-Z0-9$£€])")
_ENDS = re.compile(r"[.!][\"”’')\]]*$")
# Ellipsis, a comma before the stop, or a last word that no sentence ends with.
_CUT = re.compile(
    r"(?:\.\.\.|…|\[[.…]*\]|[,;:–—-]\.?)[\"”’')\]]*$|; \w{1,3}$"
    r"|\b(?:an?|the|of|to|and|or|but|for|with|at|by|from|his|her|their|its|is|are|was|were|what|as|than"
    r"|Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Bros|St|vs)\.?$"
)
_OPENS = re.compile(r"[\"“‘'(\[]?(?:[A-Z0-9$£€#@]|[a-z][A-Z])")
_QUOTED = re.compile(r"[“\"][^”\"]*[”\"]|(?<!\w)[‘'][^‘]*?[’'](?!\w)")

_LISTED = yaml.safe_load(Path(__file__).with_name("unprinted.yaml").read_text(encoding="utf-8"))
_COMMENT = re.compile("|".join(_LISTED.pop("comment")), re.IGNORECASE)
_OPENINGS = "|".join(_LISTED.pop("leaning"))
_LEANING = re.compile(
    rf"(?:[A-Z(][\w(), .]{{0,30}} ?[—–-] )?[\"“‘']?(?i:{_OPENINGS})\b",  # behind a dateline or not
)
_UNPRINTED = {
    name: re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
    for name, patterns in _LISTED.items()
}
_PERSONAL = re.compile(
    r"\b(?:I|I['’](?:m|ve|d|ll)|[Mm]y|[Mm]e|[Ww]e|[Oo]ur|[Ll]et['’]s|[Yy]ou|[Yy]our|YOU)\b"
)
_DEFINITE = re.compile(
    r"[\"“‘']?(?:[Ii]n|[Aa]t|[Oo]n|[Aa]fter|[Dd]uring)? ?[Tt]he (?:same |[a-z])|Officials\b"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence and the article that it stands in, word for word."""

    text: str
    article_id: str
    is_title: bool


@lru_cache(maxsize=50_000)
def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text as they stand, the last one perhaps unfinished."""
    found: list[str] = []
    start = 0
    for gap in _BREAK.finditer(text):
        if _ABBREVIATION.search(text[start : gap.start()]):
            continue
        found.append(text[start : gap.end(1)].strip())
        start = gap.end()
    found.append(text[start:].strip())
    return tuple(sentence for sentence in found if sentence)


@lru_cache(maxsize=50_000)
def fault_of(text: str, *, is_title: bool) -> str | None:
    """Why a sentence is not printed, or None: it is whole and says something.

    Returns
    -------
    str or None
        'cut off', 'fragment', a heading of unprinted.yaml ('leaning' only of summaries),
        'personal', 'too short' or 'too long'.
    """
    if _CUT.search(text):
        return "cut off"
    if not _OPENS.match(text) or not (is_title or _ENDS.search(text)):
        return "fragment"
    if text.count("“") != text.count("”") or text.count('"') % 2:
        return "fragment"
    for name, pattern in _UNPRINTED.items():
        if pattern.search(text):
            return name
    unquoted = _QUOTED.sub(" ", text)
    # A bare quotation leans, too: nobody says it.
    if not is_title and (_LEANING.match(text) or len(words(unquoted)) < 2):
        return "leaning"
    if _PERSONAL.search(unquoted):
        return "personal"
    if len(words(text)) < (4 if is_title else 7) or len(terms(text)) < 3:
        return "too short"
    return "too long" if len(text) > 260 else None


def stands_alone(text: str, title: str) -> bool:
    """Whether a sentence of a summary can do without the text round it.

    It names what it speaks of, with no "the agency" before it was said which, and shares at
    least two content words with the title of its article.
    """
    return not _DEFINITE.match(text) and len(_stems(text) & _stems(title)) >= 2


def untold(article: Article) -> bool:
    """Whether a title is the publisher's name: an address was listed before its page was made."""
    return "".join(words(article.title)).lower() in article.publisher.split(".")


def reports(article: Article) -> bool:
    """Whether an article reports: it does not sell, serve, announce a broadcast or comment."""
    sells = _UNPRINTED["service"].search(article.title)
    if _UNPRINTED["broadcast"].search(article.title) or (
        sells and not _UNPRINTED["live page"].search(article.title)
    ):
        return False
    return not untold(article) and not _COMMENT.search(article.summary)


def titles(articles: Sequence[Article]) -> list[Sentence]:
    """The printable titles of articles."""
    return [
        Sentence(article.title, article.article_id, True)
        for article in articles
        if fault_of(article.title, is_title=True) is None
    ]


def summary_sentences(articles: Sequence[Article]) -> list[Sentence]:
    """The printable sentences of the summaries of articles."""
    return [
        Sentence(text, article.article_id, False)
        for article in articles
        for text in split_sentences(article.summary)
        if fault_of(text, is_title=False) is None
    ]


class Centrality:
    """How much of what a group of articles says a sentence says.

    The cosine of the sentence and the group's centroid over content words, as in centroid-based
    summarisation (Radev, Jing, Styś and Tam 2004): a word weighs in the centroid by the share
    of independent articles that use it and by its rarity in the window, in the sentence by its
    rarity.

    Parameters
    ----------
    articles
        The group in time order.
    statistics
        Of the window that the group is told apart from.
    """

    def __init__(self, articles: Sequence[Article], statistics: TermStatistics) -> None:
        self.statistics = statistics
        alone = voices(articles)
        shares: defaultdict[str, float] = defaultdict(float)
        for article in alone:
            for term in terms(article.title) | terms(article.summary):
                shares[term] += 1 / len(alone)
        self._weights = {t: share * statistics.rarity(t) for t, share in shares.items()}
        # Exact sums: those of sets come in another order in every process.
        self._length = math.sqrt(math.fsum(weight**2 for weight in self._weights.values()))

    def of(self, text: str) -> float:
        """In [0, 1]."""
        rarities = {term: self.statistics.rarity(term) for term in terms(text)}
        length = math.sqrt(math.fsum(rarity**2 for rarity in rarities.values()))
        if not length or not self._length:
            return 0.0
        shared = math.fsum(r * self._weights.get(term, 0.0) for term, r in rarities.items())
        return shared / (length * self._length)


def likeness(one: str, other: str) -> float:
    """Jaccard similarity of the content words of two sentences, in [0, 1]; 1 for equal texts."""
    if one.casefold() == other.casefold():
        return 1.0
    mine, theirs = _stems(one), _stems(other)
    return len(mine & theirs) / max(len(mine | theirs), 1)


def repeats(text: str, earlier: Iterable[str], limit: float) -> bool:
    """Whether a sentence is one of the earlier ones, or as like to one as `limit` or more."""
    return any(likeness(text, other) >= limit for other in earlier)


@lru_cache(maxsize=50_000)
def _stems(text: str) -> frozenset[str]:
    # Crude on purpose: it need only see that "delays" and "delayed" say the same.
    return frozenset(re.sub(r"(?:ing|ed|es|s)$", "", t) if len(t) > 4 else t for t in terms(text))
