"""The `newsworld` command: a thin face over the rooms and the Dagster job."""

import typer

from newsworld_dagster.cli import articles, care, claims, edition, jobs, learning, reading, record

app = typer.Typer(
    help="NewsWorld: a predictive news desk that keeps score of itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (jobs, edition, record, learning, reading, claims, articles, care):
    app.add_typer(part.app)


def main() -> None:
    """Run the command: exit code 0 done, 1 failed, 2 bad usage."""
    app()
