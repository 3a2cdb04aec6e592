"""How much a topic matters on a day, and where in its life it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.stories.sources import first_of_each_text

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


def significance_of(articles: pd.DataFrame, novelty: float, day: pd.Timestamp) -> Significance:
    """Significance of a topic at the end of `day`.

    With the reach r = log(1 + p) / log(1 + 20), at most 1, of the p publishers of the last
    seven days:

        significance = r * (0.4 + 0.2 growth + 0.2 novelty + 0.2 persistence)

    - of the copies of a text only the first in the topic counts: syndicated text is one voice;
    - growth = max(0, (a - b) / (a + b + 2)), a the articles of the last 3 days and b those that
      the 14 days before them let expect (their number times 3 / 14);
    - persistence = the days with articles among the last 14, over 7, at most 1.

    Parameters
    ----------
    articles
        The topic's articles up to the day, in time order: article_id, day, publisher,
        duplicate_of.
    novelty
        In [0, 1]: one less the cosine of the day's articles with the topic as it stood; 1 for
        a topic that did not stand yet.
    """
    own = first_of_each_text(articles)
    age = (day - own["day"]).dt.days.to_numpy()
    publishers = own["publisher"].to_numpy()[age < 7]
    voices = len(set(publishers))
    lately = int((age < 3).sum())
    expected = int(((age >= 3) & (age < 17)).sum()) * 3 / 14
    growth = max(0.0, (lately - expected) / (lately + expected + 2))
    persistence = min(1.0, len(np.unique(age[age < 14])) / FULL_PERSISTENCE)
    reach = min(1.0, math.log1p(voices) / math.log1p(FULL_REACH))
    value = reach * (0.4 + 0.2 * growth + 0.2 * novelty + 0.2 * persistence)
    return Significance(voices, growth, novelty, persistence, value)


def stage_of(first_seen: pd.Timestamp, last_seen: pd.Timestamp, settled_days: int) -> str:
    """'active' once articles span more than `settled_days` days, 'emerging' before.

    Whether a topic has since fallen silent is not decided here: its row says from when.
    """
    lasted = (last_seen.floor("D") - first_seen.floor("D")).days
    return "active" if lasted >= settled_days else "emerging"
