"""The step that embeds: what a cache lacks of vectors and of event vectors, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.defs import embeddings
from newsworld_dagster.defs.lanes import Named
from newsworld_dagster.defs.making import Day, StoriesMaker
from newsworld_dagster.defs.world import World, fixed_texts
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.embeddings.encoder import Progress
from newsworld_dagster.settings import Settings
from newsworld_dagster.warehouse.asof_pruning import PruningReads
from tests.stories.pair_models import OneFeature
from tests.warehouse.warehouse_rows import articles, at

DAYS = [pd.Timestamp("2026-02-10"), pd.Timestamp("2026-02-11")]


class TwoSpaces(Encoder):
    """Vectors on one axis, event vectors on another; it notes what it is asked for."""

    def __init__(self, event_name: str) -> None:
        self.of_events = event_name
        self.asked: list[str] = []

    @property
    def name(self) -> str:
        return "axis"

    @property
    def event_name(self) -> str:
        return self.of_events

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        self.asked += texts
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))

    def encode_with_events(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        vectors = self.encode(texts)
        return vectors, vectors[:, ::-1]


def step(folder: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> World:
    """Run the asset over DAYS in the world of a folder."""
    world = World(Settings(data_dir=folder), given_encoder=encoder)
    monkeypatch.setattr(embeddings, "days_of", lambda _context: DAYS)
    with dg.build_asset_context() as context:
        embeddings.vectors(context, world=world)
    return world


def kept(world: World) -> pd.DataFrame:
    with world.warehouse.read() as reader:
        return reader.table("embeddings.vectors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "world"
    with World(Settings(data_dir=made)).warehouse.write() as writer:
        told = (("a1", at("10 08:00"), "A bridge opens"), ("a2", at("11 08:00"), "A storm"))
        rows = ({"article_id": a, "first_seen_at": seen, "title": t} for a, seen, t in told)
        writer.append("news.articles", articles(*rows))
    return made


def test_a_text_is_embedded_once_with_both_of_its_vectors(folder: Path, monkeypatch) -> None:
    encoder = TwoSpaces("axis-events")
    world = step(folder, encoder, monkeypatch)
    texts = 2 + len(fixed_texts())
    assert len(encoder.asked) == texts
    found = kept(world).groupby("model")["vector"].agg(["size", lambda rows: list(rows.iloc[0])])
    assert found.to_numpy().tolist() == [[texts, [1, 0]], [texts, [0, 1]]]
    assert list(found.index) == ["axis", "axis-events"]
    step(folder, encoder, monkeypatch)
    assert len(encoder.asked) == texts


def test_a_cache_without_event_vectors_gets_them_and_keeps_its_own(
    folder: Path, monkeypatch
) -> None:
    before = kept(step(folder, TwoSpaces("axis"), monkeypatch))
    assert set(before["model"]) == {"axis"}
    encoder = TwoSpaces("axis-events")
    after = kept(step(folder, encoder, monkeypatch))
    # Our own texts are never clustered.
    assert len(encoder.asked) == 2
    assert after["model"].value_counts().to_dict() == {"axis": len(before), "axis-events": 2}
    own = after[after["model"] == "axis"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, before)


def test_a_text_that_only_claims_read_needs_no_event_vector(folder: Path, monkeypatch) -> None:
    step(folder, TwoSpaces("axis"), monkeypatch)
    encoder = TwoSpaces("axis-events")
    monkeypatch.setattr(embeddings, "LOOK_BACK_DAYS", 0)
    monkeypatch.setattr(PruningReads, "oldest_read_for_claims", lambda *_: DAYS[0])
    monkeypatch.setattr(embeddings, "days_of", lambda _context: DAYS[1:])
    with dg.build_asset_context() as context:
        embeddings.vectors(context, world=World(Settings(data_dir=folder), given_encoder=encoder))
    assert encoder.asked == ["A storm"]


class ByLetter(TwoSpaces):
    """All texts are alike in words, and on one event where they begin alike."""

    def encode_with_events(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        events = np.array([[text[0] == "A", text[0] != "A"] for text in texts], np.float32)
        return self.encode(texts), events


@pytest.mark.parametrize(("event_name", "stories"), [("axis-events", 2), ("axis", 1)])
def test_stories_of_a_day_go_by_event_vectors(
    tmp_path: Path, monkeypatch, event_name: str, stories: int
) -> None:
    monkeypatch.setattr(World, "pair_model", OneFeature("event"))
    with World(Settings(data_dir=tmp_path)).warehouse.write() as writer:
        told = enumerate(("A bridge opens", "The bridge opens", "A bridge opens now"))
        rows = [
            {"article_id": f"a{n}", "first_seen_at": at(f"11 0{n}:00"), "title": t} for n, t in told
        ]
        writer.append("news.articles", articles(*rows))
    encoder = ByLetter(event_name) if stories == 2 else TwoSpaces(event_name)
    world = step(tmp_path, encoder, monkeypatch)
    given = Day(DAYS[1], DAYS[1] + pd.Timedelta(days=1), "record", backfill=False)
    # As a lane knows the encoder: by its names.
    world.encoder = Named(encoder.name, encoder.event_name)
    StoriesMaker(world).make(given)
    with world.warehouse.read() as reader:
        found = reader.table("stories.assignments").set_index("article_id")["story_id"]
    assert found.nunique() == stories
    assert found["a0"] == found["a2"]


def test_other_event_layers_leave_nothing_of_the_old_ones_to_be_mixed_with(
    folder: Path, monkeypatch
) -> None:
    step(folder, TwoSpaces("axis-events-1"), monkeypatch)
    world = step(folder, TwoSpaces("axis-events-2"), monkeypatch)
    with world.warehouse.read() as reader:
        digests = reader.frame("SELECT content_digest FROM news.articles")["content_digest"]
        assert reader.vectors("axis-events-2", digests).tolist() == [[0, 1], [0, 1]]
