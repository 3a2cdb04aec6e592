"""Words that several rooms and tables share."""

from __future__ import annotations

from typing import Final

SECTIONS: Final = (
    "World",
    "Technology",
    "Politics",
    "Business",
    "Science",
    "Health",
    "Sports",
    "Entertainment",
)

# Where all sections are taken together.
EVERYWHERE: Final = "All"

VERDICTS: Final = ("yes", "no", "void")
BANDS: Final = ("Low", "Medium", "High")
WINDOWS_DAYS: Final = (3, 7, 14, 30)
# How far back whoever forecasts reads the news of a topic.
LIVE_DAYS: Final = 28
DUPLICATE_KINDS: Final = ("exact", "near", "headline")
FEED_HEALTH = ("good", "empty", "failing", "gone")
TERM_KINDS: Final = ("name", "term")
PHASES: Final = ("warm_up", "record")
LIFECYCLE: Final = ("emerging", "active", "dormant", "closed")
RESOLVERS: Final = ("rule", "judge")


def confidence_band(probability: float) -> str:
    """Name the confidence band of a probability of "yes".

    Parameters
    ----------
    probability
        In (0, 1).

    Returns
    -------
    str
        "Low" below 1/3, "Medium" below 2/3, "High" from there on.
    """
    if probability < 1 / 3:
        return "Low"
    return "Medium" if probability < 2 / 3 else "High"
