"""Evidence from a world's archive for the claims of a file: `newsworld evidence`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newsworld_dagster.defs.vector_cache import store_vectors, texts_to_embed
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import (
    Evidence,
    FiledClaim,
    find_evidence,
    propose_verdict,
    read_claims,
)
from newsworld_dagster.warehouse import Reader


class EvidenceError(LookupError):
    """There is no archive to search."""


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
    with world.warehouse.read() as reader:
        days = reader.article_days()
        if not days:
            raise EvidenceError(
                "The archive of this world holds no article. Bring one in first: "
                "newsworld import FILE, or newsworld run for live feeds."
            )
        wanted = [day for day in days if any(_covers(claim, day, moment) for claim in claims)]
        missing = reader.missing_texts(world.encoder.name, wanted)
    store_vectors(world, texts_to_embed(missing))
    with world.warehouse.read() as reader:
        windows = [_window(reader, claim, moment) for claim in claims]
        digests = pd.concat([window["content_digest"] for window in windows]).drop_duplicates()
        vectors = reader.vectors(world.encoder.name, digests)
    place = pd.Series(np.arange(len(digests)), index=digests)
    document = []
    for number, (claim, window) in enumerate(zip(claims, windows, strict=True), start=1):
        own = vectors[place.loc[window["content_digest"]].to_numpy()]
        found = find_evidence(claim.statement, window, own, world.encoder.encode, k=k)
        document.append(_told(claim, window, found, days))
        world.progress(f"searched for {number} of {len(claims)} claims")
    return {"as_of": moment.isoformat(), "claims": document}


def _covers(claim: FiledClaim, day: pd.Timestamp, moment: pd.Timestamp) -> bool:
    """Whether a day has to be embedded for a claim."""
    if claim.fault or claim.made_at is None or claim.resolve_by is None:
        return False
    return day <= min(claim.resolve_by, moment) and day + pd.Timedelta(days=1) > claim.made_at


def _window(reader: Reader, claim: FiledClaim, moment: pd.Timestamp) -> pd.DataFrame:
    if claim.fault or claim.made_at is None or claim.resolve_by is None:
        # The columns without a row.
        return reader.evidence_window(moment, moment, moment)
    return reader.evidence_window(claim.made_at, claim.resolve_by, moment)


def _told(
    claim: FiledClaim, window: pd.DataFrame, found: list[Evidence], days: list[pd.Timestamp]
) -> dict[str, Any]:
    rows = window.set_index("article_id")
    told: dict[str, Any] = {
        "claim_id": claim.claim_id,
        "statement": claim.statement,
        "candidates": len(window),
        "articles": [_article(one, rows.loc[one.article_id]) for one in found],
    }
    if claim.fault:
        return told | {"error": f"row {claim.row}: {claim.fault}"}
    if window.empty:
        return told | {
            "note": f"no article was first seen in the window of this claim; the archive has some "
            f"from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}"
        }
    proposal = propose_verdict(claim.statement, found)
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
