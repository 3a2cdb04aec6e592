"""What Dagster loads: everything under defs/."""

from __future__ import annotations

import gc
from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, resources, jobs and schedules."""
    # Modules stay, so looks for garbage among them find none; they take a fifth of the load.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    finally:
        if collecting:
            gc.freeze()
            gc.enable()


# Workers load a job by the name of a function.


def daily_edition() -> dg.JobDefinition:
    """The job that makes editions."""
    return defs().resolve_job_def("daily_edition")


def record_of_days() -> dg.JobDefinition:
    """The job that makes the record without what readers see."""
    return defs().resolve_job_def("record_of_days")


def embedding_days() -> dg.JobDefinition:
    """The job that embeds days."""
    return defs().resolve_job_def("embedding_days")


def notebook_pages() -> dg.JobDefinition:
    """The job that renders the notebooks."""
    return defs().resolve_job_def("notebook_pages")
