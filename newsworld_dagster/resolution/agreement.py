"""How well a judge's verdicts agree with labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from newsworld_dagster.contracts.vocabulary import VERDICTS
from newsworld_dagster.resolution.judge import Judged

# What becomes of a claim that is no verdict: it goes to a person, waits for news, or was not asked
# about because a server or a budget failed.
UNDECIDED: Final = ("queue", "pending", "unfinished")


def outcomes_of(judged: Judged, claim_ids: Sequence[str]) -> list[str]:
    """What became of each claim: its verdict, or one of `UNDECIDED`."""
    became = dict(zip(judged.resolutions["claim_id"], judged.resolutions["verdict"], strict=True))
    became |= dict.fromkeys(judged.queue["claim_id"], "queue")
    became |= dict.fromkeys(judged.unfinished["claim_id"], "unfinished")
    return [became.get(claim_id, "pending") for claim_id in claim_ids]


def agreement(labels: Sequence[str], outcomes: Sequence[str]) -> dict[str, Any]:
    """Accuracy, Cohen's kappa and the confusion table of a judge beside labels.

    Both figures are over the claims that it decided: those it leaves to a person, or waits with,
    are counted apart, as leaving a claim is no mistake. Kappa is the accuracy beyond what two
    judges with these shares of verdicts would agree on by chance, over what there is beyond it:

        kappa = (accuracy - chance) / (1 - chance)

    Parameters
    ----------
    labels
        'yes', 'no' or 'void', one a claim.
    outcomes
        As `outcomes_of` gives them.

    Returns
    -------
    dict
        claims, decided, right, accuracy with accuracy_low and accuracy_high (95 %,
        Clopper-Pearson), kappa, one count for each of `UNDECIDED`, and confusion: a row a label
        with a count for each outcome. What is undefined is None: kappa also where chance alone
        would agree always.

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20, 37-46.

    Examples
    --------
    >>> found = agreement(["yes", "yes", "no", "no", "no"], ["yes", "no", "no", "no", "queue"])
    >>> found["accuracy"], found["kappa"], found["queue"]
    (0.75, 0.5, 1)
    """
    from scipy.stats import binomtest
    from sklearn.metrics import cohen_kappa_score

    pairs = list(zip(labels, outcomes, strict=True))
    decided = [(label, outcome) for label, outcome in pairs if outcome in VERDICTS]
    right = sum(label == outcome for label, outcome in decided)
    found: dict[str, Any] = {
        "claims": len(pairs),
        "decided": len(decided),
        "right": right,
        "accuracy": None,
        "accuracy_low": None,
        "accuracy_high": None,
        "kappa": None,
    }
    if decided:
        interval = binomtest(right, len(decided)).proportion_ci(0.95)
        found |= {
            "accuracy": right / len(decided),
            "accuracy_low": float(interval.low),
            "accuracy_high": float(interval.high),
        }
        if len({verdict for pair in decided for verdict in pair}) > 1:
            kappa = float(cohen_kappa_score(*zip(*decided, strict=True)))
            found["kappa"] = kappa if np.isfinite(kappa) else None
    kinds = (*VERDICTS, *UNDECIDED)
    return (
        found
        | {kind: sum(outcome == kind for _, outcome in pairs) for kind in UNDECIDED}
        | {
            "confusion": [
                {"label": label} | {kind: pairs.count((label, kind)) for kind in kinds}
                for label in VERDICTS
            ]
        }
    )
