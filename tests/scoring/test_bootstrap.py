from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.scoring import (
    ScoreInputError,
    clustered_mean_interval,
    clustered_skill_interval,
    paired_comparison,
)
from newsworld_dagster.scoring import resampling as room


def gathered(values: np.ndarray, clusters: np.ndarray, n: int, seed: int) -> np.ndarray:
    """The plain form: draw clusters, gather their rows, average."""
    rng = np.random.default_rng(seed)
    members = [values[clusters == name] for name in np.unique(clusters)]
    draws = rng.integers(0, len(members), size=(n, len(members)))
    return np.array([np.concatenate([members[place] for place in row]).mean() for row in draws])


def test_sums_give_the_interval_of_gathered_rows() -> None:
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 200, 1500)
    values = rng.random(1500) + rng.random(200)[clusters]
    interval = clustered_mean_interval(values, clusters, n_resamples=4000)
    plain = np.quantile(gathered(values, clusters, 4000, 9), [0.025, 0.975])
    width = plain[1] - plain[0]
    assert interval.mean == pytest.approx(values.mean())
    assert [interval.low, interval.high] == pytest.approx(plain, abs=0.06 * width)


def test_equal_clusters_drawn_as_cells_give_the_same_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(2)
    values = rng.choice([0.0, 0.25, 1.0], 3000)
    as_cells = clustered_mean_interval(values, range(3000), n_resamples=4000)
    monkeypatch.setattr(room, "cell_counts", lambda sums: (sums, np.ones(len(sums), dtype=int)))
    one_by_one = clustered_mean_interval(values, range(3000), n_resamples=4000)
    width = one_by_one.high - one_by_one.low
    assert as_cells.low != one_by_one.low
    assert as_cells.low == pytest.approx(one_by_one.low, abs=0.06 * width)
    assert as_cells.high == pytest.approx(one_by_one.high, abs=0.06 * width)


def test_few_clusters_get_a_wider_interval() -> None:
    rng = np.random.default_rng(7)
    names = np.repeat(np.arange(6), 10)
    held = 0
    for seed in range(1000):
        values = rng.normal(size=6)[names] + rng.normal(size=60)
        found = clustered_mean_interval(values, names, 600, seed=seed)
        held += found.low <= 0 <= found.high
    assert held / 1000 >= 0.9  # without the widening 0.86 of 2,000 repetitions do


def test_skill_pairs_score_and_reference() -> None:
    rng = np.random.default_rng(3)
    reference = rng.random(500) + rng.random(50)[np.arange(500) % 50]
    topics = np.arange(500) % 50
    exact = clustered_skill_interval(0.7 * reference, reference, topics)
    assert [exact.mean, exact.low, exact.high] == pytest.approx([0.3] * 3)
    noisy = clustered_skill_interval(0.7 * reference + 0.2 * rng.random(500), reference, topics)
    assert noisy.low < noisy.mean < noisy.high < 0.3


def test_skill_against_a_perfect_reference_is_undefined() -> None:
    skill = clustered_skill_interval([0.1, 0.2], [0.0, 0.0], ["a", "b"])
    assert np.isnan([skill.mean, skill.low, skill.high]).all()


def test_one_cluster_has_a_mean_but_no_interval() -> None:
    interval = clustered_mean_interval([0.1, 0.3], ["a", "a"])
    assert interval.mean == pytest.approx(0.2)
    assert np.isnan([interval.low, interval.high]).all()
    assert interval.clusters == 1


def test_weights_are_repetitions() -> None:
    weighted = clustered_mean_interval([0.1, 0.5, 0.9], ["a", "b", "c"], weights=[1, 2, 1])
    repeated = clustered_mean_interval([0.1, 0.5, 0.5, 0.9], ["a", "b", "b", "c"])
    assert weighted == repeated


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(st.integers(0, 16), st.integers(0, 6)), min_size=1, max_size=40),
    seed=st.integers(0, 99),
)
def test_order_and_names_do_not_matter(rows: list[tuple[int, int]], seed: int) -> None:
    # Sixteenths add without rounding, so that equality is exact.
    values = np.array([value / 16 for value, _ in rows])
    names = np.array([name for _, name in rows])
    order = np.random.default_rng(seed).permutation(len(rows))
    first = clustered_mean_interval(values, names, 50)
    second = clustered_mean_interval(values[order], [f"t{9 - n}" for n in names[order]], 50)
    assert repr(first) == repr(second)
    if first.clusters > 1:
        assert values.min() <= first.low <= first.high <= values.max()


def test_chunks_of_resamples_are_all_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random(300)
    monkeypatch.setattr(room, "CHUNK", 1000)
    sums = np.column_stack([np.sort(values), np.ones(300)])
    totals = room.resampled_sums(sums, 101, 0)
    assert totals.shape == (101, 2)
    assert (totals[:, 1] == 300).all()  # every resample draws as many clusters as there are


def test_difference_is_that_of_the_means_and_its_p_value_that_of_all_sign_flips() -> None:
    # Cluster differences 1, 2, 3 and 4: of the 16 sign patterns 2 are as extreme as the sum 10.
    a = np.array([1.0, 2.0, 3.0, 4.0])
    result = paired_comparison(a, np.zeros(4), ["a", "b", "c", "d"], n_resamples=20_000)
    assert result.difference == 2.5
    assert result.interval.low < 2.5 < result.interval.high
    assert result.p_value == pytest.approx(2 / 16, abs=0.01)


def test_p_values_hold_their_level_on_clustered_data() -> None:
    rng = np.random.default_rng(11)
    names = np.repeat(np.arange(25), 8)
    rejected = sum(
        paired_comparison(
            rng.normal(size=25)[names] + rng.normal(size=200), np.zeros(200), names, 300, seed=seed
        ).p_value
        <= 0.05
        for seed in range(300)
    )
    assert 0.02 <= rejected / 300 <= 0.09


def test_equal_forecasters_do_not_differ() -> None:
    result = paired_comparison([0.2, 0.3], [0.2, 0.3], ["a", "b"])
    assert (result.difference, result.p_value) == (0.0, 1.0)


def test_bad_input_is_named() -> None:
    with pytest.raises(ScoreInputError, match="1 cluster labels for 2 rows"):
        clustered_mean_interval([0.1, 0.2], ["a"])
    with pytest.raises(ScoreInputError, match=r"label at position 1 .* missing"):
        clustered_mean_interval([0.1, 0.2], ["a", None])
    with pytest.raises(ScoreInputError, match="2 scores but 1 reference"):
        clustered_skill_interval([0.1, 0.2], [0.1], ["a", "b"])
    with pytest.raises(ScoreInputError, match="2 scores of A but 1 of B"):
        paired_comparison([0.1, 0.2], [0.1], ["a", "b"])
    with pytest.raises(ScoreInputError, match="no value"):
        clustered_mean_interval([], [])
