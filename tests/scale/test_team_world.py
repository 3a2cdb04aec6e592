"""A team's setup end to end: a lake, Dagster's storage in PostgreSQL, steps by Celery workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from newsworld_dagster.warehouse import Lake
from tests.e2e.worlds import ROOT, SAMPLE, WorldFolder
from tests.scale.replaying import DAYS, tables
from tests.scale.servers import Postgres, Redis


@dataclass
class Team:
    """A world on servers, and its workers."""

    world: WorldFolder
    settings: dict[str, str]
    lake: Lake
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def on(cls, folder: Path, postgres: Postgres, redis: Redis) -> Team:
        """A new world with databases of its own."""
        name = uuid.uuid4().hex
        settings = {
            "NEWSWORLD_DATA_DIR": str(folder / "world"),
            "NEWSWORLD_LAKE": postgres.database(f"lake{name}"),
            "NEWSWORLD_LAKE_DATA": str(folder / "lake"),
            "NEWSWORLD_DAGSTER_POSTGRES": postgres.database(f"dagster{name}").replace(
                "postgresql:", "postgresql+psycopg2:"
            ),
            "NEWSWORLD_WORKERS": redis.database(),
            "NEWSWORLD_WORKER_PATIENCE": "20",
            "NEWSWORLD_SPREAD": "2",
        }
        lake = Lake(settings["NEWSWORLD_LAKE"], settings["NEWSWORLD_LAKE_DATA"])
        return cls(WorldFolder(folder / "world"), settings, lake)

    def run(self, *arguments: str) -> None:
        """Run `newsworld` and expect it to succeed."""
        done = self.world.run(*arguments, **self.settings)
        assert done.code == 0, done.err[-3000:] + done.out[-3000:]

    def start_worker(self, name: str) -> None:
        """Start a worker with one step at a time."""
        log = (self.world.path.parent / f"{name}.log").open("ab")
        self.workers[name] = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "newsworld_dagster.workers",
                "worker",
                "--concurrency",
                "1",
                "--hostname",
                f"{name}@%h",
                "--loglevel",
                "INFO",
            ],
            cwd=ROOT,
            env={**os.environ, **self.settings, "C_FORCE_ROOT": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def kill_worker(self, name: str) -> None:
        """End a worker and its children at once."""
        process = self.workers.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        """What a worker said."""
        return (self.world.path.parent / f"{name}.log").read_text()


@contextmanager
def with_workers(team: Team, *names: str) -> Iterator[Team]:
    for name in names:
        team.start_worker(name)
    try:
        yield team
    finally:
        for name in list(team.workers):
            team.kill_worker(name)


def test_a_team_makes_what_one_makes_alone(
    tmp_path: Path, postgres: Postgres, redis: Redis, alone: dict[str, tuple[int, str]]
) -> None:
    team = Team.on(tmp_path, postgres, redis)
    team.run("import", str(SAMPLE))
    with with_workers(team, "one", "two"):
        team.run("backtest", *DAYS)
        for name in ("one", "two"):
            assert "succeeded in" in team.log(name), "each worker took a share"
    found = tables(team.lake)
    assert len(found) > 40
    assert found == alone
    assert not (team.world.path / "warehouse" / "newsworld.duckdb").exists()
    team.run("ledger", "verify")
    team.run("doctor")


def test_killed_workers_broker_and_catalog_cost_time_and_nothing_else(
    tmp_path: Path, postgres: Postgres, redis: Redis, alone: dict[str, tuple[int, str]]
) -> None:
    team = Team.on(tmp_path, postgres, redis)
    team.run("import", str(SAMPLE))
    with with_workers(team, "one"):
        running = launch(team)
        wait_for(team, "one", "received")
        # Its step goes to the second worker.
        team.kill_worker("one")
        team.start_worker("two")
        wait_for(team, "two", "received")
        redis.kill()
        time.sleep(2)
        redis.go_on()
        wait_for(team, "two", "succeeded in")
        postgres.kill()
        time.sleep(1)
        postgres.go_on()
        running.wait(timeout=300)
        # It may have got through or failed; in either case the same command completes it.
        team.kill_worker("two")
        team.start_worker("three")
        team.run("backtest", *DAYS)
    assert tables(team.lake) == alone
    team.run("ledger", "verify")


def launch(team: Team) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("newsworld")), "backtest", *DAYS],
        cwd=team.world.path.parent,
        env={**os.environ, **team.settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(team: Team, worker: str, words: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while words not in team.log(worker):
        assert time.monotonic() < deadline, f"{worker} never said {words!r}: {team.log(worker)}"
        time.sleep(0.2)
