"""Reads for the analyst and the judge show nothing of what came later."""

from __future__ import annotations

from typing import Any

import pandas as pd

from newsworld_dagster.warehouse import Warehouse
from tests.warehouse.warehouse_rows import at, call, claim, claims, verdict

NOW = at("16 00:00")
AFTER = NOW + pd.Timedelta(microseconds=1)
ON_EVENT = {"resolver": "judge", "template": "event:court", "forecaster": "analyst"}


def event(seq: int, question: str, made_at: pd.Timestamp, days: int, **changes: Any) -> dict:
    return claim(seq, question, made_at, days, **(ON_EVENT | changes))


FIRST = event(1, "q1", at("10 00:00"), 3)
YARDSTICK = event(2, "q1", at("10 00:00"), 3, forecaster="base-rate")
OPEN = event(3, "q2", at("10 00:00"), 20)
RULE = claim(4, "q3", at("10 00:00"), 3)
OLD = event(5, "q4", at("10 00:00"), 1)


def plant(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.append("forecasts.claims", claims(FIRST, YARDSTICK, OPEN, RULE, OLD))
        for number, one in enumerate((FIRST, YARDSTICK)):
            writer.append(
                "outcomes.resolutions",
                verdict(number, one, "no", at("13 00:00"), decided_by="judge"),
            )
        writer.append("outcomes.resolutions", verdict(8, RULE, "yes", at("12 00:00")))
        writer.append(
            "outcomes.resolutions", verdict(9, OLD, "no", at("11 00:00"), decided_by="judge")
        )
        writer.append("forecasts.model_calls", call("c1", at("13 00:00"), 1))
        # No answer came: it does not count as asked.
        writer.append("forecasts.model_calls", call("c1", at("15 00:00"), 2, outcome="failed"))


def plant_future(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.append("forecasts.claims", claims(event(6, "q5", AFTER, 3)))
        writer.append(
            "outcomes.resolutions",
            verdict(20, OPEN, "yes", AFTER, decided_by="person"),
        )
        writer.append(
            "outcomes.resolutions",
            verdict(21, FIRST, "yes", AFTER, decided_by="person", supersedes="r0"),
        )
        writer.append("forecasts.model_calls", call("c1", AFTER, 3))


def test_the_judge_gets_open_questions_and_its_own_late_verdicts(warehouse: Warehouse) -> None:
    plant(warehouse)
    with warehouse.read() as reader:
        found = reader.judge_questions(NOW, late_days=3).set_index("question_id")
        later = reader.judge_questions(NOW, late_days=30)
    # q1 fell due on the 13th, three days ago: q4 on the 11th, too long ago to be corrected.
    assert list(found.index) == ["q2"]
    assert list(later["question_id"]) == ["q1", "q2", "q4"]
    first = later.iloc[0]
    assert list(first["claim_ids"]) == ["c1", "c2"]
    assert (first["verdict"], list(first["resolution_ids"])) == ("no", ["r0", "r1"])
    assert first["last_asked"] == at("13 00:00")
    assert pd.isna(found.loc["q2", "verdict"])
    assert pd.isna(found.loc["q2", "last_asked"])


def test_what_a_person_decided_is_not_asked_about_again(warehouse: Warehouse) -> None:
    plant(warehouse)
    with warehouse.write() as writer:
        writer.append(
            "outcomes.resolutions",
            verdict(30, FIRST, "yes", at("14 00:00"), decided_by="person", supersedes="r0"),
        )
    with warehouse.read() as reader:
        assert list(reader.judge_questions(NOW, late_days=30)["question_id"]) == ["q2", "q4"]


def test_the_future_shows_in_no_read(warehouse: Warehouse) -> None:
    plant(warehouse)
    with warehouse.read() as reader:
        before = reader.judge_questions(NOW, 30)
        settled = reader.settled_questions(NOW, "judge")
        day = reader.last_edition_day(NOW)
    plant_future(warehouse)
    with warehouse.read() as reader:
        pd.testing.assert_frame_equal(reader.judge_questions(NOW, 30), before)
        pd.testing.assert_frame_equal(reader.settled_questions(NOW, "judge"), settled)
        assert reader.last_edition_day(NOW) == day
        assert len(reader.judge_questions(AFTER, 30)) != len(before)


def test_models_learn_from_the_questions_of_their_own_resolver(warehouse: Warehouse) -> None:
    plant(warehouse)
    with warehouse.read() as reader:
        assert reader.settled_questions(NOW)["template"].tolist() == ["continuation"]
        events = reader.settled_questions(NOW, "judge")
    # One row a question, however many forecasters answered it.
    assert events["template"].tolist() == ["event:court", "event:court"]
    assert events["outcome"].tolist() == [0, 0]
