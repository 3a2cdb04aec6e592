"""How often words were in the news before: what makes a shared word telling."""

from __future__ import annotations

import gzip
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd

from newsworld_dagster.contracts.terms import STOPWORDS, TEXTS_HELD, stem, words

WEIGHTS = Path(__file__).with_name("weights")
# In how many articles a stem or pair must stand to count as seen.
_LEAST = 2


@dataclass(frozen=True)
class Background:
    """Document frequencies of stems and of pairs of neighbouring stems.

    A pair is written with a space. What stood in one article alone is as good as unseen and is
    left out. An empty background knows nothing: every word is news.
    """

    articles: int
    frequency: dict[str, int]

    @classmethod
    def of(cls, titles: Iterable[str], summaries: Iterable[str]) -> Background:
        """Count the articles that came before those to be clustered."""
        articles = list(zip(titles, summaries, strict=True))
        held = Counter(itertools.chain.from_iterable(map(_held, articles)))
        return cls(len(articles), {term: n for term, n in held.items() if n >= _LEAST})

    @classmethod
    def packaged(cls) -> Background:
        """The counts that ship with the project, for articles that come without a history."""
        return _packaged()

    def save(self, path: Path) -> None:
        """Write the counts, the same bytes for the same counts."""
        kept = dict(sorted(self.frequency.items()))
        text = json.dumps({"articles": self.articles, "frequency": kept}, ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), mtime=0))


class RunningBackground:
    """The background of days that follow one another, by what came and went since the last one."""

    def __init__(self) -> None:
        self._terms: dict[str, tuple[str, ...]] = {}
        self._held: Counter[str] = Counter()
        self._frequency: dict[str, int] = {}

    def missing(self, article_ids: Iterable[str]) -> list[str]:
        """Those of some articles that were not among the last day's."""
        return [article for article in article_ids if article not in self._terms]

    def of(self, article_ids: Sequence[str], new: pd.DataFrame) -> Background:
        """What `Background.of` counts of some articles; good until the next call.

        Parameters
        ----------
        article_ids
            All of the day's articles, each once.
        new
            article_id, title and summary of those that are `missing`.
        """
        changed: set[str] = set()
        for article in self._terms.keys() - set(article_ids):
            terms = self._terms.pop(article)
            self._held.subtract(terms)
            changed.update(terms)
        for article, *texts in zip(new["article_id"], new["title"], new["summary"], strict=True):
            terms = self._terms[article] = tuple(_held((texts[0], texts[1])))
            self._held.update(terms)
            changed.update(terms)
        for term in changed:
            count = self._held[term]
            if count >= _LEAST:
                self._frequency[term] = count
                continue
            self._frequency.pop(term, None)
            if not count:
                del self._held[term]
        return Background(len(self._terms), self._frequency)


@lru_cache(maxsize=1)
def _packaged() -> Background:
    stored = json.loads(gzip.decompress((WEIGHTS / "background.json.gz").read_bytes()))
    return Background(stored["articles"], stored["frequency"])


@lru_cache(maxsize=TEXTS_HELD)
def stems(text: str) -> tuple[str, ...]:
    """Stems of the content words of a text, in their order (Snowball, English)."""
    return tuple(
        stem(word)
        for word in (token.lower().replace("’", "'") for token in words(text))
        if word not in STOPWORDS and len(word) > 1
    )


def neighbours(stemmed: tuple[str, ...]) -> list[str]:
    """Pairs of stems that stand side by side."""
    return [f"{one} {other}" for one, other in itertools.pairwise(stemmed)]


def _held(article: tuple[str, str]) -> dict[str, None]:
    """Stems and pairs of an article, each once."""
    head, body = (stems(text) for text in article)
    return dict.fromkeys((*head, *body, *neighbours(head), *neighbours(body)))
