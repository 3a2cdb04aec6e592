"""What a run would ask a language model, and what that would cost: `newsworld run --dry-run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from newsworld_dagster.defs.analysis import (
    ask_analyst,
    ask_judge,
    cases_of,
    moment_to_report,
    parameters_of,
    topics_given,
)
from newsworld_dagster.defs.world import World
from newsworld_dagster.llm import DryRun, Planned


class NothingPlannedError(LookupError):
    """There is no edition that the analyst could add to."""


def plan(world: World, as_of: pd.Timestamp | None = None) -> dict[str, Any]:
    """The requests that the next run would send, exactly, and an upper bound of their cost.

    Nothing is sent, fetched or written, and no key is needed. The reports are those of the latest
    edition up to `as_of` (now by default); the judge's requests are those of that moment. What
    is asked after a report depends on its answer: `follow_ups` counts it for as many events as a
    report may have, each with its probabilities and one repair.

    Raises
    ------
    NothingPlannedError
        When the world has no edition by then.
    """
    moment = world.clock() if as_of is None else as_of
    with world.warehouse.read() as reader:
        day = reader.last_edition_day(moment)
        if day is None:
            raise NothingPlannedError(
                f"No edition was made by {moment:%Y-%m-%d %H:%M} UTC, so there is no topic to ask "
                "about. Make one first, it needs no key: newsworld demo, newsworld run, or "
                "newsworld import FILE and newsworld backtest."
            )
        edition_of = moment_to_report(reader, day)
        topics = [] if edition_of is None else topics_given(world, reader, day, edition_of)
        cases = cases_of(world, reader, moment)
        settled = reader.settled_questions(moment, "judge")
    analyst, judge = _dry(world), _dry(world)
    if edition_of is not None:
        planning = replace(world, given_model=analyst)
        ask_analyst(planning, topics, settled, as_of=edition_of, backfill=False)
    ask_judge(replace(world, given_model=judge), cases, day, as_of=moment, backfill=False)
    requests = [*analyst.planned, *judge.planned]
    follow_ups = _follow_ups(world, analyst.planned)
    return {
        "as_of": moment.isoformat(),
        "edition": f"{day:%Y-%m-%d}",
        "base_url": world.settings.llm_base_url,
        "model": world.settings.llm_model,
        "reports_are_made": edition_of is None,
        "requests": [asdict(one) for one in requests],
        "input_tokens": sum(one.input_tokens for one in requests),
        "most_usd": sum(one.most_usd for one in requests),
        "follow_ups": follow_ups,
        "most_usd_with_follow_ups": sum(one.most_usd for one in requests) + follow_ups["most_usd"],
        "budget": {
            "tokens": world.settings.llm_budget_tokens,
            "usd": world.settings.llm_budget_usd,
        },
    }


def _dry(world: World) -> DryRun:
    return DryRun(world.settings.llm_model, world.price, world.settings.llm_structure)


def _follow_ups(world: World, reports: Sequence[Planned]) -> dict[str, Any]:
    """What may be asked after the reports, at most: the same articles, the other prompts.

    The tokens are those of the report's request, which holds the same articles and the longest
    prompt; those of an event are a few hundred more and the form of its answer fewer.
    """
    parameters = parameters_of(world)
    asks = parameters.most_events * (parameters.samples + 1)
    each = [
        world.price.most(one.input_tokens, prompt.max_tokens)
        for one in reports
        for prompt in [parameters.repair, *[parameters.probability] * parameters.samples]
    ]
    return {
        "requests": len(reports) * asks,
        "input_tokens": sum(one.input_tokens for one in reports) * asks,
        "most_usd": sum(each) * parameters.most_events,
    }
