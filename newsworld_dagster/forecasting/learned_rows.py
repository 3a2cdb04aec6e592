"""From what learning forecasters say to reports, claims and seals of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.forecasting.desk import Edition
from newsworld_dagster.forecasting.learned import (
    ENSEMBLE,
    MEMBERS,
    METHODS,
    RECALIBRATED,
    learned_forecasts,
)
from newsworld_dagster.forecasting.ledger import digest

_SAID = (
    "report_id",
    "worded_as",
    "forecaster",
    "model",
    "topic_label",
    "actor",
    "action",
    "window_days",
    "probability",
)


def with_learned(
    edition: Edition,
    settled: pd.DataFrame,
    *,
    members: Sequence[str] = MEMBERS,
    recalibrated: Sequence[str] = RECALIBRATED,
) -> Edition:
    """A day's edition with the learning forecasters behind the others, on the same questions.

    A claim of theirs is the member's claim with another probability: the same question and rule,
    the same sources, the same input digest (which covers the record that they were fitted on).
    Its `features` are what the members said.

    Parameters
    ----------
    edition
        What the members made of the day, not yet chained.
    settled
        What the warehouse's `settled_forecasts` returns as of the edition's moment.
    members
        Whom to learn from; the last of those that answered a question lends its words.
    recalibrated
        Those of the members that get recalibrated variants.

    Returns
    -------
    Edition
        With the rows of `edition` first; anchors and refusals are as they were.

    Raises
    ------
    ForwardError
        When a settled row is later than the edition's moment.
    """
    seal = edition.editions.iloc[0]
    made = edition.claims[edition.claims["forecaster"].isin(members)]
    names = [*(f"{name}-{method}" for name in recalibrated for method in METHODS), ENSEMBLE]
    said = learned_forecasts(
        settled, made, members=members, as_of=seal["as_of"], recalibrated=recalibrated
    )
    claims = _claims(made, said, members)
    fitted = said.groupby("forecaster")["fitted_on"].first()
    counts = claims["forecaster"].value_counts()
    editions = pd.DataFrame(
        [
            seal.to_dict()
            | {
                "forecaster": name,
                "claims": int(counts.get(name, 0)),
                "refused": 0,
                "fitted_on": int(fitted.get(name, 0)),
            }
            for name in names
        ]
    )
    whole = replace(edition, editions=pd.concat([edition.editions, editions], ignore_index=True))
    if claims.empty:
        return whole
    reports = _reports(edition.reports, claims)
    return replace(
        whole,
        reports=pd.concat([edition.reports, reports], ignore_index=True),
        claims=pd.concat([edition.claims, claims[list(made.columns)]], ignore_index=True),
    )


def _claims(made: pd.DataFrame, said: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    """The columns of `made`, and worded_as: the report that lends the claim its words."""
    # Of the members that answered a question, the last one lends its words.
    order = made["forecaster"].map(list(members).index).sort_values(kind="stable").index
    words = made.loc[order].drop_duplicates("question_id", keep="last")
    rows = said[["question_id", "forecaster", "probability", "model", "fitted_on"]].merge(
        words.drop(columns=["forecaster", "probability", "model"]),
        on="question_id",
        validate="many_to_one",
    )
    heard: dict[str, dict[str, float]] = {}
    for question, name, probability in zip(
        made["question_id"], made["forecaster"], made["probability"], strict=True
    ):
        heard.setdefault(question, {})[name] = probability
    told = [
        heard[question] if name == ENSEMBLE else {_base(name): heard[question][_base(name)]}
        for question, name in zip(rows["question_id"], rows["forecaster"], strict=True)
    ]
    return rows.assign(
        worded_as=rows["report_id"],
        claim_id=[
            "c" + digest(question, name)[:23]
            for question, name in zip(rows["question_id"], rows["forecaster"], strict=True)
        ],
        report_id=[
            "p" + digest(name, topic, as_of.isoformat())[:23]
            for name, topic, as_of in zip(
                rows["forecaster"], rows["topic_id"], rows["as_of"], strict=True
            )
        ],
        probability=rows["probability"].round(6),
        band=rows["probability"].map(confidence_band),
        rationale=[
            _rationale(members_said, fitted_on, model)
            for members_said, fitted_on, model in zip(
                told, rows["fitted_on"], rows["model"], strict=True
            )
        ],
        features=[json.dumps(one) for one in told],
        cost_usd=0.0,
    )


def _reports(reports: pd.DataFrame, claims: pd.DataFrame) -> pd.DataFrame:
    """One report a learning forecaster and topic, in the words of a member's."""
    words = {row["report_id"]: row for row in reports.to_dict("records")}
    of_report: dict[object, list[dict[str, Any]]] = {}
    for claim in claims[list(_SAID)].to_dict("records"):
        of_report.setdefault(claim["report_id"], []).append(claim)
    rows = []
    for report_id, own in of_report.items():
        surest = max(own, key=lambda claim: abs(claim["probability"] - 0.5))
        rows.append(
            words[surest["worded_as"]]
            | {
                "report_id": report_id,
                "forecaster": surest["forecaster"],
                "headline": (
                    f"{surest['topic_label']}: {_percent(surest['probability'])} that "
                    f"{surest['actor']} {surest['action']} within {surest['window_days']} days"
                ),
                "claims": len(own),
                "model": surest["model"],
            }
        )
    return pd.DataFrame(rows, columns=list(reports.columns))


def _base(name: str) -> str:
    """The forecaster that a recalibrated one learns from."""
    return name.rsplit("-", 1)[0]


def _rationale(said: dict[str, float], fitted_on: int, model: str) -> str:
    heard = " and ".join(f"{name} says {_percent(p)}" for name, p in said.items())
    if not fitted_on:
        return f"{heard}; no claim of theirs has fallen due yet to learn from. {model}."
    return f"{heard}; corrected by what their words have meant so far: {model}."


def _percent(probability: float) -> str:
    return f"{round(100 * probability)} %"
