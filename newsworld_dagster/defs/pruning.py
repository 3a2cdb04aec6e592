"""Retention: what the policy of the settings lets go of. Never claims, verdicts or their chain.

Articles, stories, topics and everything of the record stay, and so do the answers of language
models, which were paid for. Vectors can be computed again; Dagster's history explains runs, and
nothing is computed from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import POOL
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import JudgingPolicy
from newsworld_dagster.warehouse import Lake, Reader
from newsworld_dagster.warehouse.compaction import (
    LEAST_SHARE,
    compact_file,
    forget_vectors,
    lake_left,
    room_in,
    tidy_lake,
)

DAY = pd.Timedelta(days=1)
ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]


@dataclass(frozen=True)
class Pruned:
    """One kind of thing: how many went or would go, their bytes, and in words by what rule.

    `bytes` is null where nobody can tell.
    """

    name: str
    count: int
    bytes: int | None
    said: str


def prune(world: World, instance: dg.DagsterInstance, *, dry_run: bool = False) -> list[Pruned]:
    """Remove what the policy lets go of, or only say what that would be.

    Each part is whole or not at all: an interruption leaves a sound world, and the next pruning
    goes on.

    Raises
    ------
    WarehouseLockedError
        When someone else writes for longer than NEWSWORLD_LOCK_TIMEOUT.
    CompactionError
        When the warehouse cannot be compacted.
    """
    done = []
    if world.warehouse.exists():
        vectors = _vectors(world, dry_run)
        done.append(vectors)
        done += _room(world, vectors.bytes or 0, dry_run)
    done.append(_snapshots(world, dry_run))
    done.append(_runs(world, instance, dry_run))
    return done


def needed_from(reader: Reader, keep_days: int) -> tuple[pd.Timestamp, str] | None:
    """The first day whose vectors are needed, and by what; None where all are.

    Days are counted back from the last one that was made, not from today: an archive's last day
    may be long past, and its next day reads back from there.
    """
    made, days = reader.last_story_day(), reader.article_days()
    if not keep_days or made is None or not days:
        return None
    last = min(made, days[-1])
    first = last - keep_days * DAY
    claimed = reader.oldest_read_for_claims(last + DAY, JudgingPolicy().late_days)
    if claimed is not None and claimed.floor("D") < first:
        return claimed.floor("D"), "which an open claim reads"
    return first, f"{keep_days} days before {last:%Y-%m-%d}"


def _vectors(world: World, dry_run: bool) -> Pruned:
    name = "embeddings.vectors"
    with world.warehouse.read() as reader:
        found = needed_from(reader, world.settings.keep_vectors_days)
        if found is None:
            return Pruned(name, 0, 0, "all are kept")
        first, why = found
        rows, size = reader.old_vectors(first)
    if rows and not dry_run:
        with world.warehouse.write() as writer:
            rows = forget_vectors(writer, first)
    return Pruned(name, rows, size, f"of texts not seen since {first:%Y-%m-%d}, {why}")


def _room(world: World, forgotten: int, dry_run: bool) -> Iterator[Pruned]:
    warehouse = world.warehouse
    if isinstance(warehouse, Lake):
        before = world.clock() - world.settings.keep_lake_days * DAY
        left = (lake_left if dry_run else tidy_lake)(warehouse, before)
        said = f"states of the lake before {before:%Y-%m-%d %H:%M} UTC, and {left.files} files"
        yield Pruned("lake snapshots", left.snapshots, left.bytes, said)
        return
    room = room_in(warehouse)
    # What was just removed is not free yet in the eyes of the file.
    due = room.free + forgotten >= LEAST_SHARE * room.size > 0
    if not due:
        said = f"not compacted: {room.free:,} of {room.size:,} bytes are free"
        yield Pruned("warehouse file", 0, 0, said)
    elif dry_run:
        yield Pruned("warehouse file", 1, room.free + forgotten, "compacted, about")
    else:
        yield Pruned("warehouse file", 1, compact_file(warehouse), "compacted")


def _snapshots(world: World, dry_run: bool) -> Pruned:
    """Snapshots that a restore set aside; a warehouse that it set aside holds claims and stays."""
    file = world.settings.snapshot_file
    found = sorted(
        file.parent.glob(f"{file.name}.before-restore-*"), key=lambda path: path.stat().st_mtime
    )
    keep = world.settings.keep_old_snapshots
    old = found[: max(0, len(found) - keep)]
    size = sum(path.stat().st_size for path in old)
    if not dry_run:
        for path in old:
            path.unlink()
    return Pruned("old snapshots", len(old), size, f"but the {keep} newest from before a restore")


def _runs(world: World, instance: dg.DagsterInstance, dry_run: bool) -> Pruned:
    days = world.settings.keep_runs_days
    if not days:
        return Pruned("dagster runs", 0, 0, "all are kept")
    before = world.clock() - days * DAY
    # By when they were last heard of: a run under way is in none of these states.
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_before=before.tz_localize("UTC").to_pydatetime())
    )
    logs = world.settings.dagster_home / "history" / "runs"
    size = 0
    for record in records:
        run_id = record.dagster_run.run_id
        own = logs / f"{run_id}.db"
        size += own.stat().st_size if own.exists() else 0
        if not dry_run:
            # The run goes last, or an interruption would leave events that nothing leads to.
            instance.event_log_storage.delete_events(run_id)
            instance.delete_run(run_id)
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            own.unlink(missing_ok=True)  # Dagster empties the file and leaves it
    in_database = world.settings.dagster_postgres is not None
    said = f"ended, and not heard of since {before:%Y-%m-%d}"
    return Pruned("dagster runs", len(records), None if in_database else size, said)


@dg.op(
    name="prune",
    pool=POOL,
    description="Let go of what the settings NEWSWORLD_KEEP_* do not keep: `newsworld prune`.",
)
@limited
def prune_op(context: dg.OpExecutionContext, world: dg.ResourceParam[World]) -> None:
    """The command's work, as a run."""
    for one in prune(world, context.instance):
        size = "" if one.bytes is None else f", {one.bytes:,} bytes"
        context.log.info(f"{one.name}: {one.count:,}{size} ({one.said})")
        context.add_output_metadata({one.name: one.count, f"bytes of {one.name}": one.bytes or 0})
