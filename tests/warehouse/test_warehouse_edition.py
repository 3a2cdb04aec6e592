from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts.analysis import REPORT_TEXTS
from newsworld_dagster.warehouse import Warehouse
from tests.warehouse.test_warehouse_digests import entry, on_axis
from tests.warehouse.warehouse_rows import (
    articles,
    assignments,
    at,
    claim,
    claims,
    links,
    topic,
    trend,
    verdict,
)

NOW = at("16 00:00")
FUTURE = at("17 00:00")


def report(report_id: str, as_of: pd.Timestamp) -> pd.DataFrame:
    row = {
        "report_id": report_id,
        "forecaster": "coverage",
        "topic_id": "t1",
        "topic_label": "Artemis II launch",
        "section": "Science",
        "day": as_of.floor("D") - pd.Timedelta(days=1),
        "as_of": as_of,
        "headline": "A headline",
        "overview": "",
        "claims": 1,
        "sources": "[]",
        "model": "m",
    }
    return pd.DataFrame([row])


def edition(day: pd.Timestamp, phase: str = "record") -> pd.DataFrame:
    row = {
        "forecaster": "coverage",
        "day": day,
        "as_of": day + pd.Timedelta(days=1),
        "phase": phase,
        "claims": 1,
        "refused": 2,
        "fitted_on": 0,
        "input_digest": "i",
        "code_version": "0",
    }
    return pd.DataFrame([row])


def plant_past(warehouse: Warehouse) -> None:
    first = claim(1, "q1", at("14 00:00"), 1)
    practice = claim(2, "q2", at("13 00:00"), 1, report_id="p0", phase="warm_up")
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                {"article_id": "a1", "first_seen_at": at("14 08:00"), "summary": "x" * 900},
                {"article_id": "a2", "first_seen_at": at("14 09:00"), "duplicate_of": "a1"},
                {"article_id": "a3", "first_seen_at": at("14 10:00")},
            ),
        )
        writer.append("stories.assignments", assignments(at("14 00:00"), a1="s1", a2="s1"))
        writer.append("stories.topic_stories", links(at("14 00:00"), s1="t1"))
        for day, growth in ((at("12 00:00"), 0.1), (at("14 00:00"), 0.7)):
            writer.append("stories.topics", topic("t1", day, growth=growth))
        writer.append("stories.timelines", entry(1, at("14 00:00"), article_id="a1"))
        writer.append("stories.timelines", on_axis(2, "c1", "open", at("14 00:00"), NOW))
        writer.append("stories.trending", trend(at("14 00:00"), 1, "All", "Artemis"))
        writer.append("forecasts.reports", report("p1", at("14 00:00")))
        writer.append("forecasts.reports", report("p0", at("13 00:00")))
        writer.append("forecasts.claims", claims(first, practice))
        writer.append("forecasts.editions", edition(at("13 00:00")))
        writer.append("forecasts.editions", edition(at("12 00:00"), "warm_up"))
        wrong = verdict(1, first, "no", at("15 00:00"))
        writer.append("outcomes.resolutions", wrong)
        writer.append(
            "outcomes.resolutions",
            verdict(2, first, "yes", at("15 12:00"), supersedes="r1", decided_by="person"),
        )


def plant_future(warehouse: Warehouse) -> None:
    first = claim(1, "q1", at("14 00:00"), 1)
    with warehouse.write() as writer:
        writer.append("news.articles", articles({"article_id": "f1", "first_seen_at": FUTURE}))
        writer.append("stories.assignments", assignments(FUTURE, a1="s9", f1="s1"))
        writer.append("stories.topic_stories", links(FUTURE, s1="t9"))
        writer.append("stories.topics", topic("t1", FUTURE, label="Later", growth=0.9))
        writer.append("stories.topics", topic("t9", FUTURE))
        writer.append("stories.timelines", entry(9, FUTURE, article_id="a1"))
        writer.append("stories.trending", trend(FUTURE, 1, "All", "Later"))
        writer.append("forecasts.reports", report("p9", FUTURE))
        writer.append("forecasts.claims", claims(claim(9, "q9", FUTURE, 1, report_id="p9")))
        writer.append("forecasts.editions", edition(FUTURE))
        writer.append("outcomes.resolutions", verdict(9, first, "void", FUTURE, supersedes="r2"))


def test_frames_of_the_edition_hold_the_record_as_it_was(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        frames = reader.edition_frames(NOW)
    listed = frames["articles"]
    assert listed["article_id"].tolist() == ["a2", "a1"]
    assert listed["copy"].tolist() == [True, False]
    assert listed["topic_id"].tolist() == ["t1", "t1"]
    assert "summary" not in listed
    assert frames["reports"]["report_id"].tolist() == ["p1"]
    # The report's day is the 13th: the topic is as it was described on the 12th.
    assert frames["reports"]["growth"].tolist() == [0.1]
    assert frames["topics"]["growth"].tolist() == [0.7]
    found = frames["claims"].iloc[0]
    assert (found["claim_id"], found["verdict"], found["decided_by"]) == ("c1", "yes", "person")
    assert len(frames["claims"]) == 1
    assert frames["overruled"]["resolution_id"].tolist() == ["r1"]
    assert frames["axis"]["entry_id"].tolist() == ["e1", "e2"]
    assert frames["trending"]["term"].tolist() == ["Artemis"]
    assert frames["editions"][["claims", "refused"]].to_numpy().tolist() == [[1, 2]]
    assert list(frames["texts"].columns) == list(REPORT_TEXTS.columns)
    assert frames["scored"].empty


def test_nothing_later_is_read(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        before = reader.edition_frames(NOW)
    plant_future(warehouse)
    with warehouse.read() as reader:
        after = reader.edition_frames(NOW)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, after[name], obj=name)
