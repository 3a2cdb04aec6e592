"""The base rate's answer to the analyst's questions: what their skill is measured against."""

from __future__ import annotations

from typing import Final

import pandas as pd

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.forecasting.base_rate import MODEL, NAME, BaseRate
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.forecasting.predicted_events import TEMPLATE

# Of questions written from news, about one in five came out yes before there was a record.
PRIOR: Final = 0.2


def event_rate_claims(claims: pd.DataFrame, settled: pd.DataFrame) -> pd.DataFrame:
    """The claims of `base-rate` on the questions of other claims on events.

    Each gets the frequency at which events of its class came true, whatever their windows: exact
    windows hardly ever come twice.

    Parameters
    ----------
    claims
        Of one forecaster, as rows of `forecasts.claims` before they are chained.
    settled
        Questions on events that fell due and were settled by the as-of moment: template and
        outcome.
    """
    pooled = settled.assign(window_days=0)
    rates = BaseRate(pooled, prior=PRIOR)
    found = [rates.of(template, 0) for template in claims["template"]]
    probabilities = [round(one.probability, 6) for one in found]
    return claims.assign(
        claim_id=["c" + digest(question, NAME)[:23] for question in claims["question_id"]],
        forecaster=NAME,
        model=MODEL,
        prompt_digest=None,
        probability=probabilities,
        band=[confidence_band(probability) for probability in probabilities],
        rationale=[
            f"Of {one.settled} earlier claims of the class {template.removeprefix(TEMPLATE)}, "
            f"{one.yes} came true."
            for template, one in zip(claims["template"], found, strict=True)
        ],
        features="{}",
        cost_usd=0.0,
    )
