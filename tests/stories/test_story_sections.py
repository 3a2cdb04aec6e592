from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.articles import embedded_text, read_archive
from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.stories import SECTION_DESCRIPTIONS
from newsworld_dagster.stories.sections import (
    SectionModel,
    fit_sections,
    packaged_model,
    section_of,
    section_shares,
)

DAY = pd.Timestamp("2026-02-20")
SCIENCE, SPORTS = np.eye(8, dtype=np.float32)[6], np.eye(8, dtype=np.float32)[7]
DESCRIBED = {"Science": SCIENCE, "Sports": SPORTS}


def nearest(*vectors: np.ndarray) -> np.ndarray:
    return section_shares(np.stack(vectors), DESCRIBED, encoder=None, day=DAY)


@pytest.mark.parametrize(
    ("named", "vectors", "expected"),
    [
        (["World", "World", "Business"], [SCIENCE] * 3, "World"),
        ([None, None], [SPORTS, SPORTS], "Sports"),
        (["World", None], [SCIENCE, SPORTS], "World"),  # one voice against half a one
        (["World", None, None, None], [SPORTS] * 4, "Sports"),  # one against one and a half
        (["World", None, None], [SPORTS] * 3, "World"),  # even: the earlier section
        (["Sports", "World"], [SCIENCE] * 2, "World"),
    ],
)
def test_the_section_is_what_most_sources_say(
    named: list[str | None], vectors: list[np.ndarray], expected: str
) -> None:
    assert section_of(np.array(named, dtype=object), nearest(*vectors)) == expected


def test_unsure_articles_share_their_voice() -> None:
    shares = np.zeros((3, 8))
    shares[:, SECTIONS.index("Health")] = [0.4, 0.4, 0.9]
    shares[:, SECTIONS.index("Sports")] = [0.6, 0.6, 0.1]
    # 0.5 * 1.7 for Health, 0.5 * 1.3 for Sports, though Sports leads in two of three
    assert section_of(np.array([None] * 3, dtype=object), shares) == "Health"


def toy_model() -> SectionModel:
    weights = np.zeros((8, 3), np.float32)
    weights[0], weights[1] = [1.0, 0.0, 0.5], [0.0, 2.0, 0.0]
    return SectionModel(weights, "all-MiniLM-L6-v2", pd.Timestamp("2025-08-01"))


def test_probabilities_by_hand() -> None:
    (found,) = toy_model().probabilities(np.array([[0.6, 0.8]]))
    odds = np.array([np.exp(0.6 + 0.5), np.exp(1.6), *[1.0] * 6])
    assert found == pytest.approx(odds / odds.sum())


@pytest.mark.parametrize(
    ("encoder", "day", "serves"),
    [
        ("all-MiniLM-L6-v2", "2025-08-01", True),
        ("all-MiniLM-L6-v2-int8", "2025-08-01", True),
        ("all-MiniLM-L6-v2", "2025-07-31", False),  # it has read articles of that day
        ("another", "2026-01-01", False),
    ],
)
def test_weights_serve_their_encoders_and_later_days(encoder: str, day: str, serves: bool) -> None:
    assert toy_model().serves(encoder, pd.Timestamp(day)) is serves


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    toy_model().save(path)
    found = SectionModel.load(path)
    assert found.weights.tolist() == toy_model().weights.tolist()
    assert (found.encoder, found.trained_until) == ("all-MiniLM-L6-v2", pd.Timestamp("2025-08-01"))


def test_weights_of_other_sections_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    toy_model().save(path)
    with np.load(path) as found:
        np.savez(path, **{**found, "sections": np.array(["World"])})
    with pytest.raises(ValueError, match="make train-sections"):
        SectionModel.load(path)


def test_the_packaged_weights_are_used_where_they_may_be() -> None:
    vectors = np.eye(384, dtype=np.float32)[:2]
    described = {"Science": vectors[0], "Sports": vectors[1]}
    given = {"section_vectors": described, "encoder": packaged_model().encoder}
    shares = section_shares(vectors, day=DAY, **given)
    assert shares == pytest.approx(packaged_model().probabilities(vectors))
    before = section_shares(vectors, day=packaged_model().trained_until - pd.Timedelta(1), **given)
    assert before[0, SECTIONS.index("Science")] == before[1, SECTIONS.index("Sports")] == 1.0


def test_sections_that_lie_apart_are_learnt() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(SECTIONS, 30)
    vectors = np.eye(8)[np.repeat(np.arange(8), 30)] + 0.1 * rng.standard_normal((240, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    model = fit_sections(vectors, list(truth), encoder="toy", trained_until=DAY)
    found = np.array(SECTIONS)[model.probabilities(vectors).argmax(axis=1)]
    assert found.tolist() == truth.tolist()
    with pytest.raises(ValueError, match="No article names the section Entertainment"):
        fit_sections(vectors[:210], list(truth[:210]), encoder="toy", trained_until=DAY)


def test_every_section_is_described() -> None:
    assert set(SECTION_DESCRIPTIONS) == set(SECTIONS)


def test_sections_of_later_articles_are_mostly_those_their_sources_name(shared_data: Path) -> None:
    now = pd.Timestamp("2026-11-01", tz="UTC").to_pydatetime()
    articles = read_archive(shared_data / "news_gnews" / "articles.parquet", now=now).articles
    week = articles[
        articles["day"].between("2026-03-16", "2026-03-18") & articles["section"].notna()
    ]
    assert len(week) > 300
    texts = [embedded_text(*pair) for pair in zip(week["title"], week["summary"], strict=True)]
    encoder = SentenceTransformerEncoder()
    assert packaged_model().serves(encoder.name, pd.Timestamp("2026-03-16"))
    found = packaged_model().probabilities(encoder.encode(texts)).argmax(axis=1)
    # 0.818 over all 32,535 articles from August 2025 to March 2026; one in eight by chance.
    assert (np.array(SECTIONS)[found] == week["section"].to_numpy(dtype=str)).mean() >= 0.78
