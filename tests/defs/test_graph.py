"""The graph that an operator sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from newsworld_dagster.definitions import defs as load

PYTHON_ASSETS = {
    "news/articles": set(),
    "embeddings/vectors": {"news/articles"},
    "stories/assignments": {"embeddings/vectors"},
    "stories/lineage": {"embeddings/vectors"},
    "stories/topic_stories": {"stories/assignments"},
    "stories/topics": {"stories/assignments"},
    "stories/timelines": {"stories/topics", "forecasts/claims", "outcomes/resolutions"},
    "stories/digests": {"stories/topics", "forecasts/claims", "outcomes/resolutions"},
    "stories/trending": {"stories/assignments", "stories/topic_stories", "stories/topics"},
    "forecasts/reports": {"stories/topics"},
    "forecasts/anchors": {"stories/topics"},
    "forecasts/claims": {"forecasts/reports", "forecasts/anchors"},
    "forecasts/refusals": {"forecasts/reports"},
    "forecasts/editions": {"forecasts/claims"},
    "outcomes/resolutions": {"forecasts/claims", "forecasts/anchors"},
    "forecasts/analyses": {"forecasts/reports"},
    "forecasts/report_texts": {"forecasts/reports"},
    "forecasts/samples": {"forecasts/claims"},
    "forecasts/model_calls": {"forecasts/reports"},
    "outcomes/judge_queue": {"forecasts/claims"},
    "stories/written_digests": {"stories/digests"},
    "stories/written_labels": {"stories/topics", "stories/digests"},
    "forecasts/relations": {"forecasts/claims"},
    "forecasts/inconsistencies": {"forecasts/claims"},
    "scorecards/contests": {"forecasts/claims", "outcomes/resolutions"},
    "scorecards/leaders": {"forecasts/claims", "outcomes/resolutions"},
    "scorecards/bands": {"marts/fct_scored_claims"},
    "outcomes/verdict_chain": {"outcomes/resolutions"},
    "forecasts/heads": {"forecasts/claims", "outcomes/verdict_chain"},
    "scorecards/scorecard": {"marts/fct_claims", "marts/fct_scored_claims"},
    "published/edition": {"published/snapshot"},
} | {
    f"published/{path.stem}_notebook": {"published/snapshot"}
    for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb")
}
GROUPS = {"articles", "stories", "predictions", "outcomes", "scorecards", "published"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return load()


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions):
    return definitions.resolve_asset_graph()


def test_python_assets_depend_as_drawn(graph) -> None:
    for name, parents in PYTHON_ASSETS.items():
        node = graph.get(dg.AssetKey(name.split("/")))
        assert {key.to_user_string() for key in node.parent_keys} == parents, name


def test_every_notebook_has_its_page(graph) -> None:
    pages = {key.path[1] for key in graph.materializable_asset_keys if key.path[0] == "published"}
    assert pages - {"snapshot", "edition"} == {
        name.removeprefix("published/") for name in PYTHON_ASSETS if "notebook" in name
    }
    assert len(pages) == 9


def test_every_asset_is_described_grouped_and_owned(graph) -> None:
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.description, key
        assert node.group_name in GROUPS, key
        assert node.owners == ["team:newsdesk"], key


def test_dbt_and_python_are_one_graph(graph) -> None:
    scored = dg.AssetKey(["marts", "fct_scored_claims"])
    assert scored in graph.materializable_asset_keys
    ancestors = graph.get_ancestor_asset_keys(scored)
    assert dg.AssetKey(["news", "articles"]) in ancestors
    assert dg.AssetKey(["outcomes", "resolutions"]) in ancestors


def test_writers_share_one_pool(graph) -> None:
    for key in graph.materializable_asset_keys:
        pools = graph.get(key).pools or set()
        if key.path[0] == "published":
            assert not pools
        else:
            assert pools == {"warehouse"}, key


def test_partitioned_assets_take_a_range_as_one_run(graph) -> None:
    partitioned = [key for key in graph.materializable_asset_keys if graph.get(key).is_partitioned]
    assert len(partitioned) == 28
    for key in partitioned:
        assert graph.get(key).backfill_policy == dg.BackfillPolicy.single_run()


def test_schedule_asks_for_today_with_the_feeds() -> None:
    import datetime as dt

    from newsworld_dagster.defs.automation import evening_edition

    moment = dt.datetime(2026, 5, 4, 21, 30, tzinfo=dt.UTC)
    context = dg.build_schedule_context(scheduled_execution_time=moment)
    request = evening_edition(context)
    assert request.partition_key == "2026-05-04"
    assert request.run_config["ops"]["news__articles"]["config"] == {"live": True}


def test_definitions_load_without_grammars_and_leave_the_process_as_it_was() -> None:
    code = (
        "import gc, sys; from newsworld_dagster import definitions; definitions.defs();"
        "print('lark' in sys.modules, gc.isenabled())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
