"""The page of recipes, run, and the one import that it begins with."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pandas as pd
import pytest

import newsworld_dagster as nw
from newsworld_dagster.contracts import CONTRACTS
from newsworld_dagster.warehouse import Snapshot

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


def test_every_snippet_runs(snapshots: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(snippets) >= 12
    opened = nw.open_snapshot
    monkeypatch.setattr(nw, "open_snapshot", lambda: opened(snapshots["full"]), raising=False)
    names: dict[str, object] = {}
    for snippet in snippets:
        exec(compile(snippet, f"{PAGE.name}: {snippet[:40]!r}", "exec"), names)
    card = typing.cast("pd.DataFrame", names["card"])
    assert set(card["forecaster"]) == {"base-rate", "coverage"}
    both = typing.cast("pd.DataFrame", names["both"])
    assert set(both["forecaster"]) == {"base-rate", "bold", "coverage"}
    assert typing.cast("bytes", names["picture"]).startswith(b"\x89PNG")
    articles = typing.cast("pd.DataFrame", names["articles"])
    assert len(articles) > 0
    assert articles["first_seen_at"].max() <= pd.Timestamp("2026-01-10")


def test_every_column_of_every_frame_is_documented(full: Snapshot) -> None:
    published = [f"marts.{name}" for name in full.sql(
        "SELECT DISTINCT table_name FROM duckdb_tables() WHERE schema_name = 'marts'"
    )["table_name"]]  # fmt: skip
    assert len(published) == 14
    for name in [*CONTRACTS, *published]:
        columns = full.columns(name)
        assert list(columns["column"]) == list(full.table(name).columns), name
        assert columns["description"].str.len().ge(3).all(), name
    with pytest.raises(LookupError, match="tables"):
        full.columns("marts.nothing")


def test_frames_are_what_they_say(full: Snapshot, empty: Snapshot) -> None:
    assert full.as_of == pd.Timestamp("2026-02-01")
    assert pd.isna(empty.as_of)
    coverage = full.claims("coverage")
    assert set(coverage["forecaster"]) == {"coverage"}
    assert len(full.claims()) == 2 * len(coverage)
    assert coverage["made_at"].is_monotonic_increasing
    assert list(coverage.columns) == list(full.columns("marts.fct_claims")["column"])
    assert len(full.scored_claims("coverage")) == coverage["is_scored"].sum() > 100
    assert {"story_id", "topic_id"} <= set(full.articles().columns)
    assert len(full.articles()) == len(full.table("news.articles"))
    for name in ("claims", "scored_claims", "scorecard", "articles", "topics"):
        assert getattr(empty, name)().empty


def test_one_import_is_cheap_and_whole() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, newsworld_dagster as nw; "
         "assert not {'pandas', 'duckdb', 'dagster'} & set(sys.modules); "
         "nw.open_snapshot, nw.backtest, nw.worst_misses, nw.open_cases; "
         "assert 'dagster' not in sys.modules"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(nw.__all__) <= set(dir(nw))
    for name in nw.__all__:
        found = getattr(nw, name)
        assert inspect.getdoc(found)
        if inspect.isfunction(found):
            hints = inspect.signature(found)
            assert hints.return_annotation is not inspect.Signature.empty
            assert all(
                one.annotation is not inspect.Parameter.empty for one in hints.parameters.values()
            )
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nw.nothing  # noqa: B018
