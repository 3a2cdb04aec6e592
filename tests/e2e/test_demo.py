"""The main job on the bundled sample."""

from __future__ import annotations

import json
import re

from newsworld_dagster.forecasting import FORECASTERS
from tests.e2e.worlds import ROOT, SAMPLE, WorldFolder


def test_sample_is_as_large_and_varied_as_promised() -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    days = sorted({row["first_seen_at"][:10] for row in rows})
    assert len(rows) >= 500
    assert len({row["publisher"] for row in rows}) >= 60
    assert days[0] >= "2026-01-01"
    assert days[-1] <= "2026-03-31"
    weeks = {(int(day[5:7]), int(day[8:10]) // 7) for day in days}
    assert len(days) >= 56
    assert len(weeks) >= 8
    assert all(row["title"].strip() and row["summary"].strip() for row in rows)
    assert any("Artemis II" in row["title"] for row in rows)


def test_sample_shares_no_run_of_six_words_with_the_source(shared_data) -> None:
    import pandas as pd

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"[a-z0-9]+", text.lower().replace("’", "").replace("'", ""))
        return {tuple(words[i : i + 6]) for i in range(len(words) - 5)}

    source = pd.read_parquet(shared_data / "news_gnews" / "articles.parquet").set_index("url")
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        theirs = source.loc[row["url"]]
        assert not runs(row["title"] + " " + row["summary"]) & runs(
            theirs["title"] + " " + theirs["summary"]
        ), row["url"]


def test_demo_reaches_claims_verdicts_and_a_scorecard(demo_world: WorldFolder) -> None:
    counts = demo_world.sql(
        "SELECT (SELECT count(*) FROM news.articles) AS articles, "
        "(SELECT count(*) FROM forecasts.claims WHERE phase = 'record') AS claims, "
        "(SELECT count(*) FROM outcomes.resolutions) AS verdicts, "
        "(SELECT count(*) FROM scorecards.scorecard) AS lines"
    ).iloc[0]
    assert counts["articles"] >= 500
    assert counts["claims"] >= 200
    assert counts["verdicts"] >= 200
    assert counts["lines"] >= 10
    stories = demo_world.sql(
        "SELECT count(*) AS n FROM (SELECT story_id FROM (SELECT * FROM stories.assignments "
        "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY day DESC) = 1) "
        "GROUP BY story_id HAVING count(*) >= 3)"
    )["n"].iloc[0]
    assert stories >= 40
    said = (demo_world.path / "demo.txt").read_text()
    for word in ("articles", "stories", "topics", "claims", "verdicts", "scorecard lines"):
        assert word in said
    for way in ("make dev", "make notebook", "calibration.html"):
        assert way in said


def test_every_question_has_every_forecaster(demo_world: WorldFolder) -> None:
    answers = demo_world.sql(
        "SELECT question_id, list_sort(list(forecaster)) AS who FROM forecasts.claims "
        "GROUP BY question_id"
    )
    assert all(list(who) == sorted(FORECASTERS) for who in answers["who"])


def test_claims_are_capped_varied_and_cite_known_articles(demo_world: WorldFolder) -> None:
    most = demo_world.sql(
        "SELECT max(n) AS n FROM (SELECT count(*) AS n FROM forecasts.claims "
        "GROUP BY forecaster, topic_id, day)"
    )["n"].iloc[0]
    assert most <= 4
    kinds = demo_world.sql(
        "SELECT DISTINCT split_part(template, ':', 1) AS kind FROM forecasts.claims"
    )["kind"]
    assert set(kinds) == {"continuation", "publishers", "growth", "trigger"}
    windows = demo_world.sql("SELECT DISTINCT window_days AS w FROM forecasts.claims")["w"]
    assert set(windows) == {3, 7, 14, 30}
    later = demo_world.sql(
        "SELECT count(*) AS n FROM (SELECT as_of, unnest(json_extract_string(sources, "
        "'$[*].article_id')) AS article_id FROM forecasts.claims) "
        "LEFT JOIN news.articles USING (article_id) "
        "WHERE first_seen_at IS NULL OR first_seen_at > as_of"
    )["n"].iloc[0]
    assert later == 0


def test_evidence_of_each_yes_lies_in_the_window(demo_world: WorldFolder) -> None:
    wrong = demo_world.sql(
        "SELECT count(*) AS n FROM (SELECT c.made_at, c.resolve_by, "
        "unnest(json_extract_string(r.evidence, '$[*].article_id')) AS article_id "
        "FROM outcomes.resolutions AS r JOIN forecasts.claims AS c USING (claim_id) "
        "WHERE r.verdict = 'yes') JOIN news.articles USING (article_id) "
        "WHERE first_seen_at <= made_at OR first_seen_at > resolve_by"
    )["n"].iloc[0]
    assert wrong == 0


def test_scorecard_json_has_the_promised_shape(demo_world: WorldFolder) -> None:
    done = demo_world.run("scorecard", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    needed = {
        "forecaster", "made", "due", "scored", "void", "pending", "overdue", "brier",
        "brier_low", "brier_high", "log_score", "skill", "skill_low", "skill_high",
        "miscalibration", "discrimination", "uncertainty",
    }  # fmt: skip
    rows = {row["forecaster"]: row for row in document["forecasters"]}
    assert set(rows) == set(FORECASTERS)
    # All answer the same questions, so they have the same counts.
    assert len({(row["made"], row["scored"], row["pending"]) for row in rows.values()}) == 1
    for row in rows.values():
        assert needed <= set(row)
        assert row["made"] == row["due"] + row["pending"]
        assert row["due"] == row["scored"] + row["void"] + row["overdue"]
        assert abs(
            row["miscalibration"] - row["discrimination"] + row["uncertainty"] - row["brier"]
        ) < 1e-9  # fmt: skip
    assert all({"by", "group"} <= set(row) for row in document["groups"])


def test_scorecard_table_command_and_marts_agree(demo_world: WorldFolder) -> None:
    document = json.loads(demo_world.run("scorecard", "--json").out)
    marts = demo_world.sql("SELECT * FROM marts.scorecard_by_forecaster").set_index("forecaster")
    table = demo_world.sql("SELECT * FROM scorecards.scorecard WHERE \"by\" = 'all'").set_index(
        "forecaster"
    )
    for row in document["forecasters"]:
        name = row["forecaster"]
        for count in ("made", "due", "scored", "void", "pending", "overdue", "early"):
            assert row[count] == marts.loc[name, count] == table.loc[name, count]
        for figure in ("brier", "log_score", "skill"):
            assert abs(row[figure] - marts.loc[name, figure]) < 1e-9
            assert abs(row[figure] - table.loc[name, figure]) < 1e-9


def test_ledger_verifies_and_an_edit_is_found(demo_world: WorldFolder, tmp_path) -> None:
    import shutil

    import duckdb

    assert demo_world.run("ledger", "verify").code == 0
    other = WorldFolder(tmp_path / "edited")
    shutil.copytree(demo_world.path / "warehouse", other.path / "warehouse")
    with duckdb.connect(str(other.warehouse)) as connection:
        connection.execute("UPDATE forecasts.claims SET probability = 0.99 WHERE seq = 17")
    done = other.run("ledger", "verify")
    assert done.code == 1
    assert "row 17" in done.err


def test_page_of_the_notebook_is_whole_and_calls_no_other_host(demo_world: WorldFolder) -> None:
    page = (demo_world.path / "published" / "notebooks" / "calibration.html").read_text()
    assert "reliability" in page.lower()
    assert not re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?://""", page)


def test_checks_ran_and_passed(demo_world: WorldFolder) -> None:
    import dagster as dg

    with dg.DagsterInstance.from_config(str(demo_world.path / "dagster")) as instance:
        # The notebooks' pages are a run of their own, after it.
        (run,) = instance.get_runs(dg.RunsFilter(job_name="daily_edition"), limit=1)
        events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [event.dagster_event.asset_check_evaluation_data for event in events]
    ours = {
        "contract", "volume", "feeds", "singletons", "sizes", "steadiness", "strip", "chain",
        "probabilities_and_dates", "point_in_time", "consistency", "refused_share", "order",
        "overdue", "labels", "lifecycle", "drift", "no_repeated_headline", "least_sources",
        "verbatim", "sources_seen", "record", "answers", "queue",
    }  # fmt: skip
    marts = {f"{model.stem}_rules" for model in (ROOT / "dbt_models/models/marts").glob("*.sql")}
    assert len(marts) == 14
    assert ours | marts <= {check.check_name for check in checks}
    assert [check.check_name for check in checks if not check.passed] == []


def test_running_the_demo_again_changes_no_row(demo_world: WorldFolder) -> None:
    before = demo_world.fingerprint()
    done = demo_world.run("demo")
    assert done.code == 0, done.err[-3000:]
    assert demo_world.fingerprint() == before
