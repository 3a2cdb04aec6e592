"""The scorecard: what became of every claim, per forecaster and group."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.outcomes import SCORECARD
from newsworld_dagster.contracts.vocabulary import BANDS, SECTIONS, VERDICTS
from newsworld_dagster.scoring.bootstrap import clustered_mean_interval, clustered_skill_interval
from newsworld_dagster.scoring.checked import ScoreInputError
from newsworld_dagster.scoring.proper import brier_score, log_score
from newsworld_dagster.scoring.records import plain_records
from newsworld_dagster.scoring.reliability import corp_decomposition
from newsworld_dagster.scoring.resampling import Interval

BASELINE: Final = "base-rate"
TRIGGER: Final = "trigger"
EVENT: Final = "event"
COVERAGE_VOLUME: Final = "coverage volume"
# Predicted events have windows of any length; they are counted under the next of these days.
HORIZONS: Final = (3, 7, 14, 30, 90, 365)

COLUMNS: Final = (
    "claim_id",
    "question_id",
    "topic_id",
    "forecaster",
    "section",
    "template",
    "window_days",
    "band",
    "made_at",
    "resolve_by",
    "probability",
    "verdict",
    "decided_at",
)
STATUSES: Final = ("due", "scored", "void", "pending", "overdue", "early")


def scorecard(
    claims: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    baseline: str = BASELINE,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Counts, scores, intervals, skill and decomposition per forecaster and group.

    A claim is due when ``resolve_by <= as_of``. Of the due, scored have the verdict yes or no,
    void the verdict void, overdue none. The others are pending; early counts those of them that
    already have a verdict, which is not scored before the deadline, so that quick yeses do not
    flatter. Claims made after `as_of` are left out and verdicts decided after it are not read.

    Skill is ``1 - Brier / Brier of the baseline`` over the questions that both have scored,
    whatever group the claim of the baseline is in; for the baseline itself it is 0. Intervals
    are 95 %, from a bootstrap that draws topics.

    Parameters
    ----------
    claims
        One row per claim, with the columns in `COLUMNS`; verdict and decided_at may be missing
        together.
    as_of
        The moment the scorecard holds for, naive UTC.
    baseline
        The forecaster that skill is against; one that made no claim leaves skill undefined.
    n_resamples, seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        Meeting the contract scorecards.scorecard. Groupings: all, window, section, template,
        family (trigger, event or coverage volume), month (of made_at) and band. Windows of
        events are rounded up to the next of `HORIZONS`.

    Raises
    ------
    ScoreInputError
        Naming the column and the first claim that cannot be scored.
    """
    judged = judge(claims, as_of=as_of, baseline=baseline)
    lines = []
    for by, labels in _groupings(judged).items():
        for (group, forecaster), rows in judged.groupby([labels, "forecaster"]):
            lines.append(
                {"by": by, "group": group, "forecaster": forecaster}
                | _line(rows, str(forecaster) == baseline, n_resamples, seed)
            )
    frame = pd.DataFrame(lines, columns=list(SCORECARD.columns))
    order = list(_groupings(judged))
    frame = frame.iloc[
        sorted(
            range(len(frame)),
            key=lambda place: (
                order.index(frame["by"].iloc[place]),
                _rank(frame["by"].iloc[place], frame["group"].iloc[place]),
                frame["group"].iloc[place],
                frame["forecaster"].iloc[place],
            ),
        )
    ]
    return meet(SCORECARD, frame.reset_index(drop=True))


def judge(claims: pd.DataFrame, *, as_of: pd.Timestamp, baseline: str = BASELINE) -> pd.DataFrame:
    """Give each claim its status as of a moment and, where it is scored, its scores.

    Parameters
    ----------
    claims
        One row per claim, with the columns in `COLUMNS`.
    as_of
        The moment, naive UTC.
    baseline
        The forecaster whose scores are set beside.

    Returns
    -------
    pandas.DataFrame
        The claims made by then, with the added columns due, scored, void, pending, overdue and
        early (bool), and outcome, brier, log_score and baseline_brier (NaN where not scored;
        baseline_brier also where the baseline has no scored claim on the question).

    Raises
    ------
    ScoreInputError
        Naming the column and the first claim that cannot be scored.
    """
    _check(claims)
    made = claims.loc[claims["made_at"] <= as_of, list(COLUMNS)].reset_index(drop=True)
    verdict = made["verdict"].where(made["decided_at"] <= as_of)
    due = made["resolve_by"] <= as_of
    decided = verdict.notna()
    scored = due & verdict.isin(["yes", "no"])
    judged = made.assign(
        due=due,
        scored=scored,
        void=due & (verdict == "void"),
        pending=~due,
        overdue=due & ~decided,
        early=~due & decided,
        outcome=np.where(scored, verdict == "yes", np.nan).astype(float),
        brier=np.nan,
        log_score=np.nan,
    )
    if scored.any():
        settled = judged.loc[scored]
        judged.loc[scored, "brier"] = brier_score(settled["probability"], settled["outcome"])
        judged.loc[scored, "log_score"] = log_score(settled["probability"], settled["outcome"])
    reference = judged.loc[judged["forecaster"] == baseline].set_index("question_id")["brier"]
    return judged.assign(
        baseline_brier=judged["question_id"].map(reference).astype(float).where(scored)
    )


def scorecard_document(frame: pd.DataFrame, *, as_of: pd.Timestamp | None = None) -> dict[str, Any]:
    """The scorecard as one JSON document.

    Parameters
    ----------
    frame
        What `scorecard` returned.
    as_of
        The moment it holds for, if it is to be named.

    Returns
    -------
    dict
        {"as_of", "forecasters": [...], "groups": [...]}: the forecasters hold the figures over
        all claims, the groups the same with "by" and "group"; what is undefined is None.
    """
    whole = frame["by"] == "all"
    return {
        "as_of": None if as_of is None else as_of.isoformat(),
        "forecasters": plain_records(frame[whole].drop(columns=["by", "group"])),
        "groups": plain_records(frame[~whole]),
    }


def _check(claims: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in claims.columns]
    if missing:
        raise ScoreInputError(f"The claims lack the columns {', '.join(missing)}.")
    for name in COLUMNS:
        if name not in ("verdict", "decided_at"):
            _refuse(claims, claims[name].isna(), f"no {name}")
    _refuse(claims, claims["claim_id"].duplicated(), "a claim_id that another row has")
    _refuse(
        claims,
        claims.duplicated(["forecaster", "question_id"]),
        "a question that the same forecaster answered before",
    )
    probability = claims["probability"]
    _refuse(claims, ~((probability > 0) & (probability < 1)), "a probability outside (0, 1)")
    known = claims["verdict"].isna() | claims["verdict"].isin(VERDICTS)
    _refuse(claims, ~known, f"a verdict other than {', '.join(VERDICTS)}")
    undated = claims["verdict"].notna() & claims["decided_at"].isna()
    _refuse(claims, undated, "a verdict without the time of its decision")


def _refuse(claims: pd.DataFrame, bad: pd.Series, fault: str) -> None:
    if bad.any():
        first = claims.loc[bad, "claim_id"].iloc[0]
        raise ScoreInputError(
            f"{int(bad.sum())} of {len(claims)} claims cannot be scored; the first, claim "
            f"{first!r}, has {fault}."
        )


def _groupings(claims: pd.DataFrame) -> dict[str, pd.Series]:
    """The label of each claim under each grouping."""
    days = claims["window_days"].astype(int)
    trigger = claims["template"].str.startswith(TRIGGER)
    event = claims["template"].str.startswith(EVENT)
    horizon = np.asarray([*HORIZONS, HORIZONS[-1]])[np.searchsorted(HORIZONS, days)]
    days = days.where(~event, horizon)
    return {
        "all": pd.Series("all", index=claims.index),
        "window": days.astype(str) + np.where(days == 1, " day", " days"),
        "section": claims["section"],
        "template": claims["template"],
        "family": pd.Series(
            np.select([trigger, event], [TRIGGER, EVENT], COVERAGE_VOLUME), index=claims.index
        ),
        "month": claims["made_at"].dt.strftime("%Y-%m"),
        "band": claims["band"],
    }


def _rank(by: str, group: str) -> int:
    """Place of a group within its grouping, where the alphabet is not the order."""
    if by == "window":
        return int(group.split()[0])
    names = {"section": SECTIONS, "band": BANDS}.get(by, ())
    return names.index(group) if group in names else len(names)


def _line(rows: pd.DataFrame, is_baseline: bool, n_resamples: int, seed: int) -> dict[str, Any]:
    counts = {"made": len(rows)} | {name: int(rows[name].sum()) for name in STATUSES}
    settled = rows[rows["scored"]]
    if settled.empty:
        return counts | {"topics": 0}
    brier = clustered_mean_interval(
        settled["brier"], settled["topic_id"], n_resamples=n_resamples, seed=seed
    )
    skill = _skill(settled, is_baseline, n_resamples, seed)
    parts = corp_decomposition(settled["probability"], settled["outcome"])
    return counts | {
        "base_rate": float(settled["outcome"].mean()),
        "brier": brier.mean,
        "brier_low": brier.low,
        "brier_high": brier.high,
        "log_score": float(settled["log_score"].mean()),
        "skill": skill.mean,
        "skill_low": skill.low,
        "skill_high": skill.high,
        "miscalibration": parts.miscalibration,
        "discrimination": parts.discrimination,
        "uncertainty": parts.uncertainty,
        "topics": brier.clusters,
    }


def _skill(settled: pd.DataFrame, is_baseline: bool, n_resamples: int, seed: int) -> Interval:
    if is_baseline:
        return Interval(0.0, 0.0, 0.0, settled["topic_id"].nunique())
    shared = settled[settled["baseline_brier"].notna()]
    if shared.empty:
        return Interval(np.nan, np.nan, np.nan, 0)
    return clustered_skill_interval(
        shared["brier"],
        shared["baseline_brier"],
        shared["topic_id"],
        n_resamples=n_resamples,
        seed=seed,
    )
