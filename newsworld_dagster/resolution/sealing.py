"""The chain of hashes over verdicts, and whether each verdict is younger than what it rests on."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
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
    # A repeated id is another check's to find.
    made_at = made_at[~made_at.index.duplicated(keep="last")]
    first_seen = first_seen[~first_seen.index.duplicated(keep="last")]
    rows = verdicts.sort_values(["decided_at", "resolution_id"], ignore_index=True)
    evidence = [json.loads(text) for text in rows["evidence"]]
    each = pd.DataFrame(
        [
            (place, item.get("article_id"), item.get("seen_at"))
            for place, items in enumerate(evidence)
            for item in items
        ],
        columns=["place", "article_id", "said"],
    )
    decided = rows["decided_at"].to_numpy()
    seen = pd.DataFrame(
        {
            "archive": first_seen.reindex(each["article_id"]).to_numpy(),
            "said": pd.to_datetime(each["said"], format="ISO8601"),
        }
    )
    later = seen.gt(pd.Series(decided[each["place"]], each.index), axis="index")
    before_claim = rows["decided_at"] < made_at.reindex(rows["claim_id"]).to_numpy()
    wrong = np.flatnonzero(before_claim | rows.index.isin(each["place"][later.any(axis="columns")]))
    if not len(wrong):
        return None
    first = rows.iloc[wrong[0]]
    if before_claim.iloc[wrong[0]]:
        return VerdictFault(0, first["claim_id"], "its verdict is older than the claim")
    item = np.flatnonzero((each["place"] == wrong[0]) & later.any(axis="columns"))[0]
    moment = seen.iloc[item][later.iloc[item]].iloc[0]
    return VerdictFault(
        0,
        first["claim_id"],
        f"its verdict of {first['decided_at']} is older than its evidence: article "
        f"{each['article_id'].iloc[item]} was seen on {moment}",
    )
