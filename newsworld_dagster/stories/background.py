"""How often words were in the news before: what makes a shared word telling."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from newsworld_dagster.contracts.terms import STOPWORDS, stem, words
from newsworld_dagster.stories.lexicon import Lexicon

WEIGHTS = Path(__file__).with_name("weights")


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
        read = _ARTICLES.number(zip(titles, summaries, strict=True))
        return cls(len(read.lengths), read.count(least=2))

    @classmethod
    def packaged(cls) -> Background:
        """The counts that ship with the project, for articles that come without a history."""
        return _packaged()

    def save(self, path: Path) -> None:
        """Write the counts, the same bytes for the same counts."""
        kept = dict(sorted(self.frequency.items()))
        text = json.dumps({"articles": self.articles, "frequency": kept}, ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), mtime=0))


@lru_cache(maxsize=1)
def _packaged() -> Background:
    stored = json.loads(gzip.decompress((WEIGHTS / "background.json.gz").read_bytes()))
    return Background(stored["articles"], stored["frequency"])


@lru_cache(maxsize=100_000)
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


# Tomorrow's history holds most of today's.
_ARTICLES = Lexicon(_held)
