from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.scoring import ScoreInputError, contest, contest_document


def table(champion: np.ndarray, challenger: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """Ten questions a topic; the challenger costs 3 cents a claim, the champion 1."""
    n = len(outcome)
    one = pd.DataFrame(
        {
            "question_id": [f"q{k}" for k in range(n)],
            "topic_id": [f"t{k // 10}" for k in range(n)],
            "outcome": outcome,
        }
    )
    return pd.concat(
        [
            one.assign(forecaster="old", probability=champion, cost_usd=0.01),
            one.assign(forecaster="new", probability=challenger, cost_usd=0.03),
        ],
        ignore_index=True,
    )


def forecasts(n: int, better: float, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    outcome = rng.integers(0, 2, n).astype(float)
    said = np.clip(rng.normal(0.5, 0.15, n), 0.05, 0.95)
    return table(said, np.clip(said + better * (outcome - said), 0.01, 0.99), outcome)


def test_figures_worked_out_by_hand() -> None:
    # Brier of old 0.25 and 0.25, of new 0.04 and 0.36.
    rows = table(np.array([0.5, 0.5]), np.array([0.8, 0.6]), np.array([1.0, 0.0]))
    found = contest(rows, "old", "new", least_claims=2, least_topics=1)
    assert (found.champion_brier, found.challenger_brier) == pytest.approx((0.25, 0.2))
    assert found.difference == pytest.approx(-0.05)
    assert (found.champion_cost, found.challenger_cost) == pytest.approx((0.01, 0.03))
    assert (found.shared, found.topics, found.unlike) == (2, 1, 0)
    # One topic has no interval, and without one nobody is promoted.
    assert math.isnan(found.high)
    assert not found.promoted


def test_a_better_challenger_is_promoted_and_a_worse_one_is_not() -> None:
    better = contest(forecasts(400, 0.2), "old", "new")
    assert better.promoted
    assert better.low < better.difference < better.high < 0
    worse = contest(forecasts(400, 0.2), "new", "old")
    assert not worse.promoted
    assert worse.difference == pytest.approx(-better.difference)
    assert "champion is better" in worse.reason


def test_equal_forecasters_keep_the_champion() -> None:
    found = contest(forecasts(400, 0.0), "old", "new")
    assert (found.difference, found.promoted) == (0.0, False)
    assert "cannot be told apart" in found.reason


def test_few_claims_or_few_topics_promote_nobody() -> None:
    assert not contest(forecasts(190, 0.5), "old", "new").promoted
    few = contest(forecasts(400, 0.5), "old", "new", least_topics=41)
    assert not few.promoted
    assert "400 shared claims on 40 topics are fewer than the 200 on 41" in few.reason
    assert contest(forecasts(400, 0.5), "old", "new", least_topics=40).promoted


def test_topics_and_not_claims_decide_how_sure_we_are() -> None:
    # All of the advantage is on one topic of ten claims; drawn by claim it would look certain.
    rows = forecasts(400, 0.0)
    at = (rows["forecaster"] == "new") & (rows["topic_id"] == "t0")
    rows.loc[at, "probability"] = np.where(rows.loc[at, "outcome"] == 1, 0.99, 0.01)
    by_topic = contest(rows, "old", "new")
    assert by_topic.difference < 0
    assert not by_topic.promoted
    by_claim = contest(rows.assign(topic_id=rows["question_id"]), "old", "new")
    assert by_claim.promoted


def test_chance_promotes_no_more_often_than_the_interval_says() -> None:
    rng = np.random.default_rng(8)
    promoted = 0
    for seed in range(200):
        outcome = rng.integers(0, 2, 250).astype(float)
        first, second = (np.clip(rng.normal(0.5, 0.2, 250), 0.02, 0.98) for _ in range(2))
        promoted += contest(
            table(first, second, outcome), "old", "new", n_resamples=300, seed=seed
        ).promoted
    # 1 in 40 is 5 of 200; 13 or more would have a chance of 1 in 1,000.
    assert promoted <= 12


def test_only_shared_questions_with_the_same_input_count() -> None:
    rows = forecasts(400, 0.2).assign(input_digest="d")
    rows.loc[rows.index[:7], "input_digest"] = "e"
    rows = rows.drop(index=rows.index[10])
    found = contest(rows, "old", "new")
    assert (found.shared, found.unlike) == (392, 7)
    alone = contest(rows, "old", "nobody")
    assert (alone.shared, alone.promoted) == (0, False)
    assert math.isnan(alone.difference)
    assert "share no settled claim" in alone.reason
    assert contest_document([alone])["contests"][0]["difference"] is None
    json.dumps(contest_document([found, alone]), allow_nan=False)


def test_bad_rows_are_named() -> None:
    rows = forecasts(20, 0.1)
    with pytest.raises(ScoreInputError, match="its own challenger"):
        contest(rows, "old", "old")
    with pytest.raises(ScoreInputError, match="lack the columns cost_usd"):
        contest(rows.drop(columns="cost_usd"), "old", "new")
    with pytest.raises(ScoreInputError, match="'old' has more than one row for question 'q0'"):
        contest(pd.concat([rows, rows.iloc[:1]]), "old", "new")
    rows.loc[0, "outcome"] = 1 - rows.loc[0, "outcome"]
    with pytest.raises(ScoreInputError, match="'q0' has two outcomes"):
        contest(rows, "old", "new")
