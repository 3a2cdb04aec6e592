"""Notebooks rendered to pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from newsworld_dagster.warehouse.scratch import folder_beside


class NotebookError(RuntimeError):
    """A cell of a notebook failed."""


def render_notebook(notebook: Path, target: Path, parameters: Mapping[str, object]) -> Path:
    """Execute a notebook and write its page to `target`, whole or not at all.

    Raises
    ------
    NotebookError
        When a cell fails; the page is written all the same and shows where.
    """
    import nbformat
    import papermill
    from nbconvert import HTMLExporter

    failure: Exception | None = None
    with folder_beside(target, "render") as folder:
        executed = folder / notebook.name
        try:
            papermill.execute_notebook(
                str(notebook),
                str(executed),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                cwd=str(notebook.parent),
            )
        except papermill.PapermillExecutionError as error:
            failure = error
        # No addresses of other hosts: the page is complete in itself.
        exporter = HTMLExporter(
            mathjax_url="",
            require_js_url="",
            jquery_url="",
            mermaid_js_url="",
            mermaid_layout_elk_js_url="",
        )
        page, _ = exporter.from_notebook_node(nbformat.read(str(executed), as_version=4))
        fresh = folder / target.name
        fresh.write_text(page, encoding="utf-8")
        fresh.replace(target)
    if failure is not None:
        raise NotebookError(
            f"A cell of {notebook.name} failed: {failure}. The page {target} shows where."
        ) from failure
    return target
