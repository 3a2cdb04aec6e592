"""Champion and challenger: which of two forecasters to publish, and at what price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.scoring.bootstrap import paired_comparison
from newsworld_dagster.scoring.checked import ScoreInputError
from newsworld_dagster.scoring.proper import brier_score
from newsworld_dagster.scoring.records import plain_records
from newsworld_dagster.scoring.resampling import Interval

COLUMNS: Final = ("forecaster", "question_id", "topic_id", "probability", "outcome", "cost_usd")
LEAST_CLAIMS: Final = 200
LEAST_TOPICS: Final = 20
LOOK_LEVEL: Final = 0.99


@dataclass(frozen=True)
class Contest:
    """What two forecasters scored on the claims that both answered.

    `difference` is the challenger's mean Brier score minus the champion's (negative: the
    challenger is better) with an interval from a bootstrap that draws topics, NaN without shared
    claims. Costs are in US dollars a claim, over the shared claims. `unlike` counts shared
    questions that were left out because the two did not see the same input.
    """

    champion: str
    challenger: str
    shared: int
    topics: int
    unlike: int
    champion_brier: float
    challenger_brier: float
    difference: float
    low: float
    high: float
    p_value: float
    champion_cost: float
    challenger_cost: float
    promoted: bool
    reason: str


def contest(
    scored: pd.DataFrame,
    champion: str,
    challenger: str,
    *,
    least_claims: int = LEAST_CLAIMS,
    least_topics: int = LEAST_TOPICS,
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Contest:
    """Hold a challenger against the champion, and say whether it takes over.

    It is promoted when both have answered at least `least_claims` claims on at least
    `least_topics` topics and the interval of the paired difference lies wholly on its side of 0.
    The interval holds for one look: a contest that is repeated every day until it is won
    promotes more often by chance than 1 in 40. Look at fixed moments.

    Parameters
    ----------
    scored
        One row a forecaster and question, settled: the columns `COLUMNS`, and optionally
        input_digest; where it is there, only questions with the same digest for both count, so
        that two prompts or models are compared over identical frozen inputs.
    champion, challenger
        Names of forecasters.
    least_claims, least_topics
        Of the shared claims.
    level
        Of the interval.
    n_resamples, seed
        Of the bootstrap.

    Returns
    -------
    Contest
        With the reason of its verdict in words.

    Raises
    ------
    ScoreInputError
        When a column is missing, the two are one, or rows contradict each other.
    """
    pairs, unlike = _paired(scored, champion, challenger)
    shared, topics = len(pairs), pairs["topic_id"].nunique()
    if not shared:
        nothing = Interval(np.nan, np.nan, np.nan, 0)
        return _verdict(
            champion, challenger, pairs, unlike, nothing, np.nan, False,
            "they share no settled claim",
        )  # fmt: skip
    result = paired_comparison(
        pairs["brier_b"], pairs["brier_a"], pairs["topic_id"], n_resamples, level, seed=seed
    )
    found = result.interval
    enough = shared >= least_claims and topics >= least_topics
    if not enough:
        reason = (
            f"{shared} shared claims on {topics} topics are fewer than the {least_claims} on "
            f"{least_topics} that a promotion needs"
        )
    elif found.high < 0:
        reason = "the interval of the difference lies below 0: the challenger is better"
    elif found.low > 0:
        reason = "the interval of the difference lies above 0: the champion is better"
    else:
        reason = "the interval of the difference holds 0: they cannot be told apart"
    promoted = bool(enough and found.high < 0)
    return _verdict(champion, challenger, pairs, unlike, found, result.p_value, promoted, reason)


def lead(
    scored: pd.DataFrame,
    leader: str,
    challengers: Sequence[str],
    *,
    level: float = LOOK_LEVEL,
    seed: int = 0,
) -> tuple[str, list[Contest]]:
    """Who leads after a look at the record, and the contests that decide it.

    The leader stays unless a challenger passes the paired test against it; of several that do,
    the one with the greatest difference takes over. A leader that fell behind has to be beaten in
    the same way, so chance does not move the lead to and fro.

    Parameters
    ----------
    scored
        As for `contest`, of the record alone.
    leader
        Who led until then.
    challengers
        Names of forecasters; the leader's own is left out.
    level
        Of each interval. It is stricter than 95 %, as there are several challengers a look.
    seed
        Of the bootstrap.
    """
    contests = [
        contest(scored, leader, name, level=level, seed=seed)
        for name in challengers
        if name != leader
    ]
    passed = [one for one in contests if one.promoted]
    best = min(passed, key=lambda one: one.difference, default=None)
    return (leader if best is None else best.challenger), contests


def contest_document(contests: list[Contest]) -> dict[str, Any]:
    """Contests as one JSON document: {"contests": [...]}, undefined figures None."""
    return {"contests": plain_records(pd.DataFrame([asdict(one) for one in contests]))}


def _verdict(
    champion: str,
    challenger: str,
    pairs: pd.DataFrame,
    unlike: int,
    found: Interval,
    p_value: float,
    promoted: bool,
    reason: str,
) -> Contest:
    mean = pairs[["brier_a", "brier_b", "cost_a", "cost_b"]].astype(float).mean()
    return Contest(
        champion=champion,
        challenger=challenger,
        shared=len(pairs),
        topics=int(pairs["topic_id"].nunique()),
        unlike=unlike,
        champion_brier=float(mean["brier_a"]),
        challenger_brier=float(mean["brier_b"]),
        difference=found.mean,
        low=found.low,
        high=found.high,
        p_value=p_value,
        champion_cost=float(mean["cost_a"]),
        challenger_cost=float(mean["cost_b"]),
        promoted=promoted,
        reason=reason,
    )


def _paired(scored: pd.DataFrame, champion: str, challenger: str) -> tuple[pd.DataFrame, int]:
    """Rows of both side by side (suffixes a and b), and how many had unlike inputs."""
    missing = [name for name in COLUMNS if name not in scored.columns]
    if missing:
        raise ScoreInputError(f"The scored claims lack the columns {', '.join(missing)}.")
    if champion == challenger:
        raise ScoreInputError(f"{champion!r} cannot be its own challenger; name two forecasters.")
    rows = scored[scored["forecaster"].isin([champion, challenger])]
    repeated = rows.duplicated(["forecaster", "question_id"])
    if repeated.any():
        first = rows[repeated].iloc[0]
        raise ScoreInputError(
            f"{first['forecaster']!r} has more than one row for question "
            f"{first['question_id']!r}; give one."
        )
    rows = rows.assign(brier=brier_score(rows["probability"], rows["outcome"]) if len(rows) else [])
    sides = [rows[rows["forecaster"] == name] for name in (champion, challenger)]
    pairs = sides[0].merge(sides[1], on="question_id", suffixes=("_a", "_b"))
    split = pairs["outcome_a"] != pairs["outcome_b"]
    if split.any():
        raise ScoreInputError(
            f"Question {pairs.loc[split, 'question_id'].iloc[0]!r} has two outcomes; read the "
            "verdicts in force as of one moment."
        )
    unlike = 0
    if "input_digest" in rows.columns:
        same = pairs["input_digest_a"] == pairs["input_digest_b"]
        unlike = int((~same).sum())
        pairs = pairs[same]
    pairs = pairs.rename(
        columns={"topic_id_a": "topic_id", "cost_usd_a": "cost_a", "cost_usd_b": "cost_b"}
    )
    return pairs, unlike
