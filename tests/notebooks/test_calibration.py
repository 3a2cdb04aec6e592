from __future__ import annotations

import html
import re
from pathlib import Path

import papermill
import pytest
from nbconvert import HTMLExporter

from newsworld_dagster.warehouse import open_snapshot

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "calibration.ipynb"
CHARTS = ("scores-chart", "window", "section", "family", "volume", "trigger", "month", "funnel")
NOTHING = "Nothing to show here yet"


class Run:
    """What the notebook put out, by cell."""

    def __init__(self, snapshot: Path, folder: Path) -> None:
        self.snapshot = snapshot
        self.notebook = papermill.execute_notebook(
            str(NOTEBOOK),
            str(folder / f"{snapshot.stem}.ipynb"),
            parameters={"snapshot_path": str(snapshot)},
            kernel_name="python3",
            progress_bar=False,
            cwd=str(folder),
        )
        self.cells = {cell["id"]: cell for cell in self.notebook.cells}

    def text(self, cell: str) -> str:
        """The tables and sentences of a cell, tags dropped."""
        kinds = ("text/html", "text/markdown")
        shown = [output["data"] for output in self.cells[cell]["outputs"]]
        parts = [next((data[kind] for kind in kinds if kind in data), "") for data in shown]
        bare = re.sub(r"<style.*?</style>|<[^>]*>", " ", " ".join(parts), flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(bare))

    def pictures(self, cell: str) -> list[str]:
        """Descriptions of the pictures of a cell."""
        shown = [output["data"].get("text/html", "") for output in self.cells[cell]["outputs"]]
        return re.findall(
            r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,[^"]+">', "".join(shown)
        )


@pytest.fixture(scope="module")
def runs(snapshots: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("calibration")
    return {name: Run(path, folder) for name, path in snapshots.items()}


def test_the_counts_and_scores_are_those_of_the_marts(runs: dict[str, Run]) -> None:
    run = runs["full"]
    with open_snapshot(run.snapshot) as world:
        marts = world.table("marts.scorecard_by_forecaster")
    counts, scores = run.text("counts"), run.text("scores")
    assert set(marts["forecaster"]) == {"base-rate", "coverage"}
    for row in marts.itertuples():
        fates = (row.made, row.due, row.scored, row.void, row.pending, row.overdue, row.early)
        assert " ".join(map(str, (row.forecaster, *fates, row.topics))) in counts
        basis = f"{row.forecaster} {row.scored} {row.topics} {100 * row.base_rate:.0f} %"
        assert f"{basis} {row.brier:.3f} (" in scores
        assert f") {row.log_score:.3f} " in scores
        if row.forecaster == "coverage":
            skill = f"{100 * row.skill:.0f} %"
            assert f"{row.log_score:.3f} {skill} (" in scores
            assert f"skill {skill} on the same claims" in run.text("answer")
            assert f"{row.scored} scored claims of {row.topics} topics" in run.text("answer")


def test_every_chart_is_there(runs: dict[str, Run]) -> None:
    run = runs["full"]
    assert [name.split(". ")[0] for name in run.pictures("reliability")] == [
        "Reliability of base-rate",
        "Reliability of coverage",
    ]
    for cell in (
        "scores-chart",
        "window",
        "section",
        "family",
        "volume",
        "trigger",
        "month",
        "funnel",
    ):
        assert len(run.pictures(cell)) == 1, cell


@pytest.mark.parametrize(
    ("cell", "groups"),
    [
        ("window", ["3 days", "7 days", "14 days", "30 days"]),
        ("section", ["World", "Entertainment"]),
        ("family", ["coverage volume", "trigger"]),
        ("trigger", ["continuation", "trigger:launch", "trigger:litigation"]),
        ("month", ["2025-11", "2026-01"]),
    ],
)
def test_every_grouping_has_its_table(runs: dict[str, Run], cell: str, groups: list[str]) -> None:
    text = runs["full"].text(cell)
    assert [group for group in groups if f"{group} coverage" not in text] == []


def test_the_worst_misses_come_worst_first_and_hold_no_foreign_markup(runs: dict[str, Run]) -> None:
    (output,) = runs["full"].cells["misses"]["outputs"]
    page = output["data"]["text/html"]
    rows = re.findall(r">\s*(\d+)%\s*</td>\s*<td[^>]*>\s*(yes|no)\s*<", page)
    distances = [int(said) if verdict == "no" else 100 - int(said) for said, verdict in rows]
    assert len(rows) == 10
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 80
    assert "Fourth newsroom reports on" in page
    assert "&lt;b&gt;today&lt;/b&gt;" in page
    assert "<b>" not in page


def test_an_empty_ledger_is_said_and_not_failed(runs: dict[str, Run]) -> None:
    run = runs["empty"]
    assert "Nothing is scored yet" in run.text("answer")
    for cell in [*CHARTS, "reliability", "misses"]:
        assert NOTHING in run.text(cell), cell
        assert run.pictures(cell) == []


def test_the_exported_page_needs_no_other_host(runs: dict[str, Run]) -> None:
    exporter = HTMLExporter(
        mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="",
        mermaid_layout_elk_js_url="",
    )  # fmt: skip
    page, _ = exporter.from_notebook_node(runs["full"].notebook)
    loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=[\"']?([^\"'>]*)", page)
    assert len(loaded) >= 10
    assert [
        address for address in loaded if address and not address.startswith("data:image/")
    ] == []
    assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", page)
