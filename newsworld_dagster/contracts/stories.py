"""Vectors, stories and topics."""

from __future__ import annotations

import pandera.pandas as pa

from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import EVERYWHERE, LIFECYCLE, SECTIONS, TERM_KINDS

_UNIT = pa.Check.in_range(0, 1)

VECTORS = contract(
    "embeddings.vectors",
    {
        "model": column(str, doc="Name of the encoder, or of its event vectors"),
        "content_digest": column(str, doc="SHA-256 of the embedded text"),
        "vector": column(object, doc="Unit-length float32 list, shape (d,)"),
    },
    unique=["model", "content_digest"],
    doc="Content-addressed embedding cache: each text is embedded once per model. Event vectors, "
    "under which texts on one event are near, have the model's name and their weights' behind it.",
)

ASSIGNMENTS = contract(
    "stories.assignments",
    {
        "article_id": column(str, doc="Article"),
        "story_id": column(str, doc="Story that the article belongs to from this day on"),
        "day": column(TIME, doc="Day whose processing made the assignment"),
        "score": column(
            float,
            pa.Check.in_range(0, 1),
            doc="Mean probability of its pairs with the story's articles; 1 for a founder",
        ),
        "reason": column(
            str, pa.Check.isin(["founded", "joined", "merged", "split"]), doc="Why it is here"
        ),
        "nearest": column(
            str,
            doc="JSON list, nearest first, of article_id, probability of one story, the words "
            "they share, and whether it is a member; for a founder the nearest of all",
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
        "articles": column(
            "int64", pa.Check.ge(0), doc="Articles so far; 0 once all moved to other topics"
        ),
        "publishers": column(
            "int64", pa.Check.ge(0), doc="Distinct publishers so far, one for all copies of a text"
        ),
        "stories": column("int64", pa.Check.ge(0), doc="Stories so far"),
        "first_seen_at": column(TIME, doc="UTC time of the first article"),
        "last_seen_at": column(TIME, doc="UTC time of the latest article up to this day"),
        "vector": column(object, doc="Unit-length centroid, newer articles weighing more"),
        "independent_publishers": column(
            "int64", pa.Check.ge(0), doc="Publishers of the last 7 days, copies not counted"
        ),
        "growth": column(
            float, _UNIT, doc="(a - b) / (a + b + 2), a the last 3 days' articles, b as expected"
        ),
        "novelty": column(
            float, _UNIT, doc="One less the cosine of the day's articles and the topic before"
        ),
        "persistence": column(
            float, _UNIT, doc="Days with articles among the last 14, over 7, at most 1"
        ),
        "significance": column(
            float,
            _UNIT,
            doc="log(1 + independent publishers) / log 21, at most 1, times "
            "0.4 + 0.2 (growth + novelty + persistence); holds on the day of the row",
        ),
        "lifecycle": column(
            str,
            pa.Check.isin(LIFECYCLE),
            doc="On the day of the row; dormant_from and closed_from say how it goes on",
        ),
        "dormant_from": column(TIME, doc="Dormant from then on, unless a later row says otherwise"),
        "closed_from": column(TIME, doc="Closed from then on: no story joins it any more"),
    },
    unique=["topic_id", "day"],
    doc="A running thread of stories, described anew on every day that changes its articles.",
)

TOPIC_STORIES = contract(
    "stories.topic_stories",
    {
        "story_id": column(str, doc="Story"),
        "topic_id": column(str, doc="Topic that the story belongs to from this day on"),
        "day": column(TIME, doc="Day whose processing linked them"),
        "score": column(float, doc="Probability of the link when it was made; 1 for a founder"),
    },
    unique=["story_id", "day"],
    doc="Story to topic, versioned by day like the assignments.",
)

TRENDING = contract(
    "stories.trending",
    {
        "day": column(TIME, doc="Day at whose end, or moment of being made, it trends"),
        "section": column(
            str, pa.Check.isin([EVERYWHERE, *SECTIONS]), doc="Section of the articles, or 'All'"
        ),
        "rank": column("int64", pa.Check.ge(1), doc="Place in the strip of its section"),
        "term": column(str, pa.Check.str_length(min_value=2), doc="As a newspaper prints it"),
        "kind": column(str, pa.Check.isin(TERM_KINDS), doc="Name, or term in small letters"),
        "articles": column(
            "int64", pa.Check.ge(1), doc="Articles of the last two days, syndicated copies not"
        ),
        "publishers": column(
            "int64", pa.Check.ge(2), doc="Distinct publishers of the last two days"
        ),
        "expected": column(
            float, pa.Check.gt(0), doc="Publishers in two days after its own four weeks before"
        ),
        "score": column(
            float, pa.Check.ge(0), doc="-log10 of the chance of as many publishers or more"
        ),
        "story_id": column(str, nullable=True, doc="Story of most of the articles"),
        "topic_id": column(str, nullable=True, doc="Topic of most of the articles"),
        "first_seen_at": column(TIME, doc="UTC time of its first mention in the thirty days"),
    },
    unique=["day", "section", "term"],
    doc="Names and terms that burst against their own history: the trending strip.",
)
