"""Import and replay of a month of the archive, from nothing and with its vectors at hand.

python -m tests.benchmarks.month [--from 2026-03-01] [--to 2026-03-30]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.archive import show, timed
from tests.benchmarks.shared import archive_file


def main() -> int:
    """Print and note the steps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="first", default="2026-03-01")
    parser.add_argument("--to", dest="last", default="2026-03-30")
    given = parser.parse_args()
    archive = archive_file()
    if archive is None:
        return 0
    newsworld = str(Path(sys.executable).with_name("newsworld"))
    days = f"{given.first} to {given.last}"
    replay = [newsworld, "backtest", "--from", given.first, "--to", given.last]
    replay += ["--warm-up-from", given.first]
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder)
        sys.stdout.write("| what | size | wall s | CPU s | MiB |\n|---|---|---|---|---|\n")
        show("import", "the archive", timed([newsworld, "import", str(archive)], world))
        show("backtest, embedding included", days, timed(replay, world))
        again = "verdicts and forecasts stand, the rest is made anew"
        show("the same again", days, timed(replay, world), again)
        show("scorecard", days, timed([newsworld, "scorecard", "--json"], world))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
