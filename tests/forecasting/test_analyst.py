from __future__ import annotations

import asyncio
import json
from typing import Any

import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.forecasting import chain, verify
from newsworld_dagster.forecasting.analyst import TopicDraft, TopicGiven, draft_reports
from newsworld_dagster.forecasting.analyst_rows import Analyses, analyst_rows
from newsworld_dagster.llm import BatchPolicy, Budget, DryRun, MemoryStore, Terms, connect
from newsworld_dagster.prompts import load_prompt
from tests.forecasting.toy_analyst import (
    AS_OF,
    BRIDGE,
    NO_SETTLED,
    PARAMETERS,
    PRICE,
    SECOND,
    STAMP,
    VOTE,
    Analyst,
    analyse,
    articles,
    asked_again,
    chance,
    draft,
    event,
    prompt_of,
    reasons,
    report,
    topic,
)
from tests.llm.server import KEY, MessagesServer, Says, Script, Status


def one_topic(analyst: Analyst, given: TopicGiven | None = None, **more: Any) -> Analyses:
    with MessagesServer(analyst) as server:
        return analyse(server, [given or topic()], **more)


def test_a_report_becomes_rows_of_every_table() -> None:
    with MessagesServer(Analyst()) as server:
        made = analyse(server, [topic()])
        billed = server.billed_tokens
    (row,) = made.reports.to_dict("records")
    assert row["forecaster"] == "analyst"
    assert row["headline"] == "Lindholm bridge likely to open in March"
    assert (row["claims"], row["model"]) == (2, "toy-1")
    assert [(s["number"], s["article_id"]) for s in json.loads(row["sources"])] == [
        (1, "a1"), (2, "a2"), (3, "a3")
    ]  # fmt: skip
    (analysis,) = made.analyses.to_dict("records")
    assert (analysis["label"], analysis["confidence"]) == ("Lindholm Bridge", "Medium")
    assert analysis["prompt_digest"] == load_prompt("report", 1).digest
    assert analysis["tokens"] == billed
    assert list(made.texts["kind"]) == [
        "situation", "signal", "outlook", "outlook", "implications"
    ]  # fmt: skip
    assert list(made.texts["cites"]) == ["[1, 2, 3]", "[2, 3]", "[3]", "[3]", "[1]"]
    # The nearest window first, whatever order it was written in.
    assert list(made.texts["heading"].iloc[2:4]) == ["Within a month", "Within three months"]
    assert len(made.calls) == 1 + 2 * 2
    assert set(made.calls["outcome"]) == {"answered"}
    assert made.calls["cost_usd"].sum() == pytest.approx(made.claims["cost_usd"].sum())
    assert made.calls["cost_usd"].sum() == pytest.approx(analysis["cost_usd"])
    assert made.refusals.empty
    assert made.unfinished.empty


def test_claims_meet_the_ledger_and_can_be_chained() -> None:
    made = one_topic(Analyst())
    chained = chain(made.claims, (0, "0" * 64))
    meet(CONTRACTS["forecasts.claims"], chained)
    assert verify(chained) is None
    first = chained.iloc[0]
    assert first["statement"].startswith(BRIDGE)
    assert (first["resolver"], first["template"]) == ("judge", "event:official_decision")
    # The end of 14 March, 28 days after the start of 15 February.
    assert first["resolve_by"] == pd.Timestamp("2026-03-15")
    assert first["window_days"] == 28
    assert first["made_at"] == AS_OF
    assert (first["probability"], first["band"]) == (0.8, "High")
    assert [s["number"] for s in json.loads(first["sources"])] == [1, 3]
    assert (chained["probability"].iloc[1], chained["band"].iloc[1]) == (0.3, "Low")


def test_samples_are_kept_and_combined_in_log_odds() -> None:
    # logit(0.9) + logit(0.2) over 2: sqrt(9 * 1/4) = 1.5, so the odds are 3 to 2.
    given = report(events=[event()])
    analyst = Analyst([Says(given)], probabilities=[Says(chance(0.9)), Says(chance(0.2))])
    made = one_topic(analyst)
    assert made.claims["probability"].iloc[0] == pytest.approx(0.6, abs=1e-6)
    assert list(made.samples["probability"]) == [0.9, 0.2]
    assert list(made.samples["sample_index"]) == [0, 1]
    assert list(made.samples["weight"]) == [1.0, 1.0]
    assert json.loads(made.samples["reasoning"].iloc[0])["case_for_no"] == "thoughts on case_for_no"
    assert json.loads(made.claims["features"].iloc[0]) == {
        "sample_0": 0.9, "sample_1": 0.2, "weight_0": 1.0, "weight_1": 1.0
    }  # fmt: skip
    assert made.samples["request_digest"].is_unique
    assert (made.samples["cost_usd"] > 0).all()


def test_weights_weigh_and_are_stored() -> None:
    analyst = Analyst(
        [Says(report(events=[event()]))], probabilities=[Says(chance(0.9)), Says(chance(0.2))]
    )
    with MessagesServer(analyst) as server:
        drafts = draft(server, [topic()])
    made = analyst_rows(drafts, STAMP, PARAMETERS, weights=[3.0, 1.0])
    odds = (9**3 / 4) ** (1 / 4)
    assert made.claims["probability"].iloc[0] == pytest.approx(odds / (1 + odds), abs=1e-6)
    assert list(made.samples["weight"]) == [3.0, 1.0]
    for weights in ([1.0], [1.0, 0.0]):
        with pytest.raises(ValueError, match="2 samples"):
            analyst_rows(drafts, STAMP, PARAMETERS, weights=weights)


UNKNOWN = {
    "in the situation": report(situation="Done, they say [4]."),
    "in a list": report(situation="Done, they say [1, 7]."),
    "in a span": report(implications="Ferries lose [2-5]."),
    "as zero": report(situation="Done [0]."),
    "in the sources": report(sources=[{"number": n, "note": "x"} for n in (1, 2, 3, 99)]),
    "of an event": report(events=[event(sources=[8])]),
    "in a rationale": report(events=[event(rationale="They said so [12].")]),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_citation_of_no_article_is_asked_again_once_and_then_refused(case: str) -> None:
    wrong = Says(UNKNOWN[case])
    repaired = one_topic(Analyst([wrong, Says(report())]))
    assert len(repaired.reports) == 1
    assert repaired.calls["requests"].iloc[0] == 2
    refused = one_topic(Analyst([wrong, wrong]))
    assert refused.reports.empty
    assert refused.claims.empty
    (row,) = refused.refusals.to_dict("records")
    ((fault, reason),) = reasons(row["reason"])
    assert fault == "invalid"
    assert "articles are numbered 1 to 3" in reason
    assert json.loads(row["raw"]) == UNKNOWN[case]


def test_a_report_must_cite_and_list_what_it_cites() -> None:
    for faulty, reason in (
        (report(situation="All is well."), "situation cites no article"),
        (report(sources=[{"number": 1, "note": "x"}]), r"sources lacks the cited [2], [3]"),
        (report(sources=[{"number": n, "note": "x"} for n in (1, 2, 3, 3)]), "twice"),
        (
            report(outlook=[{"by": "2026-02-15", "heading": "Now", "text": "It opens."}]),
            "not after 2026-02-15",
        ),
    ):
        made = one_topic(Analyst([Says(faulty), Says(faulty)]))
        assert reason in made.refusals["reason"].iloc[0]


VAGUE = event(statement="Lindholm might significantly delay the bridge by 2026-03-14.")


def test_a_claim_that_cannot_be_decided_is_repaired_once() -> None:
    better = {"reason": "Took a public act.", "event": event()}
    analyst = Analyst([Says(report(events=[VAGUE, SECOND]))], [Says(better)])
    with MessagesServer(analyst) as server:
        made = analyse(server, [topic()])
        (repair,) = [body for body in server.bodies if prompt_of(body) == "claim_repair"]
    assert [text.split()[0] for text in made.claims["statement"]] == ["The", "The"]
    assert made.refusals.empty
    asked = repair["messages"][0]["content"][-1]["text"]
    assert "vague_verb: 'might' can be argued either way" in asked
    assert "vague_quantity: 'significantly' names no number" in asked


@pytest.mark.parametrize(
    ("repair", "reason"),
    [
        ({"reason": "Nothing to see.", "event": None}, "cannot be repaired: Nothing to see."),
        ({"reason": "Tried.", "event": VAGUE}, "after its repair either"),
        ({"reason": "Same.", "event": SECOND}, "after its repair either"),
    ],
)
def test_a_claim_that_stays_undecidable_is_refused_and_the_others_are_kept(
    repair: dict[str, Any], reason: str
) -> None:
    made = one_topic(Analyst([Says(report(events=[VAGUE, SECOND]))], [Says(repair)]))
    assert [text.startswith(VOTE) for text in made.claims["statement"]] == [True]
    (row,) = made.refusals.to_dict("records")
    assert reason in reasons(row["reason"])[0][1]
    assert json.loads(row["raw"])["reason"] == repair["reason"]
    assert made.reports["claims"].iloc[0] == 1


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"resolve_by": "2026-03-15"}, "statement says 2026-03-14, its deadline is 2026-03-15"),
        (
            {"statement": f"{BRIDGE} the bridge.", "resolve_by": "2028-01-01"},
            "more than 365 days away",
        ),
        (
            {"statement": f"{BRIDGE} the bridge.", "resolve_by": "2026-02-10"},
            "is not after its making",
        ),
    ],
)
def test_dates_that_do_not_fit_are_faults(changes: dict[str, Any], fault: str) -> None:
    decline = {"reason": "No.", "event": None}
    given = report(events=[event(**changes), SECOND])
    made = one_topic(Analyst([Says(given)], [Says(decline)]))
    assert any(fault in reason for _, reason in reasons(made.refusals["reason"].iloc[0]))


def test_an_open_claim_is_not_made_again() -> None:
    given = topic(open_statements=[event()["statement"]])
    made = one_topic(Analyst(repairs=[Says({"reason": "It is open.", "event": None})]), given)
    assert len(made.claims) == 1
    assert reasons(made.refusals["reason"].iloc[0])[1][0] == "duplicate"


@pytest.mark.parametrize("bad", [1.7, "NaN", -0.1, 1, 0])
def test_a_probability_out_of_range_is_refused_and_kept(bad: float | str) -> None:
    raw = Says(json.dumps(chance(0.5)).replace("0.5", str(bad)))
    analyst = Analyst([Says(report(events=[event()]))], probabilities=[raw, raw, Says(chance(0.4))])
    made = one_topic(analyst)
    # One of two samples is not more than half.
    assert made.claims.empty
    assert made.reports.empty
    assert "only 1 of 2 probabilities" in made.refusals["reason"].iloc[0]
    assert made.refusals["raw"].iloc[0] == raw.raw
    assert list(made.samples["fault"].fillna("")) == ["invalid", ""]
    assert made.samples["probability"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Says(report(), stop="refusal"), "refusal"),
        (Says(report(), stop="max_tokens"), "max_tokens"),
        (Says("{not json"), "invalid"),
        (Says(report(), cut=6), "truncated"),
    ],
)
def test_a_refused_report_loses_no_other_topic(fault: Script, name: str) -> None:
    twice = name in ("invalid", "truncated")
    with MessagesServer(Analyst([fault] * (1 + twice))) as server:
        made = analyse(server, [topic("t1"), topic("t2")])
    assert list(made.reports["topic_id"]) == ["t2"]
    assert reasons(made.refusals["reason"].iloc[0])[0][0] == name
    assert made.refusals["raw"].notna().all()
    assert list(made.calls["fault"].dropna()) == [name]
    assert made.unfinished.empty


def test_a_server_that_fails_leaves_the_topic_for_another_run() -> None:
    store = MemoryStore()
    with MessagesServer(Analyst()) as server:
        down = Status(529, {"retry-after": "0.02"})
        # Two retries are given; the second sample of the first event never comes.
        server.queue = [Says(report()), Says(chance(0.8)), down, down, down]
        made = analyse(server, [topic()], store=store)
        assert made.claims.empty
        assert made.reports.empty
        assert made.refusals.empty
        assert list(made.unfinished["topic_id"]) == ["t1"]
        assert "HTTP 529" in made.unfinished["reason"].iloc[0]
        assert list(made.calls["outcome"]).count("failed") == 1
        before, billed = len(server.bodies), server.billed_tokens
        again = analyse(server, [topic()], store=store)
        assert len(again.claims) == 2
        # Four of five answers were there, and nothing was paid for twice.
        assert len(server.bodies) == before + 1
        assert again.calls["charged_usd"].gt(0).sum() == 1
        assert server.billed_tokens > billed


def test_the_budget_stops_between_reports_and_nothing_is_lost() -> None:
    store = MemoryStore()
    with MessagesServer(Analyst()) as server:
        topics = [
            topic(f"t{n}", articles=articles({"title": f"Begun: bridge {n}"})) for n in range(8)
        ]
        budget = Budget(usd=0.24)
        made = analyse(server, topics, store=store, budget=budget, concurrency=4)
        assert budget.spent_usd <= 0.24
        assert 0 < len(made.unfinished) < 8
        assert "budget" in made.unfinished["reason"].iloc[0]
        assert len(made.reports) + len(made.unfinished) == 8
        whole = analyse(server, topics, store=store, concurrency=4)
        assert len(whole.reports) == 8
        assert len(server.bodies) == 8 * 5


def test_a_rerun_gives_the_same_rows_and_costs_nothing() -> None:
    store = MemoryStore()
    with MessagesServer(Analyst()) as server:
        first = analyse(server, [topic("t1"), topic("t2")], store=store, concurrency=4)
        sent = len(server.bodies)
        second = analyse(server, [topic("t1"), topic("t2")], store=store, budget=Budget(tokens=0))
        assert len(server.bodies) == sent
    for name in ("reports", "analyses", "texts", "claims", "samples", "refusals"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))
    assert second.calls["charged_usd"].sum() == 0
    assert second.calls["cost_usd"].sum() == pytest.approx(first.calls["cost_usd"].sum())


def test_an_article_of_the_future_is_turned_away() -> None:
    late = articles({}, {}, {"first_seen_at": AS_OF + pd.Timedelta(seconds=1)})
    with MessagesServer() as server, pytest.raises(ValueError, match="first seen after"):
        analyse(server, [topic(articles=late)])


def test_the_latest_articles_are_read_none_twice_and_no_publisher_alone() -> None:
    given = articles(
        {"publisher": "old.example"},
        *({"publisher": "loud.example"} for _ in range(6)),
        {"publisher": "last.example", "duplicate_of": "a7"},
        count=8,
    )
    with MessagesServer(Analyst([Says(report())])) as server:
        analyse(server, [topic(articles=given)])
        shared = server.bodies[0]["messages"][0]["content"][0]["text"]
    # The last is a copy; of the six of one publisher the four latest; the oldest stands first.
    titles = [line for line in shared.splitlines() if line.startswith("<title>")]
    assert titles == [f"<title>Step {n} of the Lindholm bridge</title>" for n in (1, 4, 5, 6, 7)]


def test_the_record_of_the_class_stands_in_the_question() -> None:
    settled = pd.DataFrame(
        {
            "template": ["event:legislation"] * 3 + ["event:court", "growth"],
            "outcome": [1, 0, 0, 0, 1],
        }
    )
    with MessagesServer(Analyst()) as server:
        analyse(server, [topic()], settled=settled)
        texts = [body["messages"][0]["content"][-1]["text"] for body in server.bodies]
    bridge, vote = texts[1], texts[3]
    assert "no claims of the class official_decision have settled yet" in bridge
    assert "of 3 settled claims of the class legislation, 1 came true (33%)" in vote
    assert "of 4 settled claims on events of all classes, 1 came true (25%)" in vote
    assert "28.0 days from now" in bridge
    assert "of 1 settled claims of the class court, 0 came true" in texts[0]


def test_reports_samples_and_events_share_what_is_cached() -> None:
    with MessagesServer(Analyst()) as server:
        made = analyse(server, [topic()])
        shared = [json.dumps(body["messages"][0]["content"][0]) for body in server.bodies]
    assert len(set(shared[1:])) == 1
    asks = made.calls[made.calls["prompt_id"] == "probability-1"]
    assert (asks["cache_read_tokens"] > 0).tolist() == [False, True, True, True]


def test_a_dry_run_shows_the_requests_of_the_reports() -> None:
    dry = DryRun("toy-1")
    drafts = asyncio.run(draft_reports([topic("t1"), topic("t2")], dry, NO_SETTLED, as_of=AS_OF))
    made = analyst_rows(drafts, STAMP)
    assert len(dry.planned) == 2
    assert list(made.unfinished["topic_id"]) == ["t1", "t2"]
    assert not any(map(asked_again, (plan.body for plan in dry.planned)))


def test_a_backfill_goes_by_batches_at_half_the_price() -> None:
    async def run(batches: BatchPolicy | None) -> list[TopicDraft]:
        async with connect(
            server.url,
            "toy-1",
            KEY,
            store=MemoryStore(),
            budget=Budget(usd=10),
            terms=Terms(price=PRICE),
            batches=batches,
        ) as model:
            return await draft_reports(
                topics, model, NO_SETTLED, as_of=AS_OF, parameters=PARAMETERS
            )

    repair = Says({"reason": "Took a public act.", "event": event()})
    topics = [topic(f"t{n}", articles=articles({"title": f"Begun: bridge {n}"})) for n in range(3)]
    made = {}
    for policy in (None, BatchPolicy(poll_seconds=0.01)):
        vague = Says(report(events=[VAGUE, SECOND]))
        with MessagesServer(Analyst([vague] * 3, [repair] * 3)) as server:
            made[policy] = analyst_rows(asyncio.run(run(policy)), STAMP, PARAMETERS)
            # Reports, repairs and probabilities: one batch each.
            assert len(server.batches) == (3 if policy else 0)
            assert bool(server.bodies) == (policy is None)
    one, other = made.values()
    columns = ["claim_id", "statement", "probability", "input_digest"]
    pd.testing.assert_frame_equal(one.claims[columns], other.claims[columns])
    assert len(one.claims) == 6
    assert other.calls["cost_usd"].sum() < 0.6 * one.calls["cost_usd"].sum()
