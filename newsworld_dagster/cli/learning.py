"""What the record teaches: two sides held against each other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from newsworld_dagster.cli.common import AsJson, UsageError, failing_plainly, open_world, show
from newsworld_dagster.cli.terminal import print_contest

app = typer.Typer()


class By(StrEnum):
    """What a side is chosen by."""

    forecaster = "forecaster"
    model = "model"
    prompt = "prompt"


@app.command()
def contest(
    champion: Annotated[str, typer.Argument(help="Forecaster, model or prompt digest")],
    challenger: Annotated[str, typer.Argument(help="The same of the other side")],
    by: Annotated[By, typer.Option(help="What the two are: prompt digests may be cut")] = (
        By.forecaster
    ),
    within: Annotated[
        str | None, typer.Option("--forecaster", help="Only claims of this forecaster")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(help="UTC moment; that of the newest edition by default")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Champion and challenger on the settled claims that both made from the same input.

    The paired difference of the Brier score, with an interval that draws whole topics, and what a
    claim cost.
    """
    import pandas as pd

    from newsworld_dagster.defs.contests import ledger_contest

    with failing_plainly():
        if champion == challenger:
            raise UsageError(f"{champion!r} cannot be its own challenger; name two.")
        document = ledger_contest(
            open_world(),
            champion,
            challenger,
            by=by.value,
            within=within,
            as_of=None if as_of is None else pd.Timestamp(as_of),
        )
        show(document, as_json, print_contest)
