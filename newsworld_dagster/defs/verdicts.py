"""Verdicts that a person gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from newsworld_dagster.contracts.vocabulary import VERDICTS
from newsworld_dagster.defs.signing import seal_verdicts
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import FiledVerdict, resolution_id


class VerdictError(ValueError):
    """The verdict cannot be recorded."""


@dataclass(frozen=True)
class Recorded:
    """What became of the verdicts of a file.

    Attributes
    ----------
    recorded
        resolution_id by claim.
    known
        Claims whose verdict in force is the same, of a person, for the same reason.
    refused
        Rows that were not recorded, each with its fault.
    """

    recorded: dict[str, str]
    known: list[str]
    refused: list[FiledVerdict]


def record_verdict(
    world: World, claim_id: str, verdict: str, because: str, url: str | None = None
) -> str:
    """Append a person's verdict, superseding the one in force; returns its resolution_id.

    Raises
    ------
    VerdictError
        For an unknown claim or verdict, or an empty reason.
    """
    if verdict not in VERDICTS:
        raise VerdictError(f"{verdict!r} is no verdict. Choose from: {', '.join(VERDICTS)}.")
    if not because.strip():
        raise VerdictError("A verdict needs a reason: --because TEXT.")
    done = record_verdicts(
        world, [FiledVerdict(1, claim_id, verdict, because, url, None)], again=True
    )
    if done.refused:
        fault = str(done.refused[0].fault)
        raise VerdictError(f"{fault[0].upper()}{fault[1:]}.")
    return done.recorded[claim_id]


def record_verdicts(
    world: World, verdicts: Sequence[FiledVerdict], *, again: bool = False
) -> Recorded:
    """Append a person's verdicts in one transaction, each superseding the one in force.

    A verdict holds for the claim's question: the claims of other forecasters on it get the same,
    unless they are named themselves. Faulty rows and unknown claims are left out and named; they
    cost no other.

    Parameters
    ----------
    verdicts
        From `read_verdicts`.
    again
        Whether a verdict is appended that a person has given already, for the same reason.
    """
    moment = world.clock()
    refused = [verdict for verdict in verdicts if verdict.fault]
    recorded: dict[str, str] = {}
    known: list[str] = []
    rows = []
    named = {given.claim_id for given in verdicts}
    with world.warehouse.write() as writer:
        question_of = writer.claims_as_of(moment).set_index("claim_id")["question_id"]
        in_force = writer.verdicts_as_of(moment).set_index("claim_id")
        for given in verdicts:
            if given.fault:
                continue
            if given.claim_id not in question_of.index:
                fault = (
                    f"there is no claim {given.claim_id!r} in the ledger; the ids are in "
                    "forecasts.claims"
                )
                refused.append(replace(given, fault=fault))
                continue
            question = str(question_of[given.claim_id])
            fellows = set(question_of.index[question_of == question]) - named
            for claim_id in [given.claim_id, *sorted(fellows)]:
                before = in_force.loc[claim_id] if claim_id in in_force.index else None
                row = _row(world, replace(given, claim_id=claim_id), question, before, moment)
                own = claim_id == given.claim_id
                if not again and before is not None and _same(row, before):
                    known += [claim_id] * own
                    continue
                rows.append(row)
                if own:
                    recorded[claim_id] = str(row["resolution_id"])
        if rows:
            writer.append("outcomes.resolutions", pd.DataFrame(rows))
            seal_verdicts(writer, moment)
    return Recorded(recorded, known, sorted(refused, key=lambda verdict: verdict.row))


def _row(
    world: World,
    given: FiledVerdict,
    question_id: str,
    before: pd.Series | None,
    moment: pd.Timestamp,
) -> dict[str, object]:
    return {
        "resolution_id": resolution_id(given.claim_id, given.verdict, moment, given.because),
        "claim_id": given.claim_id,
        "question_id": question_id,
        "verdict": given.verdict,
        "decided_at": moment,
        "day": moment.floor("D"),
        "decided_by": "person",
        "evidence": json.dumps([{"url": given.url}] if given.url else []),
        "reason": given.because,
        "supersedes": None if before is None else before["resolution_id"],
        "code_version": world.code_version,
    }


def _same(row: dict[str, object], before: pd.Series) -> bool:
    return all(
        row[name] == before[name] for name in ("verdict", "decided_by", "reason", "evidence")
    )
