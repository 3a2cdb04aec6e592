"""The dbt command line as a resource.

Apart from the models: a module with `dg.definitions` gives Dagster what that returns, and nothing
else.
"""

import sys
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from newsworld_dagster.defs.marts import DBT


@dg.definitions
def resources() -> dg.Definitions:
    """The dbt command line."""
    return dg.Definitions(
        resources={
            "dbt": DbtCliResource(
                project_dir=DBT,
                profiles_dir=str(DBT.project_dir),
                dbt_executable=str(Path(sys.executable).with_name("dbt")),
                global_config_flags=["--no-use-colors"],
            )
        }
    )
