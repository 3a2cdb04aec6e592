"""Rows for the tests of the warehouse: complete, with only what matters spelt out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

DAY = pd.Timestamp("2026-02-14")
DAYS = [DAY + pd.Timedelta(days=n) for n in range(-5, 40)]


def at(text: str) -> pd.Timestamp:
    """A moment of February 2026: at("14 12:30")."""
    return pd.Timestamp(f"2026-02-{text}")


def articles(*rows: dict[str, Any]) -> pd.DataFrame:
    made = []
    for row in rows:
        seen = row["first_seen_at"]
        made.append(
            {
                "url": f"https://example.org/{row['article_id']}",
                "canonical_url": f"https://example.org/{row['article_id']}",
                "title": f"Headline {row['article_id']}",
                "summary": "",
                "publisher": "example.org",
                "section": None,
                "source": "test",
                "published_at": pd.NaT,
                "day": seen.floor("D"),
                "content_digest": f"digest-{row['article_id']}",
                "duplicate_of": None,
                "duplicate_kind": None,
            }
            | row
        )
    return pd.DataFrame(made)


def vectors(model: str, **known: list[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": model,
            "content_digest": list(known),
            "vector": [np.array(vector, np.float32) for vector in known.values()],
        }
    )


def assignments(day: pd.Timestamp, **stories: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "article_id": a,
                "story_id": s,
                "day": day,
                "score": 1.0,
                "reason": "founded",
                "nearest": "[]",
            }
            for a, s in stories.items()
        ]
    )


def links(day: pd.Timestamp, **topics: str) -> pd.DataFrame:
    return pd.DataFrame(
        [{"story_id": s, "topic_id": t, "day": day, "score": 1.0} for s, t in topics.items()]
    )


def topic(topic_id: str, day: pd.Timestamp, **changes: Any) -> pd.DataFrame:
    row = {
        "topic_id": topic_id,
        "day": day,
        "label": "Artemis II launch",
        "keywords": "[]",
        "section": "Science",
        "articles": 3,
        "publishers": 2,
        "stories": 1,
        "first_seen_at": day,
        "last_seen_at": day + pd.Timedelta(hours=6),
        "vector": np.array([1.0, 0.0], np.float32),
        "independent_publishers": 2,
        "growth": 0.5,
        "novelty": 0.5,
        "persistence": 0.5,
        "significance": 0.3,
        "lifecycle": "active",
        "dormant_from": day + pd.Timedelta(days=8),
        "closed_from": day + pd.Timedelta(days=30),
    }
    return pd.DataFrame([row | changes])


def trend(day: pd.Timestamp, rank: int, section: str, term: str) -> pd.DataFrame:
    row = {
        "day": day,
        "section": section,
        "rank": rank,
        "term": term,
        "kind": "name",
        "articles": 4,
        "publishers": 3,
        "expected": 0.1,
        "score": 3.0,
        "story_id": "s1",
        "topic_id": "t1",
        "first_seen_at": day,
    }
    return pd.DataFrame([row])


def claim(seq: int, question: str, made_at: pd.Timestamp, days: int, **changes: Any) -> dict:
    row = {
        "seq": seq,
        "claim_id": f"c{seq}",
        "question_id": question,
        "report_id": "p1",
        "topic_id": "t1",
        "topic_label": "Artemis II launch",
        "section": "Science",
        "forecaster": "coverage",
        "model": "m",
        "prompt_digest": None,
        "input_digest": "i",
        "sample_index": 0,
        "template": "continuation",
        "statement": "At least 2 publishers report on it.",
        "actor": "news publishers",
        "action": "report",
        "threshold": 2.0,
        "made_at": made_at,
        "as_of": made_at,
        "day": made_at.floor("D"),
        "resolve_by": made_at + pd.Timedelta(days=days),
        "window_days": days,
        "probability": 0.5,
        "band": "Medium",
        "rationale": "",
        "resolution_criteria": "",
        "resolver": "rule",
        "spec": None,
        "sources": "[]",
        "features": "{}",
        "findings": "[]",
        "phase": "record",
        "cost_usd": 0.0,
        "code_version": "0",
        "previous_hash": "",
        "row_hash": f"hash-{seq}",
    }
    return row | changes


def claims(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def verdict(number: int, claim_row: dict, verdict: str, decided_at: pd.Timestamp, **changes: Any):
    row = {
        "resolution_id": f"r{number}",
        "claim_id": claim_row["claim_id"],
        "question_id": claim_row["question_id"],
        "verdict": verdict,
        "decided_at": decided_at,
        "day": decided_at.floor("D"),
        "decided_by": "rule",
        "evidence": "[]",
        "reason": "counted",
        "supersedes": None,
        "code_version": "0",
    }
    return pd.DataFrame([row | changes])


def call(subject: str, as_of: pd.Timestamp, number: int, **changes: Any) -> pd.DataFrame:
    row = {
        "call_id": f"m{number}",
        "subject": subject,
        "topic_id": None,
        "day": as_of.floor("D"),
        "as_of": as_of,
        "asked_at": as_of,
        "prompt_id": "judge-1",
        "prompt_digest": "p",
        "input_digest": "i",
        "request_digest": "r",
        "sample_index": 0,
        "model": "toy-1",
        "outcome": "answered",
        "fault": None,
        "reason": None,
        "raw": "{}",
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_write_tokens": 0,
        "cache_read_tokens": 0,
        "requests": 1,
        "cost_usd": 0.01,
        "charged_usd": 0.01,
        "seconds": 1.0,
    }
    return pd.DataFrame([row | changes])
