"""Online stories, topics, labels, sections and what trends."""

from __future__ import annotations

from newsworld_dagster.stories.agreement import BCubed, b_cubed
from newsworld_dagster.stories.background import Background, RunningBackground
from newsworld_dagster.stories.clustering import StoryDay, StoryParameters, assign_stories, story_id
from newsworld_dagster.stories.digests import DAILY, WEEKLY, DigestParameters, make_digest
from newsworld_dagster.stories.pair_model import BoostedPairModel, PairModel, pair_probabilities
from newsworld_dagster.stories.pairs import FEATURES, PairParameters, PairSpace
from newsworld_dagster.stories.sections import SECTION_DESCRIPTIONS
from newsworld_dagster.stories.timelines import TimelineParameters, make_timelines
from newsworld_dagster.stories.topics import (
    TopicDay,
    TopicParameters,
    latest_topics,
    link_topics,
)
from newsworld_dagster.stories.trending import TrendingParameters, burst_score, trending_terms
from newsworld_dagster.stories.written import SectionGiven, TopicToName, Written, write

__all__ = [
    "DAILY",
    "FEATURES",
    "SECTION_DESCRIPTIONS",
    "WEEKLY",
    "BCubed",
    "Background",
    "BoostedPairModel",
    "DigestParameters",
    "PairModel",
    "PairParameters",
    "PairSpace",
    "RunningBackground",
    "SectionGiven",
    "StoryDay",
    "StoryParameters",
    "TimelineParameters",
    "TopicDay",
    "TopicParameters",
    "TopicToName",
    "TrendingParameters",
    "Written",
    "assign_stories",
    "b_cubed",
    "burst_score",
    "latest_topics",
    "link_topics",
    "make_digest",
    "make_timelines",
    "pair_probabilities",
    "story_id",
    "trending_terms",
    "write",
]
