"""Heads of the record: what was there at the end of a day, signed off and published.

A chain of hashes shows edits, but not that its end was cut off. A head names how many rows there
were and the hash of the last one; heads are chained themselves, and who keeps a published one can
hold the whole record against it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.chaining import GENESIS, contents, row_hash
from newsworld_dagster.forecasting.ledger import LedgerFault

HEADS = CONTRACTS["forecasts.heads"]
_SIGNED = ("seq", "day", "claims", "claims_head", "verdicts", "verdicts_head")


def next_head(
    last: pd.DataFrame,
    day: pd.Timestamp,
    claims: tuple[int, str],
    verdicts: tuple[int, str],
    code_version: str,
    *,
    late: bool = False,
) -> pd.DataFrame:
    """The head that signs off a day, meeting `forecasts.heads`; no row where nothing is to sign.

    Parameters
    ----------
    last
        The newest head; no row before the first.
    day
        Day whose work is done.
    claims, verdicts
        Number and hash of the last row of each chain.
    code_version
        Who signs.
    late
        Sign what no head covers yet, though the day itself was signed before.
    """
    said = (claims[0], claims[1], verdicts[0], verdicts[1])
    if len(last):
        before = last.iloc[0]
        covered = said == tuple(
            before[["claims", "claims_head", "verdicts", "verdicts_head"]].tolist()
        )
        if (day <= before["day"] and not late) or (covered and (late or day == before["day"])):
            return meet(HEADS, last.head(0))
    head = pd.DataFrame(
        {
            "seq": [int(last["seq"].iloc[0]) + 1 if len(last) else 1],
            "day": [day],
            "claims": [claims[0]],
            "claims_head": [claims[1]],
            "verdicts": [verdicts[0]],
            "verdicts_head": [verdicts[1]],
            "previous_head": [str(last["head_id"].iloc[0]) if len(last) else GENESIS],
            "code_version": [code_version],
        }
    )
    return meet(HEADS, head.assign(head_id=[_head_id(head)]))


def verify_heads(
    heads: pd.DataFrame, claims: pd.DataFrame, sealed: pd.DataFrame
) -> LedgerFault | None:
    """Hold every head against the ledger and the chain of verdicts as they are now.

    Parameters
    ----------
    heads
        All of `forecasts.heads`.
    claims, sealed
        All of `forecasts.claims` and `outcomes.verdict_chain`: seq and row_hash count.

    Returns
    -------
    LedgerFault or None
        The first head that the record does not bear out; `seq` is the row it names.
    """
    rows = heads.sort_values("seq", kind="stable").reset_index(drop=True)
    chains = {
        name: dict(zip(frame["seq"], frame["row_hash"], strict=True))
        for name, frame in (("claims", claims), ("verdicts", sealed))
    }
    previous = GENESIS
    for place in range(len(rows)):
        head = rows.iloc[[place]]
        day = f"{head['day'].iloc[0]:%Y-%m-%d}"
        if head["seq"].iloc[0] != place + 1 or head["previous_head"].iloc[0] != previous:
            return LedgerFault(place + 1, "", f"the head of {day} does not follow the one before")
        previous = str(head["head_id"].iloc[0])
        if _head_id(head) != previous:
            return LedgerFault(place + 1, "", f"the head of {day} is not what was signed")
        for name, known in chains.items():
            fault = _uncovered(head.iloc[0], name, known, day)
            if fault is not None:
                return fault
    return None


def verify_counts(editions: pd.DataFrame, claims: pd.DataFrame) -> LedgerFault | None:
    """Whether the ledger holds as many claims of each edition as its seal says."""
    held = claims.groupby(["forecaster", "day"]).size().to_dict()
    for row in editions.sort_values(["day", "forecaster"]).itertuples():
        found = int(held.get((row.forecaster, row.day), 0))
        if found < row.claims:
            return LedgerFault(
                len(claims),
                "",
                f"the edition of {row.forecaster} of {row.day:%Y-%m-%d} was sealed with "
                f"{row.claims} claims, and the ledger holds {found} of them",
            )
    return None


def verify_published(heads: pd.DataFrame, published: pd.DataFrame) -> LedgerFault | None:
    """Whether every head that was published is still among the heads."""
    ours = set(heads["head_id"])
    for row in published.sort_values("seq").itertuples():
        if row.head_id not in ours:
            return LedgerFault(
                int(row.claims),
                "",
                f"the head of {row.day:%Y-%m-%d} that was published ({row.head_id}) is not among "
                "the heads any more",
            )
    return None


def _uncovered(
    head: pd.Series, name: str, known: Mapping[int, str], day: str
) -> LedgerFault | None:
    number = int(head[name])
    if number == 0:
        return None
    if number not in known:
        return LedgerFault(
            number,
            "",
            f"{name} up to row {number} were signed off on {day}, and that row is gone: rows were "
            f"cut off ({len(known)} are left)",
        )
    if known[number] != head[f"{name}_head"]:
        return LedgerFault(
            number, "", f"row {number} of the {name} is not the one that was signed off on {day}"
        )
    return None


def _head_id(head: pd.DataFrame) -> str:
    (content,) = contents(head, _SIGNED)
    return row_hash(str(head["previous_head"].iloc[0]), content)
