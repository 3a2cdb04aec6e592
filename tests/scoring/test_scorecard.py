from __future__ import annotations

import json
import math
import time

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.outcomes import SCORECARD
from newsworld_dagster.contracts.vocabulary import SECTIONS, confidence_band
from newsworld_dagster.scoring import (
    ScoreInputError,
    corp_decomposition,
    judge,
    scorecard,
    scorecard_document,
)

AS_OF = pd.Timestamp("2026-02-01")
SEEN = pd.Timestamp("2026-01-20")

# question, topic, window, made, probability of coverage, of base-rate, verdict, decided
QUESTIONS = [
    ("q1", "t1", 7, "2026-01-01", 0.9, 0.5, "yes", "2026-01-04"),
    ("q2", "t1", 7, "2026-01-02", 0.2, 0.5, "no", "2026-01-09"),
    ("q3", "t2", 14, "2026-01-03", 0.7, 0.5, "yes", "2026-01-17"),
    ("q4", "t2", 14, "2026-01-03", 0.4, 0.5, "void", "2026-01-17"),
    ("q5", "t3", 7, "2026-01-10", 0.4, 0.5, None, None),  # overdue
    ("q6", "t3", 30, "2026-01-10", 0.4, 0.5, None, None),  # pending
    ("q7", "t3", 30, "2026-01-10", 0.8, 0.5, "yes", "2026-01-12"),  # early
]


def claims(forecasters: tuple[str, ...] = ("coverage", "base-rate")) -> pd.DataFrame:
    rows = []
    for forecaster in forecasters:
        for question, topic, window, made, ours, base, verdict, decided in QUESTIONS:
            probability = base if forecaster == "base-rate" else ours
            made_at = pd.Timestamp(made)
            rows.append(
                {
                    "claim_id": f"{forecaster}-{question}",
                    "question_id": question,
                    "topic_id": topic,
                    "forecaster": forecaster,
                    "section": "Business" if topic == "t1" else "World",
                    "template": "trigger:launch" if topic == "t2" else "growth",
                    "window_days": window,
                    "band": confidence_band(probability),
                    "made_at": made_at,
                    "resolve_by": made_at + pd.Timedelta(days=window),
                    "probability": probability,
                    "verdict": verdict,
                    "decided_at": pd.Timestamp(decided) if decided else pd.NaT,
                }
            )
    return pd.DataFrame(rows)


def line(card: pd.DataFrame, forecaster: str, by: str = "all", group: str = "all") -> pd.Series:
    rows = card[(card["by"] == by) & (card["group"] == group) & (card["forecaster"] == forecaster)]
    assert len(rows) == 1
    return rows.iloc[0]


COUNTS = ["made", "due", "scored", "void", "pending", "overdue", "early"]


def test_counts_and_scores_by_hand() -> None:
    row = line(scorecard(claims(), as_of=AS_OF), "coverage")
    assert row[COUNTS].tolist() == [7, 5, 3, 1, 2, 1, 1]
    assert row["due"] == row["scored"] + row["void"] + row["overdue"]
    assert row["topics"] == 2
    assert row["base_rate"] == pytest.approx(2 / 3)
    assert row["brier"] == pytest.approx((0.01 + 0.04 + 0.09) / 3)
    assert row["log_score"] == pytest.approx(-math.log(0.9 * 0.8 * 0.7) / 3)
    assert row["skill"] == pytest.approx(1 - 0.14 / 0.75)
    assert row["brier_low"] <= row["brier"] <= row["brier_high"]
    assert row["skill_low"] <= row["skill"] <= row["skill_high"]
    parts = corp_decomposition([0.9, 0.2, 0.7], [1, 0, 1])
    assert row["miscalibration"] == pytest.approx(parts.miscalibration)
    assert row["discrimination"] == pytest.approx(parts.discrimination)
    assert row["uncertainty"] == pytest.approx(2 / 9)


def test_base_rate_is_its_own_zero() -> None:
    row = line(scorecard(claims(), as_of=AS_OF), "base-rate")
    assert row[["skill", "skill_low", "skill_high"]].tolist() == [0, 0, 0]
    assert row["brier"] == 0.25


def test_a_quick_yes_waits_for_its_deadline() -> None:
    later = scorecard(claims(), as_of=pd.Timestamp("2026-02-09"))
    assert line(later, "coverage")[["scored", "early", "pending"]].tolist() == [4, 0, 0]


def test_groups_and_their_order() -> None:
    card = scorecard(claims(), as_of=AS_OF)
    assert list(dict.fromkeys(zip(card["by"], card["group"], strict=True))) == [
        ("all", "all"),
        ("window", "7 days"),
        ("window", "14 days"),
        ("window", "30 days"),
        ("section", "World"),
        ("section", "Business"),
        ("template", "growth"),
        ("template", "trigger:launch"),
        ("family", "coverage volume"),
        ("family", "trigger"),
        ("month", "2026-01"),
        ("band", "Low"),
        ("band", "Medium"),
        ("band", "High"),
    ]
    assert line(card, "coverage", "family", "trigger")["scored"] == 1
    for by in card["by"].unique():
        per_forecaster = card[card["by"] == by].groupby("forecaster")["made"].sum()
        assert per_forecaster.tolist() == [7, 7]


def test_skill_pairs_by_question_even_when_the_baseline_is_in_another_band() -> None:
    # base-rate says 0.5 throughout, so that it has no claim in the band High.
    row = line(scorecard(claims(), as_of=AS_OF), "coverage", "band", "High")
    assert row["skill"] == pytest.approx(1 - (0.01 + 0.09) / 0.5)


def test_skill_uses_only_questions_that_both_have_scored() -> None:
    table = claims()
    fewer = table[table["claim_id"] != "base-rate-q3"]
    row = line(scorecard(fewer, as_of=AS_OF), "coverage")
    assert row["skill"] == pytest.approx(1 - 0.05 / 0.5)
    assert row["scored"] == 3
    assert np.isnan([row["skill_low"], row["skill_high"]]).all()  # one shared topic: no interval


def test_what_is_undefined_is_missing() -> None:
    card = scorecard(claims(("coverage",)), as_of=AS_OF)
    row = line(card, "coverage")
    assert row[["skill", "skill_low", "skill_high"]].isna().all()
    assert not math.isnan(row["brier"])
    one_topic = line(card, "coverage", "window", "7 days")
    assert one_topic["topics"] == 1
    assert one_topic[["brier_low", "brier_high"]].isna().all()
    unscored = line(card, "coverage", "window", "30 days")
    assert unscored[COUNTS].tolist() == [2, 0, 0, 0, 2, 0, 1]
    figures = [name for name in SCORECARD.columns if SCORECARD.columns[name].nullable]
    assert unscored[figures].isna().all()


def test_base_rate_without_scored_claims_has_no_skill() -> None:
    card = scorecard(claims(("base-rate",)), as_of=pd.Timestamp("2026-01-05"))
    assert math.isnan(line(card, "base-rate")["skill"])


def test_nothing_after_the_moment_is_read() -> None:
    table = claims()
    as_it_was = table.copy()
    unseen = as_it_was["decided_at"] > pd.Timestamp("2026-01-05")
    as_it_was.loc[unseen, "verdict"] = None
    as_it_was.loc[unseen, "decided_at"] = pd.NaT
    moment = pd.Timestamp("2026-01-05")
    as_it_was = as_it_was[as_it_was["made_at"] <= moment]
    poisoned = scorecard(table, as_of=moment)
    pd.testing.assert_frame_equal(poisoned, scorecard(as_it_was, as_of=moment))
    assert line(poisoned, "coverage")["made"] == 4
    late = table.assign(decided_at=table["decided_at"].where(table["decided_at"].isna(), AS_OF))
    before = scorecard(late, as_of=AS_OF - pd.Timedelta(microseconds=1))
    assert line(before, "coverage")[["scored", "overdue"]].tolist() == [0, 5]


def test_claims_made_at_or_due_at_the_moment_count() -> None:
    row = line(scorecard(claims(), as_of=pd.Timestamp("2026-01-09")), "coverage")
    assert row[["due", "scored"]].tolist() == [2, 2]  # q2 is due at midnight of the 9th


def test_order_of_rows_and_index_do_not_matter() -> None:
    table = claims()
    shuffled = table.sample(frac=1, random_state=3).set_index(np.arange(len(table)) * 7)
    pd.testing.assert_frame_equal(scorecard(table, as_of=AS_OF), scorecard(shuffled, as_of=AS_OF))


def test_no_claims_make_an_empty_card() -> None:
    for table in (claims(), claims().iloc[:0]):
        card = scorecard(table, as_of=pd.Timestamp("2020-01-01"))
        assert card.empty
        assert list(card.columns) == list(SCORECARD.columns)
        assert scorecard_document(card) == {"as_of": None, "forecasters": [], "groups": []}


def test_document_has_the_relied_on_keys_and_is_json() -> None:
    document = scorecard_document(scorecard(claims(("coverage",)), as_of=AS_OF), as_of=AS_OF)
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again["as_of"] == "2026-02-01T00:00:00"
    assert [row["forecaster"] for row in again["forecasters"]] == ["coverage"]
    expected = set(SCORECARD.columns) - {"by", "group"}
    assert set(again["forecasters"][0]) == expected
    assert all(set(row) == set(SCORECARD.columns) for row in again["groups"])
    assert again["forecasters"][0]["skill"] is None
    assert again["forecasters"][0]["made"] == 7
    assert {row["by"] for row in again["groups"]} == {
        "window",
        "section",
        "template",
        "family",
        "month",
        "band",
    }


def test_judged_claims_carry_their_scores() -> None:
    judged = judge(claims(), as_of=AS_OF).set_index("claim_id")
    assert judged.loc["coverage-q1", "brier"] == pytest.approx(0.01)
    assert judged.loc["coverage-q1", "baseline_brier"] == 0.25
    assert judged.loc[["coverage-q4", "coverage-q5", "coverage-q7"], "brier"].isna().all()
    assert judged.loc["coverage-q7", "early"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probability": 1.0}, r"claim 'coverage-q1', has a probability outside \(0, 1\)"),
        ({"probability": math.nan}, "no probability"),
        ({"verdict": "maybe"}, "a verdict other than yes, no, void"),
        ({"decided_at": pd.NaT}, "a verdict without the time of its decision"),
        ({"topic_id": None}, "no topic_id"),
        ({"claim_id": "coverage-q2"}, "a claim_id that another row has"),
        ({"question_id": "q2"}, "a question that the same forecaster answered before"),
    ],
)
def test_bad_claims_are_named(change: dict, message: str) -> None:
    table = claims()
    for name, value in change.items():
        table.loc[0, name] = value
    with pytest.raises(ScoreInputError, match=message):
        scorecard(table, as_of=AS_OF)


def test_missing_columns_are_named() -> None:
    with pytest.raises(ScoreInputError, match="lack the columns band, verdict"):
        scorecard(claims().drop(columns=["verdict", "band"]), as_of=AS_OF)


def test_thirty_thousand_claims_in_a_hundred_groups_are_fast() -> None:
    rng = np.random.default_rng(0)
    topics, per_topic = 2500, 6
    n = topics * per_topic
    topic = np.repeat(np.arange(topics), per_topic)
    templates = ["continuation", "growth", "publishers", *(f"trigger:{k}" for k in range(20))]
    made = pd.Timestamp("2025-08-01") + pd.to_timedelta(rng.integers(0, 240, n), unit="D")
    shared = {
        "question_id": [f"q{k}" for k in range(n)],
        "topic_id": [f"t{k}" for k in topic],
        "section": np.array(SECTIONS)[topic % len(SECTIONS)],
        "template": rng.choice(templates, n),
        "window_days": rng.choice([3, 7, 14, 30], n),
        "made_at": made,
        "verdict": rng.choice(["yes", "no"], n),
    }
    parts = []
    for forecaster in ("base-rate", "coverage"):
        probability = rng.uniform(0.02, 0.98, n)
        table = pd.DataFrame(shared).assign(forecaster=forecaster, probability=probability)
        table["claim_id"] = forecaster + table["question_id"]
        table["band"] = [confidence_band(p) for p in probability]
        table["resolve_by"] = table["made_at"] + pd.to_timedelta(table["window_days"], unit="D")
        table["decided_at"] = table["resolve_by"]
        parts.append(table)
    table = pd.concat(parts, ignore_index=True)
    start = time.process_time()
    card = scorecard(table, as_of=pd.Timestamp("2026-06-01"))
    assert time.process_time() - start < 10
    assert len(card) == 98
    meet(SCORECARD, card)


def test_skill_is_against_any_baseline() -> None:
    usual = scorecard(claims(), as_of=AS_OF)
    turned = scorecard(claims(), as_of=AS_OF, baseline="coverage")
    ours, base = line(usual, "coverage"), line(usual, "base-rate")
    assert line(turned, "coverage")["skill"] == 0
    assert line(turned, "base-rate")["skill"] == pytest.approx(1 - base["brier"] / ours["brier"])
    absent = scorecard(claims(), as_of=AS_OF, baseline="oracle")
    assert absent["skill"].isna().all()
