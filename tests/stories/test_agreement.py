from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.stories.agreement import b_cubed


def test_b_cubed_by_hand() -> None:
    found = b_cubed(list("aab"), list("xyy"))
    # precision (1 + 1/2 + 1/2) / 3, recall (1/2 + 1/2 + 1) / 3
    assert found == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert b_cubed(list("aaa"), list("xyz")) == pytest.approx((1.0, 1 / 3, 0.5))
    assert b_cubed(list("abc"), list("xxx")) == pytest.approx((1 / 3, 1.0, 0.5))


groups = st.integers(0, 4)


@given(st.lists(st.tuples(groups, groups), min_size=1, max_size=60))
def test_b_cubed_is_what_the_pairs_say(items: list[tuple[int, int]]) -> None:
    truth, found = np.array(items).T
    alike, together = truth[:, None] == truth, found[:, None] == found
    both = (alike & together).sum(axis=1)
    score = b_cubed(truth, found)
    assert score.precision == pytest.approx((both / together.sum(axis=1)).mean())
    assert score.recall == pytest.approx((both / alike.sum(axis=1)).mean())
    assert b_cubed(found, truth).f1 == pytest.approx(score.f1)


@pytest.mark.parametrize(("truth", "found"), [([], []), (["a"], ["x", "y"])])
def test_unequal_or_empty_groupings_are_refused(truth: list[str], found: list[str]) -> None:
    with pytest.raises(ValueError, match="a class and a cluster for each item"):
        b_cubed(truth, found)
