"""A file of claims to find evidence for, or to be judged beside labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from newsworld_dagster.contracts.vocabulary import VERDICTS
from newsworld_dagster.resolution.rows import empty, overlong, read_rows, text, told_faults

COLUMNS = ("claim_id", "statement", "made_at", "resolve_by")
LABELS = ("criteria", "verdict")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(?![\d-])")


class ClaimFileError(ValueError):
    """The file of claims cannot be read, or no row of it."""


@dataclass(frozen=True)
class FiledClaim:
    """A row of the file: a claim, or what is wrong with it.

    Attributes
    ----------
    row
        Counted from 1, without the header and with blank lines.
    fault
        Why the row cannot be used, in words; None where it can.
    criteria, verdict
        How it is to be decided, and how it was; empty but in a labelled file.
    """

    row: int
    claim_id: str
    statement: str
    made_at: pd.Timestamp | None
    resolve_by: pd.Timestamp | None
    fault: str | None
    criteria: str = ""
    verdict: str = ""


def read_claims(path: Path, *, labelled: bool = False) -> list[FiledClaim]:
    """The claims of a csv or parquet file in its order, faulty rows among them.

    Parameters
    ----------
    path
        A file with the columns claim_id, statement, made_at and resolve_by; others are left
        aside. Times are ISO 8601 and UTC where they name no zone; a date alone means its first
        moment.
    labelled
        Whether it also has the columns criteria and verdict (yes, no or void).

    Raises
    ------
    ClaimFileError
        When the file cannot be read, lacks a column, or has no row that can be used.
    """
    header, rows = read_rows(path, ClaimFileError)
    columns = (*COLUMNS, *LABELS) if labelled else COLUMNS
    missing = [name for name in columns if name not in header]
    if missing:
        raise ClaimFileError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(header) or 'none'}. Rename its columns to {', '.join(columns)}."
        )
    claims: list[FiledClaim] = []
    row_of: dict[str, int] = {}
    for row, values in rows:
        claim = _checked(row, values, header, row_of)
        if labelled:
            claim = _labelled(claim, dict(zip(header, values, strict=False)))
        claims.append(claim)
        if claim.claim_id:
            row_of.setdefault(claim.claim_id, row)
    if not claims:
        raise ClaimFileError(f"{path} has a header but no row; give at least one claim.")
    if all(claim.fault for claim in claims):
        raise ClaimFileError(f"{path} has no claim that can be used: {told_faults(claims)}.")
    return claims


def _checked(
    row: int, values: list[object], header: list[str], row_of: dict[str, int]
) -> FiledClaim:
    given = dict(zip(header, values, strict=False))
    claim_id, statement = (text(given.get(name)) for name in ("claim_id", "statement"))
    made_at, resolve_by = _moment(given.get("made_at")), _deadline(given.get("resolve_by"))
    fault = None
    if too_long := overlong(values, header):
        fault = too_long
    elif not claim_id:
        fault = "it has no claim_id"
    elif claim_id in row_of:
        fault = f"claim_id {claim_id!r} was given in row {row_of[claim_id]} already"
    elif not statement:
        fault = f"claim {claim_id!r} has no statement"
    elif made_at is None:
        fault = _told_time(claim_id, "made_at", given)
    elif resolve_by is None:
        fault = _told_time(claim_id, "resolve_by", given)
    elif resolve_by <= made_at:
        fault = f"claim {claim_id!r} has a resolve_by that is not after its made_at"
    return FiledClaim(row, claim_id, statement, made_at, resolve_by, fault)


def _labelled(claim: FiledClaim, given: dict[str, object]) -> FiledClaim:
    criteria, verdict = text(given.get("criteria")), text(given.get("verdict")).lower()
    fault = claim.fault
    if fault is None and not criteria:
        fault = f"claim {claim.claim_id!r} has no criteria; say how it is to be decided"
    elif fault is None and verdict not in VERDICTS:
        fault = (
            f"claim {claim.claim_id!r} has verdict {verdict!r}; take one of {', '.join(VERDICTS)}"
        )
    return replace(claim, fault=fault, criteria=criteria, verdict=verdict)


def _told_time(claim_id: str, name: str, given: dict[str, object]) -> str:
    said = text(given.get(name))
    if not said:
        return f"claim {claim_id!r} has no {name}"
    return f"claim {claim_id!r} has {name} {said!r}, which is no date; write YYYY-MM-DD"


def _moment(value: object) -> pd.Timestamp | None:
    """Naive UTC to the microsecond, None for anything that is no date."""
    if empty(value):
        return None
    if not isinstance(value, (date, datetime)):  # a pandas Timestamp is a datetime
        value = str(value).strip()
        if not _DATED.match(str(value)):
            return None
    try:
        moment = pd.to_datetime(value, utc=True)
    except (ValueError, OverflowError):
        return None
    return None if pd.isna(moment) else moment.tz_localize(None).as_unit("us")


def _deadline(value: object) -> pd.Timestamp | None:
    """As `_moment`, but a date without a time is its last moment: "by" a day includes it."""
    moment = _moment(value)
    dated = isinstance(value, date) and not isinstance(value, datetime)
    if moment is not None and (dated or _DATED.fullmatch(text(value))):
        return moment + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)
    return moment
