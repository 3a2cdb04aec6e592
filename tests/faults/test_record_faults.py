"""Every way to falsify the record that we could think of, and whether it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from newsworld_dagster.defs.signing import first_fault, sign_off
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import chain, make_edition
from newsworld_dagster.settings import Settings
from newsworld_dagster.warehouse import publish_snapshot
from tests.forecasting.toy_desk import desk
from tests.synthetic_world import frame

EDITION = make_edition(desk())
CLAIMS = EDITION.claims.head(6)
DAY = CLAIMS["day"].iloc[0]
MADE = CLAIMS["made_at"].iloc[0]


def verdict(claim: int, decided_days: float, seen_days: float | None = None) -> dict[str, object]:
    decided = MADE + pd.Timedelta(days=decided_days)
    seen = MADE + pd.Timedelta(days=decided_days if seen_days is None else seen_days)
    return {
        "resolution_id": f"r{claim}",
        "claim_id": CLAIMS["claim_id"].iloc[claim],
        "question_id": CLAIMS["question_id"].iloc[claim],
        "verdict": "yes",
        "decided_at": decided,
        "day": decided.floor("D"),
        "decided_by": "rule",
        "evidence": json.dumps([{"article_id": "a1", "seen_at": seen.isoformat()}]),
        "supersedes": None,
    }


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two signed-off days: four claims and a verdict, then two claims and two verdicts."""
    world = World(Settings(data_dir=tmp_path))
    days = ((CLAIMS.head(4), [0]), (CLAIMS.tail(2), [1, 2]))
    for number, (claims, settled) in enumerate(days):
        moment = MADE + pd.Timedelta(days=number + 1)
        with world.warehouse.write() as writer:
            rows = claims.reset_index(drop=True)
            writer.append("forecasts.claims", chain(rows, writer.ledger_head()))
            rows = [verdict(claim, number + 0.5) for claim in settled]
            writer.append("outcomes.resolutions", frame("outcomes.resolutions", rows))
        sign_off(world, DAY + pd.Timedelta(days=number), moment)
    return world


def fault_of(world: World, **options: object) -> str | None:
    with world.warehouse.read() as reader:
        fault = first_fault(reader, **options)  # type: ignore[arg-type]
    return None if fault is None else f"{fault.seq}: {fault.reason}"


def falsify(world: World, *statements: str) -> None:
    with duckdb.connect(str(world.warehouse.path)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_what_nobody_touched_is_whole(world: World) -> None:
    assert fault_of(world) is None
    with world.warehouse.read() as reader:
        heads = reader.table("forecasts.heads").sort_values("seq")
        ledger = reader.ledger_head()
    assert heads["claims"].tolist() == [4, 6]
    assert heads["verdicts"].tolist() == [1, 3]
    assert heads["claims_head"].iloc[-1] == ledger[1]
    assert heads["previous_head"].tolist() == ["0" * 64, heads["head_id"].iloc[0]]


def test_a_rerun_signs_nothing_again(world: World) -> None:
    before = world.warehouse
    with before.read() as reader:
        old = reader.table("forecasts.heads")
    for late in (False, True):
        for number in (0, 1):
            sign_off(world, DAY + pd.Timedelta(days=number), MADE, late=late)
    with before.read() as reader:
        pd.testing.assert_frame_equal(reader.table("forecasts.heads"), old)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["DELETE FROM forecasts.claims WHERE seq > 5"], "6: claims up to row 6 were signed off"),
        (["DELETE FROM forecasts.claims WHERE seq = 2"], "3: row 2 is missing"),
        (["UPDATE forecasts.claims SET probability = 0.9 WHERE seq = 4"], "4: its content"),
        (["UPDATE forecasts.claims SET seq = 7 - seq"], "1: it does not follow"),
        (["DELETE FROM outcomes.resolutions WHERE resolution_id = 'r1'"], "2: the sealed verdict"),
        (["UPDATE outcomes.resolutions SET verdict = 'no' WHERE resolution_id = 'r2'"],
         "3: its verdict is not what was sealed"),
        (["UPDATE outcomes.resolutions SET resolution_id = 'r9' WHERE resolution_id = 'r1'"],
         "2: the sealed verdict r1 is missing"),
        (["DELETE FROM outcomes.verdict_chain WHERE seq = 3",
          "DELETE FROM outcomes.resolutions WHERE resolution_id = 'r2'"],
         "3: verdicts up to row 3 were signed off"),
        (["UPDATE outcomes.verdict_chain SET seq = 5 - seq WHERE seq > 1"],
         "3: row 3 of the verdicts is not"),
        (["INSERT INTO outcomes.resolutions SELECT * REPLACE ('x' AS resolution_id, "
          "day - INTERVAL 9 DAY AS day) FROM outcomes.resolutions LIMIT 1"],
         "0: a verdict of"),
        (["DELETE FROM forecasts.heads WHERE seq = 1"], "1: the head of"),
        (["UPDATE forecasts.heads SET claims = 5 WHERE seq = 2"], "is not what was signed"),
    ],
)  # fmt: skip
def test_a_falsified_record_is_found(world: World, statements: list[str], words: str) -> None:
    falsify(world, *statements)
    assert words in (fault_of(world) or "")


def test_an_end_cut_off_with_its_head_is_found_by_what_was_published(world: World) -> None:
    snapshot = publish_snapshot(world.warehouse, world.settings.snapshot_file)
    with world.warehouse.read() as reader:
        kept = str(reader.last_head()["head_id"].iloc[0])
    falsify(
        world,
        "DELETE FROM forecasts.claims WHERE seq > 4",
        "DELETE FROM forecasts.heads WHERE seq = 2",
        "DELETE FROM outcomes.verdict_chain WHERE seq > 1",
        "DELETE FROM outcomes.resolutions WHERE resolution_id <> 'r0'",
    )
    assert fault_of(world) is None  # nothing inside the warehouse could tell
    assert "that was published" in (fault_of(world, snapshot=snapshot) or "")
    assert "is not among the 1 heads" in (fault_of(world, kept_head=kept) or "")


def test_an_end_cut_off_shows_in_the_seals_of_editions(world: World) -> None:
    row = {"forecaster": CLAIMS["forecaster"].iloc[0], "day": DAY, "as_of": MADE, "phase": "record"}
    made = int((CLAIMS["forecaster"] == row["forecaster"]).sum())
    with world.warehouse.write() as writer:
        writer.append("forecasts.editions", frame("forecasts.editions", [row | {"claims": made}]))
    assert fault_of(world) is None
    falsify(world, "DELETE FROM forecasts.heads", "DELETE FROM forecasts.claims WHERE seq > 2")
    assert f"sealed with {made} claims" in (fault_of(world) or "")


def with_evidence(row: dict[str, object], **first: str) -> dict[str, object]:
    """A verdict that rests on something more, before what it had."""
    return row | {"evidence": json.dumps([first, *json.loads(str(row["evidence"]))])}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (lambda: verdict(3, 1.0, seen_days=1.5), "is older than its evidence"),
        # A moment that is none hides no other.
        (lambda: with_evidence(verdict(3, 1.0, seen_days=1.5), article_id="z", seen_at="NaT"),
         "is older than its evidence"),
        (lambda: verdict(3, -1.0), "is older than the claim"),
    ],
)  # fmt: skip
def test_a_verdict_too_old_is_found(
    world: World, row: Callable[[], dict[str, object]], words: str
) -> None:
    with world.warehouse.write() as writer:
        writer.append("outcomes.resolutions", frame("outcomes.resolutions", [row()]))
    sign_off(world, DAY + pd.Timedelta(days=3), MADE + pd.Timedelta(days=3))
    assert words in (fault_of(world) or "")


def test_a_late_and_a_corrected_verdict_are_sealed_in_order(world: World) -> None:
    late = verdict(4, 40.0)
    corrected = verdict(0, 41.0) | {"resolution_id": "r0b", "verdict": "no", "supersedes": "r0"}
    with world.warehouse.write() as writer:
        rows = frame("outcomes.resolutions", [corrected, late])
        writer.append("outcomes.resolutions", rows)
    sign_off(world, DAY + pd.Timedelta(days=41), MADE + pd.Timedelta(days=42))
    assert fault_of(world) is None
    with world.warehouse.read() as reader:
        links = reader.table("outcomes.verdict_chain").sort_values("seq")
    assert links["resolution_id"].tolist() == ["r0", "r1", "r2", "r4", "r0b"]
