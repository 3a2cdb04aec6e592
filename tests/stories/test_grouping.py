import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.stories.grouping import places_by


def test_places_ascend_and_nulls_have_none() -> None:
    found = places_by(pd.Series(["b", None, "a", "b", None]))
    assert {value: places.tolist() for value, places in found.items()} == {"b": [0, 3], "a": [2]}
    assert list(found) == ["b", "a"]
    assert not places_by(pd.Series([None, None], dtype=object))
    assert not places_by(np.array([], dtype=object))


@given(st.lists(st.sampled_from(["a", "b", "cc", "", None])))
def test_values_stand_where_pandas_finds_them(values: list[str | None]) -> None:
    column = pd.Series(values, dtype=object)
    expected = column.groupby(column).indices
    found = places_by(column)
    assert found.keys() == expected.keys()
    for value, places in found.items():
        np.testing.assert_array_equal(places, expected[value])
