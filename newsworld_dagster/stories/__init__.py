"""Online stories, topics, labels and sections."""

from __future__ import annotations

from newsworld_dagster.stories.clustering import StoryDay, StoryParameters, assign_stories, story_id
from newsworld_dagster.stories.sections import SECTION_DESCRIPTIONS
from newsworld_dagster.stories.topics import TopicDay, TopicParameters, link_topics

__all__ = [
    "SECTION_DESCRIPTIONS",
    "StoryDay",
    "StoryParameters",
    "TopicDay",
    "TopicParameters",
    "assign_stories",
    "link_topics",
    "story_id",
]
