"""More tables of the scoring room that a person reads: fates, timing, disagreements."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.scoring.frames import NONE

FATES = ("made", "due", "scored", "void", "pending", "overdue", "early")


def fates_table(mart: pd.DataFrame, by: str, title: str) -> pd.DataFrame:
    """Counts and mean scores of one of the published scorecards, as text.

    Parameters
    ----------
    mart
        A table `marts.scorecard_by_*`.
    by
        Its column of groups.
    title
        What the groups are called.

    Returns
    -------
    pandas.DataFrame
        One row per group and forecaster, also where nothing is scored yet.
    """
    rows = mart.sort_values([by, "forecaster"])
    table = pd.DataFrame({title: rows[by], "Forecaster": rows["forecaster"]})
    for name in FATES:
        table[name.capitalize()] = rows[name]
    for name, shown in (("brier", "Brier"), ("log_score", "Log score"), ("skill", "Skill")):
        table[shown] = [NONE if pd.isna(value) else f"{value:.3f}" for value in rows[name]]
    return table.reset_index(drop=True)


def timing_table(claims: pd.DataFrame) -> pd.DataFrame:
    """When within their windows the claims of each horizon came true.

    Of the due claims alone: of those still open, only the quick yeses are known.

    Parameters
    ----------
    claims
        One row a question: window_days, is_due, verdict, made_at, decided_at, resolve_by.

    Returns
    -------
    pandas.DataFrame
        Window, Due, Came true, and of the yeses the median day and the shares that came in the
        first quarter, the first half and the last quarter of the window.
    """
    rows = []
    for days, own in elapsed_at_yes(claims).groupby("window_days"):
        elapsed = own["elapsed"].dropna()
        rows.append(
            {
                "Window": f"{days} day{'s' * (int(str(days)) != 1)}",
                "Due": len(own),
                "Came true": len(elapsed),
                "Median day": f"{elapsed.median() * own['window_days'].iloc[0]:.1f}"
                if len(elapsed)
                else NONE,
                "In the first quarter": _share(elapsed <= 0.25),
                "In the first half": _share(elapsed <= 0.5),
                "In the last quarter": _share(elapsed > 0.75),
            }
        )
    names = ["Window", "Due", "Came true", "Median day"]
    quarters = ["In the first quarter", "In the first half", "In the last quarter"]
    return pd.DataFrame(rows, columns=[*names, *quarters])


def elapsed_at_yes(claims: pd.DataFrame) -> pd.DataFrame:
    """Due claims with the share of their window that had passed at the yes, NaN without one.

    A verdict is given by the edition that finds it, so the share is rounded up to a day, and at
    most 1.
    """
    due = claims[claims["is_due"]]
    share = (due["decided_at"] - due["made_at"]) / (due["resolve_by"] - due["made_at"])
    return due.assign(elapsed=share.clip(upper=1).where(due["verdict"] == "yes"))


def disagreements(
    scored: pd.DataFrame, forecaster: str, other: str, most: int = 10
) -> pd.DataFrame:
    """The shared questions on which two forecasters were furthest apart, and who was nearer.

    Parameters
    ----------
    scored
        Scored claims: question_id, topic_label, template, window_days, forecaster, probability,
        outcome.

    Returns
    -------
    pandas.DataFrame
        Topic, Kind, Window, a column of probabilities for each, Came out, Nearer.
    """
    about = ["question_id", "topic_label", "template", "window_days", "outcome"]
    wide = scored.pivot_table(index=about, columns="forecaster", values="probability")
    wide = wide.reindex(columns=[forecaster, other]).dropna()
    gap = (wide[forecaster] - wide[other]).abs()
    shown = wide.loc[gap.sort_values(ascending=False, kind="stable").index[:most]].reset_index()
    first, second = ((shown[name] - shown["outcome"]).abs() for name in (forecaster, other))
    return pd.DataFrame(
        {
            "Topic": shown["topic_label"],
            "Kind": shown["template"],
            "Window": [f"{days} days" for days in shown["window_days"]],
            forecaster: [f"{value:.0%}" for value in shown[forecaster]],
            other: [f"{value:.0%}" for value in shown[other]],
            "Came out": np.where(shown["outcome"] == 1, "yes", "no"),
            "Nearer": np.where(first < second, forecaster, other),
        }
    )


def _share(chosen: pd.Series) -> str:
    return f"{chosen.mean():.0%}" if len(chosen) else NONE
