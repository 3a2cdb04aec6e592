"""A world of three topics on axes of their own, ready to be forecast day by day."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.defs import lanes, ledger
from newsworld_dagster.defs.world import World, fixed_texts
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.settings import Settings
from tests.warehouse.warehouse_rows import articles, assignments, links, topic

FIRST = pd.Timestamp("2026-01-01")
DIMENSIONS = 16
# Name, section, and the chance that a publisher reports on a day.
TOPICS = {
    "t1": ("Artemis", "Science", 0.5),
    "t2": ("Boeing", "Business", 0.35),
    "t3": ("Measles", "Health", 0.2),
}


class AxisEncoder(Encoder):
    """Vectors are planted; nothing is to be embedded."""

    name = "axes"

    def encode(self, texts: object, progress: object = None) -> np.ndarray:
        raise AssertionError("this world's texts are embedded already")


def axis(number: int) -> np.ndarray:
    return np.eye(DIMENSIONS, dtype=np.float32)[number]


def toy_world(folder: Path, days: int = 24) -> World:
    """News of `days` days with stories and topics, and nothing forecast yet."""
    world = World(Settings(data_dir=folder), given_encoder=AxisEncoder(), code_version="0.1.0")
    rng = np.random.default_rng(11)
    told = []
    for number, (name, (word, _, chance)) in enumerate(TOPICS.items()):
        for n in range(days):
            for publisher in range(6):
                # The first days have news of everything, or nothing would be a topic.
                if n < 4 or rng.random() < chance:
                    seen = FIRST + pd.Timedelta(days=n, hours=8 + publisher)
                    told.append((f"{name}-{n}-{publisher}", seen, word, name, number, publisher))
    for n in range(days):
        for place in range(6):
            seen = FIRST + pd.Timedelta(days=n, hours=6, minutes=place)
            told.append((f"old-{n}-{place}", seen, "", "t9", DIMENSIONS - 1, place))
    rows = articles(
        *(
            {
                "article_id": article_id,
                "first_seen_at": seen,
                "title": f"the {word} step {article_id[3:]}" if word else "words of no weight",
                "publisher": f"p{publisher}.org",
            }
            for article_id, seen, word, _, _, publisher in told
        )
    )
    vectors = pd.DataFrame(
        {
            "model": "axes",
            "content_digest": [*rows["content_digest"], *fixed_texts()["content_digest"]],
            "vector": [
                *(axis(number) for *_, number, _ in told),
                *(axis(n % DIMENSIONS) for n in range(len(fixed_texts()))),
            ],
        }
    )
    with world.warehouse.write() as writer:
        writer.append("news.articles", rows)
        writer.append("embeddings.vectors", vectors)
        for n in range(days):
            day = FIRST + pd.Timedelta(days=n)
            of_day = {one[0]: one[3] for one in told if one[1].floor("D") == day}
            found = assignments(day, **{a: f"s-{t}-{n}" for a, t in of_day.items()})
            writer.append("stories.assignments", found)
            stories = {f"s-{t}-{n}": t for t in set(of_day.values())}
            writer.append("stories.topic_stories", links(day, **stories))
            for number, (name, (word, section, _)) in enumerate(TOPICS.items()):
                seen = [one[1] for one in told if one[3] == name and one[1].floor("D") <= day]
                if name in of_day.values():
                    row = topic(
                        name,
                        day,
                        label=f"{word} programme",
                        section=section,
                        articles=len(seen),
                        publishers=6,
                        first_seen_at=seen[0],
                        last_seen_at=seen[-1],
                        vector=axis(number),
                    )
                    writer.append("stories.topics", row)
    return world


def make(world: World, first: int, last: int) -> None:
    """Run the real asset over the days `first` to `last`, counted from 0.

    The partitions of the process are those of the world of its settings, not of this one: the
    days are handed in.
    """
    days = [FIRST + pd.Timedelta(days=n) for n in range(first, last + 1)]
    with pytest.MonkeyPatch.context() as patch, dg.build_asset_context() as context:
        patch.setattr(lanes, "days_of", lambda _context: days)
        for _ in ledger.predictions_and_outcomes(context, world=world):
            pass
