"""A small world of made-up news, built like a real one: rows, then dbt, then the scorecard."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.contracts.vocabulary import SECTIONS, WINDOWS_DAYS, confidence_band
from newsworld_dagster.scoring import scorecard
from newsworld_dagster.warehouse import Warehouse, publish_snapshot

PROJECT = Path(__file__).parents[1] / "dbt_models"
AS_OF = pd.Timestamp("2026-02-01")
FIRST = pd.Timestamp("2025-11-24 22:00")

# What coverage knows of a question beyond its kind, in log-odds; and what nobody knows.
KNOWN, UNKNOWN = 1.1, 0.5
# How often each kind of claim comes true.
KINDS = {
    "continuation": 0.75,
    "growth": 0.45,
    "publishers": 0.55,
    "trigger:litigation": 0.25,
    "trigger:launch": 0.15,
}
LABELS = (
    "Harbour Bridge Repair",
    "Chip Export Rules",
    "Coalition Talks",
    "Airline Merger",
    "Moon Flight",
    "Measles Outbreak",
    "Cup Final",
    "Film Awards",
)


def frame(table: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """Rows for a table; columns that a case does not name are filled in."""
    fillers = {"str": "-", "int64": 1, "float64": 0.5, "None": AS_OF}
    columns = {
        name: None if column.nullable else fillers.get(str(column.dtype), [1.0, 0.0])
        for name, column in CONTRACTS[table].columns.items()
    }
    return pd.DataFrame([{**columns, **row} for row in rows])


def dbt(warehouse: Path, target: Path, *arguments: str) -> dbtRunnerResult:
    """Run dbt on a warehouse, in this process."""
    places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", target]
    command = [*arguments, *map(str, [*places, "--log-path", target / "logs"]), "--quiet"]
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(PROJECT):
        patch.setenv("NEWSWORLD_WAREHOUSE", str(warehouse))
        try:
            return dbtRunner().invoke(command)
        finally:
            # In a process of its own it ends with the run; here it would go on holding the file.
            DuckDBConnectionManager.close_all_connections()


def write_ledger(path: Path, *, days: int = 68, topics: int = 24, seed: int = 7) -> None:
    """Claims of two forecasters on made-up topics, with verdicts and the articles behind them.

    On every second day a few topics get one claim of each kind. base-rate says how often the
    kind comes true; coverage knows a part of what makes the question differ from its kind.
    """
    rng = np.random.default_rng(seed)
    claims: list[dict[str, object]] = []
    verdicts: list[dict[str, object]] = []
    articles: list[dict[str, object]] = []
    for start in range(0, days, 2):
        made_at = FIRST + pd.Timedelta(days=start)
        for topic in rng.choice(topics, size=2, replace=False):
            lean = rng.normal(0, 0.6)
            for kind, rate in KINDS.items():
                number = len(claims) // 2
                window = int(rng.choice(WINDOWS_DAYS))
                known = np.log(rate / (1 - rate)) + lean + rng.normal(0, KNOWN)
                yes = rng.random() < _share(known + rng.normal(0, UNKNOWN))
                question = {
                    "question_id": f"q{number:04}",
                    "topic_id": f"t{topic:02}",
                    "topic_label": f"{LABELS[topic % len(LABELS)]} {topic // len(LABELS) + 1}",
                    "section": SECTIONS[topic % len(SECTIONS)],
                    "template": kind,
                    "made_at": made_at,
                    "resolve_by": made_at + pd.Timedelta(days=window),
                    "window_days": window,
                }
                answers = {"base-rate": rate, "coverage": float(_share(known))}
                claims += [_claim(question, *answer, len(claims) + n) for n, answer in
                           enumerate(answers.items())]  # fmt: skip
                verdicts += _verdicts(question, list(answers), yes, rng)
                articles.append(_article(number, question))
    with Warehouse(path).write() as writer:
        moments = [AS_OF - pd.Timedelta(days=1), AS_OF]
        writer.append(
            "forecasts.editions",
            frame(
                "forecasts.editions",
                [
                    {"forecaster": who, "day": moment, "as_of": moment, "phase": "record"}
                    for who in ("base-rate", "coverage")
                    for moment in moments
                ],
            ),
        )
        writer.append("news.articles", frame("news.articles", articles))
        writer.append("forecasts.claims", frame("forecasts.claims", claims))
        writer.append("outcomes.resolutions", frame("outcomes.resolutions", verdicts))


def publish(path: Path, target: Path, dbt_target: Path) -> Path:
    """Build the marts and the scorecard of a warehouse, and publish its snapshot."""
    warehouse = Warehouse(path)
    with warehouse.write():
        pass  # makes the empty tables where there is no world yet
    result = dbt(path, dbt_target, "run")
    assert result.success, result.exception
    with warehouse.write() as writer:
        claims = writer.frame("SELECT * FROM marts.fct_claims WHERE phase = 'record'")
        card = scorecard(claims, as_of=writer.latest_as_of() or AS_OF, n_resamples=400)
        writer.replace_all("scorecards.scorecard", card)
    return publish_snapshot(warehouse, target)


def _share(log_odds: float) -> float:
    return float(np.clip(1 / (1 + np.exp(-log_odds)), 0.01, 0.99))


def _claim(
    question: dict[str, object], forecaster: str, probability: float, place: int
) -> dict[str, object]:
    return question | {
        "seq": place + 1,
        "claim_id": f"{question['question_id']}/{forecaster}",
        "report_id": f"{question['topic_id']}/{question['made_at']:%Y-%m-%d}/{forecaster}",
        "forecaster": forecaster,
        "statement": (
            f"At least 4 different publishers report on “{question['topic_label']}” by "
            f"{question['resolve_by']:%d %B %Y}."
        ),
        "as_of": question["made_at"],
        "day": question["made_at"].normalize(),
        "probability": probability,
        "band": confidence_band(probability),
        "rationale": (
            "There were 3 publishers in the last week; coverage has picked up [1], with 5 "
            "articles in three days. Earlier claims of this kind came true in 31 of 60 cases."
        ),
        "resolver": "rule",
        "sources": "[]",
        "findings": "[]",
        "phase": "record",
        "previous_hash": f"hash {place}",
        "row_hash": f"hash {place + 1}",
    }


def _verdicts(
    question: dict[str, object], forecasters: list[str], yes: bool, rng: np.random.Generator
) -> list[dict[str, object]]:
    """What came of a question by AS_OF: a yes may come early, and some get no verdict."""
    fate = rng.choice(["settled", "void", "overdue"], p=[0.96, 0.025, 0.015])
    verdict = "void" if fate == "void" else "yes" if yes else "no"
    span = question["resolve_by"] - question["made_at"]
    decided_at = question["resolve_by"]
    if verdict == "yes":
        decided_at = (question["made_at"] + span * rng.uniform(0.2, 1)).floor("s")
    if fate == "overdue" or decided_at > AS_OF:
        return []
    title = f"Fourth newsroom reports on {question['topic_label']} <b>today</b>"
    evidence = [{"article_id": f"a{question['question_id'][1:]}", "publisher": "example.org",
                 "seen_at": decided_at.isoformat(), "quote": title}]  # fmt: skip
    return [
        {
            "resolution_id": f"{question['question_id']}/{forecaster}/{verdict}",
            "claim_id": f"{question['question_id']}/{forecaster}",
            "question_id": question["question_id"],
            "verdict": verdict,
            "decided_at": decided_at,
            "day": decided_at.normalize(),
            "decided_by": "rule",
            "evidence": json.dumps(evidence if verdict == "yes" else []),
            "reason": "4 publishers counted, 4 were needed"
            if verdict == "yes"
            else "2 publishers counted by the deadline, 4 were needed",
            "supersedes": None,
        }
        for forecaster in forecasters
    ]


def _article(number: int, question: dict[str, object]) -> dict[str, object]:
    return {
        "article_id": f"a{number:04}",
        "url": f"https://example.org/{number}",
        "canonical_url": f"https://example.org/{number}",
        "title": f"Fourth newsroom reports on {question['topic_label']} <b>today</b>",
        "publisher": "example.org",
        "section": question["section"],
        "first_seen_at": question["made_at"] + pd.Timedelta(days=1),
        "day": (question["made_at"] + pd.Timedelta(days=1)).normalize(),
    }
