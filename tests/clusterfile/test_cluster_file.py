"""`newsworld cluster` on tables of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster import clusterfile
from newsworld_dagster.clusterfile import ClusterFileError, cluster_articles, cluster_file
from newsworld_dagster.contracts.terms import words
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.embeddings.encoder import Progress
from tests.stories.pair_models import OneFeature

EVENTS = (
    "Oslo harbour fire destroys the old ferry terminal",
    "Quarterly profits of Acme Robotics double on orders from Japan",
    "Court in Lima frees former mayor Quispe after appeal",
)


class WordEncoder(Encoder):
    """A vector by the words of a text, each at a place of its own: no model needed."""

    name = "words"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        vectors = np.zeros((len(texts), 512), np.float32)
        for row, text in enumerate(texts):
            for word in words(text.lower()):
                vectors[row, sum(map(ord, word)) % 512] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def table(count: int = 12, **columns: object) -> pd.DataFrame:
    """Articles that tell three events by turns, an hour apart."""
    return pd.DataFrame(
        {
            "article_id": [f"a{n:02}" for n in range(count)],
            "title": [f"{EVENTS[n % 3]}" for n in range(count)],
            "summary": [f"{EVENTS[n % 3]}, officials said" for n in range(count)],
            "first_seen_at": [f"2026-02-14T{n % 24:02}:00:00Z" for n in range(count)],
        }
    ).assign(**columns)


def clustered(given: pd.DataFrame, folder: Path, kind: str = "csv") -> pd.DataFrame:
    source, target = folder / f"in.{kind}", folder / "out.csv"
    given.to_csv(source, index=False) if kind == "csv" else given.to_parquet(source)
    cluster_file(source, target, WordEncoder(), lambda _text: None)
    return pd.read_csv(target)


def test_each_event_is_a_story(tmp_path: Path) -> None:
    found = clustered(table(), tmp_path)
    assert list(found.columns) == ["article_id", "story_id"]
    events = pd.Series([n % 3 for n in range(12)])
    assert found.groupby(events)["story_id"].nunique().tolist() == [1, 1, 1]
    assert found["story_id"].nunique() == 3


class TwoActs(WordEncoder):
    """Event vectors tell apart who acts first in a text, by the capital that it begins with."""

    def encode_with_events(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        events = np.array([[text[0] == "O", text[0] != "O"] for text in texts], np.float32)
        return self.encode(texts), events


def test_event_vectors_of_the_encoder_decide(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(clusterfile, "BoostedPairModel", lambda: OneFeature("event"))
    # Two of the events share no word, and one event vector; the third is alone in both ways.
    given = table(summary="officials said so in the morning, officials said")
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    given.to_csv(source, index=False)
    cluster_file(source, target, TwoActs(), lambda _text: None)
    found = pd.read_csv(target)["story_id"]
    assert found.nunique() == 2
    assert found[::3].unique().size == 1
    assert found[1::3].unique().tolist() == found[2::3].unique().tolist()
    cluster_file(source, target, WordEncoder(), lambda _text: None)
    assert pd.read_csv(target)["story_id"].nunique() != 2


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    given = table(first_seen_at="2026-02-14T08:00:00Z")
    one = clustered(given, tmp_path).set_index("article_id")["story_id"]
    other = clustered(given.sample(frac=1, random_state=3), tmp_path)
    assert other.set_index("article_id")["story_id"].sort_index().to_dict() == one.to_dict()


def test_articles_without_a_time_join_those_with_one(tmp_path: Path) -> None:
    given = table()
    given.loc[[4, 7, 11], "first_seen_at"] = ["", "soon", None]
    found = clustered(given, tmp_path)
    assert found["story_id"].nunique() == 3
    untimed = clustered(table().drop(columns="first_seen_at"), tmp_path)
    assert untimed["story_id"].nunique() == 3


def test_many_articles_without_a_time_are_taken_in_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusterfile, "UNTIMED_SHARE", 12)
    given = table(60).assign(first_seen_at=pd.NaT, publisher="")
    given["first_seen_at"] = given["first_seen_at"].astype("datetime64[us]")
    vectors = WordEncoder().encode((given["title"] + " " + given["summary"]).tolist())
    found = pd.Series(cluster_articles(given, vectors, model=OneFeature("dense")))
    assert found.nunique() == 3
    assert found.groupby(np.arange(60) % 3).nunique().tolist() == [1, 1, 1]


def test_an_address_tells_what_a_title_does_not(tmp_path: Path) -> None:
    given = table(url=[f"https://n.example/news/{n}" for n in range(12)])
    given.loc[11, ["title", "summary"]] = ["‘We cannot sleep’: a morning after", ""]
    assert clustered(given, tmp_path)["story_id"].nunique() == 4
    given.loc[11, "url"] = (
        "https://n.example/lima-court-frees-former-mayor-quispe-after-appeal.html"
    )
    found = clustered(given, tmp_path).set_index("article_id")["story_id"]
    assert found.nunique() == 3
    assert found["a11"] == found["a02"]


def test_ids_come_back_as_they_were_given(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    table(article_id=range(12)).to_parquet(source)
    cluster_file(source, target, WordEncoder(), lambda _text: None)
    assert pd.read_parquet(target)["article_id"].tolist() == list(range(12))


@pytest.mark.parametrize("wrong", [None, "", "a00"])
def test_an_id_that_is_missing_or_repeated_is_named_by_its_row(
    tmp_path: Path, wrong: str | None
) -> None:
    given = table()
    given.loc[5, "article_id"] = wrong
    with pytest.raises(ClusterFileError, match="repeated or empty in data row 6; give each"):
        clustered(given, tmp_path, "parquet")


def test_a_table_without_titles_is_refused_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(ClusterFileError, match="lacks the column title"):
        clustered(table().drop(columns="title"), tmp_path)
    assert not (tmp_path / "out.csv").exists()


def test_no_articles_give_no_stories(tmp_path: Path) -> None:
    assert clustered(table(0), tmp_path).empty
