from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts.outcomes import SCORECARD
from newsworld_dagster.scoring.charts import skill_by_group
from newsworld_dagster.scoring.frames import answer, calibration_table, readable, scores_table


def card(*lines: dict[str, object]) -> pd.DataFrame:
    """A scorecard of coverage and base-rate; what a line does not name is zero or missing."""
    empty = {name: 0 if str(column.dtype) == "int64" else np.nan
             for name, column in SCORECARD.columns.items()}  # fmt: skip
    base = {"by": "all", "group": "all", "forecaster": "coverage", "made": 90}
    return pd.DataFrame([empty | base | line for line in lines], columns=list(SCORECARD.columns))


def line(skill: float, low: float, high: float, **more: object) -> dict[str, object]:
    scored = {"scored": 80, "topics": 40, "brier": 0.2, "brier_low": 0.18, "brier_high": 0.22}
    return scored | {"skill": skill, "skill_low": low, "skill_high": high} | more


def forecasts(probability: float, yes: int, claims: int) -> pd.DataFrame:
    outcome = [1] * yes + [0] * (claims - yes)
    return pd.DataFrame({"forecaster": "x", "probability": probability, "outcome": outcome})


NO_CALIBRATION = calibration_table(pd.DataFrame({"forecaster": [], "probability": []}))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (line(0.3, 0.2, 0.4), "coverage is better than base-rate**: skill 30 %"),
        (line(-0.3, -0.4, -0.2), "coverage is worse than base-rate**: skill −30 %"),
        (line(0.3, -0.1, 0.4), "coverage cannot be told from base-rate** yet"),
        (line(0.3, np.nan, np.nan, topics=1), "on one topic: no interval, no finding"),
        (line(np.nan, np.nan, np.nan), "they cannot be compared"),
    ],
)
def test_the_answer_says_no_more_than_the_interval(found: dict[str, object], said: str) -> None:
    assert said in answer(card(found), NO_CALIBRATION)


def test_few_topics_are_said() -> None:
    warning = "take every figure as a first sign"
    assert warning in answer(card(line(0.3, 0.2, 0.4, topics=29)), NO_CALIBRATION)
    assert warning not in answer(card(line(0.3, 0.2, 0.4, topics=30)), NO_CALIBRATION)


def test_the_answer_names_the_groups_that_stand_out_and_rest_on_enough_topics() -> None:
    text = answer(
        card(
            line(0.3, 0.2, 0.4),
            line(0.5, 0.4, 0.6, by="window", group="3 days", topics=5),
            line(-0.2, -0.3, -0.1, by="section", group="World", topics=9),
            line(0.9, 0.8, 0.95, by="section", group="Health", topics=4),
            line(0.1, -0.1, 0.3, by="section", group="Politics", topics=9),
        ),
        NO_CALIBRATION,
    )
    assert "lies above 0 for 3 days (50 %); below 0 for World (−20 %)." in text
    assert "Health" not in text
    assert "Politics" not in text


def test_claims_that_are_not_due_are_counted_in_the_answer() -> None:
    assert answer(card({"pending": 90}), NO_CALIBRATION) == (
        "**Nothing is scored yet.** The record holds 90 claims; none is due and settled."
    )


def test_calibration_is_told_from_chance() -> None:
    # 200 claims called 50 %: 102 came true, or 150, of which recalibration saves (1/4)^2.
    fair = calibration_table(forecasts(0.5, 102, 200)).iloc[0]
    assert fair["miscalibration"] == pytest.approx(0.01**2)
    assert fair["calibrated"]
    timid = calibration_table(forecasts(0.5, 150, 200)).iloc[0]
    assert timid["miscalibration"] == pytest.approx(0.25**2)
    # (share - 1/2)^2 at 1.96 standard errors of sqrt(1/800).
    assert timid["by_chance"] == pytest.approx(1.96**2 / 800, rel=0.35)
    assert not timid["calibrated"]
    text = answer(card(line(0.3, 0.2, 0.4, forecaster="x")), pd.DataFrame([timid]))
    assert "**It is not calibrated**: miscalibration 0.0625" in text
    assert "it said 50 % on average and 75 % came true" in text


def test_a_group_without_scores_keeps_its_row() -> None:
    table = scores_table(card({"by": "section", "group": "World"}), "section")
    assert table.iloc[0].tolist() == ["World", "coverage", 0, 0, "–", "–", "–", "–"]


def test_skill_without_bound_does_not_flatten_the_chart() -> None:
    rows = card(line(-8.0, -20.0, 0.1, by="section", group="World"))
    chart = skill_by_group(rows, "section").to_dict()
    drawn = [row for data in chart["datasets"].values() for row in data if "skill" in row]
    assert [(row["skill"], row["skill_low"], row["skill_high"]) for row in drawn] == [(-1, -1, 0.1)]
    assert "What lies below −100 % is drawn there." in chart["title"]["subtitle"]


def test_text_of_others_stays_text() -> None:
    page = readable(pd.DataFrame({"Evidence": ["<script>alert(1)</script>", None]})).to_html()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_calibration_knows_that_claims_of_a_topic_come_out_alike() -> None:
    # Ten topics of twenty claims called 50 %, seven of which came true as a whole.
    claims = forecasts(0.5, 140, 200)
    assert not calibration_table(claims).iloc[0]["calibrated"]
    by_topic = claims.assign(topic_id=[place // 20 for place in range(200)])
    assert calibration_table(by_topic).iloc[0]["calibrated"]
