from __future__ import annotations

import pandas as pd
import pytest

from newsworld_dagster.warehouse import Reader, TextMemory, Warehouse
from tests.warehouse.warehouse_rows import articles, at

SEEN = {"a1": at("12 08:00"), "a2": at("13 08:00"), "a3": at("14 08:00"), "a4": at("15 08:00")}


def window(*article_ids: str) -> pd.DataFrame:
    seen = pd.Series([SEEN[one] for one in article_ids], dtype="datetime64[us]")
    return pd.DataFrame({"article_id": article_ids, "first_seen_at": seen}, index=range(len(seen)))


def test_the_texts_of_a_window_that_moves_on_are_read_once(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pd.concat(
        [
            articles({"article_id": one, "first_seen_at": seen})
            for one, seen in SEEN.items()
            if one != "a2"
        ]
    )
    rows["title"] = "Title of " + rows["article_id"]
    rows["summary"] = "Summary of " + rows["article_id"]
    with warehouse.write() as writer:
        writer.append("news.articles", rows)
    asked: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    read = Reader.articles_as_of

    def noted(self: Reader, as_of: pd.Timestamp, since: pd.Timestamp, columns: object) -> object:
        asked.append((since, as_of))
        return read(self, as_of, since, columns)

    monkeypatch.setattr(Reader, "articles_as_of", noted)
    memory = TextMemory()

    def put(*article_ids: str) -> list[tuple[str, str]]:
        with warehouse.read() as reader:
            found = memory.put(reader, window(*article_ids))
        return list(zip(found["title"], found["summary"], strict=True))

    def told(*article_ids: str) -> list[tuple[str, str]]:
        return [(f"Title of {one}", f"Summary of {one}") for one in article_ids]

    assert put("a1", "a3") == told("a1", "a3")
    # Another process stores one that was seen between the two.
    late = articles({"article_id": "a2", "first_seen_at": SEEN["a2"]})
    with warehouse.write() as writer:
        writer.append("news.articles", late.assign(title="Title of a2", summary="Summary of a2"))
    assert put("a1", "a2", "a3") == told("a1", "a2", "a3")
    assert put("a3", "a4") == told("a3", "a4")
    assert put() == []
    assert asked == [(SEEN["a1"], SEEN["a3"]), (SEEN["a2"], SEEN["a2"]), (SEEN["a4"], SEEN["a4"])]
    # What left the window was forgotten.
    assert put("a1") == told("a1")
    assert asked[3:] == [(SEEN["a1"], SEEN["a1"])]


@pytest.mark.parametrize("one_thread", [True, False])
def test_a_step_over_many_days_asks_in_one_thread_while_it_lasts(
    warehouse: Warehouse, one_thread: bool
) -> None:
    def threads() -> int:
        with warehouse.read() as reader:
            return int(reader.frame("SELECT current_setting('threads') AS n")["n"][0])

    before = threads()
    with warehouse.hold(one_thread=one_thread):
        assert threads() == (1 if one_thread else before)
    assert threads() == before
