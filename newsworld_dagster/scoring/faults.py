"""Why a forecast missed: a label proposed by signs that can be measured.

The label itself is a person's to give. Motives and meanings cannot be counted: the signs only say
where to begin reading.
"""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

# What each label means, which sign proposes it, and what only reading can tell.
TAXONOMY: Final = {
    "resolver error": (
        "The verdict is wrong, not the forecast.",
        "The verdict was corrected, or most of the articles behind a yes now belong to another "
        "topic.",
        "Whether the counted articles report what the claim says.",
    ),
    "vague claim": (
        "Nobody could have told what would count.",
        "The lint had findings on the claim.",
        "Whether two readers would settle it the same way.",
    ),
    "timing": (
        "It happened, but after the deadline.",
        "Counted on for one more window, the rule was met.",
        "Whether it is the same event that came late.",
    ),
    "threshold": (
        "The direction was right and the number was not.",
        "The count ended within a third of what was needed, or one off it.",
        "Whether the number mattered to the claim.",
    ),
    "incentives": (
        "An actor decided otherwise than its interests, as read, suggested.",
        "The claim waits for an event that is somebody's decision, and nothing above holds.",
        "The motive: no count shows one.",
    ),
    "follow-through": (
        "What was announced or under way did not go on, or went on further than expected.",
        "What is left: the count ended far from what was needed.",
        "What had been announced, and what became of it.",
    ),
}
# Trigger families whose event is somebody's decision, and not an accident or a finding.
DECISIONS: Final = frozenset(
    {
        "acquisition", "agreement", "approval", "ban", "ceasefire", "layoffs", "litigation",
        "recall", "resignation", "strike",
    }
)  # fmt: skip
NEAR: Final = 1 / 3


def taxonomy_table(labelled: pd.DataFrame) -> pd.DataFrame:
    """The labels: Label, Means, Proposed when, Left to the reader, Here (how many were proposed).

    Parameters
    ----------
    labelled
        From `propose_faults`.
    """
    counts = labelled["proposed"].value_counts()
    return pd.DataFrame(
        [
            {
                "Label": label,
                "Means": means,
                "Proposed when": sign,
                "Left to the reader": reading,
                "Here": int(counts.get(label, 0)),
            }
            for label, (means, sign, reading) in TAXONOMY.items()
        ]
    )


def propose_faults(misses: pd.DataFrame) -> pd.DataFrame:
    """A label and the sign that proposes it for each missed claim.

    Parameters
    ----------
    misses
        Columns template, outcome (0 or 1), resolve_by, window_days, is_corrected (bool), findings
        (int), needed, counted (NaN where the claim has no rule), met_at, and foreign_share (of
        the articles behind the verdict, those of another topic; NaN without any).

    Returns
    -------
    pandas.DataFrame
        The same rows with proposed, one of `TAXONOMY` or '' where nothing was measured, and sign.
    """
    found = [_propose(row) for row in misses.to_dict("records")]
    return misses.assign(proposed=[label for label, _ in found], sign=[sign for _, sign in found])


def _propose(miss: dict[str, Any]) -> tuple[str, str]:
    if miss["is_corrected"]:
        return "resolver error", "the verdict was corrected by hand"
    if miss["outcome"] == 1 and miss["foreign_share"] > 0.5:
        share = f"{miss['foreign_share']:.0%}"
        return "resolver error", f"{share} of the articles behind the yes are of another topic"
    if miss["findings"]:
        return "vague claim", f"the lint found {miss['findings']} faults in the claim"
    if pd.isna(miss["needed"]):
        return "", "no rule to count: read it"
    counted, needed = int(miss["counted"]), int(miss["needed"])
    told = f"{counted} counted, {needed} were needed"
    late = (miss["met_at"] - miss["resolve_by"]) / pd.Timedelta(days=1)
    if miss["outcome"] == 0 and 0 < late <= miss["window_days"]:
        return "timing", f"{told}; met {late:.1f} days after the deadline"
    gap = abs(counted - needed) if miss["outcome"] == 0 else counted - needed
    if counted and (gap <= 1 or gap <= NEAR * needed):
        return "threshold", told
    if miss["template"].removeprefix("trigger:") in DECISIONS:
        return "incentives", f"{told}; it was somebody's decision"
    return "follow-through", told
