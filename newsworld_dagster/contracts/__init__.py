"""Table contracts and vocabularies: what rooms may say to each other."""

from __future__ import annotations

from newsworld_dagster.contracts.analysis import (
    ANALYSES,
    MODEL_CALLS,
    REPORT_TEXTS,
    SAMPLES,
)
from newsworld_dagster.contracts.articles import (
    ARTICLES,
    DATE_REPAIRS,
    FEED_STATE,
    FULL_TEXTS,
    REJECTS,
    REVISIONS,
)
from newsworld_dagster.contracts.digests import (
    DIGESTS,
    TIMELINES,
    WRITTEN_DIGESTS,
    WRITTEN_LABELS,
)
from newsworld_dagster.contracts.forecasts import (
    ANCHORS,
    CLAIMS,
    EDITIONS,
    HEADS,
    REFUSALS,
    REPORTS,
)
from newsworld_dagster.contracts.frames import ContractError, meet
from newsworld_dagster.contracts.learning import (
    CONTESTS,
    INCONSISTENCIES,
    LEADERS,
    MEANINGS,
    RELATIONS,
)
from newsworld_dagster.contracts.outcomes import (
    JUDGE_QUEUE,
    RESOLUTIONS,
    SCORECARD,
    VERDICT_CHAIN,
)
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
        FULL_TEXTS,
        VECTORS,
        ASSIGNMENTS,
        LINEAGE,
        TOPICS,
        TOPIC_STORIES,
        TIMELINES,
        DIGESTS,
        WRITTEN_DIGESTS,
        WRITTEN_LABELS,
        TRENDING,
        EDITIONS,
        REPORTS,
        ANCHORS,
        CLAIMS,
        REFUSALS,
        ANALYSES,
        REPORT_TEXTS,
        SAMPLES,
        MODEL_CALLS,
        RESOLUTIONS,
        JUDGE_QUEUE,
        SCORECARD,
        RELATIONS,
        INCONSISTENCIES,
        CONTESTS,
        LEADERS,
        MEANINGS,
        VERDICT_CHAIN,
        HEADS,
    )
}

__all__ = ["CONTRACTS", "ContractError", "meet"]
