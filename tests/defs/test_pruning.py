"""What the policy lets go of, and that nothing which is made later differs for it."""

import shutil
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from newsworld_dagster.defs.automation import EDITION_TAG, pruning, weekly_pruning
from newsworld_dagster.defs.pruning import Pruned, needed_from, prune
from newsworld_dagster.defs.world import World
from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.settings import BadSettingError, Settings
from newsworld_dagster.warehouse import APPEND_ONLY
from tests.defs.toy_world import FIRST, make, toy_world

LAST = 50
RECORD = ("forecasts", "outcomes", "stories", "news")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world of 52 days with editions of the last ten, but for the very last day."""
    world = toy_world(tmp_path_factory.mktemp("toy") / "world", days=LAST + 2)
    with world.warehouse.write() as writer:
        # The last day's articles are there, and nobody has worked on it yet.
        for table in ("assignments", "topic_stories", "topics"):
            writer.connection.execute(
                f"CREATE TABLE main.{table} AS FROM stories.{table} WHERE day > ?",
                [FIRST + pd.Timedelta(days=LAST)],
            )
            writer.connection.execute(
                f"DELETE FROM stories.{table} WHERE day > ?", [FIRST + pd.Timedelta(days=LAST)]
            )
    make(world, LAST - 9, LAST)
    return world


def copy_of(world: World, folder: Path, **settings: object) -> World:
    shutil.copytree(world.settings.data_dir, folder)
    return World(
        Settings(data_dir=folder, **settings),
        given_encoder=world.given_encoder,
        code_version=world.code_version,
    )


def pruned(world: World, *, dry_run: bool = False) -> dict[str, Pruned]:
    with dagster_instance(world.settings) as instance:
        return {one.name: one for one in prune(world, instance, dry_run=dry_run)}


def next_day(world: World) -> None:
    with world.warehouse.write() as writer:
        for table in ("assignments", "topic_stories", "topics"):
            writer.connection.execute(f"INSERT INTO stories.{table} FROM main.{table}")
    make(world, LAST + 1, LAST + 1)


def tables(world: World, schemas: tuple[str, ...] = RECORD) -> dict[str, object]:
    with world.warehouse.read() as reader:
        names = reader.frame(
            "SELECT schema_name AS s, table_name AS t FROM duckdb_tables() ORDER BY ALL"
        )
        return {
            f"{schema}.{name}": reader.connection.execute(
                f"SELECT count(*), sum(hash(t)) FROM {schema}.{name} AS t"
            ).fetchone()
            for schema, name in names.itertuples(index=False)
            if schema in schemas
        }


def test_the_next_day_is_the_same_after_pruning(made: World, tmp_path: Path) -> None:
    kept, less = (copy_of(made, tmp_path / name, keep_vectors_days=35) for name in ("kept", "less"))
    before = tables(less)
    would = pruned(less, dry_run=True)
    assert tables(less, (*RECORD, "embeddings")) == tables(kept, (*RECORD, "embeddings"))
    found = pruned(less)
    assert found["embeddings.vectors"] == would["embeddings.vectors"]
    first = FIRST + pd.Timedelta(days=LAST - 35)
    with kept.warehouse.read() as whole, less.warehouse.read() as rest:
        old = whole.articles_as_of(first - pd.Timedelta("1us"))["content_digest"].nunique()
        assert 0 < old == found["embeddings.vectors"].count
        assert rest.count("embeddings.vectors") == whole.count("embeddings.vectors") - old
        assert found["embeddings.vectors"].bytes == old * 16 * 4
    assert tables(less) == before, "nothing but vectors went"
    for world in (kept, less):
        next_day(world)
    # The encoder of this world refuses to embed: what was needed was there.
    after = tables(less)
    assert after == tables(kept)
    assert after["forecasts.claims"] != before["forecasts.claims"]
    assert after["outcomes.resolutions"] != before["outcomes.resolutions"]
    assert pruned(less)["embeddings.vectors"].count <= 40, "one more day is old"


def test_what_an_open_claim_reads_is_kept(made: World, tmp_path: Path) -> None:
    world = copy_of(made, tmp_path / "world", keep_vectors_days=35)
    with world.warehouse.write() as writer:
        old = FIRST + pd.Timedelta(days=5, hours=3)
        writer.connection.execute(
            "UPDATE forecasts.claims SET made_at = $old, as_of = $old, day = $old WHERE seq = "
            "(SELECT min(seq) FROM forecasts.claims ANTI JOIN outcomes.resolutions "
            "USING (claim_id))",
            {"old": old.to_pydatetime()},
        )
    with world.warehouse.read() as reader:
        assert needed_from(reader, 35) == (
            FIRST + pd.Timedelta(days=5),
            "which an open claim reads",
        )
    assert "open claim" in pruned(world)["embeddings.vectors"].said
    with world.warehouse.read() as reader:
        seen = reader.articles_as_of(FIRST + pd.Timedelta(days=90), old.floor("D"))
        assert len(reader.vectors("axes", seen["content_digest"])) == len(seen)


def test_claims_verdicts_and_the_chain_are_never_touched(made: World, tmp_path: Path) -> None:
    world = copy_of(
        made, tmp_path / "world", keep_vectors_days=35, keep_runs_days=1, keep_old_snapshots=0
    )
    world.clock = lambda: pd.Timestamp("2036-01-01")
    before = tables(world)
    pruned(world)
    after = tables(world)
    assert {name for name in APPEND_ONLY if name in after} == APPEND_ONLY
    assert after == before


def test_policies_that_keep_all_and_policies_that_cannot_be() -> None:
    assert Settings(keep_vectors_days=0).keep_vectors_days == 0
    with pytest.raises(BadSettingError, match="at least 35, or 0"):
        Settings(keep_vectors_days=20)


def test_a_world_that_keeps_all_or_has_nothing(made: World, tmp_path: Path) -> None:
    whole = copy_of(made, tmp_path / "whole", keep_vectors_days=0, keep_runs_days=0)
    assert pruned(whole)["embeddings.vectors"] == Pruned("embeddings.vectors", 0, 0, "all are kept")
    nothing = World(Settings(data_dir=tmp_path / "nothing"))
    assert set(pruned(nothing)) == {"old snapshots", "dagster runs"}
    assert not nothing.warehouse.exists()


def test_snapshots_of_before_restores_go_oldest_first(tmp_path: Path) -> None:
    import os

    world = World(Settings(data_dir=tmp_path / "world", keep_old_snapshots=1))
    folder = world.settings.published_dir
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        path = folder / f"snapshot.duckdb.before-restore-2026010{number}T000000"
        path.write_bytes(b"x" * number)
        os.utime(path, (number, number))
    (folder / "snapshot.duckdb").write_bytes(b"current")
    found = pruned(world)["old snapshots"]
    assert (found.count, found.bytes) == (2, 3)
    assert {path.name for path in folder.iterdir()} == {
        "snapshot.duckdb",
        "snapshot.duckdb.before-restore-20260103T000000",
    }


@dg.op
def _says(context: dg.OpExecutionContext) -> None:
    context.log.info("something")


@dg.job
def _job() -> None:
    _says()


def test_ended_runs_go_with_their_events_and_runs_under_way_stay(tmp_path: Path) -> None:
    world = World(Settings(data_dir=tmp_path / "world", keep_runs_days=30))
    now = world.clock()
    with dagster_instance(world.settings) as instance:
        ended = _job.execute_in_process(instance=instance).run_id
        under_way = instance.create_run_for_job(_job, status=dg.DagsterRunStatus.STARTED).run_id
        logs = world.settings.dagster_home / "history" / "runs"
        assert (logs / f"{ended}.db").exists()
    assert pruned(world)["dagster runs"].count == 0, "it is young"
    world.clock = lambda: now + pd.Timedelta(days=31)
    would = pruned(world, dry_run=True)["dagster runs"]
    assert (logs / f"{ended}.db").exists()
    found = pruned(world)["dagster runs"]
    assert found == would
    assert found.count == 1
    assert found.bytes > 4096
    assert not (logs / f"{ended}.db").exists()
    with dagster_instance(world.settings) as instance:
        assert [run.run_id for run in instance.get_runs()] == [under_way]
        assert instance.all_logs(ended) == []


def test_the_job_prunes_in_its_turn(made: World, tmp_path: Path) -> None:
    world = copy_of(made, tmp_path / "world", keep_vectors_days=35)
    assert pruning.tags[EDITION_TAG]
    assert weekly_pruning.job_name == "pruning"
    assert {pool for node in pruning.nodes for pool in node.definition.pools} == {"warehouse"}
    with dagster_instance(world.settings) as instance:
        done = pruning.execute_in_process(instance=instance, resources={"world": world})
        assert done.success
    with world.warehouse.read() as reader:
        assert reader.old_vectors(FIRST + pd.Timedelta(days=LAST - 35)) == (0, 0)
