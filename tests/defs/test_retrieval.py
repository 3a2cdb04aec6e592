"""What a judge and the command line get to read on a claim."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.defs.retrieval import EvidenceError, Sought, retrieve
from newsworld_dagster.defs.world import World
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.settings import Settings
from tests.warehouse.warehouse_rows import articles, at

MADE, DUE = at("10 00:00"), at("14 00:00")
BRIDGE = Sought("The harbour bridge opens.", MADE, DUE)
TICK = pd.Timedelta(microseconds=1)


class WordEncoder(Encoder):
    """Unit vectors of a few words; it counts what it is asked for."""

    name = "words"
    words = ("bridge", "opens", "storm", "vote")

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        self.encoded += len(texts)
        counts = np.array([[word in text.lower() for word in self.words] for text in texts], float)
        counts += 0.01
        return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(Settings(data_dir=tmp_path / "world"), given_encoder=WordEncoder())
    told = {
        "known": (MADE, "The harbour bridge opens soon"),
        "storm": (at("10 08:00"), "A storm over the bay"),
        "opened": (at("11 09:00"), "Bridge opens at last"),
        "vote": (at("12 09:00"), "Vote on the budget"),
        "queue": (at("13 09:00"), "Long queue at the new bridge"),
        "late": (DUE + TICK, "The harbour bridge opens again"),
    }
    with made.warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                *(
                    {"article_id": name, "first_seen_at": seen, "title": title}
                    for name, (seen, title) in told.items()
                )
            ),
        )
    return made


def test_the_best_of_the_window_come_first(world: World) -> None:
    (found,) = retrieve(world, [BRIDGE], as_of=at("20 00:00"), k=2)
    assert list(found.articles["article_id"]) == ["opened", "queue"]
    assert [one.article_id for one in found.evidence] == ["opened", "queue"]
    assert {"title", "summary", "publisher", "first_seen_at"} <= set(found.articles.columns)
    assert list(found.window["article_id"]) == ["storm", "opened", "vote", "queue"]
    assert found.complete


def test_an_earlier_moment_knows_less_and_a_planted_future_changes_nothing(world: World) -> None:
    moment = at("11 09:00")
    (before,) = retrieve(world, [BRIDGE], as_of=moment)
    assert list(before.window["article_id"]) == ["storm", "opened"]
    # Two of the four days of the window are yet to come.
    assert not before.complete
    with world.warehouse.write() as writer:
        planted = [
            {"article_id": f"p{n}", "first_seen_at": moment + n * TICK, "title": "Bridge opens"}
            for n in (1, 2)
        ]
        writer.append("news.articles", articles(*planted))
    (after,) = retrieve(world, [BRIDGE], as_of=moment)
    assert after.evidence == before.evidence
    pd.testing.assert_frame_equal(after.window, before.window)


def test_each_claim_keeps_its_place_and_no_text_is_embedded_twice(world: World) -> None:
    vote = Sought("The council holds a vote.", at("12 00:00"), DUE)
    none = Sought("It rains.", at("25 00:00"), at("27 00:00"))
    found = retrieve(world, [vote, none, BRIDGE], as_of=at("28 00:00"), k=1)
    assert [list(one.articles["article_id"]) for one in found] == [["vote"], [], ["opened"]]
    assert not found[1].complete
    encoder = world.given_encoder
    assert isinstance(encoder, WordEncoder)
    before = encoder.encoded
    retrieve(world, [none], as_of=at("28 00:00"))
    assert encoder.encoded == before
    assert retrieve(world, [], as_of=at("28 00:00")) == []


def test_an_empty_archive_says_what_to_do(world: World) -> None:
    with pytest.raises(EvidenceError, match="newsworld import FILE"):
        retrieve(world, [BRIDGE], as_of=at("09 00:00"))
