"""Files of claims: lint, evidence, and the judge beside labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsworld_dagster.cli.common import (
    AsJson,
    failing_plainly,
    open_world,
    print_json,
    progress,
    show,
    tell_faulty,
)
from newsworld_dagster.cli.terminal import (
    out,
    print_evidence,
    print_judge,
)

if TYPE_CHECKING:
    import numpy as np

app = typer.Typer()


@app.command()
def lint(
    file: Annotated[Path, typer.Argument(help="csv or parquet: statement, resolve_by, [made_at]")],
    words_only: Annotated[
        bool, typer.Option("--words-only", help="Load no encoder: faster, finds fewer vague claims")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Resolvability findings for claims, a row of findings each.

    resolve_by is a date, or a window in words that counts from made_at ("within 6 weeks").
    """
    from newsworld_dagster.forecasting.lintfile import lint_file

    with failing_plainly():
        claims = lint_file(file, None if words_only else _encode())
        if as_json:
            print_json({"claims": claims})
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

    with failing_plainly():
        moment = None if as_of is None else pd.Timestamp(as_of)
        document = evidence_document(open_world(), file, k=k, as_of=moment)
        tell_faulty(file, document["claims"])
        show(document, as_json, print_evidence)


def _encode() -> Callable[[Sequence[str]], np.ndarray] | None:
    """The settings' encoder, where the lint's model was fitted on its vectors."""
    from newsworld_dagster.embeddings import ModelUnavailableError, SentenceTransformerEncoder
    from newsworld_dagster.forecasting.vagueness import reads_vectors_of
    from newsworld_dagster.settings import Settings

    encoder = SentenceTransformerEncoder(Settings().embedding_model)
    if not reads_vectors_of(encoder.name):
        progress(f"{encoder.name} is not known to the lint's model: judged by words alone")
        return None
    try:
        encoder.encode(["."])
    except ModelUnavailableError as error:
        progress(f"judged by words alone: {error}")
        return None
    return encoder.encode


@app.command("evaluate-judge")
def evaluate_judge(
    file: Annotated[
        Path,
        typer.Argument(
            help="csv or parquet: claim_id, statement, made_at, resolve_by, criteria, verdict"
        ),
    ],
    k: Annotated[int, typer.Option("--k", min=1, help="Articles that the judge reads")] = 10,
    as_of: Annotated[
        datetime | None, typer.Option(help="UTC moment to judge as of; now by default")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How well the judge agrees with labelled verdicts, at what cost; nothing enters the ledger.

    The verdict of the file is yes, no or void. Needs a language model.
    """
    import pandas as pd

    from newsworld_dagster.judging import judge_document

    with failing_plainly():
        moment = None if as_of is None else pd.Timestamp(as_of)
        document = judge_document(open_world(), file, k=k, as_of=moment)
        tell_faulty(file, document["rows"])
        show(document, as_json, print_judge)
