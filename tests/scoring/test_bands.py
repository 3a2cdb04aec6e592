from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.scoring import ScoreInputError, band_frequencies
from newsworld_dagster.scoring.bands import NOMINAL


def rows(p: float, yes: int, n: int, topics: int = 20) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "forecaster": "coverage",
            "topic_id": [f"t{k % topics}" for k in range(n)],
            "probability": p,
            "outcome": [float(k < yes) for k in range(n)],
        }
    )


def test_bounds_are_those_of_the_vocabulary() -> None:
    for band, (low, high) in NOMINAL.items():
        assert confidence_band(low + 1e-9) == confidence_band(high - 1e-9) == band


def test_bands_are_measured_once_there_are_enough() -> None:
    scored = pd.concat([rows(0.9, 48, 60), rows(0.2, 5, 49)], ignore_index=True)
    found = band_frequencies(scored).set_index("band")
    assert list(found.index) == ["Low", "Medium", "High"]
    high = found.loc["High"]
    assert high["measured"]
    assert high["frequency"] == pytest.approx(0.8)
    assert 2 / 3 < high["low"] < 0.8 < high["high"] < 1
    assert high["honest"]
    assert high["meaning"].startswith("80% of 60 came true (95 % interval ")
    low = found.loc["Low"]
    assert (low["claims"], low["measured"], low["honest"]) == (49, False, None)
    assert np.isnan(low["frequency"])
    assert low["meaning"].startswith("less than 1 in 3 by definition")
    assert found.loc["Medium", "claims"] == 0


def test_a_word_that_promises_too_much_is_called_so() -> None:
    found = band_frequencies(rows(0.9, 30, 100)).set_index("band")
    assert not found.loc["High", "honest"]
    assert found.loc["High", "high"] < 2 / 3


def test_few_topics_are_too_few_however_many_claims() -> None:
    assert not band_frequencies(rows(0.9, 80, 100, topics=9))["measured"].any()
    assert band_frequencies(rows(0.9, 80, 100, topics=10))["measured"].sum() == 1


def test_bad_rows_are_named() -> None:
    with pytest.raises(ScoreInputError, match="lack the columns topic_id"):
        band_frequencies(rows(0.9, 1, 2).drop(columns="topic_id"))
    with pytest.raises(ScoreInputError, match=r"outcome at position 0 .* neither 0 nor 1"):
        band_frequencies(rows(0.9, 1, 2).assign(outcome=0.5))
    assert band_frequencies(rows(0.9, 0, 0)).empty
