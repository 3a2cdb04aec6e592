"""The whole pipeline with a language model: the loopback server is the analyst and the judge."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from newsworld_dagster.defs.analysis import analyse, judge
from newsworld_dagster.defs.world import World
from newsworld_dagster.defs.written import write_day
from newsworld_dagster.forecasting import verify
from newsworld_dagster.settings import Settings
from tests.e2e.newsroom import CHANCES, answer, environment
from tests.e2e.worlds import SAMPLE, WorldFolder
from tests.llm.server import KEY, MessagesServer, Reset, Says, Script, Status

FIRST, LAST = "2026-01-28", "2026-02-04"
REPLAY = ("backtest", "--from", FIRST, "--to", LAST, "--warm-up-from", "2026-01-26")


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    with MessagesServer(answer) as running:
        yield running


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, server: MessagesServer) -> WorldFolder:
    folder = tmp_path_factory.mktemp("analyst")
    made = WorldFolder(folder / "world")
    archive = folder / "articles.jsonl"
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["first_seen_at"][:10] <= LAST]
    archive.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert made.run("import", str(archive)).code == 0
    done = made.run(*REPLAY, **environment(server))
    assert done.code == 0, done.err[-3000:]
    return made


def test_reports_claims_verdicts_and_scores_are_made(world: WorldFolder) -> None:
    reports = world.sql(
        "SELECT r.*, a.confidence, a.cost_usd, a.tokens FROM forecasts.reports AS r "
        "JOIN forecasts.analyses AS a USING (report_id) WHERE forecaster = 'analyst'"
    )
    assert len(reports) >= 2 * 6
    assert set(reports["model"]) == {"toy-1"}
    assert reports["cost_usd"].gt(0).all()
    claims = world.sql("SELECT * FROM forecasts.claims WHERE resolver = 'judge'")
    own = claims[claims["forecaster"] == "analyst"]
    assert len(own) == 2 * len(reports)
    assert set(own["probability"]) == set(CHANCES.values())
    # The base rate answers the same questions, so that there is a skill to be had.
    yardstick = claims[claims["forecaster"] == "base-rate"]
    assert sorted(yardstick["question_id"]) == sorted(own["question_id"])
    assert len(world.sql("SELECT * FROM forecasts.samples")) == 2 * len(own)
    assert world.run("ledger", "verify").code == 0
    verdicts = world.sql(
        "SELECT r.*, c.made_at, c.resolve_by, c.statement FROM outcomes.resolutions AS r "
        "JOIN forecasts.claims AS c USING (claim_id) WHERE decided_by = 'judge'"
    )
    assert set(verdicts["verdict"]) == {"yes", "no"}
    seen = world.sql("SELECT article_id, first_seen_at FROM news.articles").set_index("article_id")
    for row in verdicts.itertuples():
        assert row.verdict == ("yes" if row.statement.startswith("The court") else "no")
        for quoted in json.loads(row.evidence):
            when = seen.loc[quoted["article_id"], "first_seen_at"]
            assert row.made_at < when <= row.decided_at
    # Both forecasters get the verdict of their question.
    assert verdicts.groupby("question_id")["claim_id"].nunique().eq(2).all()


def test_the_scorecard_counts_the_analyst_beside_its_base_rate(world: WorldFolder) -> None:
    done = world.run("scorecard", "--json")
    rows = {row["forecaster"]: row for row in json.loads(done.out)["forecasters"]}
    analyst = rows["analyst"]
    scored = world.sql("SELECT * FROM marts.fct_scored_claims WHERE forecaster = 'analyst'")
    assert analyst["scored"] == len(scored) > 0
    # 0.8 for what comes true, 0.3 for what does not: (0.04 + 0.09) / 2, as both come in pairs.
    assert analyst["brier"] == pytest.approx(0.065)
    assert analyst["skill"] > 0
    assert set(scored["family"]) == {"event"}


def test_digests_are_written_and_topics_named_once(world: WorldFolder) -> None:
    written = world.sql("SELECT * FROM stories.written_digests")
    assert set(written["headline"]) == {"This is what happened"}
    day = f"{written['day'].max():%Y-%m-%d}"
    sections = json.loads(world.run("digest", "--day", day, "--json").out)["sections"]
    told = [item for section in sections for item in section["written"]]
    assert told
    seen = world.sql("SELECT url, first_seen_at, day FROM news.articles").set_index("url")
    for item in told:
        (source,) = item["articles"]
        assert seen.loc[source["url"], "first_seen_at"] < written["as_of"].max()
    assert "written by toy-1" in world.run("digest", "--day", day).out
    labels = world.sql("SELECT * FROM stories.written_labels")
    assert labels["topic_id"].is_unique
    assert set(labels["label"]) == {"Matter Of State"}


def test_a_rerun_asks_nothing_and_appends_nothing(
    world: WorldFolder, server: MessagesServer
) -> None:
    before, asked = world.fingerprint(), len(server.bodies)
    done = world.run(*REPLAY, **environment(server))
    assert done.code == 0, done.err[-3000:]
    after = world.fingerprint()
    for table in before:
        if table.startswith(("forecasts.", "outcomes.")):
            assert after[table] == before[table], table
    assert len(server.bodies) == asked


def test_what_was_charged_is_what_the_server_billed(
    world: WorldFolder, server: MessagesServer
) -> None:
    calls = world.sql("SELECT * FROM forecasts.model_calls")
    tokens = ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"]
    assert calls[tokens].sum().sum() == server.billed_tokens
    assert calls["charged_usd"].sum() == pytest.approx(calls["cost_usd"].sum())
    assert set(calls["outcome"]) == {"answered"}


@pytest.fixture
def undone(world: WorldFolder, tmp_path: Path) -> Path:
    """The world with the analyst's last day taken out, and no answers kept."""
    copy = tmp_path / "world"
    (copy / "warehouse").mkdir(parents=True)
    shutil.copy(world.warehouse, copy / "warehouse" / world.warehouse.name)
    with duckdb.connect(str(copy / "warehouse" / world.warehouse.name)) as connection:
        day = pd.Timestamp(LAST).to_pydatetime()
        for table in ("claims", "refusals", "reports", "editions", "model_calls"):
            where = "" if table == "model_calls" else "AND forecaster = 'analyst'"
            if table == "claims":
                where = "AND resolver = 'judge'"
            connection.execute(f"DELETE FROM forecasts.{table} WHERE day = ? {where}", [day])
        connection.execute("DELETE FROM outcomes.resolutions WHERE decided_by = 'judge'")
        connection.execute("DELETE FROM forecasts.model_calls WHERE prompt_id LIKE 'judge-%'")
    return copy


def _analyse(folder: Path, server: MessagesServer, **more: object):
    given = {
        "data_dir": folder,
        "llm_base_url": server.url,
        "llm_api_key": KEY,
        "llm_model": "toy-1",
        "llm_samples": 2,
        "llm_topics": 2,
    }
    world = World(Settings(**(given | more)))
    made = analyse(world, pd.Timestamp(LAST), "record", backfill=False)
    return made, world.budget, WorldFolder(folder)


def _sealed(world: WorldFolder) -> bool:
    seals = world.sql(
        f"SELECT * FROM forecasts.editions WHERE forecaster = 'analyst' AND day = '{LAST}'"
    )
    return len(seals) == 1


def test_a_server_that_is_down_leaves_the_day_open_and_the_next_run_closes_it(
    undone: Path,
) -> None:
    with MessagesServer(lambda _body: Status(529)) as down:
        made, budget, world = _analyse(undone, down)
    assert len(made.unfinished) == 2
    assert made.reports.empty
    assert budget.spent_usd == 0
    assert not _sealed(world)
    with MessagesServer(answer) as up:
        made, _, world = _analyse(undone, up)
    assert len(made.reports) == 2
    assert _sealed(world)
    calls = world.sql(f"SELECT outcome FROM forecasts.model_calls WHERE day = '{LAST}'")
    assert calls["outcome"].value_counts().to_dict() == {"answered": 10, "failed": 2}


def test_a_budget_that_is_spent_stops_and_nothing_is_paid_twice(undone: Path) -> None:
    with MessagesServer(answer) as server:
        # Enough for what one report may use, 12,000 tokens of answer, and not for two.
        made, budget, world = _analyse(undone, server, llm_budget_usd=0.21, llm_concurrency=1)
        assert len(made.reports) == len(made.unfinished) == 1
        assert budget.spent_usd <= 0.21
        assert not _sealed(world)
        assert len(server.bodies) == 5
        made, _, world = _analyse(undone, server)
        # Ten asks in all: two reports, two probabilities of each of their two events.
        assert len(server.bodies) == 10
    calls = world.sql(f"SELECT * FROM forecasts.model_calls WHERE day = '{LAST}'")
    assert calls["charged_usd"].sum() == pytest.approx(
        calls.loc[calls["outcome"] == "answered", "cost_usd"].sum()
    )
    assert calls["outcome"].value_counts().to_dict() == {"answered": 10, "stopped": 1}
    assert len(made.reports) == 1
    assert _sealed(world)


def test_passes_that_disagree_leave_the_claim_to_a_person(undone: Path) -> None:
    said: dict[str, int] = {}

    def torn(body: dict) -> Says:
        """Says yes when it is asked about a claim for the first time, and no for the second."""
        found = answer(body)
        if "verdict" in found.content:
            claim = body["messages"][0]["content"][-1]["text"]
            said[claim] = said.get(claim, 0) + 1
            found.content["verdict"] = "yes" if said[claim] == 1 else "no"
        return found

    folder = WorldFolder(undone)
    with MessagesServer(torn) as server:
        given = {
            "data_dir": undone, "llm_base_url": server.url, "llm_api_key": KEY, "llm_model": "toy-1"
        }  # fmt: skip
        world = World(Settings(**given))
        # The archive ends here, and has no gap in the windows of claims due by then.
        found = judge(world, pd.Timestamp(LAST), pd.Timestamp("2026-02-05"), backfill=False)
    open_before = folder.sql("SELECT count(*) AS n FROM outcomes.judge_queue")["n"].iloc[0]
    assert found is not None
    assert open_before == len(found.queue) > 0
    with world.warehouse.read() as reader:
        waiting = reader.queued_claims(pd.Timestamp("2026-02-05"))
    # Both passes are asked at once, so either may be the first to arrive.
    either = {f"the passes disagree: {verdicts}" for verdicts in ("yes and no", "no and yes")}
    assert set(waiting["because"]) <= either
    claim = waiting["claim_id"].iloc[0]
    assert folder.run("resolve", claim, "yes", "--because", "read them").code == 0
    with world.warehouse.read() as reader:
        later = reader.queued_claims(world.clock())
    assert len(later) == len(waiting) - 1


def test_an_answer_that_cannot_be_used_is_a_refusal_with_its_text(undone: Path) -> None:
    def wrong(body: dict) -> Says:
        said = answer(body)
        if "headline" in said.content:
            said.content["situation"] = "It is reported [99]."
        return said

    with MessagesServer(wrong) as server:
        made, _, world = _analyse(undone, server)
    assert made.reports.empty
    refusals = world.sql(
        f"SELECT * FROM forecasts.refusals WHERE forecaster = 'analyst' AND day = '{LAST}'"
    )
    assert len(refusals) == 2
    assert refusals["raw"].str.contains("[99]", regex=False).all()
    assert refusals["reason"].str.contains("99").all()
    # What was refused is not asked again: the day is done.
    assert _sealed(world)


@pytest.mark.parametrize(
    ("fault", "reports", "refused"),
    [
        (Status(429, {"retry-after": "0"}), 2, ""),
        (Status(500), 2, ""),
        (Status(529), 2, ""),
        (Reset(), 2, ""),
        (Says("{}", slow=1.0), 2, ""),  # slow, and not what was asked for: asked again
        (Says('{"headline": "cut of'), 2, ""),
        (Says({"headline": "half of a report"}, cut=4), 2, ""),
        (Says({}, stop="refusal"), 1, "refusal"),
        (Says({"headline": "too long"}, stop="max_tokens"), 1, "max_tokens"),
    ],
    ids=["429", "500", "529", "reset", "slow", "json", "cut", "refusal", "max_tokens"],
)
def test_each_fault_of_a_server_has_its_outcome(
    undone: Path, fault: Script, reports: int, refused: str
) -> None:
    """The first request meets the fault, the others a sound server."""
    with MessagesServer(answer) as server:
        server.queue = [fault]
        made, budget, world = _analyse(undone, server)
        billed = server.billed_tokens
    assert len(made.reports) == reports
    assert made.unfinished.empty
    assert _sealed(world)
    # Nothing of a partial answer is in the reports, and what was paid for is on a row.
    assert made.reports["headline"].str.startswith("A verdict is near").all()
    calls = world.sql(f"SELECT * FROM forecasts.model_calls WHERE day = '{LAST}'")
    tokens = ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"]
    if getattr(fault, "cut", None) is None:
        assert calls[tokens].sum().sum() == billed == budget.spent_tokens
    assert calls["charged_usd"].sum() == pytest.approx(budget.spent_usd)
    faults = calls.loc[calls["outcome"] == "refused", "fault"].tolist()
    assert faults == ([refused] if refused else [])
    if refused:
        raw = world.sql(
            f"SELECT reason FROM forecasts.refusals WHERE forecaster = 'analyst' AND day = '{LAST}'"
        )
        assert refused in raw["reason"].iloc[0]


@pytest.mark.parametrize("probability", [1.7, float("nan"), 0.0, "0.5 or so"])
def test_a_probability_that_is_none_costs_its_event_and_no_other(
    undone: Path, probability: object
) -> None:
    def wrong(body: dict) -> Says:
        said = answer(body)
        court = "Question: The court" in body["messages"][0]["content"][-1]["text"]
        if "probability" in said.content and court:
            said.content["probability"] = probability
        return said

    with MessagesServer(wrong) as server:
        made, _, world = _analyse(undone, server)
    assert len(made.reports) == 2
    assert made.claims["statement"].str.startswith("The ministry").all()
    refusals = world.sql(
        f"SELECT * FROM forecasts.refusals WHERE forecaster = 'analyst' AND day = '{LAST}'"
    )
    assert refusals["statement"].str.startswith("The court").all()
    assert refusals["reason"].str.contains("0 of 2 probabilities could be used").all()
    # The chain alone: the heads rightly miss the rows that the fixture took out.
    assert verify(world.sql("SELECT * FROM forecasts.claims")) is None


def test_a_backfill_asks_by_batches(undone: Path) -> None:
    with MessagesServer(answer) as server:
        given = {"llm_batch_poll_seconds": 0.01}
        settings = Settings(
            data_dir=undone, llm_base_url=server.url, llm_api_key=KEY, llm_model="toy-1",
            llm_samples=2, llm_topics=2, **given,
        )  # fmt: skip
        world = World(settings)
        made = analyse(world, pd.Timestamp(LAST), "record", backfill=True)
        assert len(made.reports) == 2
        assert server.bodies == []
        assert sum(len(batch["requests"]) for batch in server.batches.values()) == 10


def test_another_run_that_was_quicker_stands_and_what_was_paid_is_on_a_row(undone: Path) -> None:
    begun: list[threading.Thread] = []

    def slow(body: dict) -> Says:
        """Lets a whole other run come before its first answer."""
        if not begun:
            begun.append(threading.Thread(target=_analyse, args=(undone, quick)))
            begun[0].start()
            begun[0].join()
        return answer(body)

    with MessagesServer(answer) as quick, MessagesServer(slow) as server:
        made, budget, world = _analyse(undone, server, llm_concurrency=1, llm_model="toy-2")
        assert made is None
        assert budget.spent_usd > 0
    calls = world.sql(f"SELECT * FROM forecasts.model_calls WHERE day = '{LAST}'")
    paid = calls.groupby("model")["charged_usd"].sum()
    assert paid["toy-2"] == pytest.approx(budget.spent_usd)
    reports = world.sql(
        f"SELECT * FROM forecasts.reports WHERE forecaster = 'analyst' AND day = '{LAST}'"
    )
    assert reports["model"].tolist() == ["toy-1", "toy-1"]


def test_a_section_that_failed_is_written_by_the_next_run_and_it_alone(undone: Path) -> None:
    folder = WorldFolder(undone)
    with duckdb.connect(str(folder.warehouse)) as connection:
        connection.execute("DELETE FROM stories.written_digests")
    day = folder.sql("SELECT day FROM stories.digests WHERE kind <> 'watch' ORDER BY 1")["day"][0]
    sections: list[str] = []

    def half(body: dict) -> Script:
        said = answer(body)
        if "items" in said.content:
            sections.append(body["messages"][0]["content"][-1]["text"].splitlines()[0])
            if len(sections) > 1:
                return Status(400)
        return said

    def run(server: MessagesServer) -> None:
        given = {"data_dir": undone, "llm_base_url": server.url, "llm_api_key": KEY}
        world = World(Settings(**given, llm_model="toy-1", llm_concurrency=1))
        write_day(world, day, day + pd.Timedelta(days=1), backfill=False)

    with MessagesServer(half) as server:
        run(server)
    assert len(sections) > 1
    written = folder.sql("SELECT DISTINCT section FROM stories.written_digests")
    assert len(written) == 1
    with MessagesServer(answer) as server:
        run(server)
        assert len(server.bodies) == len(sections) - 1
        run(server)
        assert len(server.bodies) == len(sections) - 1
    written = folder.sql("SELECT DISTINCT section FROM stories.written_digests")
    assert len(written) == len(sections)


def _canonical(body: dict) -> str:
    """The SDK has an order of its own for the fields."""
    return json.dumps(body, sort_keys=True)


def test_a_dry_run_prints_the_very_requests_without_a_key(undone: Path) -> None:
    folder = WorldFolder(undone)
    done = folder.run(
        "run", "--dry-run", "--json",
        NEWSWORLD_LLM_MODEL="toy-1", NEWSWORLD_LLM_SAMPLES="2", NEWSWORLD_LLM_TOPICS="2",
    )  # fmt: skip
    assert done.code == 0, done.err
    plan = json.loads(done.out)
    reports = [one["body"] for one in plan["requests"] if one["prompt_id"].startswith("report")]
    assert len(reports) == 2
    assert plan["most_usd"] > 0
    with MessagesServer(answer) as server:
        _analyse(undone, server)
        sent = [
            {name: value for name, value in body.items() if name != "stream"}
            for body in server.bodies[:2]
        ]
    assert sorted(map(_canonical, sent)) == sorted(map(_canonical, reports))
    # After the reports are made there is nothing more to ask about them.
    again = folder.run("run", "--dry-run", NEWSWORLD_LLM_MODEL="toy-1", NEWSWORLD_LLM_TOPICS="2")
    assert "The analyst has made its reports" in again.out
    assert "Nothing was sent." in again.out


def test_a_dry_run_of_an_empty_world_says_what_to_do(empty_world: WorldFolder) -> None:
    done = empty_world.run("run", "--dry-run")
    assert done.code == 1
    assert "newsworld demo" in done.err
