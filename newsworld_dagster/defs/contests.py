"""Two forecasters, models or prompts of the ledger held against each other."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from newsworld_dagster.defs.world import World, newest_edition
from newsworld_dagster.scoring import contest
from newsworld_dagster.scoring.records import plain_records

# What a side is chosen by, and the column that it stands in.
SIDES: Final = {"forecaster": "forecaster", "model": "model", "prompt": "prompt_digest"}
LEAST_PREFIX: Final = 6
MOST_SHOWN: Final = 12


class ContestError(LookupError):
    """There is nothing to hold against each other."""


def ledger_contest(
    world: World,
    champion: str,
    challenger: str,
    *,
    by: str = "forecaster",
    within: str | None = None,
    as_of: pd.Timestamp | None = None,
) -> dict[str, Any]:
    """What two sides scored on the claims that both made from the same frozen input.

    Counted are claims of the record that had fallen due and were settled by the moment, where
    both sides answered the same question and their input digests agree.

    Parameters
    ----------
    champion, challenger
        Names of forecasters or models, or digests of prompts (their first characters are enough).
    by
        One of `SIDES`.
    within
        Only claims of this forecaster: for two models or prompts that stand behind one name.
    as_of
        The moment; that of the newest edition by default.

    Returns
    -------
    dict
        as_of, by, and the fields of `scoring.Contest`; what is undefined is None.

    Raises
    ------
    EmptyLedgerError
        When no edition was made yet.
    ContestError
        When a side has no claim on record.
    ScoreInputError
        When a side answers a question twice, or is its own challenger.
    """
    with world.warehouse.read() as reader:
        moment = as_of or newest_edition(reader)
        known = reader.sides_on_record(moment)
        settled = reader.settled_record(moment)
    if within is not None:
        known = known[known["forecaster"] == within]
        settled = settled[settled["forecaster"] == within]
    column = SIDES[by]
    sides = [_matched(name, known[column], by, within) for name in (champion, challenger)]
    rows = pd.concat(
        [settled[settled[column] == side].assign(forecaster=side) for side in dict.fromkeys(sides)]
    )
    found = contest(rows, *sides, seed=world.settings.seed)
    (record,) = plain_records(pd.DataFrame([asdict(found)]))
    return {"as_of": moment.isoformat(), "by": by} | record


def _matched(name: str, values: pd.Series, by: str, within: str | None) -> str:
    """The value that a side is named by; of a digest the first characters are enough."""
    there = sorted(values.dropna().unique())
    if name in there:
        return name
    if by == "prompt" and len(name) >= LEAST_PREFIX:
        found = [value for value in there if value.startswith(name)]
        if len(found) == 1:
            return str(found[0])
        if found:
            raise ContestError(
                f"{len(found)} prompts on record have a digest that begins with {name!r}; give "
                "more of it."
            )
    whose = f" of {within!r}" if within else ""
    shown = ", ".join(value[:80] for value in there[:MOST_SHOWN])
    more = f" and {len(there) - MOST_SHOWN} more" if len(there) > MOST_SHOWN else ""
    raise ContestError(
        f"No claim{whose} on record has the {by} {name!r}. "
        + (f"Choose from: {shown}{more}." if there else f"None of them names a {by}.")
    )
