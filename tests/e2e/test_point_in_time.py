"""Nothing that comes later, or late, moves what was said."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.worlds import SAMPLE, WorldFolder

LAST = "2026-02-08"
REPLAY = ("backtest", "--from", "2026-01-28", "--to", LAST, "--warm-up-from", "2026-01-26")
TABLES = (
    "stories.assignments", "stories.lineage", "stories.topics", "stories.topic_stories",
    "forecasts.editions", "forecasts.reports", "forecasts.anchors", "forecasts.claims",
    "forecasts.refusals", "outcomes.resolutions", "stories.timelines", "stories.digests",
    "stories.trending",
)  # fmt: skip


def _archive(path: Path, until: str) -> Path:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["first_seen_at"][:10] <= until]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def past_world(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """A world that has seen nothing after the last day."""
    folder = tmp_path_factory.mktemp("past")
    world = WorldFolder(folder / "world")
    archive = _archive(folder / "articles.jsonl", LAST)
    assert world.run("import", str(archive)).code == 0
    done = world.run(*REPLAY)
    assert done.code == 0, done.err[-3000:]
    return world


def test_articles_of_the_future_change_nothing(past_world: WorldFolder, tmp_path: Path) -> None:
    world = WorldFolder(tmp_path / "world")
    assert world.run("import", str(SAMPLE)).code == 0
    # A planted article of the next day that repeats an open topic, by twenty publishers.
    planted = tmp_path / "planted.jsonl"
    planted.write_text(
        "\n".join(
            json.dumps(
                {
                    "url": f"https://planted{n}.example.com/a",
                    "title": f"Artemis II rocket launches {n} times from Florida",
                    "summary": f"NASA's Artemis II moon rocket lifts off, says outlet {n}.",
                    "publisher": f"planted{n}.example.com",
                    "first_seen_at": "2026-02-09T00:00:01Z",
                }
            )
            for n in range(20)
        )
    )
    assert world.run("import", str(planted)).code == 0
    done = world.run(*REPLAY)
    assert done.code == 0, done.err[-3000:]
    ours, theirs = past_world.fingerprint(), world.fingerprint()
    assert ours["forecasts.claims"][0] > 0
    assert ours["stories.trending"][0] > 0
    for table in TABLES:
        assert theirs[table] == ours[table], table


def test_late_news_never_changes_an_earlier_claim(past_world: WorldFolder, tmp_path: Path) -> None:
    before = past_world.sql("SELECT * FROM forecasts.claims ORDER BY seq")
    verdicts = past_world.sql("SELECT * FROM outcomes.resolutions ORDER BY resolution_id")
    late = tmp_path / "late.csv"
    pd.DataFrame(
        {
            "url": [f"https://late.example.com/{n}" for n in range(12)],
            "title": [f"Greenland tariff threat number {n} comes back" for n in range(12)],
            "summary": "A report on Greenland and tariffs that reached us late.",
            "publisher": [f"late{n}.example.com" for n in range(12)],
            "first_seen_at": "2026-01-28T09:00:00Z",
        }
    ).to_csv(late, index=False)
    assert past_world.run("import", str(late)).code == 0
    done = past_world.run(*REPLAY)
    assert done.code == 0, done.err[-3000:]
    after = past_world.sql("SELECT * FROM forecasts.claims ORDER BY seq")
    pd.testing.assert_frame_equal(before, after)
    kept = past_world.sql("SELECT * FROM outcomes.resolutions ORDER BY resolution_id")
    pd.testing.assert_frame_equal(
        kept[kept["resolution_id"].isin(verdicts["resolution_id"])].reset_index(drop=True),
        verdicts,
    )
    assert past_world.run("ledger", "verify").code == 0
