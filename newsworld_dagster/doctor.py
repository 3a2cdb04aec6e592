"""`newsworld doctor`: what a careful person would look at, in plain words."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from newsworld_dagster.defs.looks import BAD, GOOD, WARNING, Finding, look_at_record
from newsworld_dagster.defs.world import World
from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.runsafety import dead_runs, holder_of, is_taken
from newsworld_dagster.warehouse import LakeError, MigrationError, WarehouseLockedError
from newsworld_dagster.warehouse.migrate import pending

LEAST_DISK = 500 * 2**20
LONG_RUN = pd.Timedelta(hours=12)


def examine(world: World) -> list[Finding]:
    """Look at everything; a look that itself fails is a bad finding, and the others go on."""
    looks: list[tuple[str, Callable[[World], Iterator[Finding]]]] = [
        ("settings", _settings),
        ("disk", _disk),
        ("warehouse", _warehouse),
        ("set aside", _set_aside),
        ("runs", _runs),
        ("snapshot", _snapshot),
        ("model", _model),
    ]
    found = []
    for name, look in looks:
        try:
            found += list(look(world))
        except Exception as error:  # noqa: BLE001 - one broken part must not hide the others
            found.append(Finding(name, BAD, f"could not be looked at: {error}"))
    return found


def _settings(world: World) -> Iterator[Finding]:
    from newsworld_dagster.articles.feeds import load_feeds

    feeds = load_feeds(world.settings.feeds_file)
    yield Finding("feed list", GOOD, f"{len(feeds)} feeds in {world.settings.feeds_file}")
    settings = world.settings
    if not settings.analyst_on:
        yield Finding("budget", GOOD, "no language model is set up; nothing can be spent")
    elif not settings.llm_budget_usd or not settings.llm_budget_tokens:
        yield Finding(
            "budget",
            WARNING,
            "a language model is set up with a budget of nothing, so it will never be asked",
            "set NEWSWORLD_LLM_BUDGET_USD and NEWSWORLD_LLM_BUDGET_TOKENS, or take the key away",
        )
    else:
        most = f"{settings.llm_budget_usd:g} US dollars, {settings.llm_budget_tokens:,} tokens"
        yield Finding("budget", GOOD, f"a run may spend at most {most}")


def _disk(world: World) -> Iterator[Finding]:
    folder = world.settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    needed = max(LEAST_DISK, 2 * world.warehouse.size())
    said = f"{free / 2**30:.1f} GiB free under {folder}"
    if free < needed:
        yield Finding(
            "disk",
            BAD if free < needed / 4 else WARNING,
            f"{said}; a snapshot and a backup need {needed / 2**30:.1f} GiB",
            "free some space, or move the folder and set NEWSWORLD_DATA_DIR",
        )
    else:
        yield Finding("disk", GOOD, said)


def _warehouse(world: World) -> Iterator[Finding]:
    try:
        there = world.warehouse.exists()
    except LakeError as error:
        yield Finding("warehouse", BAD, str(error))
        return
    if not there:
        yield Finding(
            "warehouse",
            WARNING,
            f"there is none at {world.warehouse} yet",
            "run `newsworld demo`, `newsworld import FILE` or `newsworld run`",
        )
        return
    try:
        with world.warehouse.open_as_is() as reader:
            behind = pending(reader.connection)
            yield Finding("warehouse", GOOD, f"{world.warehouse} opens")
            if behind:
                yield Finding(
                    "migrations",
                    WARNING,
                    f"not applied yet: {', '.join(behind)}",
                    "any command that reads the warehouse applies them",
                )
                return
            yield Finding("migrations", GOOD, "all applied")
            yield from look_at_record(world, reader)
    except (WarehouseLockedError, LakeError) as error:
        yield Finding("warehouse", BAD, str(error))
    except MigrationError as error:
        yield Finding("migrations", BAD, str(error))


def _set_aside(world: World) -> Iterator[Finding]:
    folder = world.settings.warehouse_file.parent
    damaged = sorted(folder.glob("*.damaged-*")) if folder.exists() else []
    if damaged:
        yield Finding(
            "set aside",
            WARNING,
            f"damaged write-ahead logs: {', '.join(path.name for path in damaged)}",
            "run the missing days again, then move the files away",
        )
    else:
        yield Finding("set aside", GOOD, "no damaged files")


def _runs(world: World) -> Iterator[Finding]:
    import dagster as dg

    if is_taken(world.settings):
        yield Finding("turn", GOOD, f"a run is at work ({holder_of(world.settings)})")
    else:
        yield Finding("turn", GOOD, "no run is at work")
    if not world.settings.dagster_home.exists():
        yield Finding("runs", GOOD, "none yet")
        return
    with dagster_instance(world.settings) as instance:
        dead = dead_runs(instance)
        records = instance.get_run_records(limit=1)
        under_way = instance.get_run_records(
            dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]), limit=50
        )
    now = world.clock()
    slow = [
        record
        for record in under_way
        if record.start_time and now - pd.Timestamp(record.start_time, unit="s") > LONG_RUN
    ]
    if dead or slow:
        runs = [run.run_id for run in dead] + [record.dagster_run.run_id for record in slow]
        yield Finding(
            "runs",
            BAD,
            f"stuck: {', '.join(dict.fromkeys(runs))}",
            "the next `newsworld run` ends those whose process died; end others in the Dagster UI",
        )
    elif records and records[0].dagster_run.status == dg.DagsterRunStatus.FAILURE:
        run = records[0].dagster_run
        yield Finding(
            "runs",
            BAD,
            f"the last one ({run.run_id}) failed",
            "the Dagster UI shows at which step; run it again once that is mended",
        )
    else:
        yield Finding("runs", GOOD, "none is stuck, the last one did not fail")


def _snapshot(world: World) -> Iterator[Finding]:
    path: Path = world.settings.snapshot_file
    changed = world.warehouse.changed_at()
    if not path.is_file():
        state = GOOD if changed is None else WARNING
        yield Finding("snapshot", state, "none was published yet")
        return
    published = pd.Timestamp(path.stat().st_mtime, unit="s")
    age = max(pd.Timedelta(0), (changed or published) - published)
    if age > pd.Timedelta(days=2):
        yield Finding(
            "snapshot",
            WARNING,
            f"the published one is {age.days} days older than the warehouse",
            "materialise published/snapshot, or run the next edition",
        )
    else:
        yield Finding("snapshot", GOOD, f"published at {path}")


def _model(world: World) -> Iterator[Finding]:
    (vector,) = world.encoder.encode(["A word to try the model with."])
    yield Finding("model", GOOD, f"{world.encoder.name} embeds into {len(vector)} dimensions")
