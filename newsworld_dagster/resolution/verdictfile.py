"""A file of verdicts that a person gives: `newsworld resolve --file`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from newsworld_dagster.contracts.vocabulary import VERDICTS
from newsworld_dagster.resolution.rows import overlong, read_rows, text

COLUMNS = ("claim_id", "verdict", "because", "url")
REQUIRED = COLUMNS[:3]
_ADDRESS = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)


class VerdictFileError(ValueError):
    """The file of verdicts cannot be read."""


@dataclass(frozen=True)
class FiledVerdict:
    """A row of the file: a verdict, or what is wrong with it.

    Attributes
    ----------
    row
        Counted from 1, without the header and with blank lines.
    because
        The reason, in words.
    url
        Address of the evidence, None without one.
    fault
        Why the row cannot be used, in words; None where it can.
    """

    row: int
    claim_id: str
    verdict: str
    because: str
    url: str | None
    fault: str | None


def read_verdicts(path: Path) -> tuple[list[FiledVerdict], int]:
    """The verdicts of a csv or parquet file in its order, faulty rows among them.

    Parameters
    ----------
    path
        A file with the columns claim_id, verdict ('yes', 'no' or 'void', in any case), because
        and perhaps url; others are left aside.

    Returns
    -------
    list of FiledVerdict
        The filled rows.
    int
        How many rows name a claim and neither verdict nor reason: not decided yet, no fault.

    Raises
    ------
    VerdictFileError
        When the file cannot be read, lacks a column, or has no row.
    """
    header, rows = read_rows(path, VerdictFileError)
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise VerdictFileError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; it has "
            f"{', '.join(header) or 'none'}. Rename its columns to {', '.join(COLUMNS)}."
        )
    verdicts: list[FiledVerdict] = []
    row_of: dict[str, int] = {}
    undecided = 0
    for row, values in rows:
        given = {name: text(value) for name, value in zip(header, values, strict=False)}
        claim_id, verdict, because, url = (given.get(name, "") for name in COLUMNS)
        too_long = overlong(values, header)
        if claim_id and not (verdict or because or too_long):
            undecided += 1
            continue
        verdict = verdict.lower()
        fault = too_long or _fault(claim_id, verdict, because, url, row_of)
        verdicts.append(FiledVerdict(row, claim_id, verdict, because, url or None, fault))
        if claim_id:
            row_of.setdefault(claim_id, row)
    if not verdicts and not undecided:
        raise VerdictFileError(f"{path} has a header but no row; give at least one verdict.")
    return verdicts, undecided


def _fault(
    claim_id: str, verdict: str, because: str, url: str, row_of: dict[str, int]
) -> str | None:
    if not claim_id:
        return "it has no claim_id"
    if claim_id in row_of:
        return f"claim_id {claim_id!r} was given in row {row_of[claim_id]} already"
    if verdict not in VERDICTS:
        said = repr(verdict) if verdict else "nothing"
        return f"its verdict is {said}; write one of {', '.join(VERDICTS)}"
    if not because:
        return "it gives no reason; fill in because"
    if url and not _ADDRESS.fullmatch(url):
        return f"its url is {url!r}, which is no address; write https://..."
    return None
