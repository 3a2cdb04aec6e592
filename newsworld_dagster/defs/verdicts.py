"""Verdicts that a person gives."""

from __future__ import annotations

import json

import pandas as pd

from newsworld_dagster.contracts.vocabulary import VERDICTS
from newsworld_dagster.defs.signing import seal_verdicts
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import resolution_id


class VerdictError(ValueError):
    """The verdict cannot be recorded."""


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
    moment = world.clock()
    with world.warehouse.write() as writer:
        claims = writer.claims_as_of(moment)
        found = claims[claims["claim_id"] == claim_id]
        if found.empty:
            raise VerdictError(
                f"There is no claim {claim_id!r} in the ledger. The ids are in forecasts.claims."
            )
        current = writer.verdicts_as_of(moment)
        before = current[current["claim_id"] == claim_id]["resolution_id"]
        row = {
            "resolution_id": resolution_id(claim_id, verdict, moment, because),
            "claim_id": claim_id,
            "question_id": found["question_id"].iloc[0],
            "verdict": verdict,
            "decided_at": moment,
            "day": moment.floor("D"),
            "decided_by": "person",
            "evidence": json.dumps([{"url": url}] if url else []),
            "reason": because,
            "supersedes": before.iloc[0] if len(before) else None,
            "code_version": world.code_version,
        }
        writer.append("outcomes.resolutions", pd.DataFrame([row]))
        seal_verdicts(writer, moment)
    return str(row["resolution_id"])
