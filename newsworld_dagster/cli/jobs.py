"""The jobs that make editions: demo, run, import, backtest."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsworld_dagster.cli.common import (
    AsJson,
    UsageError,
    check_forecasters,
    failing_plainly,
    open_world,
    show,
)
from newsworld_dagster.cli.record import scorecard_of
from newsworld_dagster.cli.terminal import (
    err,
    out,
    print_made,
    print_plan,
    print_scorecard,
)

if TYPE_CHECKING:
    import pandas as pd

    from newsworld_dagster.defs.world import World

app = typer.Typer()


@app.command()
def demo() -> None:
    """Run the whole main job on the bundled sample, offline, then say where to look."""
    from newsworld_dagster.runs import render_pages
    from newsworld_dagster.settings import PROJECT, Settings

    settings = Settings()
    with failing_plainly():
        world = open_world()
        took = _import(world, settings.sample_file, {})
        err.print(f"imported {took.stored} articles ({took.known} already known)")
        with world.warehouse.read() as reader:
            days = reader.article_days()
        start = days[0] + _days(21)
        err.print(
            f"replaying {len(days)} days, the first three weeks as warm-up; about a minute or two"
        )
        _run(world, days[0], days[-1], record_from=start)
        render_pages(world)
        _print_what_is_there(world)
    folder = settings.data_dir
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    out.print(
        f"\nNow look around:\n"
        f"  make dev        the Dagster UI on http://127.0.0.1:3000, with this world in it\n"
        f"  newsworld serve the edition that readers see, on http://127.0.0.1:8000\n"
        f"  make notebook   JupyterLab with {PROJECT.name}'s notebooks, on this world's snapshot\n"
        f"  {shown}/published/notebooks/calibration.html   the scorecard notebook as a page\n"
        f"  newsworld scorecard   the same in the terminal",
        highlight=False,
    )


@app.command()
def run(
    as_of: Annotated[
        datetime | None,
        typer.Option(help="UTC moment of the edition; now by default. Given, no feed is polled"),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print the requests that the language model would get, with their tokens and "
            "cost, for the latest edition; nothing is sent or written, and no key is needed",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Live feeds to today's edition."""
    import pandas as pd

    if dry_run:
        _dry_run(None if as_of is None else pd.Timestamp(as_of), as_json)
        return
    if as_json:
        raise typer.BadParameter("--json goes with --dry-run; the record is in scorecard --json")
    from newsworld_dagster.defs.intake import poll_live
    from newsworld_dagster.defs.watching import watch
    from newsworld_dagster.defs.world import utc_now

    with failing_plainly():
        world = open_world()
        moment = utc_now() if as_of is None else pd.Timestamp(as_of)
        if as_of is not None:
            _check_day(world, moment)
        else:
            reports = poll_live(world)
            failed = [report for report in reports if report["status"] == "failed"]
            err.print(f"polled {len(reports)} feeds, {len(failed)} failed")
            for report in failed:
                err.print(f"  {report['feed']}: {report['error']}", style="yellow")
            for report in reports:
                if report["texts"]:
                    err.print(f"  {report['feed']}: {report['texts']}", markup=False)
            moment = utc_now()
        _run(world, moment.floor("D"), moment.floor("D"), as_of=moment)
        for alert in watch(world):
            err.print(f"alert: {alert.kind}: {alert.title}", style="yellow", markup=False)
        _print_what_is_there(world)


@app.command()
def notebooks() -> None:
    """Run all notebooks on the published snapshot and keep their pages; a run keeps one of them."""
    from newsworld_dagster.runs import render_pages

    with failing_plainly():
        world = open_world()
        render_pages(world)
        out.print(f"pages in {world.settings.published_dir / 'notebooks'}", highlight=False)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="parquet, csv or jsonl files of articles")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="FIELD=COLUMN where a column has another name than its field: title, url, "
            "summary, publisher, published_at, first_seen_at, section, article_id"
        ),
    ] = None,
) -> None:
    """Bring article archives into the warehouse; rows that cannot be read are kept as rejects."""
    mapping = dict(_pair(text) for text in column or [])
    with failing_plainly():
        world = open_world()
        for path in files:
            took = _import(world, path, mapping)
            out.print(
                f"{path.name}: {took.read} rows read, {took.stored} articles stored, "
                f"{took.known} already known, {took.repeated} repeated in the file, "
                f"{took.rejected} rejected, {took.duplicates} marked as copies",
                highlight=False,
            )
            if took.rejected:
                out.print("  the rejected rows and their reasons are in table news.rejects")


@app.command()
def backtest(
    from_: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day")],
    to: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day")],
    warm_up_from: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Replay from this day, but keep claims made before --from out of the scores; "
            "by default up to 92 days before --from, as far as the archive reaches",
        ),
    ] = None,
    forecaster: Annotated[
        list[str] | None, typer.Option(help="Print these forecasters' scores; all by default")
    ] = None,
    record_only: Annotated[
        bool,
        typer.Option(
            "--record-only",
            help="Leave out what readers see: trending terms, digests, timelines, notebook, pages. "
            "Claims, verdicts and scores are the same; the same command without it adds the rest",
        ),
    ] = False,
) -> None:
    """Replay an imported archive day by day, with exactly the production code."""
    import pandas as pd

    first, last = pd.Timestamp(from_), pd.Timestamp(to)
    with failing_plainly():
        check_forecasters(forecaster)
        if last < first:
            raise UsageError(f"--to {last:%Y-%m-%d} lies before --from {first:%Y-%m-%d}.")
        world = open_world()
        with world.warehouse.read() as reader:
            days = reader.article_days()
        if not days or days[-1] < first or days[0] > last:
            held = f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}" if days else "no article"
            raise UsageError(
                f"The warehouse holds {held}, nothing to replay from {first:%Y-%m-%d} to "
                f"{last:%Y-%m-%d}. Import an archive first: newsworld import FILE."
            )
        start = pd.Timestamp(warm_up_from) if warm_up_from else max(first - _days(92), days[0])
        start, stop = max(min(start, first), days[0]), min(last, days[-1])
        err.print(f"replaying {start:%Y-%m-%d} to {stop:%Y-%m-%d}, on record from {first:%Y-%m-%d}")
        _run(world, start, stop, record_from=first, record_only=record_only)
        _print_what_is_there(world)
        print_scorecard(scorecard_of(world, None, None, forecaster, just_made=True))


def _check_day(world: World, moment: pd.Timestamp) -> None:
    """Whether the day of a moment is one of the world's.

    Raises
    ------
    UsageError
        When it is not.
    """
    # Imported late: the partitions are the days that the warehouse has now.
    from newsworld_dagster.defs.partitions import DAYS

    if world.warehouse.span() is None:
        raise UsageError(
            "The world holds no article, so there is nothing to make an edition of. Import an "
            "archive first (newsworld import FILE), or leave --as-of out to poll the feeds."
        )
    if not DAYS.has_partition_key(f"{moment:%Y-%m-%d}"):
        last = DAYS.get_last_partition_key()
        raise UsageError(
            f"--as-of {moment:%Y-%m-%dT%H:%M} is on no day of this world, whose days reach from "
            f"{DAYS.get_first_partition_key()} to {last}; the end of the last one is {last}T23:59."
        )


def _dry_run(as_of: pd.Timestamp | None, as_json: bool) -> None:
    from newsworld_dagster.planning import plan

    with failing_plainly():
        document = plan(open_world(), as_of)
        show(document, as_json, print_plan)


def _import(world: World, path: Path, mapping: dict[str, str]) -> Any:
    from newsworld_dagster.defs.intake import store_archive

    return store_archive(world, path, mapping)


def _run(world: World, first: pd.Timestamp, last: pd.Timestamp, **options: Any) -> None:
    from newsworld_dagster.runs import run_days

    run_days(world, first, last, **options)


def _pair(text: str) -> tuple[str, str]:
    field, equals, column = text.partition("=")
    if not equals or not field or not column:
        raise typer.BadParameter(f"{text!r} is not FIELD=COLUMN, for example --column url=link")
    return field, column


def _days(number: int) -> pd.Timedelta:
    import pandas as pd

    return pd.Timedelta(days=number)


def _print_what_is_there(world: World) -> None:
    from newsworld_dagster.runs import what_is_there

    print_made(what_is_there(world))
