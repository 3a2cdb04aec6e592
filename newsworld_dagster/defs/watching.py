"""After a run: what a person should be told, once when it turns bad."""

from __future__ import annotations

from newsworld_dagster.alerts import Alert, newly_bad, send
from newsworld_dagster.defs.looks import BAD, Finding, look_at_record
from newsworld_dagster.defs.world import World
from newsworld_dagster.warehouse import Reader

# What the doctor calls a finding, and what an alert calls it.
KINDS = {"articles": "stale articles", "feeds": "feed collapse", "ledger": "ledger mismatch"}


def watch(world: World) -> list[Alert]:
    """Send an alert for everything that turned bad since the last look; returns those sent."""
    with world.warehouse.read() as reader:
        findings: list[Finding] = look_at_record(world, reader)
        left_out = _left_out(reader)
    found = [
        Alert(KINDS[finding.name], finding.said, finding.do)
        for finding in findings
        if finding.state == BAD and finding.name in KINDS
    ]
    if left_out:
        found.append(
            Alert(
                "budget reached",
                f"{left_out} requests of the last edition were left out: the run had spent its "
                f"{world.settings.llm_budget_usd:g} US dollars or "
                f"{world.settings.llm_budget_tokens:,} tokens",
                "raise NEWSWORLD_LLM_BUDGET_USD or NEWSWORLD_LLM_BUDGET_TOKENS and run the day "
                "again; what was answered is not paid for twice",
            )
        )
    fresh = newly_bad(world.settings, found)
    for alert in fresh:
        send(alert, world.settings)
    return fresh


def _left_out(reader: Reader) -> int:
    """Asks of the last day that the budget did not allow."""
    row = reader.frame(
        "SELECT count(*) AS n FROM forecasts.model_calls WHERE outcome = 'stopped' "
        "AND day = (SELECT max(day) FROM forecasts.model_calls)"
    )
    return int(row["n"].iloc[0])
