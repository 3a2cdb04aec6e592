"""The claim ledger: a chain of hashes over every claim ever made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import pandas as pd

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.chaining import GENESIS, contents, row_hash

CLAIMS = CONTRACTS["forecasts.claims"]
_CONTENT = [name for name in CLAIMS.columns if name not in ("previous_hash", "row_hash")]


@dataclass(frozen=True)
class LedgerFault:
    """The first row at which the chain breaks."""

    seq: int
    claim_id: str
    reason: str


def digest(*parts: object) -> str:
    """SHA-256 in hex over the canonical JSON of `parts`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def chain(claims: pd.DataFrame, head: tuple[int, str]) -> pd.DataFrame:
    """Number the claims and chain them to the ledger's last row.

    Parameters
    ----------
    claims
        Rows of `forecasts.claims` without seq, previous_hash and row_hash, in order.
    head
        Sequence number and hash of the ledger's last row; (0, 64 zeros) for an empty one.
    """
    start, previous = head
    rows = meet(
        CLAIMS,
        claims.assign(seq=range(start + 1, start + 1 + len(claims)), previous_hash="", row_hash=""),
    )
    before, after = [], []
    for content in contents(rows, _CONTENT):
        before.append(previous)
        previous = row_hash(previous, content)
        after.append(previous)
    return rows.assign(
        previous_hash=pd.Series(before, index=rows.index, dtype=str),
        row_hash=pd.Series(after, index=rows.index, dtype=str),
    )


def verify(claims: pd.DataFrame) -> LedgerFault | None:
    """Recompute the chain over the whole ledger in the order of `seq`.

    Returns
    -------
    LedgerFault or None
        The first bad row, None when every row is as it was written.
    """
    previous = GENESIS
    rows = claims.sort_values("seq", kind="stable")
    named = (rows[name].tolist() for name in ("seq", "claim_id", "previous_hash", "row_hash"))
    for expected, (content, seq, claim_id, before, after) in enumerate(
        zip(contents(rows, _CONTENT), *named, strict=True), start=1
    ):
        if seq != expected:
            return LedgerFault(seq, claim_id, f"row {expected} is missing or repeated before it")
        if before != previous:
            return LedgerFault(seq, claim_id, "it does not follow the row before it")
        previous = row_hash(previous, content)
        if after != previous:
            return LedgerFault(seq, claim_id, "its content is not what was hashed when it was made")
    return None
