"""Articles that repeat an earlier article, word for word or nearly so, or its headline."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd

COMPARED = ["article_id", "title", "summary", "publisher", "first_seen_at", "duplicate_of"]
WORD = re.compile(r"\w+")
# Two words in a row: one changed word in a text of thirty leaves 0.9 of them in common.
SHINGLE = 2
# Below this a text is a label ("Photos of the day"), and nearly alike says nothing.
SHORTEST_NEAR = 8
# No two newsrooms write the same eight words over reports of their own; one that prints an
# agency's text under its headline may write the summary itself. After days it may be a series.
SHORTEST_HEADLINE = 8
HEADLINE_WINDOW = np.timedelta64(3, "D")
# 32 bands of 4 rows find a pair at Jaccard 0.8 with probability 1 - 5e-8 and one at 0.6 with
# 0.99; the true Jaccard then decides, which costs little next to a missed copy.
PERMUTATIONS, BANDS = 128, 32
# Texts that are taken apart together: a copy lies within the window, so there is no need to hold
# the words of an archive of years at once, at about 6 kB a text.
SHARE = 50_000


def mark_duplicates(
    batch: pd.DataFrame,
    known: pd.DataFrame,
    *,
    window_days: float = 14,
    similarity: float = 0.8,
    seed: int,
) -> pd.DataFrame:
    """Say for each article of a batch which earlier article it repeats, if any.

    Compared are title and summary, whoever published them: a syndicated text, or the same text
    under another address, is a duplicate. So is, whatever its summary, what another publisher
    printed first under the same headline of eight words or more, at most three days before. The
    original is always seen earlier (at equal times the smaller article_id), so that nothing that
    arrives later changes an answer.

    Parameters
    ----------
    batch
        Articles to mark, meeting `news.articles`.
    known
        Stored articles of the time around the batch: article_id, title, summary, publisher,
        first_seen_at, duplicate_of. They may be originals and are never marked.
    window_days
        How far apart in time two copies may be seen.
    similarity
        Least Jaccard similarity of the two-word shingles of near duplicates.
    seed
        Of the MinHash permutations.

    Returns
    -------
    pd.DataFrame
        `batch` with `duplicate_of` and `duplicate_kind` set; a copy of a copy names the first
        original.
    """
    stored = known.loc[~known["article_id"].isin(batch["article_id"]), COMPARED]
    fresh = batch[COMPARED].assign(duplicate_of=None)
    pool = pd.concat(
        [stored.assign(marked=False), fresh.assign(marked=True)]
        if len(stored)
        else [fresh.assign(marked=True)]
    ).sort_values(["first_seen_at", "article_id"], ignore_index=True)
    identifiers = pool["article_id"].tolist()
    marked = pool["marked"].tolist()
    times = pool["first_seen_at"].to_numpy("datetime64[us]")
    window = np.timedelta64(int(window_days * 86_400_000_000), "us")
    original = [None if pd.isna(value) else value for value in pool["duplicate_of"]]
    kinds: dict[str, str] = {}
    for first, start, stop in _shares(times, window):
        for position, match, kind in _matches(
            pool.iloc[first:stop],
            marked[first:stop],
            start - first,
            window,
            similarity,
            seed,
            [source is not None for source in original[first:stop]],
        ):
            original[first + position] = original[first + match] or identifiers[first + match]
            kinds[identifiers[first + position]] = kind
    found = {
        identifier: source
        for identifier, source, is_new in zip(identifiers, original, marked, strict=True)
        if is_new and source is not None
    }
    marks = batch["article_id"]
    return batch.assign(
        duplicate_of=marks.map(found).astype("str"), duplicate_kind=marks.map(kinds).astype("str")
    )


def _shares(times: np.ndarray, window: np.timedelta64) -> Iterator[tuple[int, int, int]]:
    """Places of texts to mark together, `start` to `stop`, and `first`, from where they look back.

    No share is shorter than the window, so that no text is taken apart more than twice.
    """
    start = 0
    while start < len(times):
        first = int(np.searchsorted(times, times[start] - window))
        behind = int(np.searchsorted(times, times[start] + window, side="right"))
        stop = min(max(start + SHARE, behind), len(times))
        yield first, start, stop
        start = stop


def _matches(
    texts: pd.DataFrame,
    marked: list[bool],
    start: int,
    window: np.timedelta64,
    similarity: float,
    seed: int,
    copies: list[bool],
) -> Iterator[tuple[int, int, str]]:
    """Place of each text from `start` on that repeats an earlier one, of that one, and the kind.

    `copies` says which of the texts were found to be copies before.
    """
    words = [
        WORD.findall(f"{title} {summary}".casefold())
        for title, summary in zip(texts["title"], texts["summary"], strict=True)
    ]
    titles, summaries = texts["title"].tolist(), texts["summary"].tolist()
    times = texts["first_seen_at"].to_numpy("datetime64[us]")
    asked = [is_new and place >= start for place, is_new in enumerate(marked)]
    near = _near_candidates(words, asked, seed)
    last_with_text: dict[str, int] = {}
    headlines = _Headlines(titles, texts["publisher"].tolist(), times)
    for position, own in enumerate(words):
        text = " ".join(own) or f"{titles[position]}\n{summaries[position]}"
        match: int | None = None
        if asked[position]:
            twin = last_with_text.get(text)
            if twin is not None and times[position] - times[twin] <= window:
                match, kind = twin, "exact"
            else:
                match, kind = _nearest(position, near, words, times, window, similarity), "near"
            if match is None:
                match, kind = headlines.before(position, window), "headline"
            if match is not None:
                yield position, match, kind
        last_with_text[text] = position
        # A copy of a copy might be days from the original, or by its publisher. The price: who
        # prints the edited headline of a near copy is not found by it.
        if match is None and not copies[position]:
            headlines.add(position)


class _Headlines:
    """The originals so far by their headlines, as far as these are long enough to tell a copy."""

    def __init__(self, titles: list[str], publishers: list[str], times: np.ndarray) -> None:
        self.publishers, self.times = publishers, times
        self.keys = [
            " ".join(WORD.findall(title.casefold()))
            if sum(WORD.search(word) is not None for word in title.split()) >= SHORTEST_HEADLINE
            else ""
            for title in titles
        ]
        self._with: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, position: int) -> None:
        """Take a text into account for those that follow."""
        if self.keys[position]:
            self._with[self.keys[position]].append(position)

    def before(self, position: int, window: np.timedelta64) -> int | None:
        """The last of another publisher with the headline, within the shorter window."""
        since = self.times[position] - min(window, HEADLINE_WINDOW)
        for earlier in reversed(self._with.get(self.keys[position], ())):
            if self.times[earlier] < since:
                return None
            if self.publishers[earlier] != self.publishers[position]:
                return earlier
        return None


def _near_candidates(words: list[list[str]], marked: list[bool], seed: int) -> dict[int, list[int]]:
    """For each marked text the earlier texts that may be nearly alike, by MinHash."""
    from rensa import RMinHash, RMinHashLSH

    long_enough = [i for i, own in enumerate(words) if len(own) >= SHORTEST_NEAR]
    sketches = RMinHash.from_token_sets(
        [_shingles(words[i]) for i in long_enough], num_perm=PERMUTATIONS, seed=seed
    )
    index = RMinHashLSH(threshold=0.5, num_perm=PERMUTATIONS, num_bands=BANDS)
    candidates: dict[int, list[int]] = {}
    for position, sketch in zip(long_enough, sketches, strict=True):
        # Asked before it is added: only earlier texts answer.
        if marked[position] and (earlier := index.query(sketch)):
            candidates[position] = sorted(earlier)
        index.insert(position, sketch)
    return candidates


def _nearest(
    position: int,
    candidates: dict[int, list[int]],
    words: list[list[str]],
    times: np.ndarray,
    window: np.timedelta64,
    similarity: float,
) -> int | None:
    """The most similar earlier text within the window that is similar enough, if any."""
    own = set(_shingles(words[position]))
    best: tuple[float, int] | None = None
    for earlier in candidates.get(position, ()):
        if times[position] - times[earlier] > window:
            continue
        other = set(_shingles(words[earlier]))
        share = len(own & other) / len(own | other)
        if share >= similarity and (best is None or share > best[0]):
            best = (share, earlier)
    return None if best is None else best[1]


def _shingles(words: list[str]) -> list[str]:
    return [" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)]
