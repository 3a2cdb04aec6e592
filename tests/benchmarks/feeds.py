"""How our readers compare with feedparser: fields, differences and speed, on shared feeds.

Run as `python -m tests.benchmarks.feeds`.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import feedparser

from newsworld_dagster.articles.feeds import SUMMARY_CHARACTERS, FeedError, parse_feed
from newsworld_dagster.articles.strict import UnusualFeedError, read_strictly
from tests.articles.feedparser_fields import SHARED, compare, shared_feeds
from tests.benchmarks.figures import Figure, note

ROOT = Path(__file__).parents[2]


def cpu_seconds(work: Callable[[], object], times: int = 5) -> float:
    """The least CPU time of several runs."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def parity(shared: Path) -> str:
    """A table of agreement, then every difference."""
    lines = ["| feeds | entries | equal in all fields | share |", "|---|---|---|---|"]
    listed: list[str] = []
    for name in SHARED:
        entries, differences = 0, []
        for path, content in shared_feeds(shared, name):
            found, wrong = compare(content, path)
            entries += found
            differences += wrong
        equal = entries - len({(d.path, d.entry) for d in differences})
        lines.append(f"| {name} | {entries} | {equal} | {equal / entries:.2%} |")
        listed += [f"{d.path} #{d.entry} {d.field}" for d in differences]
    return "\n".join([*lines, "", "differences:", *listed])


def speed(shared: Path) -> str:
    """CPU time of the same well-formed real feeds with both."""
    sizes, ours, whole, theirs = [], 0.0, 0.0, 0.0
    for _, content in shared_feeds(shared, "feeds_real"):
        try:
            if not read_strictly(content).entries:
                continue
            parse_feed(content, feed_url="")
        except (UnusualFeedError, FeedError):
            continue
        sizes.append(len(content))
        ours += cpu_seconds(
            lambda: parse_feed(content, feed_url="", summary_characters=SUMMARY_CHARACTERS)  # noqa: B023
        )
        whole += cpu_seconds(lambda: parse_feed(content, feed_url=""))  # noqa: B023
        theirs += cpu_seconds(lambda: feedparser.parse(io.BytesIO(content)), times=3)  # noqa: B023
    size = f"{len(sizes)} feeds, {sum(sizes) / 2**20:.1f} MiB"
    for name, took in (("a feed, as a poll reads it", ours), ("a feed, whole texts", whole)):
        note(Figure(f"parsing {name}", size, None, took, None, "feedparser", theirs / took))
    return "\n".join(
        [
            f"{len(sizes)} well-formed feeds, {sum(sizes) / 2**20:.1f} MiB, least CPU seconds:",
            "| reader | CPU s | times as fast as feedparser |",
            "|---|---|---|",
            f"| feedparser | {theirs:.3f} | 1 |",
            f"| ours, whole texts cleaned | {whole:.3f} | {theirs / whole:.1f} |",
            f"| ours as a poll reads | {ours:.3f} | {theirs / ours:.1f} |",
        ]
    )


def main() -> int:
    """Print both tables."""
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / SHARED["feeds_real"]).is_file():
        sys.stderr.write(f"No feeds at {shared}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n")
        return 0
    sys.stdout.write(f"{parity(shared)}\n\n{speed(shared)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
