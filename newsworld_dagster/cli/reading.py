"""What a reader asks for: digests, timelines, why an article is where it is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from newsworld_dagster.cli.common import AsJson, UsageError, failing_plainly, open_world, show
from newsworld_dagster.cli.terminal import (
    print_digest,
    print_placement,
    print_timeline,
)

app = typer.Typer()


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

    with failing_plainly():
        named = {name.casefold(): name for name in DIGEST_SECTIONS}
        if section is not None and section.casefold() not in named:
            raise UsageError(
                f"There is no section {section!r}. Choose from: {', '.join(DIGEST_SECTIONS)}."
            )
        document = digest_document(
            open_world(),
            None if day is None else pd.Timestamp(day),
            section=None if section is None else named[section.casefold()],
            weekly=weekly,
        )
        show(document, as_json, print_digest)


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

    with failing_plainly():
        document = timeline_document(
            open_world(), topic, None if day is None else pd.Timestamp(day)
        )
        show(document, as_json, print_timeline)


@app.command()
def why(
    article: Annotated[str, typer.Argument(help="article_id or the article's address")],
    as_json: AsJson = False,
) -> None:
    """Why an article is in its story: its nearest articles and what they share."""
    from newsworld_dagster.reading import placement_document

    with failing_plainly():
        document = placement_document(open_world(), article)
        show(document, as_json, print_placement)
