"""The dbt project on a ledger small enough to score by hand.

The as-of moment is 2026-02-01. Probabilities and verdicts of the claims on the record:

| question | coverage | base-rate | deadline | verdict                        |
|----------|----------|-----------|----------|--------------------------------|
| q1       | 0.8      | 0.6       | 01-08    | yes                            |
| q2       | 0.7      | 0.5       | 01-09    | no, corrected to yes           |
| q3       | 0.2      |           | 01-17    | no                             |
| q4       | 0.3      | 0.1       | 02-19    | yes already: early             |
| q5       | 0.5      | 0.5       | 01-12    | void                           |
| q6       | 0.6      |           | 02-01    | none, and the deadline is here |
| q7       | 0.4      | 0.2       | 02-08    | none yet                       |
| q9       |          | 0.4       | 01-31    | no                             |

and q8 of the warm-up, which both forecasters had right and which counts nowhere. What was made
before 01-10 is of the first model, then of the second; publishers are asked with a prompt; a judge
decides the triggers.
"""

from __future__ import annotations

import itertools
import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from dbt.cli.main import dbtRunnerResult

from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.warehouse import Reader, Warehouse
from tests.synthetic_world import AS_OF, dbt, frame

# question: template, section, made, window, {forecaster: probability}, phase
QUESTIONS = {
    "q1": ("continuation", "World", "2026-01-01", 7, {"coverage": 0.8, "base-rate": 0.6}),
    "q2": ("growth", "World", "2026-01-02", 7, {"coverage": 0.7, "base-rate": 0.5}),
    "q3": ("publishers", "Technology", "2026-01-03", 14, {"coverage": 0.2}),
    "q4": ("trigger:litigation", "Business", "2026-01-20", 30, {"coverage": 0.3, "base-rate": 0.1}),
    "q5": ("growth", "World", "2026-01-05", 7, {"coverage": 0.5, "base-rate": 0.5}),
    "q6": ("publishers", "World", "2026-01-18", 14, {"coverage": 0.6}),
    "q7": ("trigger:launch", "World", "2026-01-25", 14, {"coverage": 0.4, "base-rate": 0.2}),
    "q8": ("growth", "World", "2025-12-01", 7, {"coverage": 0.99, "base-rate": 0.99}),
    "q9": ("growth", "World", "2026-01-24", 7, {"base-rate": 0.4}),
}

# question, verdict, moment, is a correction of the verdict before it
VERDICTS = [
    ("q1", "yes", "2026-01-05", False),
    ("q2", "no", "2026-01-09", False),
    ("q2", "yes", "2026-01-20", True),
    ("q3", "no", "2026-01-17", False),
    ("q4", "yes", "2026-01-25", False),
    ("q5", "void", "2026-01-12", False),
    ("q8", "yes", "2025-12-08", False),
    ("q9", "no", "2026-01-31", False),
]


def claims() -> list[dict[str, object]]:
    number = itertools.count(1)
    rows = []
    for question, (template, section, made, window, answers) in QUESTIONS.items():
        for forecaster, probability in answers.items():
            made_at = pd.Timestamp(made)
            seq = next(number)
            rows.append(
                {
                    "seq": seq,
                    "claim_id": f"{question}/{forecaster}",
                    "question_id": question,
                    "report_id": f"report/{forecaster}",
                    "topic_id": "t1" if question in {"q1", "q2"} else "t2",
                    "section": section,
                    "forecaster": forecaster,
                    "template": template,
                    "statement": f"Something happens ({question}).",
                    "made_at": made_at,
                    "as_of": made_at,
                    "day": made_at,
                    "resolve_by": made_at + pd.Timedelta(days=window),
                    "window_days": window,
                    "probability": probability,
                    "band": confidence_band(probability),
                    "model": "first" if made_at < pd.Timestamp("2026-01-10") else "second",
                    "prompt_digest": "p1" if template == "publishers" else None,
                    "resolver": "judge" if template.startswith("trigger") else "rule",
                    "phase": "warm_up" if question == "q8" else "record",
                    "previous_hash": f"hash {seq - 1}",
                    "row_hash": f"hash {seq}",
                }
            )
    return rows


def resolutions() -> list[dict[str, object]]:
    rows = []
    for question, verdict, moment, corrects in VERDICTS:
        for forecaster in QUESTIONS[question][4]:
            claim_id = f"{question}/{forecaster}"
            rows.append(
                {
                    "resolution_id": f"{claim_id}/{moment}",
                    "claim_id": claim_id,
                    "question_id": question,
                    "verdict": verdict,
                    "decided_at": pd.Timestamp(moment),
                    "decided_by": "person" if corrects else "rule",
                    "supersedes": f"{claim_id}/2026-01-09" if corrects else None,
                }
            )
    return rows


def write_world(path: Path) -> None:
    forecasters = ["coverage", "base-rate"]
    world = {"section": "World"}
    tables: dict[str, list[dict[str, object]]] = {
        "forecasts.editions": [
            {"forecaster": who, "day": day, "as_of": day, "phase": "record"}
            for who in forecasters
            for day in (AS_OF - pd.Timedelta(days=1), AS_OF)
        ],
        "forecasts.reports": [
            {"report_id": f"report/{who}", "forecaster": who, **world} for who in forecasters
        ],
        "forecasts.claims": claims(),
        "outcomes.resolutions": resolutions(),
    }
    with Warehouse(path).write() as writer:
        for table, rows in tables.items():
            writer.append(table, frame(table, rows))
        alive = world | {"lifecycle": "active"}
        topics = [{"topic_id": "t1", **alive}, {"topic_id": "t2", **alive}]
        writer.replace_all("stories.topics", frame("stories.topics", topics))


def statuses(result: dbtRunnerResult) -> dict[str, str]:
    assert result.exception is None
    assert result.result is not None
    return {run.node.name: str(run.status) for run in result.result}


@dataclass
class World:
    """A warehouse that dbt has built, and how each node went."""

    path: Path
    target: Path
    statuses: dict[str, str]
    connection: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[dict[str, object]]:
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("dbt")
    live = folder / "newsworld.duckdb"
    write_world(live)
    results = statuses(dbt(live, folder / "target", "build"))
    # Read from a copy of another name, as the published snapshot is.
    copy = folder / "snapshot.duckdb"
    shutil.copy(live, copy)
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield World(live, folder / "target", results, connection)


def test_everything_is_built_and_every_test_passes(world: World) -> None:
    assert set(world.statuses.values()) == {"success", "pass"}
    ran = set(world.statuses)
    assert {"scorecards_add_up", "verdicts_follow_claims"} <= ran
    assert {"a_correction_supersedes", "scores_by_hand", "skill_on_shared_questions_only"} <= ran


def test_every_python_table_is_a_source_and_every_mart_is_documented(world: World) -> None:
    manifest = json.loads((world.target / "manifest.json").read_text())
    sources = {
        f"{node['schema']}.{node['name']}": node["config"]["meta"]["dagster"]["asset_key"]
        for node in manifest["sources"].values()
    }
    assert sources == {name: name.split(".") for name in CONTRACTS}
    for node in manifest["sources"].values():
        contract = CONTRACTS[f"{node['schema']}.{node['name']}"]
        assert set(node["columns"]) <= set(contract.columns)
    marts = [node for node in manifest["nodes"].values() if node["schema"] == "marts"]
    marts = [node for node in marts if node["resource_type"] == "model"]
    assert len(marts) == 14
    for node in marts:
        assert node["description"].startswith("Grain: one row a ")
        assert node["contract"]["enforced"]
        assert all(column["description"] for column in node["columns"].values())
        # In the database too, from where the snapshot takes them.
        told = world.rows(
            "SELECT column_name, comment FROM duckdb_columns() "
            f"WHERE schema_name = 'marts' AND table_name = '{node['name']}'"
        )
        assert {row["column_name"]: row["comment"] for row in told} == {
            name: column["description"] for name, column in node["columns"].items()
        }


def test_where_each_claim_stands(world: World) -> None:
    rows = world.rows(
        "SELECT question_id, status FROM marts.fct_claims WHERE forecaster = 'coverage'"
    )
    assert {row["question_id"]: row["status"] for row in rows} == {
        "q1": "scored",
        "q2": "scored",
        "q3": "scored",
        "q4": "early",
        "q5": "void",
        "q6": "overdue",
        "q7": "pending",
        "q8": "scored",
    }


def test_the_scorecard_of_each_forecaster(world: World) -> None:
    coverage, base_rate = world.rows(
        "SELECT * FROM marts.scorecard_by_forecaster ORDER BY forecaster DESC"
    )
    assert coverage == {
        "forecaster": "coverage",
        "made": 7,
        "due": 5,
        "scored": 3,
        "void": 1,
        "pending": 2,
        "overdue": 1,
        "early": 1,
        "brier": pytest.approx((0.2**2 + 0.3**2 + 0.2**2) / 3),
        "log_score": pytest.approx(-(math.log(0.8) + math.log(0.7) + math.log(0.8)) / 3),
        "base_rate": pytest.approx(2 / 3),
        # On q1 and q2, which base-rate answered too.
        "skill": pytest.approx(1 - (0.04 + 0.09) / (0.16 + 0.25)),
        "shared": 2,
        "topics": 2,
    }
    assert base_rate == {
        "forecaster": "base-rate",
        "made": 6,
        "due": 4,
        "scored": 3,
        "void": 1,
        "pending": 2,
        "overdue": 0,
        "early": 1,
        "brier": pytest.approx((0.16 + 0.25 + 0.16) / 3),
        "log_score": pytest.approx(-(math.log(0.6) + math.log(0.5) + math.log(0.6)) / 3),
        "base_rate": pytest.approx(2 / 3),
        "skill": pytest.approx(0),
        "shared": 3,
        "topics": 2,
    }


@pytest.mark.parametrize(
    ("scorecard", "column", "expected"),
    [
        # group: made, due, scored, void, pending, overdue, early
        ("horizon", "window_days", {7: (3, 3, 2, 1, 0, 0, 0), 14: (3, 2, 1, 0, 1, 1, 0),
                                    30: (1, 0, 0, 0, 1, 0, 1)}),
        ("section", "section", {"World": (5, 4, 2, 1, 1, 1, 0), "Technology": (1, 1, 1, 0, 0, 0, 0),
                                "Business": (1, 0, 0, 0, 1, 0, 1)}),
        ("deadline_month", "deadline_month", {"2026-01": (4, 4, 3, 1, 0, 0, 0),
                                              "2026-02": (3, 1, 0, 0, 2, 1, 1)}),
        ("cohort", "cohort", {"2026-01": (7, 5, 3, 1, 2, 1, 1)}),
        ("model", "model", {"first": (4, 4, 3, 1, 0, 0, 0), "second": (3, 1, 0, 0, 2, 1, 1)}),
        ("prompt", "prompt_digest", {"p1": (2, 2, 1, 0, 0, 1, 0), None: (5, 3, 2, 1, 2, 0, 1)}),
        ("band", "band", {"Low": (2, 1, 1, 0, 1, 0, 1), "Medium": (3, 2, 0, 1, 1, 1, 0),
                          "High": (2, 2, 2, 0, 0, 0, 0)}),
        ("resolver", "resolver", {"rule": (5, 5, 3, 1, 0, 1, 0), "judge": (2, 0, 0, 0, 2, 0, 1)}),
        ("template", "template", {
            "continuation": (1, 1, 1, 0, 0, 0, 0), "growth": (2, 2, 1, 1, 0, 0, 0),
            "publishers": (2, 2, 1, 0, 0, 1, 0), "trigger:litigation": (1, 0, 0, 0, 1, 0, 1),
            "trigger:launch": (1, 0, 0, 0, 1, 0, 0)}),
    ],
)  # fmt: skip
def test_the_counts_of_each_group(
    world: World, scorecard: str, column: str, expected: dict[object, tuple[int, ...]]
) -> None:
    rows = world.rows(f"SELECT * FROM marts.scorecard_by_{scorecard} WHERE forecaster = 'coverage'")
    counts = ("made", "due", "scored", "void", "pending", "overdue", "early")
    assert {row[column]: tuple(row[name] for name in counts) for row in rows} == expected


def test_a_group_without_scored_claims_has_no_scores(world: World) -> None:
    (row,) = world.rows(
        "SELECT brier, log_score, base_rate, skill, family FROM marts.scorecard_by_template "
        "WHERE forecaster = 'coverage' AND template = 'trigger:launch'"
    )
    assert row == {
        "brier": None,
        "log_score": None,
        "base_rate": None,
        "skill": None,
        "family": "trigger",
    }


def test_the_scored_claims_carry_their_reference(world: World) -> None:
    rows = world.rows(
        "SELECT question_id, outcome, brier, reference_brier, skill_contribution "
        "FROM marts.fct_scored_claims WHERE forecaster = 'coverage' ORDER BY question_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("q1", 1, pytest.approx(0.04), pytest.approx(0.16), pytest.approx(0.12)),
        ("q2", 1, pytest.approx(0.09), pytest.approx(0.25), pytest.approx(0.16)),
        ("q3", 0, pytest.approx(0.04), None, None),
    ]


def test_the_calibration_bins(world: World) -> None:
    rows = world.rows(
        "SELECT bin, low, high, claims, mean_probability, observed FROM marts.calibration_bins "
        "WHERE forecaster = 'base-rate' ORDER BY bin"
    )
    assert [tuple(row.values()) for row in rows] == [
        (4, 0.4, 0.5, 1, 0.4, 0.0),
        (5, 0.5, 0.6, 1, 0.5, 1.0),
        (6, 0.6, 0.7, 1, 0.6, 1.0),
    ]


def test_the_outcome_funnel(world: World) -> None:
    rows = world.rows(
        "SELECT stage, claims FROM marts.outcome_funnel WHERE forecaster = 'coverage' "
        "ORDER BY position"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("made", 7),
        ("due", 5),
        ("settled", 4),
        ("scored", 3),
    ]


def test_the_current_verdicts_are_those_that_python_reads(world: World) -> None:
    rows = world.rows("SELECT claim_id, resolution_id FROM intermediate.int_current_verdicts")
    python = Reader(world.connection).verdicts_as_of(AS_OF)
    assert {row["claim_id"]: row["resolution_id"] for row in rows} == dict(
        zip(python["claim_id"], python["resolution_id"], strict=True)
    )
    assert len(rows) == 12


def test_a_bad_ledger_is_found(world: World) -> None:
    # The live file is spoiled, which the other tests do not read: a changed path would make dbt
    # parse the project again.
    with duckdb.connect(str(world.path)) as connection:
        connection.execute(
            "UPDATE outcomes.resolutions SET decided_at = '2025-12-31' WHERE question_id = 'q3'"
        )
        connection.execute(
            "UPDATE forecasts.claims SET probability = 1 WHERE claim_id = 'q4/coverage'"
        )
        connection.execute("UPDATE marts.scorecard_by_cohort SET due = due + 1")
        connection.execute("UPDATE marts.outcome_funnel SET forecaster = NULL WHERE position = 1")
        connection.execute("UPDATE marts.calibration_bins SET bin = 10 WHERE bin = 6")
        connection.execute(
            "INSERT INTO marts.fct_scored_claims SELECT * REPLACE ('other' AS question_id) "
            "FROM marts.fct_scored_claims"
        )
        connection.execute(
            "INSERT INTO forecasts.editions SELECT * FROM forecasts.editions WHERE day = ?", [AS_OF]
        )
    tests = {
        "verdicts_follow_claims",
        "forecasts_claims_rules",
        "scorecards_add_up",
        "forecasts_editions_rules",
        "outcome_funnel_rules",
        "calibration_bins_rules",
        "fct_scored_claims_rules",
    }
    result = dbt(world.path, world.target, "test", "--select", *sorted(tests))
    assert statuses(result) == dict.fromkeys(tests, "fail")
