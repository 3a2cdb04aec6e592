"""Signing off the record, and holding it against what was signed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting.heads import (
    next_head,
    verify_counts,
    verify_heads,
    verify_published,
)
from newsworld_dagster.forecasting.ledger import LedgerFault, verify
from newsworld_dagster.resolution.sealing import seal, verify_ages, verify_sealed, verify_seals
from newsworld_dagster.warehouse import Reader, Writer, open_snapshot


def sign_off(world: World, day: pd.Timestamp, moment: pd.Timestamp, *, late: bool = False) -> None:
    """Seal the verdicts that are not sealed yet, and append the day's head.

    A rerun of a day that was signed off appends nothing; `late` signs what is left over all the
    same, at the end of a run over days that come before the last signed one.
    """
    with world.warehouse.write() as writer:
        seal_verdicts(writer, moment)
        head = next_head(
            writer.last_head(),
            day,
            writer.ledger_head(),
            writer.verdicts_head(),
            world.code_version,
            late=late,
        )
        writer.append("forecasts.heads", head)


def seal_verdicts(writer: Writer, moment: pd.Timestamp) -> None:
    """Chain what was decided up to `moment` and is not chained yet, in `writer`'s transaction."""
    links = seal(writer.unsealed_verdicts(moment), writer.verdicts_head(), moment)
    writer.append("outcomes.verdict_chain", links)


def first_fault(
    reader: Reader, snapshot: Path | None = None, kept_head: str | None = None
) -> LedgerFault | None:
    """The first thing in the record that is not as it was written, None when all is.

    Parameters
    ----------
    reader
        Of the warehouse.
    snapshot
        The published snapshot, whose heads must still stand; where there is none, it is left out.
    kept_head
        A head that someone wrote down; it must be among the heads.
    """
    claims = reader.table("forecasts.claims")
    return verify(claims) or beyond_the_chain(reader, claims, snapshot, kept_head)


def beyond_the_chain(
    reader: Reader,
    claims: pd.DataFrame,
    snapshot: Path | None = None,
    kept_head: str | None = None,
) -> LedgerFault | None:
    """What `first_fault` finds in a record whose claims are chained as they should be."""
    heads = reader.table("forecasts.heads")
    verdicts = reader.table("outcomes.resolutions")
    links = reader.table("outcomes.verdict_chain")
    seen = reader.frame("SELECT article_id, first_seen_at FROM news.articles")
    if kept_head is not None and kept_head not in set(heads["head_id"]):
        return LedgerFault(0, "", f"the head {kept_head} is not among the {len(heads)} heads")
    fault = (
        verify_heads(heads, claims, links)
        or verify_counts(reader.table("forecasts.editions"), claims)
        or verify_published(heads, _published_heads(snapshot))
    )
    if fault is not None:
        return fault
    wrong = (
        verify_seals(verdicts, links)
        or verify_sealed(verdicts, links, heads["day"].max() if len(heads) else None)
        or verify_ages(
            verdicts,
            claims.set_index("claim_id")["made_at"],
            seen.set_index("article_id")["first_seen_at"],
        )
    )
    return None if wrong is None else LedgerFault(wrong.seq, wrong.claim_id, wrong.reason)


def _published_heads(snapshot: Path | None) -> pd.DataFrame:
    nothing = pd.DataFrame({"seq": [], "head_id": [], "day": [], "claims": []})
    if snapshot is None or not snapshot.is_file():
        return nothing
    with open_snapshot(snapshot) as published:
        tables = published.tables()
        if not ((tables["schema"] == "forecasts") & (tables["name"] == "heads")).any():
            return nothing  # published before there were heads
        return published.table("forecasts.heads")
