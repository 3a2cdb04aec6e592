from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.stories.decoding import expected_agreement, expected_clusters


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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-1, 2), min_size=1, max_size=9), st.integers(0, 10_000))
def test_what_is_held_is_neither_parted_nor_merged(wanted: list[int], seed: int) -> None:
    size = len(wanted)
    named = sorted(set(wanted) - {-1})
    held = np.array([named.index(group) if group >= 0 else -1 for group in wanted])
    upper = np.triu(np.random.default_rng(seed).uniform(0, 1, (size, size)), 1)
    probability = upper + upper.T
    mass = 1 + probability.sum(axis=1)
    found = expected_clusters(probability, mass, recall_weight=1.2, start=0.7, held=held).tolist()
    of_group = [{found[place] for place in np.flatnonzero(held == g)} for g in range(len(named))]
    assert all(len(labels) == 1 for labels in of_group)
    assert len(set().union(*of_group)) == len(named)
    # No free group would better be another's.
    reached = expected_worth(probability, found, 1.2)
    fixed = set().union(*of_group)
    for one in set(found):
        for other in set(found) - fixed - {one}:
            merged = [one if label == other else label for label in found]
            assert expected_worth(probability, merged, 1.2) <= reached + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.integers(0, 10_000), st.floats(0, 2))
def test_expected_agreement_is_what_the_words_say(size: int, seed: int, weight: float) -> None:
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.uniform(0, 1, (size, size)), 1)
    probability, labels = upper + upper.T, rng.integers(0, 3, size)
    mass = 1 + probability.sum(axis=1)
    found = expected_agreement(probability, mass, labels, recall_weight=weight)
    assert found.shape == (size,)
    assert found.sum() == pytest.approx(expected_worth(probability, labels.tolist(), weight))
