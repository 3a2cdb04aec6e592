"""Names and terms that burst against their own history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import scipy

from newsworld_dagster.contracts.stories import TRENDING
from newsworld_dagster.contracts.terms import terms
from newsworld_dagster.contracts.vocabulary import EVERYWHERE, SECTIONS
from newsworld_dagster.stories.phrases import (
    find_mentions,
    is_name,
    is_term,
    name_candidates,
    one_form_each,
    surnames,
    term_candidates,
)
from newsworld_dagster.stories.reading import TOKENS, Phrase, read_article


@dataclass(frozen=True)
class TrendingParameters:
    """What makes a name or a term trend.

    Chosen by reading the strips of five days of December 2025 to February 2026; `swing` was
    estimated by the method of moments from 140 names that at least one publisher mentions in
    two days, October 2025 to February 2026: 1 / 0.26.

    Attributes
    ----------
    recent_days, history_days
        What counts as now, and what it is held against.
    least_history_articles
        With fewer articles of history nothing is known to be usual.
    publishers, publishers_in_section
        Least independent publishers of all news and in a section. A term in small letters needs
        `publishers` in both.
    least_score
        Least burst score: one chance in twenty.
    least_together, shared_words
        Of the articles that mention a term, the least share that have the topic, or as many
        content words, in common with another.
    shown, shown_in_section
        Most rows of a strip.
    swing
        See `burst_score`.
    """

    recent_days: int = 2
    history_days: int = 28
    least_history_articles: int = 100
    publishers: int = 3
    publishers_in_section: int = 2
    least_score: float = 1.3
    least_together: float = 0.6
    shared_words: int = 2
    shown: int = 24
    shown_in_section: int = 12
    swing: float = 4.0


def burst_score(
    count: np.ndarray, expected: np.ndarray, history: np.ndarray, swing: float = 4.0
) -> np.ndarray:
    """How surprising a count is: -log10 of the probability of as many or more.

    Parameters
    ----------
    count
        Publishers that mention the term now, shape (n,), at least 1.
    expected
        Publishers expected from its own history, shape (n,), above 0.
    history
        Mentions that the expectation rests on, shape (n,).
    swing
        Shape of the gamma distribution by which a term's rate swings from day to day about its
        mean.

    Returns
    -------
    numpy.ndarray
        Shape (n,); 2 is one chance in a hundred.

    Notes
    -----
    Counts are Poisson about a rate that is gamma distributed with mean `expected`, so the
    predictive distribution is negative binomial (Gelman et al., Bayesian Data Analysis, 3rd
    ed., section 2.6). The squared coefficient of variation of the rate is the sum of two parts:
    1 / (history + 1/2) for a rate known from few mentions, and 1 / swing for news that comes in
    waves. Its tail is a regularised incomplete beta function.
    """
    shape = 1 / (1 / (history + 0.5) + 1 / swing)
    tail = scipy.special.betainc(count, shape, expected / (expected + shape))
    return -np.log10(np.maximum(tail, 1e-300))


def trending_terms(
    window: pd.DataFrame,
    *,
    day: pd.Timestamp,
    as_of: pd.Timestamp,
    parameters: TrendingParameters | None = None,
) -> pd.DataFrame:
    """Names and terms that burst in the last two days, of all news and of each section.

    Parameters
    ----------
    window
        Articles of the last `recent_days` + `history_days` days up to `as_of`, in any order,
        with columns article_id, title, summary, publisher, section (null where unknown),
        first_seen_at, duplicate_of, story_id and topic_id.
    day
        Partition of the rows.
    as_of
        The moment that the recent days end at.

    Returns
    -------
    pd.DataFrame
        Meets `stories.trending`; no rows where the history is too short to say what is usual.
    """
    parameters = parameters or TrendingParameters()
    # A syndicated copy is no second voice.
    window = window[window["duplicate_of"].isna()].sort_values(["first_seen_at", "article_id"])
    age = ((as_of - window["first_seen_at"]) // pd.Timedelta(days=1)).to_numpy()
    if (age >= parameters.recent_days).sum() < parameters.least_history_articles:
        return pd.DataFrame(columns=list(TRENDING.columns))
    news = _News(window.reset_index(drop=True), age, parameters)
    rows = [row for section in (EVERYWHERE, *SECTIONS) for row in news.strip(section)]
    return pd.DataFrame(rows, columns=list(TRENDING.columns)).assign(day=day)


@dataclass(frozen=True)
class _Term:
    phrase: Phrase
    printed: str
    kind: str
    places: np.ndarray
    in_titles: frozenset[int]


class _News:
    """The window, what could trend in it, and how often each is mentioned."""

    def __init__(self, window: pd.DataFrame, age: np.ndarray, given: TrendingParameters) -> None:
        self.given = given
        self.fresh, self.newest = age < given.recent_days, age < 1
        # Counted is who mentions a term in a period; history has periods of the same length.
        self.period = age // given.recent_days
        self.publishers = pd.factorize(window["publisher"])[0]
        self.sections = window["section"].to_numpy(dtype=object)
        self.stories = window["story_id"].to_numpy(dtype=object)
        self.topics = window["topic_id"].to_numpy(dtype=object)
        self.titles, self.summaries = window["title"].tolist(), window["summary"].tolist()
        self.seen = window["first_seen_at"].to_numpy()
        self.own_names = [_own_names(publisher) for publisher in window["publisher"]]
        articles = list(zip(self.titles, self.summaries, strict=True))
        self.readings = [read_article(*article) for article in articles]
        self.tokens = TOKENS.number(articles)
        self.terms = self._terms()

    def _voices(self, places: Iterable[int]) -> int:
        return len({self.publishers[place] for place in places})

    def _terms(self) -> list[_Term]:
        """What could trend, each thing under one form."""
        fresh = np.flatnonzero(self.fresh).tolist()
        least = self.given.publishers_in_section
        part, whole = name_candidates(self.readings, fresh)
        plain = {
            phrase: places
            for phrase, places in term_candidates(self.readings, fresh).items()
            if self._voices(places) >= least
        }
        found = find_mentions(self.readings, self.tokens, fresh, part.keys() | plain.keys())
        for phrase, mentions in found.items():
            # What a newsroom prints of itself is no news.
            joined = "".join(phrase).replace(".", "")
            mentions.places = [p for p in mentions.places if joined not in self.own_names[p]]
        heard = {
            phrase: now
            for phrase, mentions in found.items()
            if self._voices(now := frozenset(p for p in mentions.places if self.fresh[p])) >= least
        }
        kinds = {}
        for phrase in heard:
            if is_name(phrase, found[phrase], part.get(phrase), whole.get(phrase)):
                kinds[phrase] = "name"
            elif phrase in plain and is_term(found[phrase]):
                kinds[phrase] = "term"
        full_names = {}
        for phrase, full in surnames(heard, part, whole).items():
            if full is None:
                kinds.pop(phrase, None)
            elif phrase in kinds and found[full].share_of_capitals() >= 0.5:
                full_names[phrase] = full
                kinds[full] = "name"
                heard.setdefault(full, heard[phrase] & part[full])
        return [
            _Term(
                phrase,
                found[phrase].printed(),
                kinds[phrase],
                np.array(sorted({p for f in forms for p in found[f].places}), dtype=np.intp),
                frozenset(p for f in forms for p in found[f].titles),
            )
            for phrase, forms in one_form_each(heard, kinds, found, whole, full_names).items()
        ]

    def strip(self, section: str) -> Iterator[dict[str, object]]:
        """Rows of one section, the greatest burst first."""
        everywhere = section == EVERYWHERE
        inside = np.ones(len(self.fresh), bool) if everywhere else self.sections == section
        shown = self.given.shown if everywhere else self.given.shown_in_section
        taken: list[set[int]] = []
        printed: set[str] = set()
        for term, now, row in self._bursts(section, inside):
            own = set(now.tolist())
            # One strip has room for one name of a piece of news.
            repeats = any(2 * len(own & other) >= len(own) for other in taken)
            if repeats or term.printed.casefold() in printed:
                continue
            taken.append(own)
            printed.add(term.printed.casefold())
            yield row | {
                "section": section,
                "rank": len(taken),
                "term": term.printed,
                "kind": term.kind,
                "articles": len(now),
                "story_id": _most_common(self.stories[now]),
                "topic_id": _most_common(self.topics[now]),
                "first_seen_at": self.seen[term.places[0]],
            }
            if len(taken) == shown:
                return

    def _bursts(
        self, section: str, inside: np.ndarray
    ) -> list[tuple[_Term, np.ndarray, dict[str, object]]]:
        """Terms that burst among the articles `inside`, with their articles and figures."""
        given = self.given
        least = given.publishers if section == EVERYWHERE else given.publishers_in_section
        usual = int((inside & ~self.fresh).sum())
        found: list[tuple[_Term, np.ndarray]] = []
        counts: list[tuple[int, int]] = []
        for term in self.terms if usual else []:
            places = term.places[inside[term.places]]
            now, before = places[self.fresh[places]], places[~self.fresh[places]]
            if self.newest[now].any() and self._may_trend(term, now, least):
                past = set(zip(self.period[before], self.publishers[before], strict=True))
                found.append((term, now))
                counts.append((self._voices(now), len(past)))
        voices, history = np.array(counts, dtype=float).reshape(-1, 2).T
        expected = (history + 0.5) * int((inside & self.fresh).sum()) / max(usual, 1)
        figures = pd.DataFrame(
            {
                "publishers": voices.astype(int),
                "expected": expected,
                "score": burst_score(voices, expected, history, given.swing),
            }
        )
        # Of two bursts as surprising, the one that more newsrooms carry stands first.
        weights = (figures["score"] * np.log2(1 + voices)).to_numpy()
        order = sorted(range(len(found)), key=lambda n: (-weights[n], found[n][0].printed))
        rows = figures.to_dict("records")
        return [(*found[n], rows[n]) for n in order if rows[n]["score"] >= given.least_score]

    def _may_trend(self, term: _Term, now: np.ndarray, least: int) -> bool:
        voices = self._voices(now)
        if term.kind == "term":
            in_titles = self._voices(place for place in now if place in term.in_titles)
            if voices < self.given.publishers or in_titles < 2:
                return False
        return voices >= least and self._hangs_together(term, now)

    def _hangs_together(self, term: _Term, now: np.ndarray) -> bool:
        """Whether most articles that mention a term share a topic, or words, with another.

        'Paris' of a fashion week, of a games studio and of a football club is no news of Paris.
        """
        content = [
            (terms(self.titles[place]) | terms(self.summaries[place])) - set(term.phrase)
            for place in now
        ]
        linked = sum(
            any(
                self.topics[one] == self.topics[two] or len(mine & other) >= self.given.shared_words
                for two, other in zip(now, content, strict=True)
                if two != one
            )
            for one, mine in zip(now, content, strict=True)
        )
        return linked >= self.given.least_together * len(now)


@lru_cache(maxsize=10_000)
def _own_names(publisher: str) -> frozenset[str]:
    """What a newsroom may be called in its own headlines: 'cbs' and 'cbsnews' of cbsnews.com."""
    found = set()
    for label in publisher.replace("-", "").split(".")[:-1]:
        bare = label.removeprefix("the")
        found |= {label, bare}
        found |= {bare.removesuffix(ending) for ending in ("news", "sports", "online", "magazine")}
    return frozenset(found)


def _most_common(identifiers: np.ndarray) -> str | None:
    """The identifier of most articles, of the latest of them where several have as many."""
    counts = Counter(value for value in reversed(identifiers.tolist()) if isinstance(value, str))
    return counts.most_common(1)[0][0] if counts else None
