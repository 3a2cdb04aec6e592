from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.warehouse import Warehouse
from tests.warehouse.warehouse_rows import articles, at

TICK = pd.Timedelta(microseconds=1)
MADE, DUE = at("10 00:00"), at("20 00:00")


def plant(warehouse: Warehouse, **seen: pd.Timestamp) -> None:
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(*({"article_id": a, "first_seen_at": moment} for a, moment in seen.items())),
        )


def ids(warehouse: Warehouse, as_of: pd.Timestamp) -> list[str]:
    with warehouse.read() as reader:
        return reader.evidence_window(MADE, DUE, as_of)["article_id"].tolist()


def test_the_window_is_after_the_making_up_to_the_deadline(warehouse: Warehouse) -> None:
    plant(
        warehouse,
        known=MADE - TICK,
        made=MADE,
        first=MADE + TICK,
        middle=at("15 12:00"),
        last=DUE,
        late=DUE + TICK,
    )
    assert ids(warehouse, at("28 00:00")) == ["first", "middle", "last"]


@pytest.mark.parametrize("as_of", [at("15 12:00"), DUE], ids=["before the deadline", "at it"])
def test_a_planted_future_changes_nothing(warehouse: Warehouse, as_of: pd.Timestamp) -> None:
    plant(warehouse, first=MADE + TICK, middle=at("15 12:00"))
    with warehouse.read() as reader:
        before = reader.evidence_window(MADE, DUE, as_of)
    assert before["article_id"].tolist() == ["first", "middle"]
    plant(warehouse, poison=as_of + TICK, older=MADE)
    with warehouse.read() as reader:
        pd.testing.assert_frame_equal(reader.evidence_window(MADE, DUE, as_of), before)


def test_before_the_claim_was_made_there_is_no_evidence(warehouse: Warehouse) -> None:
    plant(warehouse, first=MADE + TICK)
    assert ids(warehouse, MADE) == []
