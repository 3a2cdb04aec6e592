"""What the hidden process says of a question, and what came of it.

As of a moment the events that have happened, their sizes, and the state of each topic are known
here, as no forecaster can know them. Given the expected articles L still to come in a window, the
articles of each publisher are independent Poisson numbers of mean L * share (a thinned Poisson
process: Kingman, Poisson processes, 1993, section 5.1), so the number of distinct publishers is a
sum of independent yes-or-no draws with chances 1 - exp(-L * share), and its distribution is worked
out exactly. L itself depends on events to come: those are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import gammaincc

from tests.benchmarks.newswire.lexicon import lexicon
from tests.benchmarks.newswire.process import LIFE_DAYS, NO_FAMILY, REPORT_DAYS, Process
from tests.benchmarks.newswire.stream import day_number

# Expected articles at which the exact distribution is worked out; between them it is drawn
# straight over the logarithm.
_GRID = np.geomspace(1e-3, 3e3, 240)
MOST_PUBLISHERS = 64


@dataclass(frozen=True)
class Asked:
    """A question on a topic: at least so many in the days after a moment.

    `counts` is 'publishers' or 'articles'; with a `family` (its number) only articles count that
    use that family's word. Copies never count.
    """

    topic: int
    as_of: pd.Timestamp
    window_days: float
    at_least: int
    counts: str = "publishers"
    family: int = NO_FAMILY


class Truth:
    """The hidden truth of a stream.

    Parameters
    ----------
    folder
        Where `stream.write` put its files.
    process, seed
        What the stream was made with.
    """

    def __init__(self, folder: Path, process: Process, seed: int) -> None:
        self.process, self.seed = process, seed
        self.articles = pd.read_parquet(folder / "truth_articles.parquet")
        originals = self.articles[self.articles["copy_kind"] == 0]
        held = set(originals["topic"].tolist())
        topics = pd.read_parquet(folder / "truth_topics.parquet")
        self.topics = topics[topics["topic"].isin(held)].set_index("topic")
        events = pd.read_parquet(
            folder / "truth_events.parquet", columns=["topic", "happened_at", "size", "family"]
        )
        self._events = _Rows(events[events["topic"].isin(held)])
        self._reports = _Rows(originals[["topic", "first_seen_at", "publisher", "family"]])

    def probability(self, asked: Asked, draws: int = 2_000) -> float:
        """Chance of a yes given all that is hidden as of the moment.

        Exact given the events to come, averaged over `draws` of these; its standard error is at
        most 0.5 / sqrt(draws), and far less where events at hand decide.
        """
        expected = self._expected(asked, draws)
        if asked.counts == "articles":
            return float(np.mean(1 - gammaincc(asked.at_least, expected + 1e-12)))
        tails = publisher_tails()[min(asked.at_least, MOST_PUBLISHERS)]
        return float(np.mean(np.interp(np.log(expected + 1e-12), np.log(_GRID), tails)))

    def outcome(self, asked: Asked) -> bool:
        """Whether it came about; the stream must reach to the end of the window."""
        reports = self._reports.of(asked.topic)
        stop = asked.as_of + pd.Timedelta(days=asked.window_days)
        seen = reports["first_seen_at"].to_numpy()
        inside = (seen > asked.as_of.to_datetime64()) & (seen <= stop.to_datetime64())
        if asked.family != NO_FAMILY:
            inside &= reports["family"].to_numpy() == asked.family
        found = reports["publisher"].to_numpy()[inside]
        count = len(found) if asked.counts == "articles" else len(set(found.tolist()))
        return count >= asked.at_least

    def live_topics(self, as_of: pd.Timestamp, days: float = 3, at_least: int = 3) -> list[int]:
        """Topics with so many original articles in the days before a moment."""
        seen = self.articles["first_seen_at"]
        recent = self.articles[
            (seen <= as_of)
            & (seen > as_of - pd.Timedelta(days=days))
            & (self.articles["copy_kind"] == 0)
        ]
        counts = recent["topic"].value_counts()
        return sorted(counts.index[counts >= at_least].tolist())

    def _expected(self, asked: Asked, draws: int) -> np.ndarray:
        """Expected articles in the window given the drawn events to come, shape (draws,)."""
        process, topic = self.process, self.topics.loc[asked.topic]
        now = day_number(asked.as_of)
        end = now + asked.window_days
        events = self._events.of(asked.topic)
        happened = (events["happened_at"] <= asked.as_of).to_numpy() & (
            events["happened_at"] > asked.as_of - pd.Timedelta(days=REPORT_DAYS)
        ).to_numpy()
        share = 1.0
        if asked.family != NO_FAMILY:
            happened &= events["family"].to_numpy() == asked.family
            share = process.mention
        at = np.array([day_number(moment) for moment in events["happened_at"][happened]])
        known = events["size"].to_numpy()[happened] * (
            process.reported(end - at) - process.reported(now - at)
        )
        expected = np.full(draws, known.sum())
        rng = np.random.default_rng(
            [self.seed, 3, asked.topic, int(now * 1_440), int(asked.window_days * 1_440)]
        )
        if topic["running"]:
            rows, moments = self._events_to_come(topic, now, end, draws, rng)
            sizes = topic["prominence"] * process.sizes(rng.random(len(rows)))
            if asked.family != NO_FAMILY:
                # The thinned events of a Poisson process are one too.
                hazard = (
                    process.own_hazard
                    if asked.family == topic["family"]
                    else process.other_hazard / (len(lexicon().families) - 1)
                )
                sizes = sizes * (rng.random(len(rows)) < hazard)
            expected += np.bincount(rows, sizes * process.reported(end - moments), draws)
        return expected * share

    def _events_to_come(
        self, topic: pd.Series, now: float, end: float, draws: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw and moment of each event of the window, in days of the stream."""
        process = self.process
        born = day_number(topic["born_at"])
        first = max(int(np.floor(now - born)), 0)
        rows, moments = [np.zeros(0, int)], [np.zeros(0)]
        active = np.full(draws, bool((int(topic["active"]) >> min(first, LIFE_DAYS - 1)) & 1))
        for step in range(first, LIFE_DAYS):
            start, stop = max(born + step, now), min(born + step + 1, end)
            if start >= end:
                break
            if step > first:
                draw = rng.random(draws)
                active = np.where(active, draw >= process.calming, draw < process.waking)
            rate = topic["rate"] * np.exp(-step / topic["decay"])
            mean = rate * np.where(active, 1.0, process.quiet) * max(stop - start, 0.0)
            came = np.repeat(np.arange(draws), rng.poisson(mean))
            rows.append(came)
            moments.append(start + (stop - start) * rng.random(len(came)))
        return np.concatenate(rows), np.concatenate(moments)


@lru_cache(maxsize=1)
def publisher_tails() -> np.ndarray:
    """P(at least k distinct publishers) of so many expected articles: shape (k, grid).

    k from 0 to 64. The recursion over publishers is that of the Poisson binomial distribution
    (Chen and Liu, Statistica Sinica 7, 1997).
    """
    shares = lexicon().shares
    chance = np.zeros((MOST_PUBLISHERS + 1, len(_GRID)))  # of exactly k; the last: k or more
    chance[0] = 1
    for share in shares:
        hit = -np.expm1(-_GRID * share)
        up = chance * hit
        chance -= up
        chance[1:] += up[:-1]
        chance[-1] += up[-1]
    return np.asarray(np.cumsum(chance[::-1], axis=0)[::-1])


def asked_of_live_topics(
    truth: Truth,
    moments: Sequence[pd.Timestamp],
    windows: Sequence[int],
    thresholds: Sequence[int],
    *,
    a_moment: int,
    seed: int,
) -> list[Asked]:
    """Questions on live topics: so many a moment, windows and thresholds drawn evenly."""
    rng = np.random.default_rng([seed, 4])
    asked = []
    for moment in moments:
        live = truth.live_topics(moment)
        for topic in rng.choice(live, size=min(a_moment, len(live)), replace=False).tolist():
            window, least = rng.choice(windows), rng.choice(thresholds)
            asked.append(Asked(topic, moment, float(window), int(least)))
    return asked


class _Rows:
    """Rows of a table by topic."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table.sort_values("topic", kind="stable", ignore_index=True)
        self.topics = self.table["topic"].to_numpy()

    def of(self, topic: int) -> pd.DataFrame:
        """Those of one topic, none where it has none."""
        start, stop = np.searchsorted(self.topics, [topic, topic + 1])
        return self.table.iloc[start:stop]
