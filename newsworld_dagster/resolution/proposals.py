"""Verdicts proposed to a person from found evidence, by words alone.

A proposal saves reading, it decides nothing: no code records one as a verdict. It knows no
meaning, only whether a passage reports that something happened, and whether it turns the claim
round ("rejected", "loses"). It stays silent where that does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.resolution.evidence import Encode, Evidence, find_evidence

# What speaks of something to come, asked or guessed, and reports no outcome.
_AHEAD = re.compile(
    r"\?|\b(?:could|would|may|might|should|will|expected|likely|poised|plans?|planning|preview"
    r"|predictions?|odds|ahead of|set to|about to|due to|what to (?:know|watch)|how to watch"
    r"|live updates|awaits?|faces?|seeks?|to (?:vote|decide|begin|hear|sign|meet)|talks|urges?"
    r"|threatens?|bids?|hopes?|wants?|considers?|weighs?|rumou?rs?|on track|gears? up|eyes)\b",
    re.IGNORECASE,
)
# What turns a claim into its opposite, unless the claim itself says so.
_REVERSING = re.compile(
    r"n['’]t\b|\b(?:no|not|never|without|instead|despite|fails?|failed|loses?|lost|loss|rejects?"
    r"|rejected|rejection|denied|denies|clears?|cleared|acquits?|acquitted|acquittal|dismiss(?:es|ed)?"
    r"|dash(?:es|ed)|ended|blocks?|blocked|drops?|dropped|abandons?|abandoned|withdraws?|withdrew"
    r"|backs out|scraps?|cancel(?:s|led)|delays?|delayed|postpones?|postponed|crash(?:es|ed)?"
    r"|defeat(?:s|ed)?|ousts?|ousted|resigns?|upsets?|stuns?|topples?|off the table"
    r"|strikes? down)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ProposalParameters:
    """When passages are enough for a proposal; chosen on the development half.

    Attributes
    ----------
    passages
        How many of the best articles are looked at.
    least_cosine
        Of article and statement, for a passage to count.
    agreement
        Least share of the weight that must point one way.
    """

    passages: int = 5
    least_cosine: float = 0.6
    agreement: float = 0.7


# For what is already reported.
ALREADY = ProposalParameters(passages=1, least_cosine=0.75, agreement=1.0)


@dataclass(frozen=True)
class Proposal:
    """What the evidence seems to say about a claim, for a person to accept or not.

    Attributes
    ----------
    verdict
        'yes' or 'no', None where the passages do not tell.
    score
        Share of the passages' weight that points to the verdict, in [0, 1]; 0 without one.
    passages
        The evidence that it rests on, best first.
    reason
        Why, in words.
    """

    verdict: str | None
    score: float
    passages: tuple[Evidence, ...]
    reason: str


def propose_verdict(
    statement: str, evidence: Sequence[Evidence], parameters: ProposalParameters | None = None
) -> Proposal:
    """Propose a verdict from evidence, best first as `find_evidence` gives it."""
    given = parameters or ProposalParameters()
    reports = tuple(
        found
        for found in evidence[: given.passages]
        if found.cosine >= given.least_cosine and not _AHEAD.search(found.passage)
    )
    if not reports:
        return Proposal(None, 0.0, (), "no passage near enough reports an outcome")
    turned = bool(_REVERSING.search(statement))
    against = tuple(found for found in reports if bool(_REVERSING.search(found.passage)) != turned)
    weight = sum(found.cosine for found in reports)
    share = sum(found.cosine for found in against) / weight
    if share >= given.agreement:
        return Proposal("no", round(share, 4), against, _told(against, reports, "turn the claim"))
    if 1 - share >= given.agreement:
        held = tuple(found for found in reports if found not in against)
        return Proposal("yes", round(1 - share, 4), held, _told(held, reports, "report the event"))
    return Proposal(None, 0.0, reports, "the passages point both ways")


def already_reported(
    statement: str,
    articles: pd.DataFrame,
    vectors: np.ndarray,
    encode: Encode,
    parameters: ProposalParameters | None = None,
) -> str | None:
    """The passage of a known article that already reports what a statement predicts, or None.

    Stricter than a proposal: a claim that is turned back for nothing costs more than one that the
    desk's readers find stale.

    Parameters
    ----------
    articles
        Those known when the statement was made: article_id, title, summary, first_seen_at and
        duplicate_of.
    vectors
        Their unit vectors, shape (n, d).
    encode
        Texts to unit vectors of the same model.
    """
    given = parameters or ALREADY
    found = find_evidence(statement, articles, vectors, encode, k=given.passages)
    proposal = propose_verdict(statement, found, given)
    return proposal.passages[0].passage if proposal.verdict == "yes" else None


def _told(pointing: Sequence[Evidence], reports: Sequence[Evidence], what: str) -> str:
    return f"{len(pointing)} of {len(reports)} passages that report an outcome {what}"
