"""staging/*, intermediate/*, marts/*: the dbt project in the same graph."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.partitions import OWNERS, POOL, RETRY
from newsworld_dagster.defs.world import World
from newsworld_dagster.settings import PROJECT
from newsworld_dagster.warehouse import Reader

DBT = DbtProject(project_dir=PROJECT / "dbt_models")
GROUP = "scorecards"


class Translator(DagsterDbtTranslator):
    """dbt nodes under the names and owners of the house."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """All of dbt serves the scorecards."""
        return GROUP if dbt_resource_props["resource_type"] == "model" else None

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:  # noqa: ARG002
        """The news desk owns the models."""
        return OWNERS


def prepare_manifest(project: DbtProject) -> Path:
    """Parse the dbt project where its manifest is missing or older than a model."""
    manifest = project.manifest_path
    sources = [
        path
        for folder in ("models", "macros", "tests")
        for path in (project.project_dir / folder).rglob("*")
        if path.is_file()
    ]
    sources += [project.project_dir / "dbt_project.yml", project.project_dir / "profiles.yml"]
    newest = max(path.stat().st_mtime for path in sources)
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        subprocess.run(
            [
                str(Path(sys.executable).with_name("dbt")),
                "--quiet",
                "parse",
                "--project-dir",
                str(project.project_dir),
                "--profiles-dir",
                str(project.project_dir),
                "--log-path",
                str(manifest.parent),
            ],
            check=True,
            cwd=project.project_dir,
            stdout=sys.stderr,
        )
    return manifest


@dbt_assets(
    manifest=prepare_manifest(DBT),
    project=DBT,
    dagster_dbt_translator=Translator(),
    name="marts",
    exclude="resource_type:unit_test",
    pool=POOL,
    # On a lake a transaction of dbt's may meet another's.
    retry_policy=RETRY,
)
@limited
def marts(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, world: dg.ResourceParam[World]
) -> Iterator[Any]:
    """Build and test the models over the world's warehouse."""
    with world.warehouse.write():
        pass  # dbt finds every source table, in an empty world too
    os.environ.update(world.warehouse.dbt_environment())
    # What dbt parsed for one world it takes up again there only: a path in the profile is enough
    # for it to parse anew.
    target = (world.settings.dagster_home / "dbt").resolve()
    results = target / "run_results.json"
    results.unlink(missing_ok=True)  # the last build's; this one may end before it has any
    building = dbt.cli(
        ["build", "--exclude-resource-type", "unit_test"], context=context, target_path=target
    )
    try:
        yield from building.stream()
    except DagsterDbtCliRuntimeError as error:
        failed = _failed_tests(results)
        if not failed:
            raise
        with world.warehouse.read() as reader:
            broken = broken_rules(reader, failed)
        # A test that failed fails again; what a transaction met may be gone.
        if not broken:
            raise dg.Failure(str(error), allow_retries=False) from error
        # Without its cause, which only says that a test failed; the lines above have it.
        raise dg.Failure(
            f"Tables are not as their rules want them: {'; '.join(broken)}. Nothing was published; "
            "look at these rows, or put a backup in their place (newsworld restore).",
            allow_retries=False,
        ) from None


def _failed_tests(results: Path) -> list[dict[str, Any]]:
    """Of dbt's run_results.json; none where the build did not come to have one."""
    told = json.loads(results.read_bytes())["results"] if results.exists() else []
    return [result for result in told if result["status"] == "fail"]


def broken_rules(reader: Reader, failed: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the failed tests of a build count, which dbt itself does not tell.

    Parameters
    ----------
    failed
        Their results in dbt's run_results.json.

    Returns
    -------
    list of str
        Such as "news_articles_rules: section is not in its list (2 rows)".
    """
    said = []
    for result in failed:
        name = result["unique_id"].split(".")[2]
        if name.endswith("_rules"):
            broken = reader.frame(result["compiled_code"]).to_dict("records")
            said += [f"{name}: {row['rule']} ({row['broken_by']} rows)" for row in broken]
    return said
