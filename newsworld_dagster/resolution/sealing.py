"""The chain of hashes over verdicts, and whether each verdict is younger than what it rests on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.chaining import GENESIS, contents, row_hash

CHAIN = CONTRACTS["outcomes.verdict_chain"]
_CONTENT = list(CONTRACTS["outcomes.resolutions"].columns)


@dataclass(frozen=True)
class VerdictFault:
    """The first verdict that is not as it was sealed, or older than its evidence."""

    seq: int
    claim_id: str
    reason: str


def seal(verdicts: pd.DataFrame, head: tuple[int, str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Chain verdicts that are not sealed yet, in the order in which they were decided.

    Parameters
    ----------
    verdicts
        Rows of `outcomes.resolutions` without a link.
    head
        Number and hash of the chain's last link; (0, 64 zeros) for an empty one.
    as_of
        Moment of the sealing.

    Returns
    -------
    DataFrame
        Meeting `outcomes.verdict_chain`.
    """
    rows = verdicts.sort_values(["decided_at", "resolution_id"])
    ids = rows["resolution_id"].tolist()
    number, previous = head
    links = []
    for place, content in enumerate(contents(rows, _CONTENT)):
        before, previous = previous, row_hash(previous, content)
        links.append((number + place + 1, ids[place], as_of, before, previous))
    return meet(CHAIN, pd.DataFrame(links, columns=list(CHAIN.columns)))


def verify_seals(verdicts: pd.DataFrame, chain: pd.DataFrame) -> VerdictFault | None:
    """Recompute the chain over the verdicts as they are now; None when each is as sealed."""
    links = chain.sort_values("seq", kind="stable").reset_index(drop=True)
    known = verdicts.drop_duplicates("resolution_id").set_index("resolution_id", drop=False)
    missing = ~links["resolution_id"].isin(known.index)
    if missing.any():
        link = links[missing].iloc[0]
        return VerdictFault(
            int(link["seq"]), "", f"the sealed verdict {link['resolution_id']} is missing"
        )
    ordered = known.loc[links["resolution_id"]]
    previous = GENESIS
    named = (links[name].tolist() for name in ("seq", "previous_hash", "row_hash"))
    rows = zip(contents(ordered, _CONTENT), ordered["claim_id"].tolist(), *named, strict=True)
    for number, (content, claim, seq, before, after) in enumerate(rows, start=1):
        if seq != number or before != previous:
            return VerdictFault(number, claim, "its seal does not follow the one before it")
        previous = row_hash(previous, content)
        if after != previous:
            return VerdictFault(number, claim, "its verdict is not what was sealed")
    return None


def verify_sealed(
    verdicts: pd.DataFrame, chain: pd.DataFrame, signed: pd.Timestamp | None
) -> VerdictFault | None:
    """Whether a verdict of a day before the last signed-off one has no seal: it was put in."""
    if signed is None:
        return None
    loose = verdicts[
        ~verdicts["resolution_id"].isin(chain["resolution_id"]) & (verdicts["day"] < signed)
    ]
    if loose.empty:
        return None
    first = loose.sort_values(["day", "resolution_id"]).iloc[0]
    return VerdictFault(
        0,
        str(first["claim_id"]),
        f"a verdict of {first['day']:%Y-%m-%d} was never sealed, though later days are signed off",
    )


def verify_ages(
    verdicts: pd.DataFrame, made_at: pd.Series, first_seen: pd.Series
) -> VerdictFault | None:
    """Whether a verdict is older than its claim or than an article that it rests on.

    Parameters
    ----------
    verdicts
        Rows of `outcomes.resolutions`.
    made_at
        When each claim was made, by claim_id.
    first_seen
        When each article was first seen, by article_id.
    """
    made = made_at.to_dict()
    seen = first_seen.to_dict()
    rows = verdicts.sort_values(["decided_at", "resolution_id"])
    named = (rows[name].tolist() for name in ("claim_id", "decided_at", "evidence"))
    # The forecasters of a question share its evidence.
    latest: dict[str, tuple[pd.Timestamp, str]] = {}
    for claim, decided, evidence in zip(*named, strict=True):
        if claim in made and decided < made[claim]:
            return VerdictFault(0, claim, "its verdict is older than the claim")
        if evidence not in latest:
            latest[evidence] = _latest_seen(json.loads(evidence), seen)
        moment, article = latest[evidence]
        if moment > decided:
            return VerdictFault(
                0,
                claim,
                f"its verdict of {decided} is older than its evidence: article "
                f"{article} was seen on {moment}",
            )
    return None


def _latest_seen(
    evidence: Sequence[Mapping[str, str]], seen: Mapping[str, pd.Timestamp]
) -> tuple[pd.Timestamp, str]:
    """The latest moment at which an article of some evidence was seen, and which it was.

    By the archive or by the evidence itself, whichever is later.
    """
    moments = [
        (pd.Timestamp(moment), item.get("article_id", ""))
        for item in evidence
        for moment in (seen.get(item.get("article_id", "")), item.get("seen_at"))
        if moment is not None
    ]
    # No moment is later than NaT, nor NaT than any: it would hide what comes behind it.
    dated = [pair for pair in moments if not pd.isna(pair[0])]
    return max(dated, key=lambda pair: pair[0], default=(pd.Timestamp.min, ""))
