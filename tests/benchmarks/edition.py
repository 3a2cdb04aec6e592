"""How long an edition takes to build and to show: `python -m tests.benchmarks.edition SNAPSHOT`.

The record of a published snapshot is repeated, each copy further back in time, until the edition
has at least `--pages` pages. Then it is built as of the day before the last and, on top of it, as
of the last day. Last, Chromium opens a page of each kind from the loopback server.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from newsworld_dagster.edition import Given, build_edition, make_server
from newsworld_dagster.warehouse import open_snapshot

ONCE = ("scorecard", "texts", "analyses")
JSON = ("sources", "evidence")
# Frames whose oldest rows come first.
ORDERED = {"editions": "day", "reports": "as_of", "claims": "seq", "digests": "day"}
KINDS = ("index.html", "predictions/index.html", "predictions/p*.html", "claims/*.html",
         "digests/2*.html", "scorecard/index.html", "timelines/t*.html", "articles/2*.html",
         "sections/world.html")  # fmt: skip
PAINT = """
() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime))
    .observe({type: "largest-contentful-paint", buffered: true});
  setTimeout(() => resolve(NaN), 3000);
})
"""


def repeated(
    frames: dict[str, pd.DataFrame], copies: int, span: pd.Timedelta
) -> dict[str, pd.DataFrame]:
    """Copies of the frames' rows, each under ids of its own and `span` further back."""
    return {
        name: pd.concat([_copy(frame, number, span) for number in range(1, copies)])
        for name, frame in frames.items()
        if name not in ONCE
    }


def _together(frame: pd.DataFrame, older: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Rows and older ones in one frame, in the order in which a world has them."""
    whole = pd.concat([frame, older], ignore_index=True)
    return whole.sort_values(by, kind="stable", ignore_index=True) if by else whole


def _copy(frame: pd.DataFrame, number: int, span: pd.Timedelta) -> pd.DataFrame:
    changes: dict[str, Any] = {}
    for name in frame.columns:
        values = frame[name]
        if name.endswith("_id") or name == "supersedes":
            changes[name] = values + f"-{number}"
        elif name in JSON:
            changes[name] = values.str.replace(
                r'("article_id": "[^"]+)"', rf'\1-{number}"', regex=True
            )
        elif pd.api.types.is_datetime64_any_dtype(values):
            changes[name] = values - number * span
        elif name == "seq":
            changes[name] = values - number * 1_000_000
    return frame.assign(**changes)


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Do the work and print its wall and processor seconds."""
    wall, cpu = time.monotonic(), time.process_time()
    done = work()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    sys.stdout.write(f"| {name} | {wall:.1f} | {cpu:.1f} | {done} |\n")
    sys.stdout.flush()
    return done


def paints(folder: Path) -> None:
    """Largest contentful paint and compressed size of a page of each kind."""
    from playwright.sync_api import sync_playwright

    server = make_server(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write("\n| page | paint ms, median of 5 | KB | KB compressed |\n|---|---|---|---|\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for kind in KINDS:
            found = sorted(folder.glob(kind), key=lambda path: -path.stat().st_size)[0]
            path = found.relative_to(folder).as_posix()
            times = []
            for _ in range(5):
                page = browser.new_page()
                page.goto(f"http://127.0.0.1:{server.server_address[1]}/{path}")
                times.append(page.evaluate(PAINT))
                page.close()
            content = found.read_bytes()
            small = len(gzip.compress(content)) / 1000
            sys.stdout.write(
                f"| {path} | {statistics.median(times):.0f} | {len(content) / 1000:.0f} "
                f"| {small:.0f} |\n"
            )
        browser.close()
    server.shutdown()


def main(arguments: list[str] | None = None) -> int:
    """Build, build again, add a day, open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("--pages", type=int, default=20_000)
    given = parser.parse_args(arguments)
    with open_snapshot(given.snapshot) as snapshot:
        last = snapshot.reader.latest_as_of()
        assert last is not None
        before = last - pd.Timedelta(days=1)
        frames = {moment: snapshot.reader.edition_frames(moment) for moment in (before, last)}
    questions = frames[last]["claims"]["question_id"].nunique()
    one = questions + len(frames[last]["reports"]) + frames[last]["axis"]["topic_id"].nunique()
    copies = -(-given.pages // one)
    span = last - frames[last]["articles"]["day"].min() + pd.Timedelta(days=1)
    older = repeated(frames[last], copies, span)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "edition"

        def build(moment: pd.Timestamp) -> Any:
            # Only the last days differ: what is further back is as of the last day in both.
            made = {
                name: _together(frame, older[name], ORDERED.get(name)) if name in older else frame
                for name, frame in frames[moment].items()
            }
            return lambda: build_edition(Given(moment, made, ("coverage", "base-rate")), target)

        sys.stdout.write("| step | wall s | processor s | result |\n|---|---|---|---|\n")
        timed("the whole, up to the day before", build(before))
        timed("the next day", build(last))
        timed("the same day again", build(last))
        paints(target)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
