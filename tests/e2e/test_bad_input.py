"""Every failure is one paragraph that says what to do, and loses nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd

from tests.e2e.worlds import Ran, WorldFolder

GOOD = pd.DataFrame(
    {
        "url": ["https://example.com/a", "https://example.com/b"],
        "title": ["A bridge opens in the north", "A bridge closes in the south"],
        "summary": ["It took ten years.", "It took ten minutes."],
        "publisher": ["example.com", "example.com"],
        "first_seen_at": ["2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"],
    }
)


def _paragraph(done: Ran, *words: str, code: int = 1) -> None:
    assert done.code == code, (done.out, done.err)
    assert "Traceback" not in done.err
    assert "error:" in done.err.lower()
    said = " ".join(done.err.split())
    for word in words:
        assert word in said, said


def _store_good(world: WorldFolder, tmp_path: Path) -> None:
    GOOD.to_csv(tmp_path / "good.csv", index=False)
    assert world.run("import", str(tmp_path / "good.csv")).code == 0
    assert len(world.sql("SELECT * FROM news.articles")) == 2


def test_corrupt_parquet(empty_world: WorldFolder, tmp_path: Path) -> None:
    _store_good(empty_world, tmp_path)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is not a parquet file")
    _paragraph(empty_world.run("import", str(tmp_path / "broken.parquet")), "broken.parquet")
    assert len(empty_world.sql("SELECT * FROM news.articles")) == 2


def test_csv_without_needed_columns(empty_world: WorldFolder, tmp_path: Path) -> None:
    GOOD.rename(columns={"url": "adresse", "title": "titel"}).to_csv(tmp_path / "x.csv")
    done = empty_world.run("import", str(tmp_path / "x.csv"))
    _paragraph(done, "x.csv", "adresse", "--column")
    mapped = empty_world.run(
        "import", str(tmp_path / "x.csv"), "--column", "url=adresse", "--column", "title=titel"
    )
    assert mapped.code == 0
    assert len(empty_world.sql("SELECT * FROM news.articles")) == 2


def test_unreadable_dates_are_rejects_with_reasons(empty_world: WorldFolder, tmp_path) -> None:
    GOOD.assign(first_seen_at=["2026-01-05T10:00:00Z", "the other day"]).to_csv(
        tmp_path / "dates.csv", index=False
    )
    done = empty_world.run("import", str(tmp_path / "dates.csv"))
    assert done.code == 0
    assert "1 rejected" in done.out
    reject = empty_world.sql("SELECT * FROM news.rejects").iloc[0]
    assert reject["row_number"] == 2
    assert "the other day" in reject["reason"] + reject["raw"]
    assert len(empty_world.sql("SELECT * FROM news.articles")) == 1


def test_unknown_forecaster(empty_world: WorldFolder) -> None:
    done = empty_world.run("scorecard", "--forecaster", "oracle")
    _paragraph(done, "oracle", "coverage", "base-rate", code=2)


def test_empty_ledger_names_the_ways_on(empty_world: WorldFolder) -> None:
    _paragraph(empty_world.run("scorecard"), "newsworld demo")


def test_backtest_outside_the_archive(empty_world: WorldFolder, tmp_path: Path) -> None:
    _store_good(empty_world, tmp_path)
    done = empty_world.run("backtest", "--from", "2024-01-01", "--to", "2024-02-01")
    _paragraph(done, "2026-01-05", "newsworld import", code=2)


def test_an_edition_of_a_day_that_the_world_lacks(empty_world: WorldFolder, tmp_path: Path) -> None:
    done = empty_world.run("run", "--as-of", "2026-01-06T12:00")
    _paragraph(done, "holds no article", "newsworld import", code=2)
    _store_good(empty_world, tmp_path)
    for moment in ("2026-01-06T00:00", "2026-01-04T23:59"):
        done = empty_world.run("run", "--as-of", moment)
        _paragraph(done, moment, "2026-01-05 to 2026-01-05", "2026-01-05T23:59", code=2)


def test_a_day_on_which_nothing_can_be_claimed(empty_world: WorldFolder, tmp_path: Path) -> None:
    _store_good(empty_world, tmp_path)
    done = empty_world.run("run", "--as-of", "2026-01-05T23:59")
    assert done.code == 0, done.err
    assert empty_world.sql("SELECT count(*) AS n FROM stories.topics")["n"].item() == 1
    assert empty_world.sql("SELECT count(*) AS n FROM forecasts.claims")["n"].item() == 0
    assert (empty_world.path / "published" / "edition" / "index.html").is_file()


def test_a_spoiled_table_is_named_with_its_rule(empty_world: WorldFolder, tmp_path: Path) -> None:
    GOOD.assign(first_seen_at=["2026-01-05T10:00:00Z", "the other day"]).to_csv(
        tmp_path / "dates.csv", index=False
    )
    assert empty_world.run("import", str(tmp_path / "dates.csv")).code == 0
    with duckdb.connect(str(empty_world.warehouse)) as connection:
        connection.execute("INSERT INTO news.rejects SELECT * FROM news.rejects")
    done = empty_world.run("run", "--as-of", "2026-01-05T23:59")
    _paragraph(done, "news_rejects_rules: reject_id repeats (1 rows)", "newsworld restore")
    assert not (empty_world.path / "published").exists()


def test_locked_warehouse(empty_world: WorldFolder, tmp_path: Path) -> None:
    _store_good(empty_world, tmp_path)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys, time\n"
            f"c = duckdb.connect({str(empty_world.warehouse)!r})\n"
            "c.execute('CREATE TABLE main.held AS SELECT 1')\n"
            "print('held', flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        done = empty_world.run("scorecard", NEWSWORLD_LOCK_TIMEOUT="1")
        _paragraph(done, "held by another process", "snapshot")
    finally:
        holder.kill()
        holder.wait()
    assert len(empty_world.sql("SELECT * FROM news.articles")) == 2


def test_no_feed_reachable_names_the_offline_ways(empty_world: WorldFolder, tmp_path) -> None:
    feeds = tmp_path / "feeds.yaml"
    # Port 9 of the loopback: nothing listens there.
    feeds.write_text("feeds:\n  - {name: Nothing, url: 'http://127.0.0.1:9/f', section: World}\n")
    done = empty_world.run("run", NEWSWORLD_FEEDS_FILE=str(feeds))
    _paragraph(done, "newsworld demo", "newsworld import")


def test_bad_usage_has_its_own_code(empty_world: WorldFolder) -> None:
    assert empty_world.run("backtest").code == 2
    assert empty_world.run("nonsense").code == 2
    assert empty_world.run("--help").code == 0
