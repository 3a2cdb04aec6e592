"""Frames of a small edition, written by hand: three days, three topics, all that can happen."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.contracts.analysis import ANALYSES, REPORT_TEXTS
from newsworld_dagster.edition import Chart, Given

DAY = pd.Timestamp("2026-02-12")
AS_OF = pd.Timestamp("2026-02-13")
LAST = 2  # days of editions before DAY

# What someone who means harm, or nothing in particular, may write into a headline.
NASTY_TITLES = (
    "<script>document.title='pwned'</script>Storm",
    '"><img src=x onerror="document.title=1">',
    "Deal \u202egnp.exe\u202c signed \u2066today\u2069",
    "Null\x00 byte and \x1b[31mred\x07",
    "Endless " + "word " * 4000,
    "W" * 5000,
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 flags 🇺🇳",
    "{{ 7 * 7 }} {% raw %} &amp; &lt;b&gt;",
    "Z" + "\u0301" * 200 + "algo",
    "]]> --> </style></title></textarea>",
    "عنوان عربي طويل",
    "Tab\tand\nline\u2028separator",
)
NASTY_LINKS = (
    "javascript:alert(document.domain)",
    "https://example.org/a?b=1&c=<d>\"e'",
    "data:text/html,<script>alert(1)</script>",
    "https://user:pass@example.org/",
    " vbscript:x",
    "https:///nohost",
    "http://[bad",
    "//example.org/x",
    "https://example.org/\u202etxt",
    "ftp://example.org/x",
    "https://example.org/ok",
    "",
)


def articles(nasty: bool = False) -> pd.DataFrame:
    """Twelve articles of two topics, four a day."""
    rows = []
    for number in range(12):
        seen = DAY - pd.Timedelta(days=number // 4) + pd.Timedelta(hours=number % 4 + 8)
        rows.append(
            {
                "article_id": f"a{number}",
                "title": NASTY_TITLES[number] if nasty else f"Headline {number} on the launch",
                "publisher": f"paper{number % 5}.example",
                "url": NASTY_LINKS[number] if nasty else f"https://paper.example/{number}?x=1&y=2",
                "first_seen_at": seen,
                "day": seen.floor("D"),
                "copy": number == 11,
                "topic_id": f"t{number % 2}",
            }
        )
    frame = pd.DataFrame(rows)
    return frame.sort_values("first_seen_at", ascending=False, ignore_index=True)


def frames(nasty: bool = False, days: int = LAST + 1) -> dict[str, pd.DataFrame]:
    """All frames of an edition whose last day is DAY."""
    stamps = [DAY - pd.Timedelta(days=LAST - n) for n in range(days)]
    reports, claims = [], []
    for place, stamp in enumerate(stamps):
        for topic in ("t0", "t1"):
            for forecaster in ("coverage", "base-rate"):
                reports.append(_report(topic, stamp, forecaster, nasty))
                for part in (0, 1):
                    claims.append(_claim(len(claims) + 1, topic, stamp, forecaster, part, place))
    if stamps[-1] == DAY:
        reports.append(_report("t0", DAY, "analyst", nasty))
        claims.append(_claim(len(claims) + 1, "t0", DAY, "analyst", 0, LAST, judged=True))
    made = pd.DataFrame(claims)
    listed = articles(nasty)
    listed = listed[listed["day"] <= stamps[-1]]
    return {
        "reports": pd.DataFrame(reports),
        "claims": made,
        "overruled": _overruled(made),
        "articles": listed,
        "topics": _topics(nasty, stamps[-1]),
        "axis": _axis(made, stamps, nasty),
        "digests": _digests(made, stamps, nasty),
        "trending": _trending(stamps, nasty),
        "scorecard": _scorecard(),
        "scored": _scored(made),
        "editions": pd.DataFrame(
            {
                "day": stamps,
                "as_of": [stamp + pd.Timedelta(days=1) for stamp in stamps],
                "claims": 8,
                "refused": 1,
            }
        ),
        "texts": _texts(nasty) if stamps[-1] == DAY else _empty(REPORT_TEXTS),
        "analyses": _analyses() if stamps[-1] == DAY else _empty(ANALYSES),
    }


def given(nasty: bool = False, days: int = LAST + 1, **changes: Any) -> Given:
    """What the small edition is made from."""
    stamp = DAY - pd.Timedelta(days=LAST + 1 - days)
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">'
        '<rect width="40" height="30" fill="{}"/></svg>'
    )
    known = {
        "as_of": stamp + pd.Timedelta(days=1),
        "frames": frames(nasty, days),
        "preferred": ("analyst", "coverage", "base-rate"),
        "charts": (
            Chart(
                "reliability-coverage",
                "Reliability of coverage",
                "Forecast 10 %, observed 12 %.",
                picture.format("#fff"),
                picture.format("#000"),
            ),
        ),
        "site_url": "https://news.example/desk/",
    }
    return Given(**(known | changes))


def _sources(*numbers: int) -> str:
    return json.dumps(
        [
            {"number": place, "article_id": f"a{number}", "note": f"note {place}"}
            for place, number in enumerate(numbers, start=1)
        ]
    )


def _report(topic: str, stamp: pd.Timestamp, forecaster: str, nasty: bool) -> dict[str, Any]:
    label = "Artemis <b>II</b> launch" if nasty and topic == "t0" else f"Topic {topic}"
    vector = np.array([1.0, 0.2] if topic == "t0" else [0.8, 0.6], np.float32)
    return {
        "report_id": f"p-{topic}-{forecaster}-{stamp:%m%d}",
        "forecaster": forecaster,
        "topic_id": topic,
        "topic_label": label,
        "section": "Science" if topic == "t0" else "World",
        "day": stamp,
        "as_of": stamp + pd.Timedelta(days=1),
        "headline": NASTY_TITLES[0] if nasty else f"{topic} may slip, says {forecaster}",
        "overview": f"{NASTY_TITLES[1] if nasty else 'Much was reported'} [1]; more [2], none [9].",
        "claims": 2,
        "sources": _sources(8, 9, 10) if topic == "t0" else _sources(9, 11),
        "model": "a model",
        "lifecycle": "active",
        "growth": 0.4,
        "novelty": 0.1,
        "persistence": 5 / 7,
        "significance": 0.5,
        "independent_publishers": 4,
        "topic_articles": 6,
        "topic_publishers": 5,
        "topic_since": DAY - pd.Timedelta(days=2),
        "vector": vector,
        "keywords": '["moon", "rocket"]',
    }


def _claim(
    seq: int,
    topic: str,
    stamp: pd.Timestamp,
    forecaster: str,
    part: int,
    place: int,
    judged: bool = False,
) -> dict[str, Any]:
    """Of the first day: yes and, corrected, void; of the second: no and overdue; then open."""
    made_at = stamp + pd.Timedelta(days=1)
    fate = [("yes", "void"), ("no", None), (None, None)][place][part]
    days = [1, 1, 3][place] if part == 0 or place == 1 else 7
    question = f"q-{topic}-{stamp:%m%d}-{part}{'-j' if judged else ''}"
    probability = {"coverage": 0.62, "base-rate": 0.21, "analyst": 0.845}[forecaster]
    row = {
        "seq": seq,
        "claim_id": f"c-{seq}",
        "question_id": question,
        "report_id": f"p-{topic}-{forecaster}-{stamp:%m%d}",
        "topic_id": topic,
        "topic_label": f"Topic {topic}",
        "section": "Science" if topic == "t0" else "World",
        "forecaster": forecaster,
        "model": "a model",
        "template": "publishers" if part == 0 else "growth",
        "statement": f"At least {part + 2} publishers report on {topic} by day {place}.",
        "made_at": made_at,
        "as_of": made_at,
        "day": stamp,
        "resolve_by": made_at + pd.Timedelta(days=days),
        "window_days": days,
        "probability": probability - 0.1 * part,
        "band": "Medium",
        "rationale": "Six articles in a week [1], few before.",
        "resolution_criteria": "Yes if enough publishers report in time. No otherwise.",
        "resolver": "judge" if judged else "rule",
        "spec": None
        if judged
        else '{"rule":"publishers","anchor_id":"x","at_least":2,"family":null,"trigger_terms":[]}',
        "sources": _sources(8, 9),
        "code_version": "0",
        "previous_hash": "0" * 64 if seq == 1 else f"{seq - 1:064x}",
        "row_hash": f"{seq:064x}",
        "verdict": fate,
        "decided_at": made_at + pd.Timedelta(hours=12) if fate else pd.NaT,
        "decided_by": ("person" if fate == "void" else "rule") if fate else None,
        "evidence": json.dumps(
            [{"article_id": "a4", "publisher": "paper4.example", "quote": "A telling sentence"}]
        )
        if fate
        else None,
        "reason": "2 publishers counted" if fate else None,
        "resolution_id": f"r{seq}" if fate else None,
        "supersedes": f"old{seq}" if fate == "void" else None,
    }
    return row


def _overruled(claims: pd.DataFrame) -> pd.DataFrame:
    own = claims[claims["supersedes"].notna()]
    return pd.DataFrame(
        {
            "resolution_id": own["supersedes"],
            "claim_id": own["claim_id"],
            "question_id": own["question_id"],
            "verdict": "no",
            "decided_at": own["decided_at"] - pd.Timedelta(hours=2),
            "day": own["day"],
            "decided_by": "rule",
            "evidence": "[]",
            "reason": "0 publishers counted",
            "supersedes": None,
            "code_version": "0",
        }
    ).reset_index(drop=True)


def _topics(nasty: bool, last: pd.Timestamp) -> pd.DataFrame:
    rows = [
        {
            "topic_id": f"t{number}",
            "day": last,
            "label": NASTY_TITLES[4] if nasty and number == 0 else f"Topic t{number}",
            "keywords": json.dumps(["moon", "<b>rocket</b>\x00" if nasty else "rocket"]),
            "section": "Science" if number == 0 else "World",
            "articles": 6,
            "publishers": 5,
            "stories": 1,
            "first_seen_at": DAY - pd.Timedelta(days=2),
            "last_seen_at": last + pd.Timedelta(hours=10),
            "lifecycle": "active" if number == 0 else "dormant",
        }
        for number in (0, 1)
    ]
    return pd.DataFrame(rows)


def _axis(claims: pd.DataFrame, stamps: list[pd.Timestamp], nasty: bool) -> pd.DataFrame:
    empty = dict.fromkeys(CONTRACTS["stories.timelines"].columns)
    steps = [
        empty
        | {
            "entry_id": f"e{place}",
            "topic_id": "t0",
            "day": stamp,
            "as_of": stamp + pd.Timedelta(days=1),
            "date": stamp,
            "kind": "step",
            "sentence": NASTY_TITLES[2] if nasty else f"Step {place} was taken.",
            "story_id": "s0",
            "article_id": "a8",
            "articles": 2,
            "independent_sources": 2,
            "sources": json.dumps(
                [
                    {"article_id": "a8", "publisher": "paper3.example", "independent": True},
                    {"article_id": "gone", "publisher": "paper9.example", "independent": False},
                ]
            ),
        }
        for place, stamp in enumerate(stamps)
    ]
    on_axis = claims[claims["forecaster"] == "coverage"]
    marks = [
        empty
        | {
            "entry_id": f"e-{claim['claim_id']}",
            "topic_id": claim["topic_id"],
            "day": claim["day"],
            "as_of": claim["as_of"],
            "date": claim["resolve_by"],
            "kind": "settled" if claim["verdict"] else "open",
            "sentence": claim["statement"],
            "articles": 1,
            "independent_sources": 1,
            "sources": "[]",
            "claim_id": claim["claim_id"],
            "forecaster": "coverage",
            "probability": claim["probability"],
            "resolve_by": claim["resolve_by"],
            "verdict": claim["verdict"],
        }
        for claim in on_axis.to_dict("records")
    ]
    return pd.DataFrame([*steps, *marks])


def _digests(claims: pd.DataFrame, stamps: list[pd.Timestamp], nasty: bool) -> pd.DataFrame:
    empty = dict.fromkeys(CONTRACTS["stories.digests"].columns)
    rows = []
    watched = claims[claims["forecaster"] == "coverage"].iloc[-1].to_dict()
    # The first digest is of a day on which the desk still warmed up.
    for stamp in [stamps[0] - pd.Timedelta(days=1), *stamps]:
        for period in ("daily", "weekly") if stamp == stamps[-1] else ("daily",):
            for section in ("All", "Science"):
                for rank, kind in enumerate(("happened", "changed", "watch"), start=1):
                    watch = kind == "watch"
                    rows.append(
                        empty
                        | {
                            "day": stamp,
                            "period": period,
                            "section": section,
                            "rank": rank,
                            "as_of": stamp + pd.Timedelta(days=1),
                            "kind": kind,
                            "status": "open" if watch else "developing",
                            "headline": watched["statement"]
                            if watch
                            else (NASTY_TITLES[rank] if nasty else f"Item {rank} happened"),
                            "article_id": None if watch else "a8",
                            "sentence": None if watch else "A verbatim sentence of it.",
                            "sentence_article_id": None if watch else "a9",
                            "story_id": None if watch else "s0",
                            "topic_id": "t0",
                            "topic_label": "Topic t0",
                            "claim_id": watched["claim_id"] if watch else None,
                            "forecaster": "coverage" if watch else None,
                            "probability": watched["probability"] if watch else None,
                            "resolve_by": watched["resolve_by"] if watch else pd.NaT,
                            "days_left": 3.0 if watch else None,
                            "articles": 1,
                            "independent_sources": 1,
                            "fresh_sources": 1,
                            "sources": json.dumps(
                                [
                                    {
                                        "article_id": "a8",
                                        "publisher": "p.example",
                                        "independent": True,
                                    }
                                ]
                            ),
                            "score": 1.0,
                        }
                    )
    return pd.DataFrame(rows)


def _trending(stamps: list[pd.Timestamp], nasty: bool) -> pd.DataFrame:
    rows = [
        {
            "day": stamp,
            "section": section,
            "rank": rank,
            "term": term,
            "topic_id": topic,
        }
        for stamp in stamps
        for section in ("All", "Science")
        for rank, (term, topic) in enumerate(
            [("<i>Moon</i>" if nasty else "Moon", "t0"), ("Rocket", "gone")], start=1
        )
    ]
    return pd.DataFrame(rows)


def _scorecard() -> pd.DataFrame:
    rows = []
    for by, group in (("all", "all"), ("window", "3"), ("window", "14"), ("section", "World")):
        for forecaster in ("coverage", "base-rate"):
            scored = 0 if group == "14" else 4
            figure = None if scored == 0 else 0.125
            rows.append(
                dict.fromkeys(CONTRACTS["scorecards.scorecard"].columns, figure)
                | {
                    "by": by,
                    "group": group,
                    "forecaster": forecaster,
                    "made": 12,
                    "due": 8,
                    "scored": scored,
                    "void": 2,
                    "pending": 4,
                    "overdue": 2,
                    "early": 0,
                    "topics": 2,
                    "skill": None if scored == 0 else -0.25,
                }
            )
    return pd.DataFrame(rows)


def _scored(claims: pd.DataFrame) -> pd.DataFrame:
    own = claims[claims["verdict"].isin(["yes", "no"])]
    outcome = (own["verdict"] == "yes").astype(int)
    return pd.DataFrame(
        {
            "claim_id": own["claim_id"],
            "forecaster": own["forecaster"],
            "probability": own["probability"],
            "outcome": outcome,
            "brier": (own["probability"] - outcome) ** 2,
            "log_score": 0.1,
        }
    ).reset_index(drop=True)


def _texts(nasty: bool) -> pd.DataFrame:
    said = NASTY_TITLES[1] if nasty else "Engineers found a leak"
    rows = [
        ("situation", "", pd.NaT, f"{said} [1].\n\nThe agency confirmed it [2, 3]."),
        ("signal", "A slipping date", pd.NaT, "The date moved twice [1]."),
        ("outlook", "", AS_OF + pd.Timedelta(days=30), "A further delay is likely."),
        ("implications", "", pd.NaT, "The budget may suffer [7]."),
    ]
    return pd.DataFrame(
        [
            {
                "report_id": f"p-t0-analyst-{DAY:%m%d}",
                "place": place,
                "kind": kind,
                "heading": heading,
                "by": by,
                "text": text,
                "cites": "[]",
            }
            for place, (kind, heading, by, text) in enumerate(rows, start=1)
        ]
    )


def _analyses() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "report_id": f"p-t0-analyst-{DAY:%m%d}",
                "label": "Moon rocket delay",
                "confidence": "High",
                "articles": 3,
                "prompt_digest": "d",
                "input_digest": "d",
                "request_digest": "d",
                "cost_usd": 0.0,
                "tokens": 1,
                "seconds": 1.0,
            }
        ]
    )


def _empty(schema: Any) -> pd.DataFrame:
    return pd.DataFrame(columns=list(schema.columns))
