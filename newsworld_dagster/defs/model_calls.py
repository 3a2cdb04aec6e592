"""What a language model wrote and cost, as tables in the graph beside the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from newsworld_dagster.defs.partitions import daily_table
from newsworld_dagster.defs.previews import markdown
from newsworld_dagster.defs.world import World
from newsworld_dagster.llm import Budget
from newsworld_dagster.warehouse import Reader

ANALYSES = dg.AssetKey(["forecasts", "analyses"])
REPORT_TEXTS = dg.AssetKey(["forecasts", "report_texts"])
SAMPLES = dg.AssetKey(["forecasts", "samples"])
MODEL_CALLS = dg.AssetKey(["forecasts", "model_calls"])
JUDGE_QUEUE = dg.AssetKey(["outcomes", "judge_queue"])

# The SDK that every model is asked by, whoever serves it.
MAKER = "anthropic"


def model_tables(
    reports: dg.AssetKey, claims: dg.AssetKey, group: str, outcomes: str
) -> list[dg.AssetSpec]:
    """The tables that the analyst and the judge add to the day's step; empty without a model."""
    return [
        daily_table(
            ANALYSES,
            "Reports of the analyst: label, confidence, what they were written from, cost.",
            [reports],
            group,
            MAKER,
        ),
        daily_table(
            REPORT_TEXTS,
            "The analyst's reports in their sections, citing sources by number.",
            [reports],
            group,
            MAKER,
        ),
        daily_table(
            SAMPLES,
            "Every independent probability of the analyst's claims.",
            [claims],
            group,
            MAKER,
        ),
        daily_table(
            MODEL_CALLS,
            "Every ask of a language model, whatever came of it, with tokens, cost and latency.",
            [reports],
            group,
            MAKER,
        ),
        daily_table(
            JUDGE_QUEUE,
            "Claims on which the judge's passes do not agree: a person settles them.",
            [claims],
            outcomes,
            MAKER,
        ),
    ]


def model_results(
    world: World, reader: Reader, days: list[pd.Timestamp]
) -> Iterator[dg.MaterializeResult]:
    """Results of these tables, in the order of the lineage, with what the run has cost."""
    calls = reader.calls_of(days)
    reports = reader.frame(
        "SELECT a.*, r.headline, (SELECT count(*) FROM forecasts.report_texts AS t "
        "WHERE t.report_id = a.report_id) AS texts, (SELECT count(*) FROM forecasts.samples AS s "
        "WHERE s.report_id = a.report_id) AS samples "
        "FROM forecasts.analyses AS a JOIN forecasts.reports AS r USING (report_id) "
        "WHERE r.day BETWEEN ? AND ? ORDER BY r.as_of, r.topic_id",
        days[0],
        days[-1],
    )
    state = "on" if world.analyst_on else "off: NEWSWORLD_LLM_API_KEY is not set"
    yield dg.MaterializeResult(
        asset_key=ANALYSES,
        metadata={
            "dagster/row_count": len(reports),
            "language model": state,
            "latest reports": markdown(
                reports.tail(8)[["headline", "confidence", "articles", "cost_usd"]]
            ),
        },
    )
    yield dg.MaterializeResult(
        asset_key=REPORT_TEXTS, metadata={"dagster/row_count": int(reports["texts"].sum())}
    )
    yield dg.MaterializeResult(
        asset_key=SAMPLES, metadata={"dagster/row_count": int(reports["samples"].sum())}
    )
    yield dg.MaterializeResult(
        asset_key=MODEL_CALLS, metadata={"language model": state} | _costs(calls, world.budget)
    )
    queue = reader.frame(
        "SELECT * FROM outcomes.judge_queue WHERE day BETWEEN ? AND ? ORDER BY as_of",
        days[0],
        days[-1],
    )
    yield dg.MaterializeResult(
        asset_key=JUDGE_QUEUE,
        metadata={
            "dagster/row_count": len(queue),
            "waiting": markdown(queue.tail(8)[["claim_id", "because"]]),
        },
    )


def _costs(calls: pd.DataFrame, budget: Budget) -> dict[str, dg.RawMetadataValue]:
    """Tokens, dollars and seconds of asks, and what this run has spent of its budget."""
    tokens = ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"]
    by_prompt = (
        calls.groupby(["prompt_id", "model", "outcome"])[[*tokens, "cost_usd", "seconds"]]
        .sum()
        .join(calls.groupby(["prompt_id", "model", "outcome"]).size().rename("asks"))
        .reset_index()
    )
    faults = calls[calls["outcome"] != "answered"]
    return {
        "dagster/row_count": len(calls),
        **{name.replace("_", " "): int(calls[name].sum()) for name in tokens},
        "cost (USD)": float(calls["cost_usd"].sum()),
        "charged by these runs (USD)": float(calls["charged_usd"].sum()),
        "latency (s, added up)": float(calls["seconds"].sum()),
        "spent by this run (tokens)": budget.spent_tokens,
        "spent by this run (USD)": budget.spent_usd,
        "by prompt": markdown(by_prompt),
        "without an answer": markdown(faults.tail(8)[["prompt_id", "outcome", "reason"]]),
    }
