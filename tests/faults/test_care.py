"""Backup, restore, damaged logs, doctor, and runs that die or meet."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.defs.looks import BAD, GOOD, WARNING, Finding
from newsworld_dagster.defs.signing import first_fault, sign_off
from newsworld_dagster.defs.world import World
from newsworld_dagster.doctor import examine
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.forecasting import chain, make_edition
from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.runsafety import (
    PROCESS_TAG,
    RunBusyError,
    close_dead_runs,
    run_turn,
    this_process,
)
from newsworld_dagster.settings import Settings
from newsworld_dagster.warehouse import BackupError, Warehouse, back_up, put_back
from tests.forecasting.toy_desk import desk
from tests.synthetic_world import frame

CLAIMS = make_edition(desk()).claims.head(4)
NOW = pd.Timestamp("2026-03-02 12:00")


class OneWord(Encoder):
    """An encoder that costs nothing."""

    name = "one-word"

    def encode(self, texts: list[str], progress: object = None) -> np.ndarray:
        return np.ones((len(texts), 1), np.float32)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(
        Settings(data_dir=tmp_path / "world", lock_timeout=0.5, run_wait=0.5),
        clock=lambda: NOW,
        given_encoder=OneWord(),
    )
    with made.warehouse.write() as writer:
        writer.append("forecasts.claims", chain(CLAIMS, writer.ledger_head()))
    sign_off(made, CLAIMS["day"].iloc[0], NOW)
    return made


def rows(warehouse: Warehouse) -> int:
    with warehouse.read() as reader:
        return reader.count("forecasts.claims")


def test_a_backup_comes_back_whole(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "backups" / "b.duckdb"
    counts = back_up(world.warehouse, copy)
    assert counts["forecasts.claims"] == 4
    with pytest.raises(BackupError, match=r"exists.*--force"):
        back_up(world.warehouse, copy)
    with pytest.raises(BackupError, match=r"already.*--force"):
        put_back(world.warehouse, copy)
    with duckdb.connect(str(world.warehouse.path)) as connection:
        connection.execute("DELETE FROM forecasts.claims")
    old = put_back(world.warehouse, copy, force=True)
    assert old is not None
    assert old.exists()
    assert rows(world.warehouse) == 4
    with world.warehouse.read() as reader:
        assert first_fault(reader) is None


@pytest.mark.parametrize("content", [b"not a database at all", b""])
def test_what_is_no_backup_is_not_restored(world: World, tmp_path: Path, content: bytes) -> None:
    fake = tmp_path / "fake.duckdb"
    fake.write_bytes(content)
    with pytest.raises(BackupError, match=r"fake\.duckdb"):
        put_back(world.warehouse, fake, force=True)
    with pytest.raises(BackupError, match="no file"):
        put_back(world.warehouse, tmp_path / "missing", force=True)
    assert rows(world.warehouse) == 4


DIES = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("SET checkpoint_threshold = '1 GB'")
for number in range(50):
    connection.execute("INSERT INTO news.rejects VALUES (?, 's', 1, 'r', 'x', now()::TIMESTAMP)",
                       [str(number)])
os._exit(9)
"""


@pytest.mark.parametrize("damage", ["flip", "garbage"])
def test_a_damaged_log_is_set_aside_loudly(
    world: World, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = world.warehouse.path
    subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)
    log = path.with_name(path.name + ".wal")
    whole = log.read_bytes()
    spoilt = bytearray(whole)
    spoilt[40] ^= 0xFF
    log.write_bytes(bytes(spoilt) if damage == "flip" else b"garbage " * 40)
    with caplog.at_level(logging.CRITICAL), world.warehouse.read() as reader:
        assert reader.count("forecasts.claims") == 4
        assert reader.count("news.rejects") == 0
    (kept,) = path.parent.glob("*.damaged-*")
    assert kept.read_bytes() == log_bytes(damage, spoilt)
    assert "damaged" in caplog.text
    assert str(kept) in caplog.text
    found = {finding.name: finding for finding in examine(world)}
    assert found["set aside"].state == WARNING


def log_bytes(damage: str, spoilt: bytearray) -> bytes:
    return bytes(spoilt) if damage == "flip" else b"garbage " * 40


def test_a_killed_writers_log_is_replayed(world: World) -> None:
    subprocess.run([sys.executable, "-c", DIES, str(world.warehouse.path)], check=False)
    with world.warehouse.read() as reader:
        assert reader.count("news.rejects") == 50
    assert not list(world.warehouse.path.parent.glob("*.damaged-*"))


def findings(world: World) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(world)}


def test_a_healthy_world_has_nothing_bad(world: World) -> None:
    found = findings(world)
    assert {name for name, finding in found.items() if finding.state == BAD} == set()
    assert found["ledger"].said == "4 claims as written, 1 days signed off"
    assert found["model"].said == "one-word embeds into 1 dimensions"
    assert {"disk", "migrations", "clock", "articles", "feeds", "runs", "budget"} <= set(found)


def test_an_empty_world_is_not_made_by_looking(tmp_path: Path) -> None:
    world = World(Settings(data_dir=tmp_path / "none"), given_encoder=OneWord())
    assert findings(world)["warehouse"].state == WARNING
    assert not (tmp_path / "none").exists()


def test_the_doctor_finds_what_is_wrong(world: World) -> None:
    state = [
        {"feed_url": f"https://e.com/{n}", "status": "failed", "health": "failing", "error": "no",
         "polled_at": NOW, "next_poll_at": None} for n in range(4)
    ]  # fmt: skip
    with world.warehouse.write() as writer:
        writer.replace_all("news.feed_state", frame("news.feed_state", state))
    with duckdb.connect(str(world.warehouse.path)) as connection:
        connection.execute("DELETE FROM forecasts.claims WHERE seq = 4")
    found = findings(world)
    assert found["articles"].state == BAD
    assert (found["feeds"].state, found["ledger"].state) == (BAD, BAD)
    assert "4 failing" in found["feeds"].said
    assert "signed off" in found["ledger"].said
    world.clock = lambda: NOW - pd.Timedelta(days=1)
    assert findings(world)["clock"].state == BAD


def test_two_runs_take_turns(world: World) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from pathlib import Path\n"
            "from newsworld_dagster.runsafety import run_turn\n"
            "from newsworld_dagster.settings import Settings\n"
            "with run_turn(Settings(data_dir=Path(sys.argv[1])), print):\n"
            "    print('held', flush=True)\n"
            "    sys.stdin.readline()\n",
            str(world.settings.data_dir),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told: list[str] = []
        with (
            pytest.raises(RunBusyError, match=rf"process {holder.pid}.*Nothing was changed"),
            run_turn(world.settings, told.append),
        ):
            pytest.fail("the block must not be entered")
        assert "waiting" in told[0]
        assert "a run is at work" in findings(world)["turn"].said
    finally:
        holder.kill()  # and the killed one gives its turn back
        holder.wait()
    with run_turn(world.settings, print):
        pass


def test_a_run_whose_process_died_is_closed(world: World) -> None:
    with dagster_instance(world.settings) as instance:
        runs = [
            instance.create_run_for_job(_job, tags={PROCESS_TAG: process},
                                        status=dg.DagsterRunStatus.STARTED)
            for process in (this_process(), this_process().replace(str(os.getpid()), "999999"))
        ]  # fmt: skip
        dead = runs[1].run_id
        assert dead in findings(world)["runs"].said
        assert close_dead_runs(instance) == [dead]
        states = [instance.get_run_by_id(run.run_id).status for run in runs]  # type: ignore[union-attr]
    assert states == [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE]


@dg.op
def _nothing() -> None:
    """Do nothing."""


@dg.job
def _job() -> None:
    _nothing()


def test_doctor_speaks_to_monitors(world: World) -> None:
    def doctor() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from newsworld_dagster.cli import main; main()", "doctor",
             "--json"],
            capture_output=True, text=True,
            env={**os.environ, "NEWSWORLD_DATA_DIR": str(world.settings.data_dir),
                 "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip

    done = doctor()
    document = json.loads(done.stdout)
    assert (done.returncode, document["healthy"]) == (0, True), document
    assert {finding["state"] for finding in document["findings"]} <= {GOOD, WARNING}
    with duckdb.connect(str(world.warehouse.path)) as connection:
        connection.execute("UPDATE forecasts.claims SET probability = 0.123 WHERE seq = 2")
    done = doctor()
    assert (done.returncode, json.loads(done.stdout)["healthy"]) == (1, False)
