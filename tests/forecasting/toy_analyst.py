"""Topics of a made-up world, and answers of a made-up analyst for the loopback server."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from newsworld_dagster.forecasting.analyst import (
    AnalystParameters,
    TopicDraft,
    TopicGiven,
    draft_reports,
)
from newsworld_dagster.forecasting.analyst_rows import Analyses, Stamp, analyst_rows
from newsworld_dagster.llm import Budget, Client, Price, ResponseStore, Terms
from newsworld_dagster.llm.sdk import SdkWire
from tests.llm.asks import LIMITS
from tests.llm.server import KEY, MessagesServer, Says, Script

AS_OF = pd.Timestamp("2026-02-15")
STAMP = Stamp(pd.Timestamp("2026-02-14"), AS_OF, "record", "0.1.0", AS_OF)
PARAMETERS = AnalystParameters(samples=2)
PRICE = Price(3.0, 15.0)
NO_SETTLED = pd.DataFrame({"template": pd.Series(dtype=str), "outcome": pd.Series(dtype="int64")})
BRIDGE, VOTE = "The port authority of Lindholm opens", "The council of Lindholm votes on"


def articles(*changes: dict[str, Any], count: int = 3) -> pd.DataFrame:
    """Articles 1 to `count`, a day apart, the last the day before; changes go in this order."""
    rows = []
    for n in range(1, count + 1):
        row = {
            "article_id": f"a{n}",
            "title": f"Step {n} of the Lindholm bridge",
            "summary": f"The port authority said that part {n} of the work is done.",
            "publisher": f"paper{n}.example",
            "first_seen_at": AS_OF - pd.Timedelta(days=count + 1 - n),
            "duplicate_of": None,
        }
        rows.append(row | (changes[n - 1] if n <= len(changes) else {}))
    return pd.DataFrame(rows)


def topic(name: str = "t1", **changes: Any) -> TopicGiven:
    given = {
        "topic_id": name,
        "label": f"Lindholm Bridge {name}",
        "section": "World",
        "articles": articles(),
        "open_statements": (),
    }
    return TopicGiven(**(given | changes))


def event(**changes: Any) -> dict[str, Any]:
    given = {
        "statement": f"{BRIDGE} the bridge to road traffic by 2026-03-14.",
        "actor": "port authority of Lindholm",
        "action": "opens the bridge to road traffic",
        "threshold": None,
        "kind": "official_decision",
        "resolve_by": "2026-03-14",
        "resolution_criteria": "Yes if two publishers report that cars cross it; else no.",
        "rationale": "The last part is nearly done [3], yet the first was late [1].",
        "sources": [1, 3],
    }
    return given | changes


SECOND = event(
    statement=f"{VOTE} the bridge toll by 2026-03-01.",
    actor="council of Lindholm",
    action="votes on the bridge toll",
    resolve_by="2026-03-01",
    kind="legislation",
    rationale="It is on the agenda [2].",
    sources=[2],
)


def report(**changes: Any) -> dict[str, Any]:
    given = {
        "headline": "Lindholm bridge likely to open in March",
        "label": "Lindholm Bridge",
        "situation": "Three parts of the work are done [1-3].",
        "signals": [{"name": "Steady pace", "text": "One part a day [2, 3]."}],
        "outlook": [
            {"by": "2026-05-16", "heading": "Within three months", "text": "Traffic grows [3]."},
            {"by": "2026-03-14", "heading": "Within a month", "text": "It opens [3]."},
        ],
        "implications": "Ferries lose passengers [1].",
        "events": [event(), SECOND],
        "sources": [{"number": n, "note": f"part {n}"} for n in (1, 2, 3)],
        "confidence": "Medium",
    }
    return given | changes


def chance(probability: float) -> dict[str, Any]:
    steps = ("time_left", "base_rate", "status_quo", "case_for_no", "case_for_yes")
    actor = {"who": "the port authority", "incentive": "fees", "record": "late twice"}
    return {
        **{name: f"thoughts on {name}" for name in steps},
        "actors": [actor],
        "surprise": "a storm",
        "probability": probability,
    }


def prompt_of(body: dict[str, Any]) -> str:
    """Which prompt a request was written from: the fields of its answer tell."""
    fields = set(body["tools"][0]["input_schema"]["properties"])
    marks = {"headline": "report", "event": "claim_repair", "probability": "probability"}
    return next(prompt for field, prompt in marks.items() if field in fields)


def asked_again(body: dict[str, Any]) -> bool:
    return len(body["messages"]) > 1


class Analyst:
    """Answers each prompt in its turn: from a list while it lasts, then with what is always said.

    The probability of an event is looked up by its statement, so that the order of parallel
    requests does not matter.
    """

    def __init__(
        self,
        reports: Sequence[Script] = (),
        repairs: Sequence[Script] = (),
        probabilities: Sequence[Script] = (),
        chances: Callable[[str], float] = lambda statement: 0.8 if BRIDGE in statement else 0.3,
    ) -> None:
        self.scripts = {
            "report": list(reports),
            "claim_repair": list(repairs),
            "probability": list(probabilities),
        }
        self.chances = chances

    def __call__(self, body: dict[str, Any]) -> Script:
        prompt = prompt_of(body)
        if self.scripts[prompt]:
            return self.scripts[prompt].pop(0)
        assert prompt != "claim_repair", "no repair was to be expected"
        if prompt == "report":
            return Says(report())
        text = body["messages"][0]["content"][-1]["text"]
        found = re.search("^Question: (.*)$", text, flags=re.MULTILINE)
        assert found is not None
        return Says(chance(self.chances(found[1])))


def draft(
    server: MessagesServer,
    topics: Sequence[TopicGiven],
    *,
    settled: pd.DataFrame = NO_SETTLED,
    store: ResponseStore | None = None,
    budget: Budget | None = None,
    parameters: AnalystParameters = PARAMETERS,
    concurrency: int = 1,
) -> list[TopicDraft]:
    async def run() -> list[TopicDraft]:
        async with SdkWire(server.url, KEY, LIMITS) as wire:
            terms = Terms(price=PRICE, concurrency=concurrency)
            client = Client(wire, "toy-1", store=store, budget=budget, terms=terms)
            return await draft_reports(topics, client, settled, as_of=AS_OF, parameters=parameters)

    return asyncio.run(run())


def analyse(server: MessagesServer, topics: Sequence[TopicGiven], **given: Any) -> Analyses:
    parameters = given.get("parameters", PARAMETERS)
    return analyst_rows(draft(server, topics, **given), STAMP, parameters)


def reasons(refusal: str) -> list[tuple[str, str]]:
    return [(one["fault"], one["reason"]) for one in json.loads(refusal)]
