"""Contests, leaders, bands and pairs of related claims, as assets over a small world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from newsworld_dagster.defs import learning
from newsworld_dagster.defs.checks import consistency
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import Settings
from tests.defs.toy_world import FIRST, make, toy_world
from tests.warehouse.warehouse_rows import claim, claims, verdict

DAY = pd.Timedelta(days=1)


def run(world: World, asset: Any, days: list[pd.Timestamp]) -> dict[str, dg.MaterializeResult]:
    with pytest.MonkeyPatch.context() as patch, dg.build_asset_context() as context:
        patch.setattr(learning, "days_of", lambda _context: days)
        results = list(asset(context, world=world))
    return {one.asset_key.to_user_string(): one for one in results}


def table(world: World, name: str) -> pd.DataFrame:
    with world.warehouse.read() as reader:
        return reader.table(name)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Settings(data_dir=tmp_path / "world"), code_version="0.1.0")


MADE = pd.Timestamp("2026-01-05")


def record(world: World, said: dict[str, float], n: int = 240, **changes: Any) -> None:
    """`n` settled questions of 24 topics, of which the last third came true."""
    rows, verdicts = [], []
    for name, sure in said.items():
        for k in range(n):
            yes = k % 3 == 2
            row = claim(
                len(rows) + 1,
                f"q{k}",
                MADE,
                7,
                forecaster=name,
                topic_id=f"t{k // 10}",
                probability=0.5 + sure * (0.5 if yes else -0.5),
                **changes,
            )
            row["claim_id"] = f"{name}-{k}"
            rows.append(row)
            done = verdict(len(rows), row, "yes" if yes else "no", MADE + 7 * DAY)
            verdicts.append(done)
    with world.warehouse.write() as writer:
        writer.append("forecasts.claims", claims(*rows))
        writer.append("outcomes.resolutions", pd.concat(verdicts))


def seal(world: World, *days: str) -> list[pd.Timestamp]:
    moments = [pd.Timestamp(day) for day in days]
    rows = [
        {
            "forecaster": "coverage",
            "day": day,
            "as_of": day + DAY,
            "phase": "record",
            "claims": 0,
            "refused": 0,
            "fitted_on": 0,
            "input_digest": "i",
            "code_version": "0",
        }
        for day in moments
    ]
    with world.warehouse.write() as writer:
        writer.append("forecasts.editions", pd.DataFrame(rows))
    return moments


def test_the_lead_changes_only_by_a_paired_test_on_the_first_edition_of_a_month(
    world: World,
) -> None:
    record(world, {"coverage": 0.2, "coverage-platt": 0.5, "ensemble": 0.4, "base-rate": 0.19})
    days = seal(world, "2026-01-05", "2026-01-13", "2026-02-02", "2026-02-03", "2026-03-01")
    results = run(world, learning.leading_forecaster, days)
    leaders = table(world, "scorecards.leaders")
    # On 5 January nothing had fallen due. In the first look of February three challengers are
    # better or worse by the test, and the best of them takes the lead; then it stays.
    assert leaders["day"].dt.strftime("%m-%d").tolist() == ["01-05", "02-02", "03-01"]
    assert leaders["leader"].tolist() == ["coverage", "coverage-platt", "coverage-platt"]
    assert leaders["previous"].tolist() == ["coverage", "coverage", "coverage-platt"]
    assert "240 shared claims" in leaders["reason"].iloc[1]
    contests = table(world, "scorecards.contests")
    second = contests[contests["day"] == days[2]].set_index("challenger")
    assert second.loc[["coverage-platt", "ensemble"], "promoted"].all()
    assert not second.loc["base-rate", "promoted"]
    # Brier of (1 - 0.2) / 2 and (1 - 0.5) / 2, on every claim.
    assert second.loc["coverage-platt", "difference"] == pytest.approx(0.25**2 - 0.4**2)
    assert "coverage-platt" not in set(contests.loc[contests["day"] == days[4], "challenger"])
    assert results["scorecards/leaders"].metadata["leads"] == "coverage-platt"
    with world.warehouse.read() as reader:
        assert reader.leader_as_of(days[2]) == "coverage"
        assert reader.leader_as_of(days[2] + DAY) == "coverage-platt"
    run(world, learning.leading_forecaster, days)
    pd.testing.assert_frame_equal(table(world, "scorecards.leaders"), leaders)
    pd.testing.assert_frame_equal(table(world, "scorecards.contests"), contests)


def test_too_few_claims_and_those_of_the_warm_up_move_nobody(world: World) -> None:
    record(world, {"coverage": 0.2, "coverage-platt": 0.5}, n=190)
    record(world, {"ensemble": 0.9}, phase="warm_up")
    run(world, learning.leading_forecaster, seal(world, "2026-02-02"))
    assert table(world, "scorecards.leaders")["leader"].tolist() == ["coverage"]
    contests = table(world, "scorecards.contests").set_index("challenger")
    assert "fewer than the 200" in contests.loc["coverage-platt", "reason"]
    assert contests.loc["ensemble", "shared"] == 0


def test_a_verdict_of_the_future_moves_no_leader(world: World) -> None:
    record(world, {"coverage": 0.2, "coverage-platt": 0.5})
    (day,) = seal(world, "2026-02-02")
    with world.warehouse.write() as writer:
        known = writer.table("outcomes.resolutions")
        # Corrections that come one moment too late: all of them would speak for coverage.
        turned = known.assign(
            verdict=known["verdict"].map({"yes": "no", "no": "yes"}),
            supersedes=known["resolution_id"],
            resolution_id="x" + known["resolution_id"],
            decided_at=day + DAY + pd.Timedelta(microseconds=1),
        )
        writer.append("outcomes.resolutions", turned)
    run(world, learning.leading_forecaster, [day])
    assert table(world, "scorecards.leaders")["leader"].tolist() == ["coverage-platt"]
    run(world, learning.leading_forecaster, seal(world, "2026-03-02"))
    assert table(world, "scorecards.leaders")["leader"].tolist() == ["coverage-platt", "coverage"]


def test_pairs_of_the_days_claims_and_what_contradicts(tmp_path: Path) -> None:
    world = toy_world(tmp_path / "world", days=10)
    make(world, 4, 8)
    days = [FIRST + n * DAY for n in range(9)]
    results = run(world, learning.consistency_of_claims, days)
    pairs = table(world, "forecasts.relations")
    wrong = table(world, "forecasts.inconsistencies")
    assert len(pairs) > 5
    assert set(wrong["claim_id"]) == set(pairs.loc[pairs["arbitrage"] > 0.01, "claim_id"])
    assert len(wrong) == (pairs["arbitrage"] > 0.01).sum()
    made = table(world, "forecasts.claims").set_index("claim_id")
    for row in pairs.itertuples():
        one, other = made.loc[row.claim_id], made.loc[row.other_id]
        assert one["forecaster"] == other["forecaster"] == row.forecaster
        assert (one["probability"], other["probability"]) == (
            row.probability,
            row.other_probability,
        )
        assert one["day"] == other["day"] == row.day
    assert results["forecasts/inconsistencies"].metadata["dagster/row_count"] == len(wrong)
    run(world, learning.consistency_of_claims, days)
    assert len(table(world, "forecasts.relations")) == len(pairs)


def plant_pairs(world: World, sizes: list[float]) -> None:
    """Pairs of open claims with a sure profit each."""
    rows = []
    for n in range(len(sizes)):
        for one in ("a", "b"):
            rows.append(claim(2 * n + (one == "b") + 1, f"q{one}{n}", MADE, 7))
            rows[-1]["claim_id"] = f"{one}{n}"
    pairs = pd.DataFrame(
        {
            "kind": "deadline",
            "forecaster": "coverage",
            "claim_id": [f"a{n}" for n in range(len(sizes))],
            "other_id": [f"b{n}" for n in range(len(sizes))],
            "day": MADE,
            "as_of": MADE,
            "probability": 0.5,
            "other_probability": 0.4,
            "excess": 0.1,
            "arbitrage": sizes,
        }
    )
    with world.warehouse.write() as writer:
        writer.append("forecasts.claims", claims(*rows))
        writer.append("forecasts.relations", pairs)


def test_the_check_reads_the_pairs_that_are_open(world: World) -> None:
    plant_pairs(world, [0.2] * 6 + [0.0] * 18)
    seal(world, "2026-01-06")
    found = consistency(world=world)
    assert not found.passed
    assert found.metadata["pairs"].value == 24
    assert found.metadata["violations"].value == 6
    with world.warehouse.write() as writer:
        for n in range(3):
            row = claim(2 * n + 1, f"qa{n}", MADE, 7)
            row["claim_id"] = f"a{n}"
            writer.append("outcomes.resolutions", verdict(n, row, "yes", MADE + DAY))
    found = consistency(world=world)
    assert found.passed
    assert found.metadata["pairs"].value == 21
    assert found.metadata["violations"].value == 3


def test_bands_are_measured_once_there_are_enough(world: World) -> None:
    rows = pd.DataFrame(
        {
            "forecaster": "coverage",
            "topic_id": [f"t{n % 12}" for n in range(60)],
            "probability": [0.2] * 50 + [0.9] * 10,
            "outcome": [0] * 40 + [1] * 10 + [1] * 10,
        }
    )
    with world.warehouse.write() as writer:
        writer.connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        writer.connection.register("rows", rows)
        writer.connection.execute("CREATE TABLE marts.fct_scored_claims AS SELECT * FROM rows")
    seal(world, "2026-01-06")
    learning.bands(world=world)
    found = table(world, "scorecards.bands").set_index("band")
    assert found.loc["Low", "frequency"] == pytest.approx(0.2)
    assert found.loc["Low", "low"] < 0.2 < found.loc["Low", "high"]
    assert bool(found.loc["Low", "honest"])
    assert not found.loc["High", "measured"]
    assert pd.isna(found.loc["High", "frequency"])
    assert "too few" in found.loc["High", "meaning"]
    assert found["as_of"].unique().tolist() == [pd.Timestamp("2026-01-07")]
