"""Evidence from a world's archive for the claims of a file: `newsworld evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from newsworld_dagster.defs.retrieval import Retrieved, Sought, retrieve
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import Evidence, FiledClaim, propose_verdict, read_claims


def evidence_document(
    world: World, path: Path, *, k: int = 10, as_of: pd.Timestamp | None = None
) -> dict[str, Any]:
    """For each claim of a file the `k` articles that most likely decide it, best first.

    Candidates are the articles of the world's archive first seen after made_at and at or before
    resolve_by and `as_of` (now by default). Texts that were never embedded are embedded first. A
    faulty row keeps its place, with no articles and its `error`.

    Raises
    ------
    ClaimFileError
        When the file cannot be read or has no claim that can be used.
    EvidenceError
        When the archive holds no article.
    """
    claims = read_claims(path)
    moment = world.clock() if as_of is None else as_of
    places, sought = [], []
    for place, claim in enumerate(claims):
        if not claim.fault and claim.made_at is not None and claim.resolve_by is not None:
            places.append(place)
            sought.append(Sought(claim.statement, claim.made_at, claim.resolve_by))
    found = dict(zip(places, retrieve(world, sought, as_of=moment, k=k), strict=True))
    with world.warehouse.read() as reader:
        days = reader.article_days()
    document = [_told(claim, found.get(place), days) for place, claim in enumerate(claims)]
    return {"as_of": moment.isoformat(), "claims": document}


def _told(claim: FiledClaim, found: Retrieved | None, days: list[pd.Timestamp]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "claim_id": claim.claim_id,
        "statement": claim.statement,
        "candidates": 0 if found is None else len(found.window),
        "articles": [],
    }
    if found is None:
        return told | {"error": f"row {claim.row}: {claim.fault}"}
    rows = found.window.set_index("article_id")
    told["articles"] = [_article(one, rows.loc[one.article_id]) for one in found.evidence]
    if found.window.empty:
        return told | {
            "note": f"no article was first seen in the window of this claim; the archive has some "
            f"from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
        }
    proposal = propose_verdict(claim.statement, found.evidence)
    return told | {
        "proposal": {
            "verdict": proposal.verdict,
            "score": proposal.score,
            "article_ids": [one.article_id for one in proposal.passages],
            "reason": proposal.reason,
        }
    }


def _article(found: Evidence, row: pd.Series) -> dict[str, Any]:
    return {
        "article_id": found.article_id,
        "score": found.score,
        "passage": found.passage,
        "title": row["title"],
        "publisher": row["publisher"],
        "url": row["url"],
        "first_seen_at": row["first_seen_at"].isoformat(),
        "copies": list(found.copies),
    }
