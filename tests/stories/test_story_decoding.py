from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.stories.decoding import expected_clusters


def clusters(probability: np.ndarray, recall_weight: float = 1.2, start: float = 0.7) -> list[int]:
    mass = 1 + probability.sum(axis=1) - np.diag(probability)
    return expected_clusters(probability, mass, recall_weight=recall_weight, start=start).tolist()


def expected_worth(probability: np.ndarray, labels: list[int], recall_weight: float) -> float:
    """Sum over the items of expected precision and weighted recall, straight from the words."""
    pairs = probability.copy()
    np.fill_diagonal(pairs, 1)
    worth = 0.0
    for item, label in enumerate(labels):
        members = [other for other, its in enumerate(labels) if its == label]
        found = pairs[item, members].sum()
        worth += found / len(members) + recall_weight * found / pairs[item].sum()
    return worth


@pytest.mark.parametrize(("p", "together"), [(0.37, True), (0.36, False)])
def test_two_articles_are_one_story_above_the_root(p: float, together: bool) -> None:
    # p - 1 + 2.4 p / (1 + p) = 0 at p = (sqrt(2.4² + 4) - 2.4) / 2 = 0.3621
    one, other = clusters(np.array([[0, p], [p, 0]]))
    assert (one == other) is together


def test_certain_pairs_make_the_classes_themselves() -> None:
    truth = [0, 0, 1, 2, 2, 2, 1, 3]
    probability = np.equal.outer(truth, truth).astype(float)
    found = clusters(probability)
    assert [[a == b for b in found] for a in found] == probability.astype(bool).tolist()


def test_none_and_one() -> None:
    assert clusters(np.zeros((0, 0))) == []
    assert clusters(np.zeros((1, 1))) == [0]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 7), st.integers(0, 10_000))
def test_no_merge_or_its_absence_would_be_worth_more(size: int, seed: int) -> None:
    upper = np.triu(np.random.default_rng(seed).uniform(0, 1, (size, size)), 1)
    probability = upper + upper.T
    found = clusters(probability, start=1.0)
    alone = expected_worth(probability, list(range(size)), 1.2)
    reached = expected_worth(probability, found, 1.2)
    assert reached >= alone - 1e-9
    for one in set(found):
        for other in set(found) - {one}:
            merged = [one if label == other else label for label in found]
            assert expected_worth(probability, merged, 1.2) <= reached + 1e-9
