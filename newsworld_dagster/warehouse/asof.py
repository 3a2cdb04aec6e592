"""Reads as of a moment: the only place that filters by time.

Every method that takes `as_of` returns what was known at that moment and nothing else:
articles first seen then or before, descriptions of days that had begun, verdicts decided by
then.
"""

from __future__ import annotations

from newsworld_dagster.warehouse.asof_analysis import AnalysisReads
from newsworld_dagster.warehouse.asof_articles import ArticleReads
from newsworld_dagster.warehouse.asof_digests import DigestReads
from newsworld_dagster.warehouse.asof_edition import EditionReads
from newsworld_dagster.warehouse.asof_evidence import EvidenceReads
from newsworld_dagster.warehouse.asof_learning import LearningReads
from newsworld_dagster.warehouse.asof_pruning import PruningReads
from newsworld_dagster.warehouse.asof_record import RecordReads
from newsworld_dagster.warehouse.asof_stories import StoryReads
from newsworld_dagster.warehouse.asof_tables import TableReads
from newsworld_dagster.warehouse.asof_topics import TopicReads


class Reader(
    AnalysisReads,
    ArticleReads,
    DigestReads,
    EditionReads,
    EvidenceReads,
    LearningReads,
    PruningReads,
    RecordReads,
    StoryReads,
    TableReads,
    TopicReads,
):
    """Reads over one open connection."""
