"""Where the shared archive is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def archive_file() -> Path | None:
    """The archive of news under NEWSWORLD_SHARED_DATA; None, and said so, where there is none."""
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    file = shared / "news_gnews" / "articles.parquet"
    if file.is_file():
        return file
    sys.stderr.write(f"No archive at {file}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n")
    return None
