"""Articles and feeds: stories for any table, a look at one feed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newsworld_dagster.cli.common import (
    AsJson,
    CommandError,
    failing_plainly,
    open_world,
    print_json,
    progress,
)
from newsworld_dagster.cli.terminal import (
    out,
)

app = typer.Typer()
feeds = typer.Typer(help="Look at feeds.", no_args_is_help=True)
app.add_typer(feeds, name="feeds")


@app.command()
def cluster(
    file: Annotated[Path, typer.Argument(help="csv, parquet or jsonl of articles")],
    out_file: Annotated[Path, typer.Option("--out", help="csv or parquet to write")],
) -> None:
    """Stories for any article table.

    In: article_id, title and, where known, summary, publisher, url, first_seen_at.

    Out: article_id, story_id.
    """
    from newsworld_dagster.clusterfile import cluster_file

    with failing_plainly():
        stories = cluster_file(file, out_file, open_world().encoder, progress)
        out.print(f"{len(stories)} articles in {stories['story_id'].nunique()} stories: {out_file}")


@feeds.command("check")
def feeds_check(
    source: Annotated[str, typer.Argument(help="URL or file of a feed")], as_json: AsJson = False
) -> None:
    """Fetch or read one feed and show the parsed entries and findings."""
    from newsworld_dagster.articles.check import check_feed
    from newsworld_dagster.defs.intake import limits_of
    from newsworld_dagster.settings import Settings

    with failing_plainly():
        document = check_feed(source, limits_of(Settings()))
        if as_json:
            print_json(document)
            return
        out.print(document["title"] or "(no title)", markup=False)
        for entry in document["entries"]:
            out.print(f"  {entry['published'] or 'no date'}  {entry['title']}", markup=False)
        for finding in document["findings"]:
            out.print(f"  finding: {finding}", style="yellow", markup=False)


@feeds.command("retry")
def feeds_retry(url: Annotated[str, typer.Argument(help="URL of the feed, as listed")]) -> None:
    """Ask a feed again at the next poll that is waiting, or that said it is gone."""
    from newsworld_dagster.defs.intake import retry_feed

    with failing_plainly():
        if not retry_feed(open_world(), url):
            raise CommandError(f"No poll of {url} is on record, so there is nothing to forget.")
        out.print(f"{url} will be asked at the next poll", markup=False)
