from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import newsworld_dagster as nw
from newsworld_dagster.resolution import read_verdicts
from newsworld_dagster.verdictdesk import CasesError, embedding_model
from newsworld_dagster.warehouse import Snapshot, Warehouse
from tests.warehouse.warehouse_rows import vectors


def encode(texts: Sequence[str]) -> np.ndarray:
    return np.tile([1.0, 0.0], (len(texts), 1))


def test_overdue_claims_come_first_and_each_question_once(full: Snapshot, monkeypatch) -> None:
    # The made-up articles are not embedded.
    monkeypatch.setattr(
        full.reader, "vectors", lambda _model, digests: np.tile([1.0, 0.0], (len(digests), 1))
    )
    cases, articles = nw.open_cases(full, encode, most=20, k=2)
    waiting = full.claims("coverage")
    overdue = (waiting["status"] == "overdue").sum()
    assert overdue > 0
    assert cases["status"].tolist() == ["overdue"] * overdue + ["pending"] * (20 - overdue)
    assert not cases["statement"].isna().any()
    pending = cases[cases["status"] == "pending"]
    assert pending["resolve_by"].is_monotonic_increasing
    assert (pending["days_left"] > 0).all()
    questions = full.claims().set_index("claim_id")["question_id"]
    assert questions.loc[cases["claim_id"]].is_unique
    windows = articles.merge(cases, on="claim_id")
    assert (windows["first_seen_at"] > windows["made_at"]).all()
    assert (windows["first_seen_at"] <= windows["resolve_by"]).all()
    assert articles.groupby("claim_id").size().max() == 2


def test_what_the_judge_left_open_comes_first(full: Snapshot, monkeypatch) -> None:
    monkeypatch.setattr(
        full.reader, "vectors", lambda _model, digests: np.tile([1.0, 0.0], (len(digests), 1))
    )
    cases, _ = nw.open_cases(full, encode, most=20, k=1)
    left = str(cases["claim_id"].iloc[-1])
    monkeypatch.setattr(
        full.reader,
        "queued_claims",
        lambda _as_of: pd.DataFrame({"claim_id": [left], "because": ["the passes disagree"]}),
    )
    cases, _ = nw.open_cases(full, encode, most=20, k=1)
    assert cases["claim_id"].iloc[0] == left
    assert cases["because"].iloc[0].startswith("the judge could not decide: the passes disagree;")
    assert not cases["because"].iloc[1].startswith("the judge")


def test_a_file_of_cases_is_what_resolve_reads(full: Snapshot, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        full.reader, "vectors", lambda _model, digests: np.tile([1.0, 0.0], (len(digests), 1))
    )
    cases, _ = nw.open_cases(full, encode, most=3, k=1)
    path = nw.write_cases(cases, tmp_path / "verdicts.csv")
    verdicts, undecided = read_verdicts(path)
    assert (verdicts, undecided) == ([], 3)
    first = str(cases["claim_id"].iloc[0])
    path.write_text(path.read_text().replace(f"{first},,,", f"{first},no,It did not happen.,"))
    ((verdict,), undecided) = read_verdicts(path)
    assert (verdict.claim_id, verdict.verdict, verdict.fault) == (first, "no", None)
    assert undecided == 2
    with pytest.raises(CasesError, match="may hold verdicts"):
        nw.write_cases(cases, path)
    assert read_verdicts(path)[1] == 2


def test_an_empty_world_has_no_cases(empty: Snapshot) -> None:
    cases, articles = nw.open_cases(empty, encode)
    assert cases.empty
    assert articles.empty
    assert embedding_model(empty) is None


def test_a_statement_is_compared_with_vectors_and_not_with_event_vectors(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "newsworld.duckdb")
    with warehouse.write() as writer:
        for model in ("m-events-1", "m-events-2", "m"):
            writer.append("embeddings.vectors", vectors(model, d1=[1, 0]))
        writer.append("embeddings.vectors", vectors("m-events-1", d2=[1, 0]))
    with warehouse.read() as reader:
        asked = SimpleNamespace(sql=reader.frame)
        assert embedding_model(asked) == "m"
