"""How articles are worded: each publisher in its own choice of an event's words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.benchmarks.newswire.hashing import mixed, uniform
from tests.benchmarks.newswire.lexicon import Lexicon
from tests.benchmarks.newswire.process import EDITED, NEAR

# Slots of a title and of a summary; a name fills one slot with one or two words.
TITLE, SUMMARY = 20, 44
# Share of what is worded as an explainer or a reaction, which takes fewer of the event's words.
ASIDE = 0.2
STORY_WORDS, TOPIC_WORDS, TOPIC_NAMES = 9, 6, 2


@dataclass(frozen=True)
class Style:
    """Shares of the slots: function words, names of the topic, the event's words, the topic's.

    What is left are words of any news.
    """

    function: float
    name: float
    event: float
    topic: float


STYLES = {
    # (title, summary) of a report, and of an explainer or reaction.
    False: (Style(0.28, 0.14, 0.38, 0.11), Style(0.40, 0.09, 0.25, 0.12)),
    True: (Style(0.32, 0.13, 0.13, 0.16), Style(0.42, 0.08, 0.10, 0.15)),
}


def wording(articles: pd.DataFrame, words: Lexicon, seed: int) -> pd.DataFrame:
    """Title, summary and style of articles: columns title, summary, aside (bool).

    Parameters
    ----------
    articles
        Columns key, root, story, topic, copy and family of `process.Cohort.articles`. All is
        worked out from `root`, so that a copy needs no look at its original.
    """
    root = articles["root"].to_numpy()
    aside = uniform(seed, 10, root) < ASIDE
    length = _normal(seed, 11, root)
    title_length = np.clip(np.rint(10.2 + 3.0 * length), 4, TITLE).astype(int)
    spread = _normal(seed, 12, root)
    summary_length = np.clip(np.rint(21.6 + 8.2 * spread), 6, SUMMARY).astype(int)
    titles = _slots(articles, aside, 0, TITLE, words, seed)
    summaries = _slots(articles, aside, 1, SUMMARY, words, seed)
    family = articles["family"].to_numpy()
    told = family >= 0
    titles[told, 2] = words.triggers + family[told].astype(int)
    _edit(articles, summaries, words, seed)
    return pd.DataFrame(
        {
            "title": _joined(words.tokens[titles], title_length, ""),
            "summary": _joined(words.tokens[summaries], summary_length, "."),
            "aside": aside,
        }
    )


def _slots(
    articles: pd.DataFrame, aside: np.ndarray, part: int, slots: int, words: Lexicon, seed: int
) -> np.ndarray:
    """Places in `words.tokens`, shape (articles, slots)."""
    root = articles["root"].to_numpy()[:, None]
    story, topic = articles["story"].to_numpy()[:, None], articles["topic"].to_numpy()[:, None]
    slot = np.arange(slots)[None, :]
    kind, which = uniform(seed, 20 + part, root, slot), uniform(seed, 22 + part, root, slot)
    bounds = np.array(
        [np.cumsum([s.function, s.name, s.event, s.topic]) for s in (STYLES[False][part],
         STYLES[True][part])]
    )[aside.astype(int)]  # fmt: skip
    # The first slots go round the event's words from a start of the article's own, so that no
    # word comes twice before all have come.
    turn = np.cumsum((kind >= bounds[:, 1, None]) & (kind < bounds[:, 2, None]), axis=1)
    start = (mixed(seed, 24 + part, root) % np.uint64(STORY_WORDS)).astype(int)
    event = words.telling[_place(seed, 30, story, (start + turn) % STORY_WORDS)]
    subject = words.telling[_place(seed, 31, topic, (which * TOPIC_WORDS).astype(int))]
    is_name = (kind >= bounds[:, 0, None]) & (kind < bounds[:, 1, None])
    named = (start + np.cumsum(is_name, axis=1)) % (TOPIC_NAMES + 1)
    # The last name is the event's own.
    name = np.where(
        named == TOPIC_NAMES, mixed(seed, 32, story), mixed(seed, 33, topic, named)
    ) % np.uint64(words.name_count)
    # Among function words the first are the most frequent.
    function = (which**2 * words.words).astype(int)
    any_news = words.common[(which * len(words.common)).astype(int)]
    return np.select(
        [
            kind < bounds[:, 0, None],
            kind < bounds[:, 1, None],
            kind < bounds[:, 2, None],
            kind < bounds[:, 3, None],
        ],
        [function, words.names + name.astype(int), words.words + event, words.words + subject],
        words.words + any_news,
    )


def _edit(articles: pd.DataFrame, summaries: np.ndarray, words: Lexicon, seed: int) -> None:
    """Change one word of near copies and five, spread out, of edited ones."""
    copy = articles["copy"].to_numpy()
    for slot in range(2, 18, 3):
        changed = copy == EDITED
        if slot == 5:
            changed = changed | (copy == NEAR)
        place = _place(seed, 40, articles["key"].to_numpy()[changed], slot)
        summaries[changed, slot] = words.words + words.common[place]


def _place(*keys: np.ndarray | int) -> np.ndarray:
    return (mixed(*keys) >> np.uint64(48)).astype(int)


def _normal(*keys: np.ndarray | int) -> np.ndarray:
    """Standard normal numbers of keys, by Box and Muller."""
    one, other = uniform(*keys, 1), uniform(*keys, 2)
    return np.asarray(np.sqrt(-2 * np.log1p(-one)) * np.cos(2 * np.pi * other))


def _joined(tokens: np.ndarray, lengths: np.ndarray, stop: str) -> list[str]:
    made = []
    for row, length in zip(tokens.tolist(), lengths.tolist(), strict=True):
        text = " ".join(row[:length])
        made.append(text[0].upper() + text[1:] + stop)
    return made
