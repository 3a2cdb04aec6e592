from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.stories.significance import significance_of, stage_of
from newsworld_dagster.stories.sources import Article, voices

DAY = pd.Timestamp("2026-02-20")


def articles(*rows: tuple[int, str, str | None]) -> list[Article]:
    """First articles of each text, by days ago, publisher and what they copy."""
    return voices(
        Article(f"a{n}", publisher, copied or f"a{n}", day=DAY - pd.Timedelta(days=ago))
        for n, (ago, publisher, copied) in enumerate(rows)
    )


def test_significance_by_hand() -> None:
    found = significance_of(
        articles((0, "a", None), (0, "b", None), (1, "a", None), (3, "c", None), (9, "d", None)),
        novelty=0.25,
        day=DAY,
    )
    assert found.independent_publishers == 3  # d is older than a week
    # 3 articles in the last 3 days, 2 * 3 / 14 expected
    growth = (3 - 6 / 14) / (3 + 6 / 14 + 2)
    assert found.growth == pytest.approx(growth)
    assert found.persistence == pytest.approx(4 / 7)
    reach = math.log(4) / math.log(21)
    assert found.significance == pytest.approx(reach * (0.4 + 0.2 * (growth + 0.25 + 4 / 7)))


def test_syndicated_copies_are_one_voice() -> None:
    one = articles((0, "a", None))
    copied = articles((0, "a", None), (0, "b", "a0"), (0, "c", "a0"))
    assert significance_of(copied, 1.0, DAY) == significance_of(one, 1.0, DAY)
    # The same where the original belongs to another topic.
    orphans = articles((0, "a", "x"), (0, "b", "x"), (0, "c", "x"))
    assert significance_of(orphans, 1.0, DAY) == significance_of(one, 1.0, DAY)


def test_a_shrinking_topic_does_not_grow() -> None:
    rows = [(ago, "a", None) for ago in range(3, 17) for _ in range(3)]
    found = significance_of(articles((0, "a", None), *rows), 0.0, DAY)
    assert found.growth == 0.0
    assert found.persistence == 1.0


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abcdefgh"), st.none()), min_size=1),
    st.floats(0, 1),
)
def test_significance_and_its_parts_lie_between_0_and_1(
    rows: list[tuple[int, str, None]], novelty: float
) -> None:
    found = significance_of(articles(*rows), novelty, DAY)
    for value in (found.growth, found.persistence, found.significance):
        assert 0 <= value <= 1


@given(st.integers(1, 60), st.floats(0, 1))
def test_one_more_voice_never_makes_a_topic_less_significant(count: int, novelty: float) -> None:
    rows = [(0, f"p{n}", None) for n in range(count)]
    fewer = significance_of(articles(*rows), novelty, DAY)
    more = significance_of(articles(*rows, (0, "one more", None)), novelty, DAY)
    assert more.significance >= fewer.significance


@pytest.mark.parametrize(("hours", "stage"), [(0, "emerging"), (71, "emerging"), (73, "active")])
def test_a_topic_is_active_once_it_has_lasted(hours: int, stage: str) -> None:
    assert stage_of(DAY, DAY + pd.Timedelta(hours=hours), 3) == stage
