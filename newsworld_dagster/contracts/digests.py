"""Timelines of topics and digests of sections: what readers see of a day."""

from __future__ import annotations

from typing import Final

import pandera.pandas as pa

from newsworld_dagster.contracts.forecasts import OPEN_UNIT
from newsworld_dagster.contracts.frames import TIME, column, contract
from newsworld_dagster.contracts.vocabulary import SECTIONS, VERDICTS

FRONT: Final = "All"
DIGEST_SECTIONS: Final = (FRONT, *SECTIONS)
PERIODS: Final = ("daily", "weekly")
ITEM_KINDS: Final = ("happened", "changed", "watch")
ITEM_STATUSES: Final = ("new", "developing", "open")
STEP_KINDS: Final = ("step", "open", "settled")

_SOURCES = "JSON list of {article_id, publisher, independent}: copies of another are not"

TIMELINES = contract(
    "stories.timelines",
    {
        "entry_id": column(str, doc="Digest of day, kind, topic, and story and date or claim"),
        "topic_id": column(str, doc="Topic when the row was written"),
        "day": column(TIME, doc="Day that wrote the row"),
        "as_of": column(TIME, doc="UTC; nothing seen or decided later was read"),
        "date": column(
            TIME, doc="Place on the axis: day of the articles, deadline, moment of the verdict"
        ),
        "kind": column(
            str, pa.Check.isin(STEP_KINDS), doc="'step' of articles, or claim 'open' or 'settled'"
        ),
        "sentence": column(
            str, pa.Check.str_length(min_value=1), doc="Verbatim from article_id, or the claim"
        ),
        "story_id": column(str, nullable=True, doc="Story of the step"),
        "article_id": column(str, nullable=True, doc="Article that the sentence stands in"),
        "articles": column("int64", pa.Check.ge(0), doc="Articles in sources"),
        "independent_sources": column(
            "int64", pa.Check.ge(0), doc="Publishers among them, copies counted once"
        ),
        "sources": column(str, doc=_SOURCES),
        "claim_id": column(str, nullable=True, doc="Claim, of claims"),
        "forecaster": column(str, nullable=True, doc="Who made it, of claims"),
        "probability": column(float, OPEN_UNIT, nullable=True, doc="Probability of yes, of claims"),
        "resolve_by": column(TIME, nullable=True, doc="UTC deadline, of claims"),
        "verdict": column(
            str, pa.Check.isin(VERDICTS), nullable=True, doc="Verdict, of settled claims"
        ),
    },
    unique=["entry_id"],
    doc=(
        "What each day added to the timelines of topics. The timeline of a topic as of a day is "
        "all that was written up to then, a settled claim standing for its open one."
    ),
)

DIGESTS = contract(
    "stories.digests",
    {
        "day": column(TIME, doc="Day of a daily digest, last day of a weekly one"),
        "period": column(str, pa.Check.isin(PERIODS), doc="'daily', or 'weekly' on Sundays"),
        "section": column(str, pa.Check.isin(DIGEST_SECTIONS), doc="Section, or 'All': the front"),
        "rank": column("int64", pa.Check.ge(1), doc="Place in the digest, from 1"),
        "as_of": column(TIME, doc="UTC; nothing seen or decided later was read"),
        "kind": column(
            str,
            pa.Check.isin(ITEM_KINDS),
            doc="'happened', 'changed' since the digest before, or claim to 'watch'",
        ),
        "status": column(
            str,
            pa.Check.isin(ITEM_STATUSES),
            doc="Story 'new' in this period or 'developing', claim 'open'",
        ),
        "headline": column(
            str, pa.Check.str_length(min_value=1), doc="Verbatim title of article_id, or the claim"
        ),
        "article_id": column(str, nullable=True, doc="Article of the headline"),
        "sentence": column(
            str, nullable=True, doc="One more sentence, verbatim from sentence_article_id"
        ),
        "sentence_article_id": column(str, nullable=True, doc="Article of the sentence"),
        "story_id": column(str, nullable=True, doc="Story, null for claims"),
        "topic_id": column(str, doc="Topic"),
        "topic_label": column(str, doc="Label of the topic then"),
        "claim_id": column(str, nullable=True, doc="Claim to watch"),
        "forecaster": column(str, nullable=True, doc="Who made the claim"),
        "probability": column(float, OPEN_UNIT, nullable=True, doc="Probability of yes"),
        "resolve_by": column(TIME, nullable=True, doc="UTC deadline of the claim"),
        "days_left": column(float, nullable=True, doc="Days from as_of to the deadline"),
        "articles": column("int64", pa.Check.ge(1), doc="Articles in sources"),
        "independent_sources": column(
            "int64", pa.Check.ge(1), doc="Publishers among them, copies counted once"
        ),
        "fresh_sources": column(
            "int64", pa.Check.ge(0), doc="Of these, with an article of the period"
        ),
        "sources": column(str, doc=_SOURCES),
        "score": column(float, doc="What the stories are ranked by; 0 for claims"),
    },
    unique=["day", "period", "section", "rank"],
    doc=(
        "One row an item of a digest. A section without rows had nothing that enough "
        "independent sources reported."
    ),
)

WRITTEN_DIGESTS = contract(
    "stories.written_digests",
    {
        "day": column(TIME, doc="Day of the digest"),
        "section": column(str, pa.Check.isin(DIGEST_SECTIONS), doc="Section, or 'All': the front"),
        "rank": column("int64", pa.Check.ge(1), doc="Place in the digest, from 1"),
        "as_of": column(TIME, doc="UTC; nothing seen later was read"),
        "headline": column(str, pa.Check.str_length(min_value=1), doc="By the model"),
        "text": column(str, pa.Check.str_length(min_value=1), doc="By the model, citing [n]"),
        "sources": column(str, doc="JSON list of {number, article_id} that the item rests on"),
        "model": column(str, doc="Model"),
        "prompt_digest": column(str, doc="Digest of the prompt"),
        "request_digest": column(str, doc="SHA-256 of the request"),
    },
    unique=["day", "section", "rank"],
    doc=(
        "Daily digests as a language model writes them, from the articles of the extractive ones; "
        "empty without a model."
    ),
)

WRITTEN_LABELS = contract(
    "stories.written_labels",
    {
        "topic_id": column(str, doc="Topic"),
        "day": column(TIME, doc="Day that named it"),
        "as_of": column(TIME, doc="UTC; nothing seen later was read"),
        "label": column(str, pa.Check.str_length(min_value=1), doc="Name of the topic"),
        "model": column(str, doc="Model"),
        "prompt_digest": column(str, doc="Digest of the prompt"),
        "request_digest": column(str, doc="SHA-256 of the request"),
    },
    unique=["topic_id"],
    doc="Names of topics by a language model, given once, so that they stay.",
)
