"""The forecasters that learn from the record, through the asset that makes the ledger."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import FORECASTERS, LEARNED, MEMBERS, verify
from newsworld_dagster.settings import Settings
from tests.defs.toy_world import FIRST, make, toy_world

LAST = 17


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world forecast up to the day before the last."""
    world = toy_world(tmp_path_factory.mktemp("toy") / "world")
    make(world, 4, LAST - 1)
    return world


def copy_of(world: World, folder: Path) -> World:
    shutil.copytree(world.settings.data_dir, folder / "world")
    return World(
        Settings(data_dir=folder / "world"),
        given_encoder=world.given_encoder,
        code_version=world.code_version,
    )


def ledger(world: World) -> pd.DataFrame:
    with world.warehouse.read() as reader:
        return reader.table("forecasts.claims").sort_values("seq", ignore_index=True)


def overrule(world: World, decided_at: pd.Timestamp) -> int:
    """Turn every verdict on the members' claims round, as of a moment."""
    with world.warehouse.write() as writer:
        verdicts = writer.table("outcomes.resolutions")
        turned = verdicts[verdicts["verdict"].isin(["yes", "no"])].assign(
            verdict=lambda rows: rows["verdict"].map({"yes": "no", "no": "yes"}),
            supersedes=lambda rows: rows["resolution_id"],
            resolution_id=lambda rows: "x" + rows["resolution_id"],
            decided_at=decided_at,
            decided_by="person",
        )
        return writer.append("outcomes.resolutions", turned)


def test_they_answer_every_question_of_the_day_behind_the_others(made: World) -> None:
    claims = ledger(made)
    for _, rows in claims.groupby("question_id"):
        assert sorted(rows["forecaster"]) == sorted(FORECASTERS)
        # The same rule, deadline, sources and input; only what is said differs.
        for column in ("statement", "spec", "resolve_by", "sources", "input_digest", "phase"):
            assert (rows[column] == rows[column].iloc[0]).all(), column
    for _, rows in claims.groupby("day"):
        order = list(dict.fromkeys(rows["forecaster"]))
        assert order == [name for name in FORECASTERS if name in order]
    assert claims["claim_id"].is_unique
    assert verify(claims) is None
    own = claims[claims["forecaster"].isin(LEARNED)]
    assert (own["band"] == own["probability"].map(confidence_band)).all()
    for row in own.itertuples():
        said = json.loads(row.features)
        heard = claims[(claims["question_id"] == row.question_id)].set_index("forecaster")
        wanted = list(MEMBERS) if row.forecaster == "ensemble" else ["coverage"]
        assert said == {name: heard.loc[name, "probability"] for name in wanted}
    with made.warehouse.read() as reader:
        reports = reader.table("forecasts.reports").set_index("report_id")
        seals = reader.table("forecasts.editions")
    counted = claims.groupby("report_id").size()
    assert counted.to_dict() == reports["claims"].to_dict()
    assert (claims["forecaster"] == claims["report_id"].map(reports["forecaster"])).all()
    assert seals.groupby("day")["forecaster"].apply(sorted).map(tuple).unique().tolist() == [
        tuple(sorted(FORECASTERS))
    ]


def test_they_begin_with_what_their_members_say_and_then_learn(made: World) -> None:
    claims = ledger(made)
    told = claims.pivot_table(index=["day", "question_id"], columns="forecaster",
                              values="probability")  # fmt: skip
    first = told.loc[told.index.get_level_values("day") == claims["day"].min()]
    for name in ("coverage-platt", "coverage-isotonic"):
        assert first[name].tolist() == pytest.approx(first["coverage"].tolist(), abs=1e-6)
    last = told.loc[told.index.get_level_values("day") == claims["day"].max()]
    for name in LEARNED:
        assert (last[name] - last["coverage"]).abs().max() > 0.005, name
    with made.warehouse.read() as reader:
        seals = reader.table("forecasts.editions")
    own = seals[seals["forecaster"] == "coverage-platt"].sort_values("day")
    assert own["fitted_on"].iloc[0] == 0
    assert own["fitted_on"].iloc[-1] > 10
    assert own["fitted_on"].is_monotonic_increasing


def test_a_verdict_of_the_future_changes_nothing_and_a_known_one_does(
    made: World, tmp_path: Path
) -> None:
    moment = FIRST + pd.Timedelta(days=LAST + 1)
    ours = {}
    for name, decided_at in (
        ("plain", None),
        ("future", moment + pd.Timedelta(microseconds=1)),
        ("known", moment - pd.Timedelta(hours=2)),
    ):
        world = copy_of(made, tmp_path / name)
        if decided_at is not None:
            assert overrule(world, decided_at) > 50
        make(world, LAST, LAST)
        claims = ledger(world)
        ours[name] = claims[claims["day"] == FIRST + pd.Timedelta(days=LAST)]
    assert len(ours["plain"]) >= 5
    pd.testing.assert_frame_equal(ours["future"], ours["plain"])
    learned = {
        name: rows[rows["forecaster"].isin(LEARNED)].set_index("claim_id")["probability"]
        for name, rows in ours.items()
    }
    shared = learned["known"].index.intersection(learned["plain"].index)
    assert len(shared)
    assert (learned["known"][shared] - learned["plain"][shared]).abs().max() > 0.01


def test_a_rerun_appends_nothing(made: World, tmp_path: Path) -> None:
    world = copy_of(made, tmp_path)
    make(world, LAST, LAST)
    before = ledger(world)
    # Even where another verdict became known meanwhile: the day is sealed.
    overrule(world, FIRST + pd.Timedelta(days=LAST))
    make(world, LAST - 2, LAST)
    pd.testing.assert_frame_equal(ledger(world), before)
