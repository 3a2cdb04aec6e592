"""The dbt command line as a resource.

Apart from the models: a module with `dg.definitions` gives Dagster what that returns, and nothing
else.
"""

import sys
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging.version import Version

from newsworld_dagster.defs.marts import DBT


class QuickDbt(DbtCliResource):
    """dbt, started once a build.

    The resource it is made from starts dbt to ask for its version, and a handle to the database in
    this process for row counts that nobody here asks for: some five seconds a build.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(installed("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]
        del args


@dg.definitions
def resources() -> dg.Definitions:
    """The dbt command line."""
    return dg.Definitions(
        resources={
            "dbt": QuickDbt(
                project_dir=str(DBT.project_dir),
                profiles_dir=str(DBT.project_dir),
                dbt_executable=str(Path(sys.executable).with_name("dbt")),
                global_config_flags=["--no-use-colors"],
            )
        }
    )
