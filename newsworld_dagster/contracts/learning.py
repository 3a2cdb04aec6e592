"""What the record teaches: who leads, what the bands mean, which claims contradict each other."""

from __future__ import annotations

from typing import Final

import pandera.pandas as pa

from newsworld_dagster.contracts.forecasts import OPEN_UNIT
from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import BANDS

RELATION_KINDS: Final = ("deadline", "threshold", "implication", "paraphrase", "negation")

_COUNT = pa.Check.ge(0)
_NOT_NEGATIVE = pa.Check.ge(0)

CONTESTS = contract(
    "scorecards.contests",
    {
        "day": column(TIME, doc="Partition"),
        "as_of": column(TIME, doc="UTC; nothing settled later was read"),
        "champion": column(str, doc="Forecaster that led until then"),
        "challenger": column(str, doc="Forecaster that was held against it"),
        "shared": column("int64", _COUNT, doc="Settled claims that both had made"),
        "topics": column("int64", _COUNT, doc="Topics among them: the clusters"),
        "unlike": column("int64", _COUNT, doc="Left out, as the two had not read the same"),
        "champion_brier": column(float, nullable=True, doc="Mean Brier score on the shared claims"),
        "challenger_brier": column(
            float, nullable=True, doc="Mean Brier score on the shared claims"
        ),
        "difference": column(float, nullable=True, doc="Challenger minus champion"),
        "low": column(float, nullable=True, doc="Interval of the difference, bootstrap by topic"),
        "high": column(float, nullable=True, doc="Interval of the difference, bootstrap by topic"),
        "p_value": column(float, nullable=True, doc="Of a sign-flip test by topic, two-sided"),
        "champion_cost": column(float, nullable=True, doc="US dollars a shared claim"),
        "challenger_cost": column(float, nullable=True, doc="US dollars a shared claim"),
        "promoted": column(bool, doc="Whether the challenger passed the test"),
        "reason": column(str, doc="Why, in words"),
    },
    unique=["day", "challenger"],
    doc="Challengers held against the leading forecaster on the claims that both had settled.",
)

LEADERS = contract(
    "scorecards.leaders",
    {
        "day": column(TIME, doc="Partition"),
        "as_of": column(TIME, doc="UTC; it leads from this moment on"),
        "leader": column(str, doc="Leading forecaster"),
        "previous": column(str, doc="Who led before"),
        "reason": column(str, doc="Why, in words"),
    },
    unique=["day"],
    doc="The leading forecaster: it changes only when a challenger passes a paired test.",
)

MEANINGS = contract(
    "scorecards.bands",
    {
        "as_of": column(TIME, doc="UTC; the moment it holds for"),
        "forecaster": column(str, doc="Who forecast"),
        "band": column(str, pa.Check.isin(BANDS), doc="Word for the probability"),
        "claims": column("int64", _COUNT, doc="Scored claims in the band"),
        "topics": column("int64", _COUNT, doc="Topics among them: the clusters"),
        "measured": column(bool, doc="Whether they are enough to measure"),
        "frequency": column(float, nullable=True, doc="Share that came true, once measured"),
        "low": column(float, nullable=True, doc="95 % interval, bootstrap by topic"),
        "high": column(float, nullable=True, doc="95 % interval, bootstrap by topic"),
        "nominal_low": column(float, doc="Lower bound of the band by definition"),
        "nominal_high": column(float, doc="Upper bound of the band by definition"),
        "honest": column("boolean", nullable=True, doc="Whether the interval meets these bounds"),
        "meaning": column(str, doc="What the word means, in words"),
    },
    unique=["forecaster", "band"],
    doc="What High, Medium and Low have meant, per forecaster; by definition while too few.",
)


def _pairs(name: str, doc: str) -> pa.DataFrameSchema:
    return contract(
        name,
        {
            "kind": column(str, pa.Check.isin(RELATION_KINDS), doc="What relates the two claims"),
            "forecaster": column(str, doc="Who made both"),
            "claim_id": column(str, doc="The claim that cannot come true without the other"),
            "other_id": column(str, doc="The other claim"),
            "day": column(TIME, doc="Partition"),
            "as_of": column(TIME, doc="UTC; when both were made"),
            "probability": column(float, OPEN_UNIT, doc="Of the claim"),
            "other_probability": column(float, OPEN_UNIT, doc="Of the other claim"),
            "excess": column(float, _NOT_NEGATIVE, doc="By how much it is above what is allowed"),
            "arbitrage": column(float, _NOT_NEGATIVE, doc="Sure profit against the two, in nats"),
        },
        unique=["kind", "claim_id", "other_id"],
        doc=doc,
    )


RELATIONS = _pairs(
    "forecasts.relations", "Pairs of related claims of one forecaster, made at the same moment."
)
INCONSISTENCIES = _pairs(
    "forecasts.inconsistencies",
    "Pairs of related claims that contradict each other by more than the tolerance.",
)
