"""A team's setup end to end: a lake, Dagster's storage in PostgreSQL, steps by Celery workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from newsworld_dagster.warehouse import Lake, Warehouse
from tests.e2e.newsroom import answer, environment
from tests.e2e.worlds import ROOT, SAMPLE, WorldFolder
from tests.llm.server import MessagesServer
from tests.scale.replaying import BY_THE_CLOCK, DAYS, tables
from tests.scale.servers import Postgres, Redis


@dataclass
class Team:
    """A world on servers, and its workers."""

    world: WorldFolder
    settings: dict[str, str]
    lake: Lake
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def on(cls, folder: Path, postgres: Postgres, redis: Redis, patience: int = 900) -> Team:
        """A new world with databases of its own; a lost worker's step goes on after `patience`."""
        name = uuid.uuid4().hex
        settings = {
            "NEWSWORLD_DATA_DIR": str(folder / "world"),
            "NEWSWORLD_LAKE": postgres.database(f"lake{name}"),
            "NEWSWORLD_LAKE_DATA": str(folder / "lake"),
            "NEWSWORLD_DAGSTER_POSTGRES": postgres.database(f"dagster{name}").replace(
                "postgresql:", "postgresql+psycopg2:"
            ),
            "NEWSWORLD_WORKERS": redis.database(),
            "NEWSWORLD_WORKER_PATIENCE": str(patience),
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

    def began(self, step: str) -> bool:
        """Whether a step has started in a run that goes on, by Dagster's own storage."""
        return bool(
            self._count(
                "SELECT count(*) FROM event_logs AS e JOIN runs AS r USING (run_id) "
                "WHERE r.status = 'STARTED' AND e.dagster_event_type = 'STEP_START' "
                f"AND e.step_key = '{step}'"
            )
        )

    def open_runs(self) -> int:
        """Runs that count as under way."""
        return self._count(
            "SELECT count(*) FROM runs WHERE status NOT IN ('SUCCESS', 'FAILURE', 'CANCELED')"
        )

    def spent_tokens(self) -> int:
        """What runs note that their steps spent."""
        return self._count(
            "SELECT coalesce(sum(split_part(split_part(value, '@', 2), '/', 1)::BIGINT), 0) "
            "FROM run_tags WHERE key = 'newsworld/spent'"
        )

    def _count(self, query: str) -> int:
        import psycopg2

        dsn = self.settings["NEWSWORLD_DAGSTER_POSTGRES"]
        connection = psycopg2.connect(dsn.replace("+psycopg2", ""))
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return int(cursor.fetchone()[0])
        finally:
            connection.close()

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
    for name in ("forecasts.claims", "outcomes.resolutions", "marts.fct_scored_claims"):
        assert found[name][0] > 0, name
    assert not (team.world.path / "warehouse" / "newsworld.duckdb").exists()
    team.run("ledger", "verify")
    team.run("doctor")


def test_killed_workers_broker_and_catalog_cost_time_and_nothing_else(
    tmp_path: Path, postgres: Postgres, redis: Redis, alone: dict[str, tuple[int, str]]
) -> None:
    team = Team.on(tmp_path, postgres, redis, patience=20)
    team.run("import", str(SAMPLE))
    with with_workers(team, "one"):
        running = launch(team)
        wait_for(team, running, lambda: "received" in team.log("one"))
        # Its step goes to the second worker.
        team.kill_worker("one")
        team.start_worker("two")
        wait_for(team, running, lambda: "received" in team.log("two"))
        assert running.poll() is None, "the run goes on without its first worker"
        redis.kill()
        time.sleep(2)
        redis.go_on()
        # It may get through or fail; in either case the same command goes on from there.
        ended_in_words(team, running)
        running = launch(team)
        wait_for(team, running, lambda: team.began("predictions_and_outcomes"))
        postgres.kill()
        time.sleep(1)
        postgres.go_on()
        ended_in_words(team, running)
        team.kill_worker("two")
        team.start_worker("three")
        team.run("backtest", *DAYS)
    assert tables(team.lake) == alone
    assert team.open_runs() == 0, "no run is left as if it were under way"
    team.run("ledger", "verify")
    team.run("doctor")


def test_an_analyst_asks_from_a_team_as_from_one_machine(
    tmp_path: Path, postgres: Postgres, redis: Redis
) -> None:
    """The same days, reports, verdicts and digests; one budget for the steps of a run."""
    with MessagesServer(answer) as server:
        settings = environment(server)
        alone = WorldFolder(tmp_path / "alone")
        for arguments in (("import", str(SAMPLE)), ("backtest", *DAYS)):
            done = alone.run(*arguments, **settings)
            assert done.code == 0, done.err[-3000:]
        asked = len(server.bodies)
        assert asked > 20
        team = Team.on(tmp_path, postgres, redis)
        team.settings |= settings
        team.run("import", str(SAMPLE))
        with with_workers(team, "one", "two"):
            team.run("backtest", *DAYS)
        assert len(server.bodies) == 2 * asked
        found = tables(team.lake, BY_THE_CLOCK)
        assert found == tables(Warehouse(alone.warehouse), BY_THE_CLOCK)
        for name in ("forecasts.samples", "forecasts.model_calls", "stories.written_digests"):
            assert found[name][0] > 0, name
        team.run("ledger", "verify")
        # What the steps of the run spent, each on a worker with a world of its own, adds up.
        with team.lake.read() as reader:
            calls = reader.table("forecasts.model_calls")
        tokens = ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"]
        assert team.spent_tokens() == calls[tokens].sum().sum() == server.billed_tokens / 2


def launch(team: Team) -> subprocess.Popen[bytes]:
    with (team.world.path.parent / "run.log").open("wb") as log:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("newsworld")), "backtest", *DAYS],
            cwd=team.world.path.parent,
            env={**os.environ, **team.settings},
            stdout=log,
            stderr=log,
        )


def ended_in_words(team: Team, running: subprocess.Popen[bytes]) -> None:
    """Wait for a run to get through, or to fail with words in place of a traceback."""
    code = running.wait(timeout=600)
    said = (team.world.path.parent / "run.log").read_text()
    assert code in (0, 1), said
    assert "Traceback" not in said


def wait_for(
    team: Team, running: subprocess.Popen[bytes], come: Callable[[], bool], seconds: float = 600
) -> None:
    deadline = time.monotonic() + seconds
    while not come():
        said = (team.world.path.parent / "run.log").read_text()
        assert running.poll() is None, f"the run ended before: {said}"
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds: {said}"
        time.sleep(0.2)
