"""Table contracts and vocabularies: what rooms may say to each other."""

from __future__ import annotations

from newsworld_dagster.contracts.articles import (
    ARTICLES,
    DATE_REPAIRS,
    FEED_STATE,
    REJECTS,
    REVISIONS,
)
from newsworld_dagster.contracts.digests import DIGESTS, TIMELINES
from newsworld_dagster.contracts.forecasts import (
    ANCHORS,
    CLAIMS,
    EDITIONS,
    HEADS,
    REFUSALS,
    REPORTS,
)
from newsworld_dagster.contracts.frames import ContractError, meet
from newsworld_dagster.contracts.outcomes import RESOLUTIONS, SCORECARD, VERDICT_CHAIN
from newsworld_dagster.contracts.stories import (
    ASSIGNMENTS,
    LINEAGE,
    TOPIC_STORIES,
    TOPICS,
    TRENDING,
    VECTORS,
)

CONTRACTS = {
    str(schema.name): schema
    for schema in (
        ARTICLES,
        REJECTS,
        FEED_STATE,
        REVISIONS,
        DATE_REPAIRS,
        VECTORS,
        ASSIGNMENTS,
        LINEAGE,
        TOPICS,
        TOPIC_STORIES,
        TIMELINES,
        DIGESTS,
        TRENDING,
        EDITIONS,
        REPORTS,
        ANCHORS,
        CLAIMS,
        REFUSALS,
        RESOLUTIONS,
        SCORECARD,
        VERDICT_CHAIN,
        HEADS,
    )
}

__all__ = ["CONTRACTS", "ContractError", "meet"]
