"""Scorecards as tables and sentences that a person reads, for notebooks."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from newsworld_dagster.scoring.calibration import calibration_test
from newsworld_dagster.scoring.scorecard import BASELINE, STATUSES

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

# With fewer topics than this an interval is wide and itself unsure.
FEW_TOPICS: Final = 30
# And with fewer than this it is too unsure to be named as a finding at all.
LEAST_TOPICS: Final = 5
NONE: Final = "–"
# Text up to this long stays on one line: a date must not break.
SHORT: Final = 18
TITLES: Final = {"all": "Claims", "band": "Confidence band", "family": "Kind of claim"}


def group_title(by: str) -> str:
    """What a grouping of the scorecard is called in a heading."""
    return TITLES.get(by, by.capitalize())


def counts_table(card: pd.DataFrame) -> pd.DataFrame:
    """How many claims each forecaster made, and what became of them.

    Parameters
    ----------
    card
        From `scorecard`.

    Returns
    -------
    pandas.DataFrame
        One row per forecaster: Made, Due, Scored, Void, Pending, Overdue, Early, Topics.
    """
    whole = card.loc[card["by"] == "all", ["forecaster", "made", *STATUSES, "topics"]]
    return whole.rename(columns=str.capitalize).reset_index(drop=True)


def scores_table(card: pd.DataFrame, by: str = "all") -> pd.DataFrame:
    """Brier score, log score and skill with their intervals, as text.

    Parameters
    ----------
    card
        From `scorecard`.
    by
        One of its groupings.

    Returns
    -------
    pandas.DataFrame
        One row per group and forecaster, also where nothing is scored yet.
    """
    rows = card[card["by"] == by]
    skill = [
        NONE if row.forecaster == BASELINE else _skill_interval(row) for row in rows.itertuples()
    ]
    table = pd.DataFrame(
        {
            "Forecaster": rows["forecaster"],
            "Scored": rows["scored"],
            "Topics": rows["topics"],
            "Came true": [_percent(share) for share in rows["base_rate"]],
            "Brier (95 % interval)": [_score_interval(row) for row in rows.itertuples()],
            "Log score": [_number(score) for score in rows["log_score"]],
            "Skill (95 % interval)": skill,
        }
    )
    if by != "all":
        table.insert(0, group_title(by), rows["group"])
    return table.reset_index(drop=True)


def calibration_table(
    scored: pd.DataFrame, n_resamples: int = 200, seed: int = 0, level: float = 0.95
) -> pd.DataFrame:
    """Is each forecaster's miscalibration more than chance alone would show?

    Even perfect forecasts have some miscalibration on a finite number of claims. So outcomes
    are drawn as calibrated forecasts would have them, and the quantile `level` of the
    miscalibration that they show is the bound that chance explains (see `calibration_test`).
    Claims of one topic come out alike, so topics are drawn where there is a column topic_id.

    Parameters
    ----------
    scored
        Scored claims: forecaster, probability, outcome, and topic_id where they have topics.
    n_resamples, seed
        Of the simulation.
    level
        Level of the bound.

    Returns
    -------
    pandas.DataFrame
        forecaster, claims, mean_probability, came_true, miscalibration, by_chance, calibrated
        (bool: within the bound).
    """
    rows = []
    for forecaster, own in scored.groupby("forecaster"):
        topics = own["topic_id"] if "topic_id" in own.columns else None
        found = calibration_test(
            own["probability"], own["outcome"], topics, n_resamples, level, seed
        )
        rows.append(
            {
                "forecaster": forecaster,
                "claims": len(own),
                "mean_probability": float(own["probability"].mean()),
                "came_true": float(own["outcome"].mean()),
                "miscalibration": found.miscalibration,
                "by_chance": found.bound,
                "calibrated": found.miscalibration <= found.bound,
            }
        )
    names = ["forecaster", "claims", "mean_probability", "came_true", "miscalibration"]
    return pd.DataFrame(rows, columns=[*names, "by_chance", "calibrated"])


def answer(card: pd.DataFrame, calibration: pd.DataFrame) -> str:
    """What the scorecard says, in Markdown: who is better, calibrated, where, on how much.

    Parameters
    ----------
    card
        From `scorecard`.
    calibration
        From `calibration_table`.

    Returns
    -------
    str
        A list of sentences; one that says so where nothing is scored.
    """
    whole = card[card["by"] == "all"]
    if not whole["scored"].sum():
        made = int(whole["made"].sum())
        return (
            f"**Nothing is scored yet.** The record holds {made:,} claims; none is due and settled."
            if made
            else "**Nothing is scored yet.** The record holds no claims."
        )
    lines = []
    for row in whole[(whole["forecaster"] != BASELINE) & (whole["scored"] > 0)].itertuples():
        own = calibration[calibration["forecaster"] == row.forecaster]
        lines.append(_better(row))
        lines += [_calibrated(found) for found in own.itertuples()]
        lines.append(_where(card, str(row.forecaster)))
    most = whole.loc[whole["scored"].idxmax()]
    basis = (
        f"**How much it rests on**: {most['scored']:,} scored claims of {most['topics']:,} topics "
        f"for each forecaster at most, of {most['made']:,} made."
    )
    if most["topics"] < FEW_TOPICS:
        basis += (
            f" That is few: below {FEW_TOPICS} topics, take every figure as a first sign and not "
            "as a finding."
        )
    return "\n".join(f"- {line}" for line in [*lines, basis])


def readable(frame: pd.DataFrame, links: Mapping[str, str] | None = None) -> Styler:
    """A table for the eye: no index, text flush left and wrapped, markup in text shown as text.

    Parameters
    ----------
    frame
        What to show.
    links
        Columns of text to columns of addresses: the text becomes a link, the address is not
        shown. What is no http address links nowhere.
    """
    links = links or {}
    shown = frame.drop(columns=list(links.values())).reset_index(drop=True)
    for column, address in links.items():
        shown[column] = [
            _link(text, url) for text, url in zip(frame[column], frame[address], strict=True)
        ]
    text = [name for name in shown.columns if not pd.api.types.is_numeric_dtype(shown[name])]
    short = [name for name in text if frame[name].astype(str).str.len().max() <= SHORT]
    left = [{"selector": "th", "props": "text-align: left; vertical-align: bottom"}]
    styled = (
        shown.style.hide(axis="index")
        .format(precision=4, thousands=",", na_rep=NONE, escape="html")
        .set_table_styles(left)
        .set_properties(subset=text, **{"text-align": "left"})
        .set_properties(**{"vertical-align": "top", "white-space": "normal"})
        .set_properties(subset=short, **{"white-space": "nowrap"})
    )
    return styled.format(subset=list(links)) if links else styled


def _link(text: object, url: object) -> str:
    said = html.escape(str(text))
    if not str(url).startswith(("https://", "http://")):
        return said
    return f'<a href="{html.escape(str(url))}">{said}</a>'


def _better(row: Any) -> str:
    name, low, high = row.forecaster, row.skill_low, row.skill_high
    skill = row.skill
    if pd.isna(skill):
        return f"**{name}** shares no scored claim with {BASELINE}: they cannot be compared."
    if pd.isna(low):
        return f"**{name}** has skill {_percent(skill)}, but on one topic: no interval, no finding."
    saved = f"skill {_percent(skill)} on the same claims (95 % interval {_span(low, high)})"
    if low > 0:
        return f"**{name} is better than {BASELINE}**: {saved}."
    if high < 0:
        return f"**{name} is worse than {BASELINE}**: {saved}."
    return f"**{name} cannot be told from {BASELINE}** yet: {saved}, which includes 0."


def _calibrated(found: Any) -> str:
    said, came = _percent(found.mean_probability), _percent(found.came_true)
    figures = (
        f"miscalibration {_number(found.miscalibration, 4)}, "
        f"where calibrated forecasts stay below {_number(found.by_chance, 4)} 19 times in 20; "
        f"it said {said} on average and {came} came true"
    )
    if found.calibrated:
        return f"**Nothing speaks against its calibration**: {figures}."
    return f"**It is not calibrated**: {figures}."


def _where(card: pd.DataFrame, forecaster: str) -> str:
    own = (card["forecaster"] == forecaster) & (card["topics"] >= LEAST_TOPICS)
    rows = card[own & card["by"].isin(["window", "section", "family"])]
    above, below = rows[rows["skill_low"] > 0], rows[rows["skill_high"] < 0]
    told = [
        f"{side} 0 for " + ", ".join(f"{row.group} ({_percent(row.skill)})" for row in found)
        for side, found in (("above", [*above.itertuples()]), ("below", [*below.itertuples()]))
        if found
    ]
    if not told:
        return "**Where**: in no window, section or kind of claim does the interval exclude 0."
    return f"**Where**: the interval of its skill lies {'; '.join(told)}."


def _score_interval(row: Any) -> str:
    score = _number(row.brier)
    return (
        score
        if pd.isna(row.brier_low)
        else f"{score} ({row.brier_low:.3f} to {row.brier_high:.3f})"
    )


def _skill_interval(row: Any) -> str:
    skill = _percent(row.skill)
    return skill if pd.isna(row.skill_low) else f"{skill} ({_span(row.skill_low, row.skill_high)})"


def _span(low: float, high: float) -> str:
    return f"{_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return NONE if pd.isna(share) else f"{round(100 * share)} %".replace("-", "\N{MINUS SIGN}")


def _number(value: float, digits: int = 3) -> str:
    return NONE if pd.isna(value) else f"{value:.{digits}f}"
