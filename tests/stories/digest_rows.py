"""Hand-made windows, topics and claims for the tests of digests and timelines."""

from __future__ import annotations

from typing import Any

import pandas as pd

from newsworld_dagster.contracts import CONTRACTS

DAY = pd.Timestamp("2026-02-20")
AS_OF = DAY + pd.Timedelta(days=1)


def article(number: str, story: str, title: str, days_ago: int = 0, **changes: Any) -> dict:
    """An article of a publisher of its own, of topic `t-STORY`."""
    return {
        "article_id": number,
        "title": title,
        "summary": "",
        "publisher": f"{number}.org",
        "duplicate_of": None,
        "day": DAY - pd.Timedelta(days=days_ago),
        "story_id": story,
        "topic_id": f"t-{story}",
        "fresh": days_ago == 0,
    } | changes


def window(*rows: dict) -> pd.DataFrame:
    """The articles in time order, among others that make no word common."""
    fillers = [
        article(f"f{n}", f"filler{n}", f"Filler item number {n} about matter {n}", days_ago=9)
        for n in range(20)
    ]
    return pd.DataFrame(sorted([*fillers, *rows], key=lambda row: row["day"]))


def topics(given: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    """A topic for every topic_id of a window, of section World."""
    names = given["topic_id"].dropna().drop_duplicates()
    row = {"section": "World", "articles": 3, "publishers": 3, "has_claims": False} | changes
    return pd.DataFrame([{"topic_id": n, "label": n.removeprefix("t-")} | row for n in names])


def no_digest() -> pd.DataFrame:
    """The digest before the first."""
    return pd.DataFrame(columns=list(CONTRACTS["stories.digests"].columns))


def claim(number: int, topic: str, probability: float, days: float, **changes: Any) -> dict:
    """An open claim that cites articles c1 and c2."""
    return {
        "seq": number,
        "claim_id": f"claim{number}",
        "question_id": f"q{number}",
        "topic_id": topic,
        "topic_label": topic.removeprefix("t-"),
        "section": "World",
        "forecaster": "coverage",
        "statement": f"Publishers report on thing {number} by then.",
        "probability": probability,
        "resolve_by": AS_OF + pd.Timedelta(days=days),
        "sources": '[{"article_id": "c1"}, {"article_id": "c2"}]',
        "verdict": None,
        "decided_at": pd.NaT,
        "opened": False,
        "settled_on": pd.NaT,
    } | changes


def claims(*rows: dict) -> pd.DataFrame:
    """Claims, perhaps none."""
    return pd.DataFrame(list(rows), columns=list(claim(0, "t", 0.5, 1)))


CITED = pd.DataFrame(
    {"article_id": ["c1", "c2"], "publisher": ["a.org", "b.org"], "duplicate_of": [None, None]}
)
