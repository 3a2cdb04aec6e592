"""The shared archive, and the embedding of its days by itself, for the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import psutil

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


LOOK_EVERY = 2.0  # seconds; a look at the memory of large processes takes tens of milliseconds


class Used(NamedTuple):
    """What a process took, with those it started.

    Attributes
    ----------
    wall, processor
        Seconds.
    mebibytes
        Of the largest process at its peak, or of all together, if that is more.
    """

    wall: float
    processor: float
    mebibytes: float


def await_end(process: subprocess.Popen[bytes], started: float, limit: float = 1e9) -> Used:
    """Wait for a process, and kill it `limit` seconds after `started` (`time.monotonic`).

    Sets `process.returncode`; -9 for one that was killed.
    """
    ended, status, together, looked = 0, 0, 0, started
    while not ended:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        now = time.monotonic()
        if not ended and now - started > limit:
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            process.kill()
            ended, status, used = os.wait4(process.pid, 0)
        elif not ended:
            if now - looked > LOOK_EVERY:
                together, looked = max(together, _resident(process.pid)), now
            time.sleep(0.05)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Used(
        time.monotonic() - started,
        used.ru_utime + used.ru_stime,
        max(used.ru_maxrss / 1024, together / 2**20),
    )


def _resident(pid: int) -> int:
    """Bytes that a process and those it started hold now, shared pages counted once (PSS)."""
    held = 0
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        for one in (first, *first.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                held += one.memory_full_info().pss
    return held


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
