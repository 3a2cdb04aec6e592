"""A world that was pruned makes the same next day as one that was not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd

from newsworld_dagster.misses import count_rules
from newsworld_dagster.warehouse import open_snapshot
from tests.e2e.worlds import SAMPLE, WorldFolder

POLICY = {"NEWSWORLD_KEEP_VECTORS_DAYS": "35"}
FIRST_KEPT = "2026-01-22"  # 35 days before the last that was made


def done(world: WorldFolder, *arguments: str) -> str:
    ran = world.run(*arguments, **POLICY)
    assert ran.code == 0, ran.err[-3000:] + ran.out[-3000:]
    return ran.out


def numbers(world: WorldFolder, *arguments: str) -> dict[str, dict[str, object]]:
    told = json.loads(done(world, "prune", "--json", *arguments))
    assert told["dry_run"] == bool(arguments)
    return {one["name"]: one for one in told["pruned"]}


def test_the_day_after_pruning_is_the_same(tmp_path: Path) -> None:
    kept, less = WorldFolder(tmp_path / "kept"), WorldFolder(tmp_path / "less")
    done(kept, "import", str(SAMPLE))
    done(kept, "backtest", "--from=2026-02-25", "--to=2026-02-26", "--warm-up-from=2026-01-18")
    shutil.copytree(kept.path, less.path, symlinks=True)
    before = less.fingerprint()
    old = less.sql(
        "SELECT count(*) AS n FROM embeddings.vectors WHERE content_digest IN (SELECT "
        "content_digest FROM news.articles GROUP BY ALL "
        f"HAVING max(day) < TIMESTAMP '{FIRST_KEPT}')"
    )["n"][0]
    assert old > 20

    would = numbers(less, "--dry-run")
    assert less.fingerprint() == before
    found = numbers(less)
    assert found["embeddings.vectors"] == would["embeddings.vectors"]
    assert found["embeddings.vectors"]["count"] == old
    assert found["dagster runs"]["count"] == 0
    after = less.fingerprint()
    assert after.pop("embeddings.vectors") != before.pop("embeddings.vectors")
    assert after == before

    for world in (kept, less):
        done(world, "backtest", "--from=2026-02-27", "--to=2026-02-27", "--warm-up-from=2026-02-27")
    same, other = kept.fingerprint(), less.fingerprint()
    assert same["forecasts.claims"] != before["forecasts.claims"], "there is a next day"
    same.pop("embeddings.vectors"), other.pop("embeddings.vectors")
    assert other == same

    # Notebooks go over claims of any age: what they need is embedded again, and kept nowhere.
    counted = []
    for world in (kept, less):
        with open_snapshot(world.path / "published" / "snapshot.duckdb") as snapshot:
            asked = snapshot.sql(
                "SELECT * FROM forecasts.claims WHERE spec IS NOT NULL ORDER BY seq"
            )
            assert asked["made_at"].min() < pd.Timestamp(FIRST_KEPT)
            counted.append(count_rules(snapshot, asked))
    pd.testing.assert_frame_equal(counted[0], counted[1])
