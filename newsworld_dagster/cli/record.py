"""The record: scorecard, verdicts by hand, the ledger, and the scores of any forecasts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsworld_dagster.cli.common import (
    AsJson,
    CommandError,
    UsageError,
    check_forecasters,
    failing_plainly,
    open_world,
    print_json,
    progress,
    show,
)
from newsworld_dagster.cli.terminal import (
    err,
    out,
    print_learned,
    print_scorecard,
    print_scores,
)

if TYPE_CHECKING:
    from newsworld_dagster.defs.world import World

app = typer.Typer()
ledger = typer.Typer(help="The claim ledger.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")


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
    with failing_plainly():
        check_forecasters(forecaster)
        document = scorecard_of(open_world(), from_, to, forecaster)
        if as_json:
            print_json(document)
            return
        print_scorecard(document)
        print_learned(document)


@app.command()
def score(
    file: Annotated[
        Path,
        typer.Argument(help="csv or parquet: forecaster, question_id, probability, outcome"),
    ],
    baseline: Annotated[
        str | None,
        typer.Option(help="Forecaster that skill is against; `base-rate` where there is one"),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Column of groups, if not `group`")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of weights, if not `weight`")] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Column of what comes out alike, such as topics, if not `cluster`"),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write a page with tables and charts here")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score any forecasts: Brier, log score, skill, calibration, comparison."""
    from newsworld_dagster.scoring import (
        compare_external,
        external_document,
        read_forecasts,
        score_external,
    )

    with failing_plainly():
        if html is not None and not html.parent.is_dir():
            raise UsageError(f"There is no folder {html.parent} for the page; make it first.")
        forecasts = read_forecasts(file, group=group, weight=weight, cluster=cluster)
        if forecasts.attrs["left_aside"]:
            progress(f"columns left aside: {', '.join(forecasts.attrs['left_aside'])}")
        scores = score_external(forecasts, baseline=baseline)
        comparisons = compare_external(forecasts, baseline=baseline)
        if html is not None:
            from newsworld_dagster.scoring.report import score_report

            page = score_report(
                forecasts,
                title=f"Scores of {file.name}",
                baseline=baseline,
                scores=scores,
                comparisons=comparisons,
            )
            try:
                html.write_text(page, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"The page cannot be written to {html}: {error}.") from error
            progress(f"page: {html}")
        document = external_document(scores, comparisons)
        show(document, as_json, print_scores)


@app.command()
def resolve(
    claim: Annotated[str | None, typer.Argument(help="claim_id")] = None,
    verdict: Annotated[str | None, typer.Argument(help="yes, no or void")] = None,
    because: Annotated[str | None, typer.Option(help="Why, in words")] = None,
    url: Annotated[str | None, typer.Option(help="Evidence")] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="csv or parquet of many verdicts: claim_id, verdict, because, [url]"),
    ] = None,
) -> None:
    """Settle or correct claims by hand; an earlier verdict is superseded, never overwritten.

    Give one claim, its verdict and --because, or --file. Of a file, bad rows are named by their
    number and cost no other; rows without verdict and reason are left for later.
    """
    from newsworld_dagster.contracts.vocabulary import VERDICTS
    from newsworld_dagster.defs.verdicts import record_verdict

    with failing_plainly():
        if file is not None:
            if any(given is not None for given in (claim, verdict, because, url)):
                raise UsageError("Give a claim and its verdict, or --file, not both.")
            _resolve_file(file)
            return
        if claim is None or verdict is None:
            raise UsageError("Give CLAIM and VERDICT, or --file FILE.")
        if verdict not in VERDICTS:
            raise UsageError(f"{verdict!r} is no verdict. Choose from: {', '.join(VERDICTS)}.")
        if because is None or not because.strip():
            raise UsageError("A verdict needs a reason, and --because is missing or empty.")
        row = record_verdict(open_world(), claim, verdict, because, url)
        out.print(f"{claim}: {verdict} ({row})", highlight=False)


def _resolve_file(file: Path) -> None:
    """Record the verdicts of a file; raises `CommandError` where none of its rows can be used."""
    from newsworld_dagster.defs.verdicts import record_verdicts
    from newsworld_dagster.resolution import read_verdicts

    verdicts, undecided = read_verdicts(file)
    done = record_verdicts(open_world(), verdicts)
    for refused in done.refused:
        err.print(f"error: {file}, row {refused.row}: {refused.fault}", style="red", markup=False)
    out.print(
        f"{len(done.recorded)} verdicts recorded, {len(done.known)} known already, "
        f"{undecided} rows not decided yet, {len(done.refused)} refused",
        highlight=False,
    )
    if done.refused and not done.recorded and not done.known:
        raise CommandError(f"No row of {file} was recorded. Correct the rows named above.")


@ledger.command("verify")
def ledger_verify(
    head: Annotated[
        str | None, typer.Option(help="A head that was published or written down; must still stand")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the chains, hold them against the signed-off heads, and name the first bad row."""
    from newsworld_dagster.defs.signing import first_fault

    with failing_plainly():
        world = open_world()
        with world.warehouse.read() as reader:
            _, row_hash = reader.ledger_head()
            heads = reader.last_head()
            fault = first_fault(reader, world.settings.snapshot_file, head)
            rows = reader.count("forecasts.claims")
        signed = None if heads.empty else str(heads["head_id"].iloc[0])
        if as_json:
            print_json(
                {
                    "rows": rows,
                    "head": row_hash,
                    "signed_head": signed,
                    "fault": None if fault is None else vars(fault),
                }
            )
        elif fault is None:
            out.print(f"{rows} claims, the chain is whole; head {row_hash}", highlight=False)
            if signed is not None:
                day = heads["day"].iloc[0]
                out.print(f"signed off for {day:%Y-%m-%d}: {signed}", highlight=False)
        if fault is not None:
            claim = f" (claim {fault.claim_id})" if fault.claim_id else ""
            raise CommandError(
                f"The ledger is broken at row {fault.seq}{claim}: {fault.reason}. Compare with a "
                "backup, and do not publish from this warehouse."
            )


def scorecard_of(
    world: World,
    first: datetime | None,
    last: datetime | None,
    names: list[str] | None,
    *,
    just_made: bool = False,
) -> dict[str, Any]:
    """The scorecard of a world as of its latest edition, for claims made in `first` to `last`.

    Of all claims that a run has `just_made` and scored, its table is read: nothing was decided
    since. Raises `EmptyLedgerError` where no edition was made yet.
    """
    import pandas as pd

    from newsworld_dagster.defs.world import newest_edition
    from newsworld_dagster.forecasting.consistency import summary
    from newsworld_dagster.scoring import band_frequencies, judge, scorecard_document
    from newsworld_dagster.scoring import scorecard as score_claims
    from newsworld_dagster.scoring.records import plain_records

    with world.warehouse.read() as reader:
        as_of = newest_edition(reader)
        claims = reader.claims_with_verdicts(as_of)
        pairs = reader.relations_on_record(as_of)
        leading = reader.leader_as_of(as_of)
        held = None
        if just_made and first is None and last is None:
            held = reader.table("scorecards.scorecard")
    if first is not None:
        claims = claims[claims["day"] >= pd.Timestamp(first)]
    if last is not None:
        claims = claims[claims["day"] <= pd.Timestamp(last)]
    judged = judge(claims, as_of=as_of)
    tables = {
        "scores": (
            score_claims(claims, as_of=as_of, seed=world.settings.seed) if held is None else held
        ),
        "bands": band_frequencies(judged[judged["scored"]], seed=world.settings.seed),
        "consistency": summary(pairs[pairs["claim_id"].isin(claims["claim_id"])]),
    }
    if names:
        tables = {name: rows[rows["forecaster"].isin(names)] for name, rows in tables.items()}
    return scorecard_document(tables["scores"], as_of=as_of) | {
        "leading": leading,
        "bands": plain_records(tables["bands"]),
        "consistency": plain_records(tables["consistency"]),
    }
