"""Vectors, stories and topics."""

from __future__ import annotations

import pandera.pandas as pa

from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import SECTIONS

VECTORS = contract(
    "embeddings.vectors",
    {
        "model": column(str, doc="Name of the encoder"),
        "content_digest": column(str, doc="SHA-256 of the embedded text"),
        "vector": column(object, doc="Unit-length float32 list, shape (d,)"),
    },
    unique=["model", "content_digest"],
    doc="Content-addressed embedding cache: each text is embedded once per model.",
)

ASSIGNMENTS = contract(
    "stories.assignments",
    {
        "article_id": column(str, doc="Article"),
        "story_id": column(str, doc="Story that the article belongs to from this day on"),
        "day": column(TIME, doc="Day whose processing made the assignment"),
        "score": column(float, doc="Similarity to the story when assigned; 1 for a founder"),
        "reason": column(
            str, pa.Check.isin(["founded", "joined", "merged", "split"]), doc="Why it is here"
        ),
    },
    unique=["article_id", "day"],
    doc="Article to story, versioned by day: the latest row up to a day is in force on it.",
)

LINEAGE = contract(
    "stories.lineage",
    {
        "day": column(TIME, doc="Day of the change"),
        "kind": column(str, pa.Check.isin(["merge", "split"]), doc="Merge or split"),
        "from_story_id": column(str, doc="Story that lost articles"),
        "to_story_id": column(str, doc="Story that gained them"),
        "articles": column("int64", pa.Check.ge(1), doc="How many articles moved"),
        "reason": column(str, doc="The figures that decided it"),
    },
    unique=["day", "kind", "from_story_id", "to_story_id"],
    doc="Every merge and split of stories.",
)

TOPICS = contract(
    "stories.topics",
    {
        "topic_id": column(str, doc="Stable id of the thread"),
        "day": column(TIME, doc="Day that this description holds from"),
        "label": column(str, pa.Check.str_length(min_value=1), doc="Two to five words"),
        "keywords": column(str, doc="JSON list of terms, most telling first"),
        "section": column(str, pa.Check.isin(SECTIONS), doc="Section of most of its articles"),
        "articles": column("int64", pa.Check.ge(1), doc="Articles so far"),
        "publishers": column("int64", pa.Check.ge(1), doc="Distinct publishers so far"),
        "stories": column("int64", pa.Check.ge(1), doc="Stories so far"),
        "first_seen_at": column(TIME, doc="UTC time of the first article"),
        "last_seen_at": column(TIME, doc="UTC time of the latest article up to this day"),
        "vector": column(object, doc="Unit-length centroid, newer articles weighing more"),
    },
    unique=["topic_id", "day"],
    doc="A running thread of stories, described anew on every day that brings it articles.",
)

TOPIC_STORIES = contract(
    "stories.topic_stories",
    {
        "story_id": column(str, doc="Story"),
        "topic_id": column(str, doc="Topic that the story belongs to from this day on"),
        "day": column(TIME, doc="Day whose processing linked them"),
        "score": column(float, doc="Similarity of story and topic when linked; 1 for a founder"),
    },
    unique=["story_id", "day"],
    doc="Story to topic, versioned by day like the assignments.",
)
