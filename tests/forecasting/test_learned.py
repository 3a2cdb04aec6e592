from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from newsworld_dagster.forecasting.learned import COLUMNS, learned_forecasts
from newsworld_dagster.forecasting.recalibration import ForwardError

AS_OF = pd.Timestamp("2026-02-01")
MEMBERS = ["base-rate", "coverage"]


def settled(n: int) -> pd.DataFrame:
    """`coverage` says twice what is true in log-odds, `base-rate` always 1/2."""
    rng = np.random.default_rng(4)
    truth = rng.normal(0, 1, n)
    outcome = (rng.random(n) < expit(truth)).astype(float)
    one = pd.DataFrame({"question_id": [f"q{k}" for k in range(n)], "outcome": outcome})
    one = one.assign(resolve_by=AS_OF, decided_at=AS_OF)
    return pd.concat(
        [
            one.assign(forecaster="base-rate", probability=0.5),
            one.assign(forecaster="coverage", probability=expit(2 * truth)),
            one.assign(forecaster="coverage-platt", probability=0.01),
        ],
        ignore_index=True,
    )


MADE = pd.DataFrame(
    {
        "question_id": ["n1", "n2", "n1", "n2"],
        "forecaster": ["base-rate", "base-rate", "coverage", "coverage"],
        "probability": [0.5, 0.5, 0.9, 0.2],
    }
)


def test_before_anything_settled_they_say_what_their_members_say() -> None:
    found = learned_forecasts(settled(0), MADE, members=MEMBERS, as_of=AS_OF)
    assert list(found.columns) == list(COLUMNS)
    told = found.pivot_table(index="question_id", columns="forecaster", values="probability")
    assert sorted(told.columns) == [
        "base-rate-isotonic", "base-rate-platt", "coverage-isotonic", "coverage-platt", "ensemble",
    ]  # fmt: skip
    for method in ("platt", "isotonic"):
        assert told[f"coverage-{method}"].tolist() == pytest.approx([0.9, 0.2])
    # Odds 9 and 1 in equal parts are 3; 1/4 and 1 are 1/2.
    assert told["ensemble"].tolist() == pytest.approx([0.75, 1 / 3])
    assert (found["fitted_on"] == 0).all()


def test_with_a_record_they_correct_their_members() -> None:
    found = learned_forecasts(settled(4_000), MADE, members=MEMBERS, as_of=AS_OF)
    told = found.pivot_table(index="question_id", columns="forecaster", values="probability")
    # Odds of 9 should have been 3, of 1/4 a half.
    for name in ("coverage-platt", "coverage-isotonic", "ensemble"):
        assert told[name].tolist() == pytest.approx([0.75, 1 / 3], abs=0.05), name
    assert set(found["fitted_on"]) == {4_000}
    assert found["model"].str.contains("4000").all()


def test_what_settled_later_is_refused() -> None:
    late = settled(5)
    late.loc[late["forecaster"] == "base-rate", "decided_at"] = AS_OF + pd.Timedelta(seconds=1)
    with pytest.raises(ForwardError, match="decided_at after"):
        learned_forecasts(late, MADE, members=MEMBERS, as_of=AS_OF)
