"""An analyst and a judge that answer about any topic, for the loopback server."""

from __future__ import annotations

import html
import re
from typing import Any

from tests.forecasting.toy_analyst import chance
from tests.llm.server import KEY, MessagesServer, Says

COURT, MINISTRY = "The court convicts the accused", "The ministry signs the decree"
CHANCES = {COURT: 0.8, MINISTRY: 0.3}
VERDICTS = {COURT: "yes", MINISTRY: "no"}


def environment(server: MessagesServer, **more: str) -> dict[str, str]:
    """Settings of a world that asks this server, two topics and two samples a day."""
    return {
        "NEWSWORLD_LLM_BASE_URL": server.url,
        "NEWSWORLD_LLM_API_KEY": KEY,
        "NEWSWORLD_LLM_MODEL": "toy-1",
        "NEWSWORLD_LLM_SAMPLES": "2",
        "NEWSWORLD_LLM_TOPICS": "2",
        "NEWSWORLD_LLM_BATCHES": "false",
    } | more


def answer(body: dict[str, Any]) -> Says:
    """What a sound model would say: reports with two events, chances, verdicts, digests, labels."""
    fields = set(body["tools"][0]["input_schema"]["properties"])
    shown = "\n".join(block["text"] for block in body["messages"][0]["content"])
    if "headline" in fields:
        return Says(_report(shown))
    if "verdict" in fields:
        return Says(_judgement(shown))
    if "items" in fields:
        item = {"headline": "This is what happened", "text": "It is reported [1].", "sources": [1]}
        return Says({"items": [item]})
    if fields == {"label"}:
        return Says({"label": "Matter Of State"})
    assert "time_left" in fields, "no repair was to be expected"
    question = _line("Question", shown)
    return Says(chance(next(p for event, p in CHANCES.items() if question.startswith(event))))


def _report(shown: str) -> dict[str, Any]:
    topic = _line("Topic as the desk has it", shown).rpartition(" (section")[0]
    day = re.search(r"in 3 days (\d{4}-\d{2}-\d{2})", shown)
    assert day is not None
    numbers = range(1, shown.count("<article number=") + 1)
    return {
        "headline": f"A verdict is near in the matter {topic}"[:160],
        "label": topic[:60],
        "situation": f"It is reported [{numbers[-1]}].",
        "signals": [{"name": "Steady coverage", "text": "Reports go on [1]."}],
        "outlook": [{"by": day[1], "heading": "Within three days", "text": "A verdict [1]."}],
        "implications": "Others watch [1].",
        "events": [
            {
                "statement": f"{event} in the matter “{topic}” by {day[1]}.",
                "actor": event.split()[1],
                "action": event.split(maxsplit=2)[2],
                "threshold": None,
                "kind": "court" if event == COURT else "official_decision",
                "resolve_by": day[1],
                "resolution_criteria": "Yes if a publisher reports that it happened, else no.",
                "rationale": "It was announced [1].",
                "sources": [1],
            }
            for event in CHANCES
        ],
        "sources": [{"number": n, "note": f"report {n}"} for n in numbers],
        "confidence": "Medium",
    }


def _judgement(shown: str) -> dict[str, Any]:
    claim = _line("Claim", shown)
    verdict = next(verdict for event, verdict in VERDICTS.items() if claim.startswith(event))
    titles = [html.unescape(text) for text in re.findall("<title>(.*)</title>", shown)]
    number = min(range(len(titles)), key=titles.__getitem__)
    return {
        "what_decides": "a report of it",
        "evidence": [{"number": number + 1, "quote": titles[number][:400]}],
        "reason": f"the reports say {verdict}",
        "verdict": verdict,
    }


def _line(name: str, shown: str) -> str:
    found = re.search(f"^{name}: (.*)$", shown, flags=re.MULTILINE)
    assert found is not None, name
    return html.unescape(found[1])
