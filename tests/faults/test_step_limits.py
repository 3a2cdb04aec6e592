"""Steps that hang end with their name and their limit, and everything goes on after them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from newsworld_dagster.definitions import defs as load
from newsworld_dagster.defs import limits
from newsworld_dagster.defs.limits import RANGE_END, RANGE_START, limited
from newsworld_dagster.defs.world import World
from newsworld_dagster.llm.budget import Budget, BudgetSpentError
from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.runsafety import (
    PROCESS_TAG,
    SPENT_TAG,
    WORKER_TAG,
    close_dead_runs,
    dead_runs,
    is_taken,
    note_process,
    run_turn,
    spending_of_run,
)
from newsworld_dagster.settings import Settings
from tests.e2e.worlds import WorldFolder

ROOT = Path(__file__).parents[2]


def sleeps() -> None:
    time.sleep(60)


def awaits() -> None:
    async def wait() -> None:
        await asyncio.gather(*(asyncio.sleep(60) for _ in range(3)))

    asyncio.run(wait())


def goes_on_after_failures() -> None:
    for _ in range(60):
        try:
            time.sleep(1)
        except Exception:  # noqa: BLE001 - as our own code does around single feeds
            continue


def runs_another() -> None:
    subprocess.run(["sleep", "60"])


@pytest.mark.parametrize("hang", [sleeps, awaits, goes_on_after_failures, runs_another])
@pytest.mark.parametrize("in_parts", [False, True])
def test_a_step_that_hangs_is_ended_and_not_tried_again(
    tmp_path: Path, hang: Callable[[], None], in_parts: bool
) -> None:
    tries = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    @limited
    def whole(world: dg.ResourceParam[World]) -> dg.MaterializeResult:
        tries.append(1)
        hang()
        return dg.MaterializeResult()

    @dg.multi_asset(specs=[dg.AssetSpec("first"), dg.AssetSpec("second")], name="parts",
                    retry_policy=dg.RetryPolicy(max_retries=2))  # fmt: skip
    @limited
    def parts(world: dg.ResourceParam[World]) -> Iterator[dg.MaterializeResult]:
        tries.append(1)
        yield dg.MaterializeResult("first")
        hang()
        yield dg.MaterializeResult("second")

    began = time.monotonic()
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [parts if in_parts else whole],
            instance=instance,
            resources={"world": World(Settings(data_dir=tmp_path, step_limit=0.5))},
            raise_on_error=False,
        )
        run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert time.monotonic() - began < 20
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    name = "parts" if in_parts else "whole"
    said = failure.step_failure_data.error.message  # type: ignore[union-attr]
    assert f"The step {name} did not end within 0.5 seconds" in said
    assert "NEWSWORLD_STEP_LIMIT" in said
    assert len(tries) == 1


def test_only_the_step_s_own_time_counts(tmp_path: Path) -> None:
    clock = limits.StepClock("slow", 0.6)
    with clock.running():
        time.sleep(0.2)
    time.sleep(1)  # what Dagster does with a result in between
    with clock.running():
        time.sleep(0.1)
    with pytest.raises(limits.StepOverdueError, match="slow did not end"), clock.running():
        time.sleep(1)
    time.sleep(0.1)  # and no alarm is left


@pytest.mark.parametrize(
    ("tags", "limit", "ended"),
    [
        ({RANGE_START: "2026-01-01", RANGE_END: "2026-01-02"}, 0.2, False),
        ({RANGE_START: "2026-01-01", RANGE_END: "2026-01-01"}, 0.2, True),
        ({}, 0, False),
    ],
)
def test_batches_have_a_patience_of_their_own(
    tmp_path: Path, tags: dict[str, str], limit: float, ended: bool
) -> None:
    @dg.asset
    @limited
    def asks(world: dg.ResourceParam[World]) -> None:
        time.sleep(0.6)

    settings = Settings(data_dir=tmp_path, step_limit=limit, llm_api_key="k")
    job = dg.Definitions(assets=[asks], resources={"world": World(settings)})
    result = job.resolve_implicit_global_asset_job_def().execute_in_process(
        tags=tags, raise_on_error=False
    )
    assert result.success is not ended


def test_every_step_has_the_limit() -> None:
    graph = load().resolve_asset_graph()
    assert len(graph.assets_defs) > 25
    for assets in graph.assets_defs:
        code = assets.op.compute_fn.decorated_fn.__code__
        assert Path(code.co_filename).name == "limits.py", assets.op.name


HEARS_NOTHING = """
import sys
from pathlib import Path
import dagster as dg
from newsworld_dagster.defs import limits
from newsworld_dagster.defs.world import World
from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.runsafety import PROCESS_TAG, this_process, run_turn
from newsworld_dagster.settings import Settings

limits.LAST_SECONDS = 1

@dg.asset
@limits.limited
def deaf(world: dg.ResourceParam[World]) -> None:
    sum(range(10**12))  # in C, where no signal is heard

settings = Settings(data_dir=Path(sys.argv[1]), step_limit=0.5)
with run_turn(settings, print), dagster_instance(settings) as instance:
    dg.materialize([deaf], instance=instance, resources={"world": World(settings)},
                   tags={PROCESS_TAG: this_process()})
"""


def test_a_step_that_hears_no_alarm_takes_its_process_with_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEARS_NOTHING, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in deaf" in done.stderr
    settings = Settings(data_dir=tmp_path)
    assert not is_taken(settings)
    with dagster_instance(settings) as instance:
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.STARTED
        assert close_dead_runs(instance) == [run.run_id]
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]


HANGS = """
import runpy, time
from newsworld_dagster.warehouse import Reader
Reader.articles_as_of = lambda *_, **__: time.sleep(600)
runpy.run_module("tests.faults.short_job", run_name="__main__")
"""
ARTICLES = "url,title,first_seen_at\nhttps://e.com/a,A bridge opens,2026-01-05T10:00:00Z\n"
DAY = ("backtest", "--from", "2026-01-05", "--to", "2026-01-05")


def test_a_run_of_the_command_ends_with_its_hanging_step(tmp_path: Path) -> None:
    world = WorldFolder(tmp_path / "world")
    file = tmp_path / "articles.csv"
    file.write_text(ARTICLES)
    assert world.run("import", str(file)).code == 0

    def run(*code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *code, *DAY],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NEWSWORLD_DATA_DIR": str(world.path),
                 "NEWSWORLD_STEP_LIMIT": "2" if code[0] == "-c" else "600"},
        )  # fmt: skip

    done = run("-c", HANGS)
    assert done.returncode == 1
    assert "Step news__articles failed" in done.stderr
    assert "did not end within 2 seconds" in done.stderr
    assert "Traceback" not in done.stderr
    settings = Settings(data_dir=world.path, run_wait=0)
    with run_turn(settings, print), dagster_instance(settings) as instance:
        (run_of_it,) = instance.get_runs()
        assert run_of_it.status == dg.DagsterRunStatus.FAILURE
        slots = instance.event_log_storage.get_concurrency_info("warehouse")
        assert (slots.active_slot_count, slots.pending_step_count) == (0, 0)
    again = run("-m", "tests.faults.short_job")
    assert again.returncode == 0, again.stderr[-2000:]


@dg.op
def _nothing() -> None:
    """Do nothing."""


@dg.job
def _job() -> None:
    _nothing()


def test_a_run_tried_again_is_not_taken_for_its_dead_parent(tmp_path: Path) -> None:
    dead = "somewhere/1/1".replace("somewhere", os.uname().nodename)
    with dagster_instance(Settings(data_dir=tmp_path)) as instance:
        parent = instance.create_run_for_job(_job, status=dg.DagsterRunStatus.STARTED)
        instance.add_run_tags(parent.run_id, {WORKER_TAG: f"{parent.run_id}@{dead}"})
        again = instance.create_run_for_job(
            _job,
            status=dg.DagsterRunStatus.STARTED,
            tags={WORKER_TAG: f"{parent.run_id}@{dead}", PROCESS_TAG: dead},
            parent_run_id=parent.run_id,
            root_run_id=parent.run_id,
        )
        assert [run.run_id for run in dead_runs(instance)] == [parent.run_id]
        note_process(instance, again.run_id)
        assert [run.run_id for run in dead_runs(instance)] == [parent.run_id]
        instance.add_run_tags(again.run_id, {WORKER_TAG: f"{again.run_id}@{dead}"})
        assert {run.run_id for run in dead_runs(instance)} == {parent.run_id, again.run_id}


def test_the_steps_of_a_run_have_one_budget_wherever_they_run(tmp_path: Path) -> None:
    with dagster_instance(Settings(data_dir=tmp_path)) as instance:
        run_id = instance.create_run_for_job(_job).run_id
        first, second, third = Budget(usd=1.0), Budget(usd=1.0), Budget(usd=1.0)
        with pytest.raises(ZeroDivisionError), spending_of_run(instance, run_id, first):
            asked = first.try_reserve(100, 0.8)
            assert asked is not None
            first.settle(asked, 70, 0.6)
            1 / 0  # noqa: B018 - a step that fails has spent all the same
        with spending_of_run(instance, run_id, second):
            assert (second.spent_tokens, second.spent_usd) == (70, 0.6)
            with pytest.raises(BudgetSpentError):
                second.try_reserve(100, 0.5)
        tags = instance.get_run_by_id(run_id).tags
        assert tags[SPENT_TAG] == f"{run_id}@70/0.600000"
        again = instance.create_run_for_job(
            _job, tags=tags, parent_run_id=run_id, root_run_id=run_id
        ).run_id
        with spending_of_run(instance, again, third):
            assert third.spent_usd == 0, "a run that is tried again has a budget of its own"
