"""Signals: what the recent coverage of an anchor looked like as of a moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SPANS_DAYS = (1, 3, 7, 14, 28)


@dataclass(frozen=True)
class Signals:
    """Counts of the coverage that an anchor matched before the as-of moment.

    `articles[d]` and `publishers[d]` count the last d days, for d in SPANS_DAYS.
    """

    articles: dict[int, int]
    publishers: dict[int, int]
    quiet_days: float
    age_days: float
    active_days: int

    @property
    def newness(self) -> float:
        """Share of the last four weeks' articles that came in the last three days."""
        return self.articles[3] / max(self.articles[28], 1)


def signals_of(matched: pd.DataFrame, as_of: pd.Timestamp) -> Signals:
    """Signals from the matched articles of the last 28 days.

    Parameters
    ----------
    matched
        Columns first_seen_at and publisher; nothing later than `as_of` may be among them.

    Raises
    ------
    ValueError
        When an article was first seen after `as_of`.
    """
    seen = matched["first_seen_at"].to_numpy(dtype="datetime64[us]")
    age = (as_of.to_datetime64() - seen) / np.timedelta64(1, "D")
    if (age < 0).any():
        raise ValueError(f"An article first seen after {as_of} must not be read as of then.")
    publishers = matched["publisher"].to_numpy()
    inside = {span: age < span for span in SPANS_DAYS}
    return Signals(
        articles={span: int(mask.sum()) for span, mask in inside.items()},
        publishers={span: len(set(publishers[mask])) for span, mask in inside.items()},
        quiet_days=float(age.min()) if age.size else 28.0,
        age_days=float(age.max()) if age.size else 0.0,
        active_days=len(np.unique(np.floor(age[age < 14]))),
    )


def features_of(
    signals: Signals,
    *,
    template: str,
    window_days: int,
    threshold: float,
    counts: str,
    trigger_affinity: float = 0.0,
    trigger_seen: int = 0,
    trigger_level: float = 0.0,
) -> dict[str, float]:
    """Named numbers that the coverage model sees for one question.

    Parameters
    ----------
    counts
        'publishers' or 'articles': what the threshold counts.
    trigger_affinity
        Cosine of the topic's centroid and the trigger family's description.
    trigger_seen
        Articles of the topic in the last 14 days that already use the family's words.
    trigger_level
        Share of all recent articles that use the family's words.
    """
    past = signals.publishers if counts == "publishers" else signals.articles
    # Publishers repeat, so their number grows more slowly than the window.
    exponent = 0.7 if counts == "publishers" else 1.0
    found: dict[str, float] = {
        f"reach_{span}": float(
            np.log((past[span] * (window_days / span) ** exponent + 0.5) / (threshold + 0.5))
        )
        for span in SPANS_DAYS
    }
    found |= {
        "threshold": float(np.log1p(threshold)),
        "window": float(np.log(window_days)),
        "volume_28": float(np.log1p(signals.articles[28])),
        "publishers_28": float(np.log1p(signals.publishers[28])),
        "quiet": float(np.log1p(signals.quiet_days)),
        "age": float(np.log1p(signals.age_days)),
        "active": signals.active_days / 14,
        "newness": signals.newness,
        "growth": float(
            np.log((signals.articles[3] + 0.5) / (signals.articles[14] * 3 / 14 + 0.5))
        ),
    }
    if template.startswith("trigger"):
        found |= {
            "trigger_affinity": trigger_affinity,
            "trigger_seen": float(np.log1p(trigger_seen)),
            "trigger_level": float(np.log(trigger_level + 0.002)),
        }
    return found
