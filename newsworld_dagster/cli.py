"""The `newsworld` command: a thin face over the rooms and the Dagster job."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsworld_dagster.terminal import (
    err,
    out,
    print_digest,
    print_evidence,
    print_made,
    print_placement,
    print_records,
    print_scorecard,
    print_timeline,
)

if TYPE_CHECKING:
    import pandas as pd

    from newsworld_dagster.defs.world import World

app = typer.Typer(
    help="NewsWorld: a predictive news desk that keeps score of itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
feeds_app = typer.Typer(help="Look at feeds.", no_args_is_help=True)
ledger_app = typer.Typer(help="The claim ledger.", no_args_is_help=True)
app.add_typer(feeds_app, name="feeds")
app.add_typer(ledger_app, name="ledger")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="UTC day, YYYY-MM-DD")]


def main() -> None:
    """Run the command: exit code 0 done, 1 failed, 2 bad usage."""
    app()


@app.command()
def demo() -> None:
    """Run the whole main job on the bundled sample, offline, then say where to look."""
    from newsworld_dagster.settings import PROJECT, Settings

    settings = Settings()
    with _failing_plainly():
        world = _world()
        took = _import(world, settings.sample_file, {})
        err.print(f"imported {took.stored} articles ({took.known} already known)")
        with world.warehouse.read() as reader:
            days = reader.article_days()
        start = days[0] + _days(21)
        err.print(
            f"replaying {len(days)} days, the first three weeks as warm-up; about a minute or two"
        )
        _run(world, days[0], days[-1], record_from=start)
        _print_made(world)
    folder = settings.data_dir
    shown = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    out.print(
        f"\nNow look around:\n"
        f"  make dev        the Dagster UI on http://127.0.0.1:3000, with this world in it\n"
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
) -> None:
    """Live feeds to today's edition."""
    import pandas as pd

    from newsworld_dagster.defs.intake import poll_live
    from newsworld_dagster.defs.world import utc_now

    with _failing_plainly():
        world = _world()
        moment = utc_now() if as_of is None else pd.Timestamp(as_of)
        if as_of is None:
            reports = poll_live(world)
            failed = [report for report in reports if report["status"] == "failed"]
            err.print(f"polled {len(reports)} feeds, {len(failed)} failed")
            for report in failed:
                err.print(f"  {report['feed']}: {report['error']}", style="yellow")
            moment = utc_now()
        _run(world, moment.floor("D"), moment.floor("D"), as_of=moment)
        _print_made(world)


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
    with _failing_plainly():
        world = _world()
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
) -> None:
    """Replay an imported archive day by day, with exactly the production code."""
    import pandas as pd

    first, last = pd.Timestamp(from_), pd.Timestamp(to)
    with _failing_plainly():
        _check_forecasters(forecaster)
        if last < first:
            raise _UsageError(f"--to {last:%Y-%m-%d} lies before --from {first:%Y-%m-%d}.")
        world = _world()
        with world.warehouse.read() as reader:
            days = reader.article_days()
        if not days or days[-1] < first or days[0] > last:
            held = f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}" if days else "no article"
            raise _UsageError(
                f"The warehouse holds {held}, nothing to replay from {first:%Y-%m-%d} to "
                f"{last:%Y-%m-%d}. Import an archive first: newsworld import FILE."
            )
        start = pd.Timestamp(warm_up_from) if warm_up_from else max(first - _days(92), days[0])
        start, stop = max(min(start, first), days[0]), min(last, days[-1])
        err.print(f"replaying {start:%Y-%m-%d} to {stop:%Y-%m-%d}, on record from {first:%Y-%m-%d}")
        _run(world, start, stop, record_from=first)
        _print_made(world)
        print_scorecard(_scorecard(world, None, None, forecaster))


@app.command()
def scorecard(
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="Only claims made from this day on"),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Only claims made up to this day"),
    ] = None,
    forecaster: Annotated[list[str] | None, typer.Option(help="Only these forecasters")] = None,
    as_json: AsJson = False,
) -> None:
    """What the ledger says: counts, scores, intervals and skill."""
    with _failing_plainly():
        _check_forecasters(forecaster)
        document = _scorecard(_world(), from_, to, forecaster)
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        print_scorecard(document)


@app.command()
def digest(
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="UTC day, YYYY-MM-DD; the latest by default"),
    ] = None,
    section: Annotated[
        str | None, typer.Option(help="Only this section; All is the front. All nine by default")
    ] = None,
    weekly: Annotated[bool, typer.Option("--weekly", help="The week up to a Sunday")] = False,
    as_json: AsJson = False,
) -> None:
    """What happened, what changed since the digest before, and what to watch."""
    import pandas as pd

    from newsworld_dagster.contracts.digests import DIGEST_SECTIONS
    from newsworld_dagster.reading import digest_document

    with _failing_plainly():
        named = {name.casefold(): name for name in DIGEST_SECTIONS}
        if section is not None and section.casefold() not in named:
            raise _UsageError(
                f"There is no section {section!r}. Choose from: {', '.join(DIGEST_SECTIONS)}."
            )
        document = digest_document(
            _world(),
            None if day is None else pd.Timestamp(day),
            section=None if section is None else named[section.casefold()],
            weekly=weekly,
        )
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        print_digest(document)


@app.command()
def timeline(
    topic: Annotated[str, typer.Argument(help="topic_id, or a part of the topic's label")],
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As of the end of this UTC day; now by default"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A topic's dated steps, then its open claims and its settled ones."""
    import pandas as pd

    from newsworld_dagster.reading import timeline_document

    with _failing_plainly():
        document = timeline_document(_world(), topic, None if day is None else pd.Timestamp(day))
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        print_timeline(document)


@app.command()
def why(
    article: Annotated[str, typer.Argument(help="article_id or the article's address")],
    as_json: AsJson = False,
) -> None:
    """Why an article is in its story: its nearest articles and what they share."""
    from newsworld_dagster.reading import placement_document

    with _failing_plainly():
        document = placement_document(_world(), article)
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        print_placement(document)


@app.command()
def cluster(
    file: Annotated[Path, typer.Argument(help="csv, parquet or jsonl of articles")],
    out_file: Annotated[Path, typer.Option("--out", help="csv or parquet to write")],
) -> None:
    """Stories for any article table: article_id, title, summary, first_seen_at in; story_id out."""
    from newsworld_dagster.clusterfile import cluster_file

    with _failing_plainly():
        stories = cluster_file(file, out_file, _world().encoder, _progress)
        out.print(f"{len(stories)} articles in {stories['story_id'].nunique()} stories: {out_file}")


@app.command()
def lint(
    file: Annotated[Path, typer.Argument(help="csv or parquet: statement, resolve_by, [made_at]")],
    as_json: AsJson = False,
) -> None:
    """Resolvability findings for claims, a row of findings each.

    resolve_by is a date, or a window in words that counts from made_at ("within 6 weeks").
    """
    from newsworld_dagster.forecasting.lintfile import lint_file

    with _failing_plainly():
        claims = lint_file(file)
        if as_json:
            sys.stdout.write(json.dumps({"claims": claims}, ensure_ascii=False) + "\n")
            return
        for claim in claims:
            out.print(claim["statement"], highlight=False, markup=False)
            for finding in claim["findings"]:
                out.print(f"  {finding['fault']}: {finding['reason']}", markup=False)
            if not claim["findings"]:
                out.print("  can be decided", style="green")


@app.command()
def evidence(
    file: Annotated[
        Path, typer.Argument(help="csv or parquet: claim_id, statement, made_at, resolve_by")
    ],
    k: Annotated[int, typer.Option("--k", min=1, help="Articles for each claim")] = 10,
    as_of: Annotated[
        datetime | None, typer.Option(help="UTC moment to search as of; now by default")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Articles that may decide a claim, from its window in the archive, best first."""
    import pandas as pd

    from newsworld_dagster.evidencing import evidence_document

    with _failing_plainly():
        moment = None if as_of is None else pd.Timestamp(as_of)
        document = evidence_document(_world(), file, k=k, as_of=moment)
        for claim in document["claims"]:
            if "error" in claim:
                err.print(f"error: {file}, {claim['error']}", style="red", markup=False)
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        print_evidence(document)


@app.command()
def score(
    file: Annotated[
        Path,
        typer.Argument(help="csv or parquet: forecaster, question_id, probability, outcome"),
    ],
    as_json: AsJson = False,
) -> None:
    """Score any forecasts; skill is against the forecaster `base-rate` where there is one."""
    from newsworld_dagster.scoring import external_document, read_forecasts, score_external

    with _failing_plainly():
        scores = score_external(read_forecasts(file))
        if as_json:
            sys.stdout.write(json.dumps(external_document(scores), ensure_ascii=False) + "\n")
            return
        print_records(external_document(scores)["forecasters"])


@feeds_app.command("check")
def feeds_check(
    source: Annotated[str, typer.Argument(help="URL or file of a feed")], as_json: AsJson = False
) -> None:
    """Fetch or read one feed and show the parsed entries and findings."""
    from newsworld_dagster.articles.check import check_feed

    with _failing_plainly():
        document = check_feed(source)
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
            return
        out.print(document["title"] or "(no title)", markup=False)
        for entry in document["entries"]:
            out.print(f"  {entry['published'] or 'no date'}  {entry['title']}", markup=False)
        for finding in document["findings"]:
            out.print(f"  finding: {finding}", style="yellow", markup=False)


@ledger_app.command("verify")
def ledger_verify(as_json: AsJson = False) -> None:
    """Recompute the hash chain and name the first bad row."""
    from newsworld_dagster.forecasting import verify

    with _failing_plainly():
        with _world().warehouse.read() as reader:
            claims = reader.table("forecasts.claims")
            head = reader.ledger_head()
        fault = verify(claims)
        if as_json:
            sys.stdout.write(
                json.dumps(
                    {
                        "rows": len(claims),
                        "head": head[1],
                        "fault": None if fault is None else vars(fault),
                    }
                )
                + "\n"
            )
        elif fault is None:
            out.print(f"{len(claims)} claims, the chain is whole; head {head[1]}", highlight=False)
        if fault is not None:
            raise _CommandError(
                f"The ledger is broken at row {fault.seq} (claim {fault.claim_id}): "
                f"{fault.reason}. Compare with a backup, and do not publish from this warehouse."
            )


@app.command()
def resolve(
    claim: Annotated[str, typer.Argument(help="claim_id")],
    verdict: Annotated[str, typer.Argument(help="yes, no or void")],
    because: Annotated[str, typer.Option(help="Why, in words")],
    url: Annotated[str | None, typer.Option(help="Evidence")] = None,
) -> None:
    """Settle or correct a claim by hand; an earlier verdict is superseded, never overwritten."""
    from newsworld_dagster.contracts.vocabulary import VERDICTS
    from newsworld_dagster.defs.verdicts import record_verdict

    with _failing_plainly():
        if verdict not in VERDICTS:
            raise _UsageError(f"{verdict!r} is no verdict. Choose from: {', '.join(VERDICTS)}.")
        if not because.strip():
            raise _UsageError("A verdict needs a reason, and --because is empty.")
        row = record_verdict(_world(), claim, verdict, because, url)
        out.print(f"{claim}: {verdict} ({row})", highlight=False)


# -- pieces -----------------------------------------------------------------------------------


class _CommandError(RuntimeError):
    """A failure that has been put into words."""


class _UsageError(ValueError):
    """Wrong arguments, in words."""


@contextmanager
def _failing_plainly() -> Iterator[None]:
    """Errors that we know end the command with one paragraph and no traceback."""
    try:
        yield
    except _UsageError as error:
        err.print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    except Exception as error:
        if not type(error).__module__.startswith("newsworld_dagster"):
            raise
        err.print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(1) from error


def _world() -> World:
    from newsworld_dagster.defs.world import World
    from newsworld_dagster.settings import Settings

    return World(Settings(), progress=_progress)


def _progress(text: str) -> None:
    err.print(f"  {text}", style="dim", markup=False, highlight=False)


def _import(world: World, path: Path, mapping: dict[str, str]) -> Any:
    from newsworld_dagster.defs.intake import store_archive

    return store_archive(world, path, mapping)


def _run(world: World, first: pd.Timestamp, last: pd.Timestamp, **options: Any) -> None:
    from newsworld_dagster.runs import run_days

    run_days(world, first, last, **options)


def _scorecard(
    world: World, first: datetime | None, last: datetime | None, names: list[str] | None
) -> dict[str, Any]:
    import pandas as pd

    from newsworld_dagster.scoring import scorecard as score_claims
    from newsworld_dagster.scoring import scorecard_document

    with world.warehouse.read() as reader:
        as_of = reader.latest_as_of()
        if as_of is None:
            raise _CommandError(
                "The ledger is empty: no edition was made in this world yet. Run `newsworld demo`, "
                "`newsworld run`, or `newsworld import FILE` and `newsworld backtest`."
            )
        claims = reader.claims_with_verdicts(as_of)
    if first is not None:
        claims = claims[claims["day"] >= pd.Timestamp(first)]
    if last is not None:
        claims = claims[claims["day"] <= pd.Timestamp(last)]
    table = score_claims(claims, as_of=as_of, seed=world.settings.seed)
    return scorecard_document(
        table[table["forecaster"].isin(names)] if names else table, as_of=as_of
    )


def _check_forecasters(names: list[str] | None) -> None:
    from newsworld_dagster.forecasting import FORECASTERS

    for name in names or []:
        if name not in FORECASTERS:
            raise _UsageError(
                f"There is no forecaster {name!r}. Choose from: {', '.join(FORECASTERS)}."
            )


def _pair(text: str) -> tuple[str, str]:
    field, equals, column = text.partition("=")
    if not equals or not field or not column:
        raise typer.BadParameter(f"{text!r} is not FIELD=COLUMN, for example --column url=link")
    return field, column


def _days(number: int) -> pd.Timedelta:
    import pandas as pd

    return pd.Timedelta(days=number)


def _print_made(world: World) -> None:
    from newsworld_dagster.runs import what_is_there

    print_made(what_is_there(world))
