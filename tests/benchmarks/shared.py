"""The shared archive, and the embedding of its days by itself, for the benchmarks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
# A script, because the processes that it spawns import it by its file.
EMBED = """
import sys
import pandas as pd
from newsworld_dagster.defs.world import World
from newsworld_dagster.runs import embed_days
from newsworld_dagster.settings import Settings

if __name__ == "__main__":
    embed_days(World(Settings()), pd.Timestamp(sys.argv[1]), pd.Timestamp(sys.argv[2]))
"""


def archive_file() -> Path | None:
    """The archive of news under NEWSWORLD_SHARED_DATA; None, and said so, where there is none."""
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    file = shared / "news_gnews" / "articles.parquet"
    if file.is_file():
        return file
    sys.stderr.write(f"No archive at {file}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n")
    return None


def archive_rows() -> tuple[pd.DataFrame, pd.Series] | None:
    """The archive and when each of its articles was seen, naive UTC; None where there is none."""
    file = archive_file()
    if file is None:
        return None
    articles = pd.read_parquet(file)
    return articles, pd.to_datetime(articles["first_seen_utc"], utc=True).dt.tz_localize(None)
