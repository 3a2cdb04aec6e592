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
)
from newsworld_dagster.cli.terminal import (
    out,
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
        if as_json:
            print_json(document)
            return
        print_scores(document)


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

    with failing_plainly():
        if verdict not in VERDICTS:
            raise UsageError(f"{verdict!r} is no verdict. Choose from: {', '.join(VERDICTS)}.")
        if not because.strip():
            raise UsageError("A verdict needs a reason, and --because is empty.")
        row = record_verdict(open_world(), claim, verdict, because, url)
        out.print(f"{claim}: {verdict} ({row})", highlight=False)


@ledger.command("verify")
def ledger_verify(as_json: AsJson = False) -> None:
    """Recompute the hash chain and name the first bad row."""
    from newsworld_dagster.forecasting import verify

    with failing_plainly():
        with open_world().warehouse.read() as reader:
            claims = reader.table("forecasts.claims")
            head = reader.ledger_head()
        fault = verify(claims)
        if as_json:
            print_json(
                {
                    "rows": len(claims),
                    "head": head[1],
                    "fault": None if fault is None else vars(fault),
                }
            )
        elif fault is None:
            out.print(f"{len(claims)} claims, the chain is whole; head {head[1]}", highlight=False)
        if fault is not None:
            raise CommandError(
                f"The ledger is broken at row {fault.seq} (claim {fault.claim_id}): "
                f"{fault.reason}. Compare with a backup, and do not publish from this warehouse."
            )


def scorecard_of(
    world: World, first: datetime | None, last: datetime | None, names: list[str] | None
) -> dict[str, Any]:
    """The scorecard of a world as of its latest edition, for claims made in `first` to `last`.

    Raises `CommandError` where no edition was made yet.
    """
    import pandas as pd

    from newsworld_dagster.scoring import scorecard as score_claims
    from newsworld_dagster.scoring import scorecard_document

    with world.warehouse.read() as reader:
        as_of = reader.latest_as_of()
        if as_of is None:
            raise CommandError(
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
