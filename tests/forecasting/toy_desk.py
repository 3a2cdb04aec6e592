"""A hand-made month of news and the questions that it gives rise to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.triggers import trigger_families
from newsworld_dagster.forecasting import DeskInput
from newsworld_dagster.forecasting.questions import TopicBrief, TriggerSignals
from newsworld_dagster.forecasting.signals import SPANS_DAYS, Signals

DAY = pd.Timestamp("2026-02-14")
AS_OF = DAY + pd.Timedelta(days=1)
FAMILIES = trigger_families()
DIMENSIONS = 16

NO_SETTLED = pd.DataFrame(
    {"template": pd.Series(dtype=str), "window_days": pd.Series(dtype="int64")}
).assign(features=pd.Series(dtype=str), outcome=pd.Series(dtype="int64"))
NO_OPEN = pd.DataFrame(
    columns=["topic_id", "template", "window_days", "made_at", "statement"], dtype=object
)

# Name, section, publishers, articles.
TOPICS = {
    "t1": ("Artemis", "Science", 6, 18),
    "t2": ("Boeing", "Business", 5, 12),
    "t3": ("Measles", "Health", 4, 9),
}


def signals(articles: int = 12, publishers: int = 6) -> Signals:
    """The same counts in every span of three days and more."""
    return Signals(
        articles={span: 2 if span == 1 else articles for span in SPANS_DAYS},
        publishers={span: 2 if span == 1 else publishers for span in SPANS_DAYS},
        quiet_days=0.2,
        age_days=20.0,
        active_days=9,
    )


def seen(name: str, publishers: int = 0) -> TriggerSignals:
    return TriggerSignals(FAMILIES[name], 0.3, publishers, publishers, 0.02)


def brief(**changes: Any) -> TopicBrief:
    given = {
        "topic_id": "t1",
        "label": "Artemis II launch",
        "section": "Science",
        "anchor_id": "a1",
        "as_of": AS_OF,
        "signals": signals(),
        "triggers": tuple(seen(name) for name in FAMILIES),
    }
    return TopicBrief(**(given | changes))


def axis(number: int) -> np.ndarray:
    return np.eye(DIMENSIONS, dtype=np.float32)[number]


def desk(topics: dict[str, tuple[str, str, int, int]] | None = None, **changes: Any) -> DeskInput:
    """An edition's input: each topic on an axis of its own, and forty old articles of no note."""
    topics = TOPICS if topics is None else topics
    rows, described = [], []
    for number, (topic, (name, section, publishers, articles)) in enumerate(topics.items()):
        for n in range(articles):
            # Spread evenly over the last six days.
            moment = AS_OF - pd.Timedelta(hours=1) - n * pd.Timedelta(days=6) / articles
            rows.append((moment, f"{topic}-{n}", f"the {name} step {n}", f"p{n % publishers}.org"))
        described.append(
            {
                "topic_id": topic,
                "label": f"{name} programme",
                "section": section,
                "articles": articles,
                "publishers": publishers,
                "last_seen_at": AS_OF - pd.Timedelta(hours=1),
                "vector": axis(number),
            }
        )
    old = AS_OF - pd.Timedelta(days=20)
    rows += [(old, f"old-{n}", "some words of no weight", "p0.org") for n in range(40)]
    window = pd.DataFrame(rows, columns=["first_seen_at", "article_id", "title", "publisher"])
    window = window.sort_values(["first_seen_at", "article_id"], ignore_index=True).assign(
        summary="", duplicate_of=None
    )
    window["topic_id"] = window["article_id"].str.rsplit("-", n=1).str[0]
    place = {topic: number for number, topic in enumerate(topics)} | {"old": DIMENSIONS - 1}
    given = {
        "day": DAY,
        "as_of": AS_OF,
        "window": window,
        "vectors": np.stack([axis(place[topic]) for topic in window["topic_id"]]),
        "topics": pd.DataFrame(described),
        "settled": NO_SETTLED,
        "open_claims": NO_OPEN,
        "trigger_vectors": {
            name: axis(number % DIMENSIONS) for number, name in enumerate(FAMILIES)
        },
        "embedding_model": "toy",
        "phase": "record",
        "code_version": "0.1.0",
    }
    return DeskInput(**(given | changes))
