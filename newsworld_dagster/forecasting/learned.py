"""Forecasters that learn from the record: recalibrated ones and the ensemble, beside the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from newsworld_dagster.forecasting import base_rate, coverage, ensemble, recalibration

METHODS: Final[tuple[recalibration.Method, ...]] = ("platt", "isotonic")
ENSEMBLE: Final = "ensemble"
# Whom the daily edition learns from. `base-rate` is a frequency as it stands: there is nothing in
# it to recalibrate, but the ensemble may lean on it.
MEMBERS: Final = (base_rate.NAME, coverage.NAME)
RECALIBRATED: Final = (coverage.NAME,)
NAMES: Final = (*(f"{name}-{method}" for name in RECALIBRATED for method in METHODS), ENSEMBLE)
COLUMNS: Final = ("question_id", "forecaster", "probability", "model", "fitted_on")


def learned_forecasts(
    settled: pd.DataFrame,
    made: pd.DataFrame,
    *,
    members: Sequence[str],
    as_of: pd.Timestamp,
    recalibrated: Sequence[str] | None = None,
) -> pd.DataFrame:
    """What each learning forecaster says to the questions that others answer at a moment.

    Each recalibrated member gets a variant for every method (`coverage-platt`,
    `coverage-isotonic`), and all members together one `ensemble`. A variant that has nothing to
    learn from says what its member says, and is still a row of its own, so that its record begins
    with the member's.

    Parameters
    ----------
    settled
        What the warehouse's `settled_forecasts(as_of)` returns.
    made
        The claims that the members make at `as_of`: question_id, forecaster, probability.
    members
        Names of the forecasters to learn from; other rows are left aside, learned ones too.
    as_of
        The moment at which the claims are made.
    recalibrated
        Those of the members that get variants; all by default.

    Returns
    -------
    pandas.DataFrame
        One row a forecaster and question, with the columns `COLUMNS`; model says what was fitted
        and fitted_on on how many claims or questions.

    Raises
    ------
    ForwardError
        When a settled row is later than `as_of` or cannot be read.
    """
    parts = []
    for name in members if recalibrated is None else recalibrated:
        said = made[made["forecaster"] == name]
        record = settled[settled["forecaster"] == name]
        for method in METHODS:
            model = recalibration.fit(record, as_of=as_of, method=method)
            parts.append(
                pd.DataFrame(
                    {
                        "question_id": said["question_id"],
                        "forecaster": f"{name}-{method}",
                        "probability": recalibration.recalibrate(
                            model, said["probability"], made_at=as_of
                        ),
                        "model": f"{name}, {recalibration.describe(model)}",
                        "fitted_on": model.fitted_on,
                    }
                )
            )
    fitted = ensemble.fit_ensemble(settled, members, as_of=as_of)
    together = ensemble.combine(fitted, made, made_at=as_of).reset_index()
    parts.append(
        together.assign(
            forecaster=ENSEMBLE, model=ensemble.describe(fitted), fitted_on=fitted.fitted_on
        )
    )
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]
