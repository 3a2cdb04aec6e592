"""Every notebook: as it is kept, on the sample's world, and on a world without claims."""

from __future__ import annotations

import ast
import html
import json
import re
from pathlib import Path

import dagster as dg
import nbformat
import papermill
import pytest

from newsworld_dagster.defs.notebooks import NOTEBOOKS, notebook_page
from newsworld_dagster.defs.rendering import NotebookError, render_notebook
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import Settings
from tests.e2e.worlds import WorldFolder

FOLDER = Path(__file__).parents[2] / "notebooks"
# What a page of the sample shows: the headings of its tables and the names of its pictures.
SHOWN = {
    "calibration": (["Is it calibrated?", "The ten worst misses"], 10),
    "forecaster_comparison": (["Claim by claim", "base-rate", "was nearer on"], 4),
    "horizons_and_timing": (["Median day", "Deadline in", "Made in", "2026-02"], 3),
    "worst_misses": (["Proposed label", "threshold", "counted", "after the deadline"], 0),
    "stories_and_topics": (["Publishers expected", "Independent sources", "They share"], 1),
    "bring_your_own_forecaster": (["momentum", "coverage", "base-rate", "p_value"], 3),
    "verdict_desk": (["the rule has counted", "Nothing was written", "Days left"], 0),
}


def bare(page: str) -> str:
    """The words of a page."""
    body = re.sub(r"<(style|script).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_kept_without_outputs_and_opens_with_what_it_answers(name: str) -> None:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    first, parameters = notebook["cells"][:2]
    opening = "".join(first["source"])
    assert opening.startswith("# ")
    assert "answers" in opening
    assert "\n1. " in opening
    assert parameters["metadata"]["tags"] == ["parameters"]
    assert "snapshot_path = None" in "".join(parameters["source"])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_are_thin(name: str) -> None:
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            tree = ast.parse("".join(cell["source"]))
            statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
            assert len([one for one in statements if not isinstance(one, ast.ImportFrom)]) <= 12
    assert set(SHOWN) == set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_page_of_the_sample(demo_world: WorldFolder, name: str) -> None:
    page = (demo_world.path / "published" / "notebooks" / f"{name}.html").read_text("utf-8")
    words, pictures = SHOWN[name]
    text = bare(page)
    assert [word for word in words if word not in text] == []
    assert "Error" not in text
    assert len(re.findall(r'<img alt="[^"]{10,}" src="data:image/svg', page)) >= pictures
    assert not re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']https?://""", page)


def test_nobody_writes_into_the_folder_of_the_notebooks(demo_world: WorldFolder) -> None:
    assert {path.suffix for path in FOLDER.iterdir() if path.is_file()} <= {".ipynb", ".md"}


@pytest.mark.parametrize(
    ("name", "cell", "said"),
    [
        ("forecaster_comparison", "murphy", "Nothing to show here yet"),
        ("horizons_and_timing", "soon", "Nothing to show here yet"),
        ("worst_misses", "misses", "Nothing to show here yet"),
        ("verdict_desk", "cases", "No claim waits for a verdict"),
    ],
)
def test_an_empty_ledger_is_said_and_not_failed(
    snapshots: dict[str, Path], tmp_path: Path, name: str, cell: str, said: str
) -> None:
    done = papermill.execute_notebook(
        str(FOLDER / f"{name}.ipynb"),
        str(tmp_path / "out.ipynb"),
        parameters={"snapshot_path": str(snapshots["empty"])},
        kernel_name="python3",
        progress_bar=False,
        cwd=str(tmp_path),
    )
    (found,) = [one for one in done.cells if one["id"] == cell]
    assert said in str(found["outputs"])


def test_a_failing_cell_leaves_a_page_that_shows_where(tmp_path: Path) -> None:
    cells = ["print('the first cell went well')", "1 / 0", "print('never run')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = tmp_path / "broken.ipynb"
    nbformat.write(notebook, path)
    page = tmp_path / "pages" / "broken.html"
    with pytest.raises(NotebookError, match=r"broken\.ipynb failed"):
        render_notebook(path, page, {})
    text = bare(page.read_text("utf-8"))
    assert "the first cell went well" in text
    assert "ZeroDivisionError" in text
    assert page.read_text("utf-8").count("never run") == 1  # its source, without an output


def test_the_asset_fails_with_the_page(tmp_path: Path) -> None:
    world = World(Settings(data_dir=tmp_path / "world"))  # nothing was published there
    done = dg.materialize(
        [notebook_page("horizons_and_timing", "When?")],
        resources={"world": world},
        raise_on_error=False,
    )
    assert not done.success
    page = tmp_path / "world" / "published" / "notebooks" / "horizons_and_timing.html"
    assert "No snapshot was published" in bare(page.read_text("utf-8"))
    (failure,) = done.get_step_failure_events()
    assert failure.step_failure_data.user_failure_data.metadata["page"].value == str(page)
