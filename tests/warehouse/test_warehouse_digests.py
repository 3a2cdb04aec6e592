from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.warehouse import Reader, Warehouse
from tests.warehouse.warehouse_rows import (
    DAY,
    articles,
    assignments,
    at,
    claim,
    claims,
    links,
    verdict,
)

NOW = at("16 00:00")
PREFERRED = ("coverage", "base-rate")
CITES = '[{"number": 1, "article_id": "a1", "note": ""}, {"number": 2, "article_id": "x1"}]'


def entry(number: int, day: pd.Timestamp, **changes: object) -> pd.DataFrame:
    row = dict.fromkeys(CONTRACTS["stories.timelines"].columns) | {
        "entry_id": f"e{number}",
        "topic_id": "t1",
        "day": day,
        "as_of": day + pd.Timedelta(days=1),
        "date": day,
        "kind": "step",
        "sentence": f"Step {number}",
        "articles": 1,
        "independent_sources": 1,
        "sources": "[]",
    }
    return pd.DataFrame([row | changes])


def on_axis(number: int, claim_id: str, kind: str, day: pd.Timestamp, date: pd.Timestamp):
    said = "yes" if kind == "settled" else None
    return entry(
        number, day, kind=kind, claim_id=claim_id, date=date, verdict=said, resolve_by=date
    )


def plant_past(warehouse: Warehouse) -> None:
    made = at("10 00:00")
    soon = claim(1, "q1", made, 7, sources=CITES)
    soon_too = claim(2, "q1", made, 7, sources=CITES, forecaster="base-rate")
    only_base_rate = claim(3, "q2", made, 7, forecaster="base-rate")
    rows = [
        soon_too,
        soon,
        only_base_rate,
        claim(4, "q3", made, 30),
        claim(5, "q4", made, 7, phase="warm_up"),
        claim(6, "q5", made, 7),
    ]
    with warehouse.write() as writer:
        writer.append(
            "news.articles",
            articles(
                {"article_id": "a1", "first_seen_at": at("14 08:00")},
                {"article_id": "a2", "first_seen_at": at("14 09:00"), "duplicate_of": "a1"},
            ),
        )
        writer.append("stories.assignments", assignments(DAY, a1="s1", a2="s2"))
        writer.append("stories.topic_stories", links(DAY, s1="t1", s2="t2"))
        writer.append("forecasts.claims", claims(*rows))
        writer.append("outcomes.resolutions", verdict(1, rows[-1], "yes", at("13 00:00")))
        # c4 is on its timeline, c6 too but without its verdict.
        writer.append("stories.timelines", on_axis(1, "c4", "open", at("10"), at("20")))
        writer.append("stories.timelines", on_axis(2, "c6", "open", at("10"), at("17")))
        writer.append("stories.timelines", entry(3, DAY, article_id="a1"))
        writer.append("stories.timelines", entry(4, DAY, article_id="a2"))


def plant_poisoned_future(warehouse: Warehouse) -> None:
    after = NOW + pd.Timedelta(microseconds=1)
    first = claim(1, "q1", at("10 00:00"), 7)
    with warehouse.write() as writer:
        writer.append("news.articles", articles({"article_id": "x1", "first_seen_at": after}))
        writer.append("stories.assignments", assignments(at("16"), a1="sX"))
        writer.append("stories.topic_stories", links(at("16"), sX="tX", s1="tX"))
        writer.append("forecasts.claims", claims(claim(7, "q7", after, 1)))
        writer.append("outcomes.resolutions", verdict(2, first, "yes", after))
        writer.append("stories.timelines", on_axis(8, "c6", "settled", at("16"), after))
        writer.append("stories.timelines", entry(9, at("16"), article_id="a1"))


def reads(reader: Reader) -> dict[str, pd.DataFrame]:
    due = reader.claims_due(NOW, 3, PREFERRED)
    return {
        "claims_due": due,
        "cited_articles": reader.cited_articles(due, NOW),
        "steps_before": reader.steps_before(at("16")),
        "claims_for_timelines": reader.claims_for_timelines(at("16"), NOW, PREFERRED),
        "timeline": reader.timeline("t1", NOW),
    }


def test_poisoned_future_never_shows(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        before = reads(reader)
    plant_poisoned_future(warehouse)
    with warehouse.read() as reader:
        after = reads(reader)
        assert reader.topics_with_claims(NOW) == {"t1"}
        assert reader.topics_with_claims(at("09 00:00")) == set()
    for name, frame in before.items():
        assert len(frame) > 0, name
        pd.testing.assert_frame_equal(after[name], frame, obj=name)


def test_claims_soon_due_are_open_on_record_and_one_a_question(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        due = reader.claims_due(NOW, 3, PREFERRED)
        assert due["claim_id"].tolist() == ["c1", "c3"]
        assert reader.cited_articles(due, NOW)["article_id"].tolist() == ["a1"]
        # Due at 17 00:00: not within one day less a moment, and no longer on the day itself.
        assert reader.claims_due(NOW, 0.99, PREFERRED).empty
        assert reader.claims_due(at("17 00:00"), 3, PREFERRED).empty
        other = reader.claims_due(NOW, 1, ("base-rate",))
        assert other["claim_id"].tolist() == ["c2", "c3"]


def test_timelines_are_given_what_they_do_not_say_yet(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.read() as reader:
        news = reader.claims_for_timelines(at("15"), NOW, PREFERRED).set_index("claim_id")
        assert news.index.tolist() == ["c1", "c3", "c6"]
        assert news["opened"].tolist() == [False, False, True]
        assert news.loc["c6", "verdict"] == "yes"
        assert news["verdict"].isna().tolist() == [True, True, False]
        # A day made anew is given what it said itself.
        again = reader.claims_for_timelines(at("10"), at("11 00:00"), PREFERRED)
        assert again["claim_id"].tolist() == ["c1", "c3", "c4", "c6"]
    with warehouse.write() as writer:
        writer.append("stories.timelines", on_axis(5, "c6", "settled", at("13"), at("13 00:00")))
    with warehouse.read() as reader:
        news = reader.claims_for_timelines(at("15"), NOW, PREFERRED)
        assert news["claim_id"].tolist() == ["c1", "c3"]
    with warehouse.write() as writer:
        corrected = claim(6, "q5", at("10 00:00"), 7)
        writer.append(
            "outcomes.resolutions",
            verdict(5, corrected, "no", at("15 12:00"), supersedes="r1"),
        )
    with warehouse.read() as reader:
        news = reader.claims_for_timelines(at("15"), NOW, PREFERRED)
        assert news["claim_id"].tolist() == ["c1", "c3", "c6"]
        assert news["verdict"].iloc[2] == "no"


def test_a_timeline_follows_its_articles_and_settles_its_claims(warehouse: Warehouse) -> None:
    plant_past(warehouse)
    with warehouse.write() as writer:
        writer.append("stories.timelines", on_axis(5, "c6", "settled", at("13"), at("13 00:00")))
    with warehouse.read() as reader:
        earlier = reader.timeline("t1", at("13 00:00"))
        now = reader.timeline("t1", NOW)
        other = reader.timeline("t2", NOW)
    # The row of the 13th was written as of the 14th at midnight.
    assert earlier["entry_id"].tolist() == ["e2", "e1"]
    # a2 is of topic t2 by now, whatever topic its step was written for.
    assert now["entry_id"].tolist() == ["e3", "e1", "e5"]
    assert now["kind"].tolist() == ["step", "open", "settled"]
    assert other[["entry_id", "topic_id"]].to_numpy().tolist() == [["e4", "t2"]]


def test_digests_are_found_by_day_and_period(warehouse: Warehouse) -> None:
    columns = CONTRACTS["stories.digests"].columns
    rows = [
        dict.fromkeys(columns) | {
            "day": day, "period": period, "section": "World", "rank": 1, "as_of": day,
            "kind": "happened", "status": "new", "headline": f"{day:%d} {period}",
            "topic_id": "t1", "topic_label": "T", "articles": 1, "independent_sources": 1,
            "fresh_sources": 1, "sources": "[]", "score": 1.0,
        }
        for day, period in [(DAY, "daily"), (at("15"), "daily"), (at("15"), "weekly")]
    ]  # fmt: skip
    with warehouse.write() as writer:
        writer.append("stories.digests", pd.DataFrame(rows))
    with warehouse.read() as reader:
        assert reader.digest_days("daily") == [DAY, at("15")]
        assert reader.digest_days("weekly") == [at("15")]
        assert reader.digest_of(at("15"), "weekly")["headline"].tolist() == ["15 weekly"]
        assert reader.digest_of(DAY, "weekly").empty
        # A day on which none was made is no reason to tell a story anew.
        assert reader.digest_before(at("15"), "daily")["headline"].tolist() == ["14 daily"]
        assert reader.digest_before(at("18"), "daily")["headline"].tolist() == ["15 daily"]
        assert reader.digest_before(DAY, "daily").empty
