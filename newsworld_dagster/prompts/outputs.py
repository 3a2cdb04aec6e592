"""What each prompt is answered with. A change here is a change of the prompts that use it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

# What kind of event a claim is about: the class whose base rate it is held against.
EventKind = Literal[
    "official_decision",
    "legislation",
    "court",
    "election",
    "diplomacy",
    "conflict",
    "crime",
    "personnel",
    "company",
    "product",
    "market",
    "economy",
    "health",
    "science",
    "disaster",
    "sport",
    "culture",
    "other",
]

Prose = Annotated[str, Field(min_length=1, max_length=6000)]
Line = Annotated[str, Field(min_length=1, max_length=400)]
# Farther out no calendar of ours can count.
Day = Annotated[dt.date, Field(ge=dt.date(2000, 1, 1), le=dt.date(2199, 12, 31))]
Number = Annotated[int, Field(ge=1, description="Number of a given article")]


# Line breaks and tabs are part of prose; NUL and its like can be neither shown nor searched.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _printable(cls, value: object) -> object:
        return _UNPRINTABLE.sub(" ", value) if isinstance(value, str) else value


class Signal(_Answer):
    """A trend or signal that the articles show."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="Two to six words")]
    text: Prose


class Window(_Answer):
    """What is likely to happen in one window of time."""

    by: Annotated[Day, Field(description="Last day of the window, UTC")]
    heading: Annotated[str, Field(min_length=1, max_length=120)]
    text: Prose


class SourceNote(_Answer):
    """What one article contributed."""

    number: Number
    note: Annotated[str, Field(min_length=1, max_length=300)]


class Event(_Answer):
    """One predicted event, as a claim that can be decided."""

    statement: Annotated[
        str,
        Field(
            min_length=20, max_length=300, description="One sentence with its deadline as a date"
        ),
    ]
    actor: Annotated[str, Field(min_length=1, max_length=120, description="Who or what acts")]
    action: Annotated[str, Field(min_length=1, max_length=200, description="What it does")]
    threshold: Annotated[
        float | None, Field(allow_inf_nan=False, description="Quantity to reach, null if none")
    ] = None
    kind: EventKind
    resolve_by: Annotated[Day, Field(description="Deadline, the last day that counts, UTC")]
    resolution_criteria: Annotated[
        str,
        Field(min_length=20, max_length=800, description="What report settles it yes, what no"),
    ]
    rationale: Prose
    sources: Annotated[list[Number], Field(min_length=1, max_length=10)]


class Report(_Answer):
    """One prediction page."""

    headline: Annotated[str, Field(min_length=10, max_length=160)]
    label: Annotated[str, Field(min_length=2, max_length=60, description="Name of the topic")]
    situation: Annotated[Prose, Field(description="The current situation, citing [n]")]
    signals: Annotated[list[Signal], Field(min_length=1, max_length=6)]
    outlook: Annotated[list[Window], Field(min_length=1, max_length=5)]
    implications: Annotated[Prose, Field(description="The broader implications, citing [n]")]
    events: Annotated[list[Event], Field(min_length=1, max_length=12)]
    sources: Annotated[list[SourceNote], Field(min_length=1, max_length=40)]
    confidence: Annotated[
        Literal["Low", "Medium", "High"],
        Field(description="How well the articles support the outlook as a whole"),
    ]


class ClaimRepair(_Answer):
    """A claim put right, or the reason why it cannot be."""

    reason: Annotated[str, Field(min_length=1, max_length=600)]
    event: Annotated[Event | None, Field(description="Null if it cannot be made decidable")]


class Actor(_Answer):
    """Somebody who must act for the event to happen."""

    who: Line
    incentive: Annotated[str, Field(min_length=1, max_length=600)]
    record: Annotated[
        str, Field(min_length=1, max_length=600, description="How they followed through before")
    ]


class Probability(_Answer):
    """A probability and the thoughts that led to it, in the order in which they are thought."""

    time_left: Prose
    base_rate: Prose
    status_quo: Prose
    case_for_no: Prose
    case_for_yes: Prose
    actors: Annotated[list[Actor], Field(min_length=1, max_length=6)]
    surprise: Prose
    probability: Annotated[
        float,
        Field(ge=0.001, le=0.999, allow_inf_nan=False, description="Of yes, 0.001 to 0.999"),
    ]


class Quote(_Answer):
    """Words of an article, exactly as they stand there."""

    number: Number
    quote: Annotated[str, Field(min_length=10, max_length=600)]


class Judgement(_Answer):
    """Whether a claim came true, as far as the articles tell."""

    what_decides: Prose
    evidence: Annotated[list[Quote], Field(max_length=8)]
    reason: Prose
    verdict: Literal["yes", "no", "void", "not_yet"]


class TopicLabel(_Answer):
    """The name of a topic."""

    label: Annotated[str, Field(min_length=2, max_length=60)]


class DigestItem(_Answer):
    """One thing that happened."""

    headline: Annotated[str, Field(min_length=10, max_length=160)]
    text: Annotated[str, Field(min_length=1, max_length=900, description="Citing [n]")]
    sources: Annotated[list[Number], Field(min_length=1, max_length=12)]


class Digest(_Answer):
    """What happened, the most significant first; empty when nothing did."""

    items: Annotated[list[DigestItem], Field(max_length=12)]


OUTPUTS: Final[dict[str, type[BaseModel]]] = {
    output.__name__: output
    for output in (Report, ClaimRepair, Probability, Judgement, TopicLabel, Digest)
}
