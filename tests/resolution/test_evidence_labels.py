"""The labelled claims: whole, and true to the archive where it is at hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.labelled import archive
from newsworld_dagster.resolution import find_evidence, read_claims

LABELS = Path(__file__).parents[2] / "data" / "labels" / "evidence"


def labelled(name: str) -> pd.DataFrame:
    return pd.read_csv(LABELS / name, dtype=str, keep_default_na=False)


def test_labels_are_claims_that_the_command_reads_with_verdicts_and_ids() -> None:
    halves = [labelled(name) for name in ("development.csv", "held_out.csv")]
    every = pd.concat(halves)
    assert min(len(half) for half in halves) >= 50
    assert every["claim_id"].is_unique
    assert every["statement"].is_unique
    assert every["verdict"].isin(["yes", "no"]).all()
    ids = every["deciding_article_ids"].str.split().explode()
    assert ids.str.fullmatch("[0-9a-f]{16}").all()
    assert set(labelled("described.csv")["claim_id"]) < set(every["claim_id"])
    for path in LABELS.glob("*.csv"):
        assert not [claim.fault for claim in read_claims(path) if claim.fault], path.name


def test_deciding_articles_lie_in_the_window(shared_data: Path) -> None:
    news = archive(shared_data)
    seen = news.set_index("article_id")["first_seen_at"]
    for path in LABELS.glob("*.csv"):
        for claim in labelled(path.name).itertuples():
            times = seen.loc[claim.deciding_article_ids.split()]
            assert (times > pd.Timestamp(claim.made_at)).all(), claim.claim_id
            assert (times <= pd.Timestamp(claim.resolve_by)).all(), claim.claim_id


def test_the_deciding_article_of_a_real_window_is_among_the_first(shared_data: Path) -> None:
    news = archive(shared_data).assign(duplicate_of=None)
    claim = labelled("held_out.csv").set_index("claim_id").loc["border-shelling"]
    inside = news["first_seen_at"].between(
        pd.Timestamp(claim["made_at"]), pd.Timestamp(claim["resolve_by"]), inclusive="right"
    )
    window = news[inside].reset_index(drop=True)
    texts = [embedded_text(t, s) for t, s in zip(window["title"], window["summary"], strict=True)]
    encoder = SentenceTransformerEncoder()
    found = find_evidence(claim["statement"], window, encoder.encode(texts), encoder.encode)
    assert len(found) == 10
    deciding = set(claim["deciding_article_ids"].split())
    assert deciding & {one.article_id for one in found}
