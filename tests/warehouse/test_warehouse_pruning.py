from __future__ import annotations

import pandas as pd

from newsworld_dagster.warehouse import Warehouse
from newsworld_dagster.warehouse.compaction import forget_vectors
from tests.warehouse.warehouse_rows import articles, at, claim, claims, vectors, verdict

TICK = pd.Timedelta(microseconds=1)


def test_articles_are_read_since_the_oldest_claim_that_can_be_decided(
    warehouse: Warehouse,
) -> None:
    settled = claim(1, "q1", at("10 00:00"), 3)
    judged = claim(2, "q2", at("11 00:00"), 3, resolver="judge")
    pending = claim(3, "q3", at("12 00:00"), 7)
    verdicts = pd.concat(
        [verdict(1, settled, "yes", at("13 00:00")), verdict(2, judged, "no", at("14 00:00"))]
    )
    with warehouse.write() as writer:
        writer.append("forecasts.claims", claims(settled, judged, pending))
        writer.append("outcomes.resolutions", verdicts)

    def oldest(as_of: pd.Timestamp, late_days: int = 7) -> pd.Timestamp | None:
        with warehouse.read() as reader:
            return reader.oldest_read_for_claims(as_of, late_days)

    assert oldest(at("09 00:00")) is None, "the first is of the future"
    assert oldest(at("13 00:00") - TICK) == at("10 00:00"), "the verdict is of the future"
    assert oldest(at("13 00:00")) == at("11 00:00")
    assert oldest(at("21 00:00")) == at("11 00:00"), "the judge may correct until then"
    assert oldest(at("21 00:00") + TICK) == at("12 00:00")
    assert oldest(at("21 00:00"), late_days=3) == at("12 00:00")
    with warehouse.write() as writer:
        writer.append("outcomes.resolutions", verdict(3, pending, "yes", at("22 00:00")))
    assert oldest(at("22 00:00") - TICK) == at("12 00:00")
    assert oldest(at("22 00:00")) is None


def test_a_text_is_old_when_no_article_has_it_any_more(warehouse: Warehouse) -> None:
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                {"article_id": "old", "first_seen_at": at("10 23:59")},
                {"article_id": "again", "first_seen_at": at("10 00:00"), "content_digest": "twice"},
                {"article_id": "later", "first_seen_at": at("11 00:00"), "content_digest": "twice"},
            ),
        )
        known = {"digest-old": [1.0, 0.0], "twice": [0.0, 1.0], "our own": [0.6, 0.8]}
        for model in ("one", "two"):
            writer.append("embeddings.vectors", vectors(model, **known))
    with warehouse.read() as reader:
        assert reader.old_vectors(at("10 00:00")) == (0, 0)
        assert reader.old_vectors(at("11 00:00")) == (2, 16)
        assert reader.old_vectors(at("12 00:00")) == (4, 32)
    with warehouse.write() as writer:
        assert forget_vectors(writer, at("11 00:00")) == 2
    with warehouse.read() as reader:
        left = reader.table("embeddings.vectors")
        assert sorted(set(left["content_digest"])) == ["our own", "twice"]
        assert len(left) == 4
