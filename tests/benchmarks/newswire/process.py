"""What happens: topics, events and who reports them, as a cluster process with known rates.

A topic is born, and events follow at a rate that falls with its age and is low in quiet spells;
each event is reported by a Poisson number of articles in the days after it (a Neyman-Scott process
with a rate modulated by a Markov chain). Times are days since the first day of the stream, as
floats; everything that is drawn for the topics born on a day depends on that day and the seed
alone, so a shorter stream is the beginning of a longer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.triggers import trigger_families
from tests.benchmarks.newswire.lexicon import lexicon

# The days of a topic's life: one bit each of `active`.
LIFE_DAYS = 56
# The last article on an event, and the latest copy of it, in days after it.
REPORT_DAYS, COPY_DAYS = 4.0, 2.0
NO_FAMILY = -1
# Events a day of the busiest topic.
MOST_EVENTS = 20.0
EXACT, NEAR, EDITED = 1, 2, 3


@dataclass(frozen=True)
class Process:
    """Rates and sizes of the simulated news.

    Attributes
    ----------
    a_day
        Articles a day on average, copies among them.
    lone_share
        Share of the articles on events that stand alone (a topic of one event).
    smallest, tail, largest
        Expected articles on an event: Pareto with this least value and exponent, cut off.
    rate_median, rate_spread
        Events a day of a running topic at its birth: lognormal.
    decay_median, decay_spread
        Days in which that rate falls to 1/e: lognormal, between 3 and 40.
    prominence_median, prominence_spread
        What the sizes of a topic's events are multiplied with: lognormal.
    calming, waking
        Chance a day that an active topic falls quiet, and that a quiet one wakes.
    quiet
        What the rate is multiplied with in a quiet spell.
    reporting
        Mean days from an event to an article on it, before the cut at REPORT_DAYS.
    own_hazard, other_hazard
        Chance that an event is of the topic's own trigger family, and of any of the others.
    mention
        Chance that an article on such an event uses the family's word.
    syndicated
        Chance that an article is copied; the number of its copies is geometric with mean 1.5.
    """

    a_day: float = 1_000.0
    lone_share: float = 0.5
    smallest: float = 0.1
    tail: float = 1.35
    largest: float = 30.0
    rate_median: float = 2.0
    rate_spread: float = 1.0
    decay_median: float = 10.0
    decay_spread: float = 0.6
    prominence_median: float = 1.0
    prominence_spread: float = 0.4
    calming: float = 0.12
    waking: float = 0.08
    quiet: float = 0.15
    reporting: float = 0.7
    own_hazard: float = 0.2
    other_hazard: float = 0.02
    mention: float = 0.8
    syndicated: float = 0.03

    def sizes(self, uniforms: np.ndarray) -> np.ndarray:
        """Expected articles on events, of numbers in [0, 1)."""
        return np.minimum(self.smallest * (1 - uniforms) ** (-1 / self.tail), self.largest)

    def reported(self, days: np.ndarray) -> np.ndarray:
        """Share of an event's articles that came within `days` of it."""
        full = 1 - np.exp(-REPORT_DAYS / self.reporting)
        return (1 - np.exp(-np.clip(days, 0, REPORT_DAYS) / self.reporting)) / full


@dataclass(frozen=True)
class Cohort:
    """Topics born on one day, with their events and articles, past and to come."""

    topics: pd.DataFrame
    events: pd.DataFrame
    articles: pd.DataFrame


def cohort(process: Process, day: int, seed: int) -> Cohort:
    """All that will ever come of the topics born on a day."""
    rng = np.random.default_rng([seed, 2, day + 1_000])
    lone_rate, running_rate = births(process)
    lone, running = rng.poisson(lone_rate), rng.poisson(running_rate)
    topics = _topics(process, rng, day, lone, running)
    events = _events(process, rng, topics, day)
    return Cohort(topics, events, _articles(process, rng, events, day))


@lru_cache(maxsize=8)
def births(process: Process) -> tuple[float, float]:
    """Lone and running topics that have to be born a day for `a_day` articles on average.

    The mean articles of a topic are worked out from 20,000 simulated ones of a fixed seed.
    """
    rng = np.random.default_rng(20_200_101)
    topics = _topics(process, rng, 0, 0, 20_000)
    events = _events(process, rng, topics, 0)
    of_running = events["size"].sum() / len(topics)
    of_lone = float(process.sizes((np.arange(200_000) + 0.5) / 200_000).mean())
    original = process.a_day / (1 + 1.5 * process.syndicated)
    return (
        process.lone_share * original / of_lone,
        (1 - process.lone_share) * original / of_running,
    )


def _topics(
    process: Process, rng: np.random.Generator, day: int, lone: int, running: int
) -> pd.DataFrame:
    count = lone + running
    is_running = np.arange(count) >= lone
    active = np.ones((count, LIFE_DAYS), bool)
    for step in range(1, LIFE_DAYS):
        draw = rng.random(count)
        last = active[:, step - 1]
        active[:, step] = np.where(last, draw >= process.calming, draw < process.waking)
    bits = np.uint64(1) << np.arange(LIFE_DAYS, dtype=np.uint64)
    decay = process.decay_median * np.exp(process.decay_spread * rng.standard_normal(count))
    rate = process.rate_median * np.exp(process.rate_spread * rng.standard_normal(count))
    prominence = np.exp(process.prominence_spread * rng.standard_normal(count))
    families = len(trigger_families())
    return pd.DataFrame(
        {
            "topic": (day + LIFE_DAYS) * (1 << 24) + np.arange(count),
            "running": is_running,
            "born": day + rng.random(count),
            "rate": np.where(is_running, np.minimum(rate, MOST_EVENTS), 0.0),
            "decay": np.clip(decay, 3, 40),
            "prominence": np.where(is_running, process.prominence_median * prominence, 1.0),
            "family": rng.integers(families, size=count).astype(np.int16),
            "section": rng.integers(8, size=count).astype(np.int8),
            "active": (active * bits).sum(axis=1, dtype=np.uint64),
        }
    )


def _events(
    process: Process, rng: np.random.Generator, topics: pd.DataFrame, day: int
) -> pd.DataFrame:
    """The first event of each topic, at its birth, and those that follow in running ones."""
    rates = step_rates(process, topics)
    counts = rng.poisson(rates)
    places, steps = np.nonzero(counts)
    times = counts[places, steps]
    places, steps = np.repeat(places, times), np.repeat(steps, times)
    of_topic = np.concatenate([np.arange(len(topics)), places])
    after = np.concatenate([np.zeros(len(topics)), steps + rng.random(len(steps))])
    count = len(of_topic)
    own = topics["family"].to_numpy()[of_topic]
    families = len(trigger_families())
    other = (own + rng.integers(1, families, size=count)) % families
    draw = rng.random(count)
    family = np.where(
        draw < process.own_hazard,
        own,
        np.where(draw < process.own_hazard + process.other_hazard, other, NO_FAMILY),
    )
    return pd.DataFrame(
        {
            "story": (day + LIFE_DAYS) * (1 << 24) + np.arange(count),
            "topic": topics["topic"].to_numpy()[of_topic],
            "happened": topics["born"].to_numpy()[of_topic] + after,
            "size": topics["prominence"].to_numpy()[of_topic] * process.sizes(rng.random(count)),
            "family": family.astype(np.int16),
            "section": topics["section"].to_numpy()[of_topic],
        }
    )


def step_rates(process: Process, topics: pd.DataFrame) -> np.ndarray:
    """Expected events on each day of each topic's life, shape (topics, LIFE_DAYS)."""
    steps = np.arange(LIFE_DAYS)
    bits = topics["active"].to_numpy()[:, None] >> steps.astype(np.uint64)[None, :]
    level = np.where(bits & np.uint64(1), 1.0, process.quiet)
    rate, decay = topics["rate"].to_numpy()[:, None], topics["decay"].to_numpy()[:, None]
    return np.asarray(rate * np.exp(-steps[None, :] / decay) * level)


def _articles(
    process: Process, rng: np.random.Generator, events: pd.DataFrame, day: int
) -> pd.DataFrame:
    shares = np.cumsum(lexicon().shares)
    place = np.repeat(np.arange(len(events)), rng.poisson(events["size"].to_numpy()))
    count = len(place)
    full = 1 - np.exp(-REPORT_DAYS / process.reporting)
    delay = -process.reporting * np.log(1 - full * rng.random(count))
    publisher = np.minimum(np.searchsorted(shares, rng.random(count)), len(shares) - 1)
    originals = pd.DataFrame(
        {
            "place": place,
            "seen": events["happened"].to_numpy()[place] + delay,
            "publisher": publisher,
            "root": np.arange(count),
            "copy": np.zeros(count, np.int8),
        }
    )
    chosen = np.flatnonzero(rng.random(count) < process.syndicated)
    chosen = np.repeat(chosen, rng.geometric(1 / 1.5, size=len(chosen)))
    copies = originals.iloc[chosen].copy()
    # At least a quarter of an hour after it, so that which one was first is plain.
    copies["seen"] += 0.01 + (COPY_DAYS - 0.01) * rng.random(len(chosen)) ** 2
    again = np.minimum(np.searchsorted(shares, rng.random(len(chosen))), len(shares) - 1)
    same = again == copies["publisher"].to_numpy()
    copies["publisher"] = np.where(same, (again + 1) % len(shares), again)
    copies["copy"] = rng.choice([EXACT, NEAR, EDITED], p=[0.55, 0.35, 0.1], size=len(chosen))
    made = pd.concat([originals, copies], ignore_index=True)
    own = made["place"].to_numpy()
    family = events["family"].to_numpy()[own]
    # A copy says what its original says.
    mentions = (rng.random(count) < process.mention)[made["root"].to_numpy()]
    base = (day + LIFE_DAYS) * (1 << 28)
    return pd.DataFrame(
        {
            "key": base + np.arange(len(made)),
            "root": base + made["root"].to_numpy(),
            "story": events["story"].to_numpy()[own],
            "topic": events["topic"].to_numpy()[own],
            "section": events["section"].to_numpy()[own],
            "seen": made["seen"].to_numpy(),
            "publisher": made["publisher"].to_numpy().astype(np.int32),
            "copy": made["copy"].to_numpy().astype(np.int8),
            "family": np.where(mentions, family, NO_FAMILY).astype(np.int16),
        }
    )
