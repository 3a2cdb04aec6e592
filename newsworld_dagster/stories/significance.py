"""How much a topic matters on a day, and where in its life it is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from newsworld_dagster.stories.sources import Article

# Publishers of a week at which a topic is as widely reported as any.
FULL_REACH = 20
# Days with articles, among the last 14, at which a topic has shown that it lasts.
FULL_PERSISTENCE = 7


@dataclass(frozen=True)
class Significance:
    """A topic's significance and its parts, all but the publishers in [0, 1]."""

    independent_publishers: int
    growth: float
    novelty: float
    persistence: float
    significance: float


def significance_of(own: Iterable[Article], novelty: float, day: pd.Timestamp) -> Significance:
    """Significance of a topic at the end of `day`.

    With the reach r = log(1 + p) / log(1 + 20), at most 1, of the p publishers of the last
    seven days:

        significance = r * (0.4 + 0.2 growth + 0.2 novelty + 0.2 persistence)

    - growth = max(0, (a - b) / (a + b + 2)), a the articles of the last 3 days and b those that
      the 14 days before them let expect (their number times 3 / 14);
    - persistence = the days with articles among the last 14, over 7, at most 1.

    Parameters
    ----------
    own
        The topic's articles up to the day, of copies of a text only the first (`voices`).
    novelty
        In [0, 1]: one less the cosine of the day's articles with the topic as it stood; 1 for
        a topic that did not stand yet.
    """
    aged = [((day - article.day).days, article.publisher) for article in own]
    heard = len({publisher for age, publisher in aged if age < 7})
    lately = sum(age < 3 for age, _ in aged)
    expected = sum(3 <= age < 17 for age, _ in aged) * 3 / 14
    growth = max(0.0, (lately - expected) / (lately + expected + 2))
    persistence = min(1.0, len({age for age, _ in aged if age < 14}) / FULL_PERSISTENCE)
    reach = min(1.0, math.log1p(heard) / math.log1p(FULL_REACH))
    value = reach * (0.4 + 0.2 * growth + 0.2 * novelty + 0.2 * persistence)
    return Significance(heard, growth, novelty, persistence, value)


def stage_of(first_seen: pd.Timestamp, last_seen: pd.Timestamp, settled_days: int) -> str:
    """'active' once articles span more than `settled_days` days, 'emerging' before.

    Whether a topic has since fallen silent is not decided here: its row says from when.
    """
    lasted = (last_seen.floor("D") - first_seen.floor("D")).days
    return "active" if lasted >= settled_days else "emerging"
