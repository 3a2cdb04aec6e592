"""After a run: what a person should be told, once when it turns bad."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.alerts import Alert, newly_bad, send
from newsworld_dagster.defs.world import World
from newsworld_dagster.doctor import BAD, Finding, look_at_record
from newsworld_dagster.warehouse import Reader

# What the doctor calls a finding, and what an alert calls it.
KINDS = {"articles": "stale articles", "feeds": "feed collapse", "ledger": "ledger mismatch"}
# A budget is never used up to the last cent: the next request would not have fitted.
BUDGET_SHARE = 0.95


def watch(world: World) -> list[Alert]:
    """Send an alert for everything that turned bad since the last look; returns those sent."""
    with world.warehouse.read() as reader:
        findings: list[Finding] = look_at_record(world, reader)
        spent = _spent(reader)
    found = [
        Alert(KINDS[finding.name], finding.said, finding.do)
        for finding in findings
        if finding.state == BAD and finding.name in KINDS
    ]
    most = world.settings.llm_budget_usd
    if most and spent >= BUDGET_SHARE * most:
        found.append(
            Alert(
                "budget reached",
                f"the last edition cost {spent:.2f} of {most:g} US dollars",
                "later requests of that run were left out; see NEWSWORLD_LLM_BUDGET_USD",
            )
        )
    fresh = newly_bad(world.settings, found)
    for alert in fresh:
        send(alert, world.settings)
    return fresh


def _spent(reader: Reader) -> float:
    row = reader.frame(
        "SELECT sum(cost_usd) AS usd FROM forecasts.claims "
        "WHERE day = (SELECT max(day) FROM forecasts.claims)"
    )["usd"]
    return 0.0 if pd.isna(row[0]) else float(row[0])
