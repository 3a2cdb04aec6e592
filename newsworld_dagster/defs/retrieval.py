"""Articles of the archive that may decide claims, for the command line and for the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.defs.vector_cache import store_vectors, texts_to_embed
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import Evidence, find_evidence, window_is_covered


class EvidenceError(LookupError):
    """There is no archive to search."""


@dataclass(frozen=True)
class Sought:
    """A claim to find articles for: first seen after `made_at`, at or before `resolve_by` (UTC)."""

    statement: str
    made_at: pd.Timestamp
    resolve_by: pd.Timestamp


@dataclass(frozen=True)
class Retrieved:
    """What the archive holds on a claim as of a moment.

    Attributes
    ----------
    evidence
        The articles that most likely decide it, best first, copies counted once.
    window
        All candidates, oldest first: what `Reader.evidence_window` returns.
    complete
        Whether the archive has articles on enough of the window's days, so that silence counts;
        days after the moment are missing.
    """

    evidence: list[Evidence]
    window: pd.DataFrame
    complete: bool

    @property
    def articles(self) -> pd.DataFrame:
        """The rows of `window` that `evidence` names, best first: what a judge reads."""
        ids = [one.article_id for one in self.evidence]
        return self.window.set_index("article_id").loc[ids].reset_index()


def retrieve(
    world: World, claims: Sequence[Sought], *, as_of: pd.Timestamp, k: int = 10
) -> list[Retrieved]:
    """Candidates for each claim as of a moment, in the order of the claims.

    Candidates are first seen after the claim was made, and at or before its deadline and
    `as_of`; the `k` best are chosen by words and by vectors together. Texts that were never
    embedded are embedded first.

    Raises
    ------
    EvidenceError
        When the archive holds no article by then.
    """
    with world.warehouse.read() as reader:
        days = reader.article_days(as_of)
        if not days:
            raise EvidenceError(
                f"The archive of this world holds no article first seen by {as_of:%Y-%m-%d %H:%M} "
                "UTC. Bring one in first: newsworld import FILE, or newsworld run for live feeds."
            )
        if not claims:
            return []
        wanted = [day for day in days if any(_covers(claim, day) for claim in claims)]
        missing = reader.missing_texts(world.encoder.name, wanted)
    store_vectors(world, texts_to_embed(missing))
    with world.warehouse.read() as reader:
        windows = [
            reader.evidence_window(claim.made_at, claim.resolve_by, as_of) for claim in claims
        ]
        digests = pd.concat([window["content_digest"] for window in windows]).drop_duplicates()
        vectors = reader.vectors(world.encoder.name, digests)
    place = pd.Series(np.arange(len(digests)), index=digests)
    found = []
    for number, (claim, window) in enumerate(zip(claims, windows, strict=True), start=1):
        own = vectors[place.loc[window["content_digest"]].to_numpy()]
        evidence = find_evidence(claim.statement, window, own, world.encoder.encode, k=k)
        covered = window_is_covered(claim.made_at, claim.resolve_by, days)
        found.append(Retrieved(evidence, window, covered))
        world.progress(f"searched for {number} of {len(claims)} claims")
    return found


def _covers(claim: Sought, day: pd.Timestamp) -> bool:
    """Whether a day has to be embedded for a claim."""
    return day <= claim.resolve_by and day + pd.Timedelta(days=1) > claim.made_at
