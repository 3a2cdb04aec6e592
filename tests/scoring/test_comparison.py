from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.scoring import (
    ScoreInputError,
    brier_score,
    clustered_mean_interval,
    compare_forecasters,
    difficulty_adjusted,
    paired_comparison,
    peer_scores,
)


def table(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["forecaster", "question_id", "probability", "outcome"])


def crowd(seed: int = 0, questions: int = 60) -> pd.DataFrame:
    """Three forecasters; b answers all, a the first two thirds, c the last two thirds."""
    rng = np.random.default_rng(seed)
    outcome = rng.integers(0, 2, questions)
    parts = []
    for name, places in (("a", slice(0, 40)), ("b", slice(0, 60)), ("c", slice(20, 60))):
        chosen = np.arange(questions)[places]
        parts.append(
            pd.DataFrame(
                {
                    "forecaster": name,
                    "question_id": chosen,
                    "topic_id": chosen % 12,
                    "probability": rng.uniform(0.05, 0.95, len(chosen)),
                    "outcome": outcome[chosen].astype(float),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_pairs_are_compared_on_what_they_share() -> None:
    forecasts = crowd()
    found = compare_forecasters(forecasts, n_resamples=200)
    assert found[["forecaster", "reference"]].to_numpy().tolist() == [
        ["a", "b"],
        ["a", "c"],
        ["b", "c"],
    ]
    assert found["n"].tolist() == [40, 20, 40]
    brier = forecasts.assign(brier=brier_score(forecasts["probability"], forecasts["outcome"]))
    wide = brier.pivot_table(index="question_id", columns="forecaster", values="brier")
    both = wide[["a", "c"]].dropna()
    plain = paired_comparison(both["a"], both["c"], both.index % 12, 200)
    row = found.iloc[1]
    assert row["difference"] == pytest.approx((both["a"] - both["c"]).mean())
    assert row[["low", "high", "p_value"]].tolist() == pytest.approx(
        [plain.interval.low, plain.interval.high, plain.p_value]
    )
    assert row["clusters"] == 12


def test_a_reference_and_unsettled_rows() -> None:
    rows = table(("a", 1, 0.9, 1), ("a", 2, 0.9, None), ("b", 1, 0.6, 1), ("c", 3, 0.5, 0))
    found = compare_forecasters(rows, "b", n_resamples=50)
    assert found["forecaster"].tolist() == ["a", "c"]
    assert found["n"].tolist() == [1, 0]
    assert found["difference"][0] == pytest.approx(0.01 - 0.16)
    assert np.isnan(found["difference"][1])


def test_weights_of_paired_comparison_are_repetitions() -> None:
    a, b, names = np.array([0.1, 0.4, 0.9]), np.array([0.2, 0.2, 0.5]), np.array(["x", "y", "z"])
    weighted = paired_comparison(a, b, names, 500, weights=[1, 2, 1])
    twice = [0, 1, 1, 2]
    assert weighted == paired_comparison(a[twice], b[twice], names[twice], 500)


def test_adjustment_undoes_who_took_which_questions() -> None:
    # Additive by construction: difficulty 0.04 or 0.36 of a forecaster who adds nothing or 0.13.
    rows = [("a", k, 0.8 if k < 9 else 0.4, 1) for k in (*range(9), 9)]
    rows += [("b", k, 1 - np.sqrt((0.04 if k < 9 else 0.36) + 0.13), 1) for k in (0, *range(9, 15))]
    adjusted = difficulty_adjusted(table(*rows)).set_index("forecaster")
    assert adjusted.loc["b", "mean"] > adjusted.loc["a", "mean"] + 0.2
    assert adjusted.loc["b", "adjusted"] - adjusted.loc["a", "adjusted"] == pytest.approx(0.13)
    # Of 15 questions 9 are easy: what a would have scored on all.
    assert adjusted.loc["a", "adjusted"] == pytest.approx((9 * 0.04 + 6 * 0.36) / 15)
    assert adjusted["questions"].tolist() == [15, 15]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 50), weighted=st.booleans())
def test_adjustment_is_least_squares(seed: int, weighted: bool) -> None:
    forecasts = crowd(seed, 60)
    rng = np.random.default_rng(seed)
    weight = (
        rng.integers(1, 4, len(forecasts)).astype(float) if weighted else np.ones(len(forecasts))
    )
    if weighted:
        forecasts["weight"] = weight
    score = brier_score(forecasts["probability"], forecasts["outcome"])
    design = np.column_stack(
        [pd.get_dummies(forecasts["forecaster"]), pd.get_dummies(forecasts["question_id"])]
    ).astype(float)
    root = np.sqrt(weight)
    effect = np.linalg.lstsq(design * root[:, None], score * root, rcond=None)[0]
    expected = effect[:3] + effect[3:].mean()
    assert difficulty_adjusted(forecasts)["adjusted"].tolist() == pytest.approx(expected.tolist())


def test_full_tables_need_no_adjustment_and_islands_get_none() -> None:
    rows = [("a", 1, 0.9, 1), ("a", 2, 0.6, 1), ("b", 1, 0.7, 1), ("b", 2, 0.8, 1)]
    full = difficulty_adjusted(table(*rows))
    assert full["adjusted"].tolist() == pytest.approx(full["mean"].tolist())
    island = difficulty_adjusted(table(*rows, ("c", 3, 0.5, 1)))
    assert island["adjusted"].isna().tolist() == [False, False, True]
    assert island["questions"].tolist() == [2, 2, 2]


def test_peer_scores_by_hand() -> None:
    rows = table(
        ("a", 1, 0.8, 1), ("b", 1, 0.4, 1), ("c", 1, 0.2, 1), ("a", 2, 0.5, 0), ("b", 3, 0.5, None)
    )  # fmt: skip
    found = peer_scores(rows).set_index("forecaster")
    assert found["n"].tolist() == [1, 1, 1]
    # Mean log of the others is log sqrt(0.4 * 0.2).
    assert found.loc["a", "peer_score"] == pytest.approx(100 * np.log(0.8 / np.sqrt(0.08)))
    assert found["peer_score"].sum() == pytest.approx(0)
    brier = peer_scores(rows, "brier").set_index("forecaster")
    assert brier.loc["c", "peer_score"] == pytest.approx(100 * ((0.04 + 0.36) / 2 - 0.64))
    alone = peer_scores(table(("a", 1, 0.5, 1)))
    assert alone["peer_score"].isna().all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", 1, 0.5, None)], "No forecast has an outcome"),
        ([("a", 1, 0.5, 1), ("a", 1, 0.6, 1)], "more than one row for question 1"),
        ([("a", 1, 1.5, 1)], r"outside \[0, 1\]"),
    ],
)
def test_bad_tables_are_named(rows: list[tuple], message: str) -> None:
    for function in (compare_forecasters, difficulty_adjusted):
        with pytest.raises(ScoreInputError, match=message):
            function(table(*rows))


def test_unknown_names_are_named() -> None:
    rows = table(("a", 1, 0.5, 1))
    with pytest.raises(ScoreInputError, match=r"by 'z'; there are some by a\."):
        compare_forecasters(rows, "z")
    with pytest.raises(ScoreInputError, match="no score 'rps'"):
        peer_scores(rows, "rps")  # type: ignore[arg-type]
    with pytest.raises(ScoreInputError, match="lack the columns outcome"):
        peer_scores(rows.drop(columns="outcome"))


def test_unequal_clusters_count_as_fewer() -> None:
    values = np.random.default_rng(0).random(200)
    equal = np.arange(200) % 20
    unequal = np.concatenate([np.zeros(120, dtype=int), np.arange(80) % 19 + 1])
    even = clustered_mean_interval(values, equal)
    uneven = clustered_mean_interval(values, unequal)
    assert even.clusters == uneven.clusters == 20
    assert uneven.high - uneven.low > 1.2 * (even.high - even.low)
