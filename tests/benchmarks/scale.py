"""How stories scale: `python -m tests.benchmarks.scale`.

The archive's articles, about 155 a day as they came, are assigned day by day; a second pass over
the archive, moved behind the first, makes 100,000. Beside it average linkage, whose memory grows
with the square, and neighbours from an approximate index with connected components, on the same
articles in the same run. Then one day of 1,000 articles a day on a full live window. Embedding is
not counted; vectors are made before and kept in a file when --vectors names one.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.neighbors import NearestNeighbors

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.labelled import archive
from newsworld_dagster.stories import (
    Background,
    BoostedPairModel,
    StoryParameters,
    assign_stories,
)
from tests.benchmarks.figures import Figure, note

ROOT = Path(__file__).parents[2]
SIZES = (5_000, 20_000, 100_000)
# Above this the distances of average linkage alone would take 10 GB.
LARGEST_LINKAGE = 20_000
DAY = pd.Timedelta(days=1)


# Vectors and event vectors side by side, shape (2, n, d): `vectors` and `events` of a window.
Both = np.ndarray


def doubled(shared: Path, kept: Path | None) -> tuple[pd.DataFrame, Both]:
    """The archive twice, the second time behind the first, and its vectors."""
    news = archive(shared)
    if kept is not None and kept.is_file():
        vectors = np.load(kept)
    else:
        texts = [embedded_text(t, s) for t, s in zip(news["title"], news["summary"], strict=True)]
        vectors = np.stack(SentenceTransformerEncoder().encode_with_events(texts))
        if kept is not None:
            np.save(kept, vectors)
    span = news["first_seen_at"].max().floor("D") - news["first_seen_at"].min().floor("D") + DAY
    again = news.assign(
        article_id=news["article_id"] + "-2", first_seen_at=news["first_seen_at"] + span
    )
    return pd.concat([news, again], ignore_index=True), np.concatenate([vectors, vectors], axis=1)


def day_by_day(articles: pd.DataFrame, both: Both) -> None:
    """Assign every day's articles on its live window."""
    parameters, model, background = StoryParameters(), BoostedPairModel(), Background.packaged()
    days = articles["first_seen_at"].dt.floor("D")
    stories = np.full(len(articles), None, dtype=object)
    for day in days.drop_duplicates():
        start = int(days.searchsorted(day - DAY * (parameters.live_days - 1)))
        stop = int(days.searchsorted(day + DAY))
        window = articles.iloc[start:stop].reset_index(drop=True)
        made = assign_stories(
            window.assign(story_id=stories[start:stop]),
            both[0, start:stop],
            day=day,
            model=model,
            background=background,
            parameters=parameters,
            events=both[1, start:stop],
        ).assignments
        place = pd.Series(np.arange(start, stop), index=window["article_id"])
        stories[place[made["article_id"]].to_numpy()] = made["story_id"].to_numpy()


def average_linkage(articles: pd.DataFrame, both: Both) -> None:
    """All articles at once."""
    distance = np.clip(1 - both[0] @ both[0].T, 0, None)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    fcluster(tree, 0.44, criterion="distance")


def nearest_and_components(articles: pd.DataFrame, both: Both) -> None:
    """Ten nearest by a random projection to 24 dimensions and a ball tree, then components."""
    vectors = both[0]
    projection = np.random.default_rng(1).standard_normal((vectors.shape[1], 24)) / math.sqrt(24)
    near = NearestNeighbors(n_neighbors=10, algorithm="ball_tree").fit(vectors @ projection)
    found = near.kneighbors(return_distance=False)
    rows = np.repeat(np.arange(len(found)), found.shape[1])
    cosines = np.einsum("ij,ij->i", vectors[rows], vectors[found.ravel()])
    close = cosines >= 0.6
    links = sparse.coo_matrix(
        (np.ones(close.sum()), (rows[close], found.ravel()[close])), shape=(len(found),) * 2
    )
    sparse.csgraph.connected_components(links, directed=False)


def busy_day(articles: pd.DataFrame, both: Both, each: int = 1_000) -> float:
    """Processor seconds of a day of `each` articles after nine days of as many each."""
    count = 10 * each
    window = articles.head(count).assign(
        first_seen_at=pd.Timestamp("2026-01-01")
        + pd.to_timedelta(np.arange(count) * (86_400 / each), unit="s"),
        story_id=None,
    )
    model, background = BoostedPairModel(), Background.packaged()
    first = count - each
    made = assign_stories(
        window.head(first), both[0, :first], day=pd.Timestamp("2026-01-09"), model=model,
        background=background, events=both[1, :first],
    ).assignments.set_index("article_id")["story_id"]  # fmt: skip
    stories = window["article_id"].map(made).astype(object)
    window["story_id"] = stories.where(stories.notna(), None)
    started = time.process_time()
    assign_stories(
        window, both[0, :count], day=pd.Timestamp("2026-01-10"), model=model,
        background=background, events=both[1, :count],
    )  # fmt: skip
    return time.process_time() - started


def usual_window(articles: pd.DataFrame, both: Both, new: int = 1_000) -> float:
    """Processor seconds of a day of `new` articles behind all others, at their own pace."""
    parameters = StoryParameters()
    last = articles["first_seen_at"].max().floor("D")
    held = (articles["first_seen_at"] >= last - DAY * (parameters.live_days - 2)).to_numpy()
    before, day = articles[held], last + DAY
    come = articles.head(new).assign(
        article_id=[f"new{n}" for n in range(new)], first_seen_at=day + np.arange(new) * DAY / new
    )
    window = pd.concat([before, come], ignore_index=True).assign(story_id=None)
    matrix, events = np.concatenate([both[:, held], both[:, :new]], axis=1)
    model, background = BoostedPairModel(), Background.packaged()
    made = assign_stories(
        window.head(len(before)), matrix[: len(before)], day=last, model=model,
        background=background, events=events[: len(before)],
    ).assignments.set_index("article_id")["story_id"]  # fmt: skip
    stories = window["article_id"].map(made).astype(object)
    window["story_id"] = stories.where(stories.notna(), None)
    started = time.process_time()
    assign_stories(window, matrix, day=day, model=model, background=background, events=events)
    return time.process_time() - started


def measured(step: Callable[[], None]) -> tuple[float, float]:
    """Processor seconds and MiB of a step, in a process of its own.

    Not seconds by the clock: other work on the machine would bend the growth.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.process_time()
        step()
        took = time.process_time() - started
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(write, f"{took} {grown / 1024}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    seconds, mebibytes = text.split()
    return float(seconds), float(mebibytes)


def main() -> int:
    """Print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=Path, help="file to keep the archive's vectors in")
    given = parser.parse_args()
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / "news_gnews").is_dir():
        sys.stderr.write(f"No archive at {shared}: set NEWSWORLD_SHARED_DATA.\n")
        return 0
    articles, both = doubled(shared, given.vectors)
    ways = {
        "stories, day by day": day_by_day,
        "average linkage": average_linkage,
        "approximate neighbours": nearest_and_components,
    }
    sys.stdout.write(
        "| way | articles | CPU s | MiB more | growth exponent |\n|---|---|---|---|---|\n"
    )
    ours: dict[int, float] = {}
    for name, way in ways.items():
        last: tuple[int, float] | None = None
        for size in SIZES:
            if way is average_linkage and size > LARGEST_LINKAGE:
                sys.stdout.write(f"| {name} | {size} | - | over 10 GB | - |\n")
                continue
            part, matrix = articles.head(size), both[:, :size]
            seconds, mebibytes = measured(lambda way=way, p=part, m=matrix: way(p, m))
            slope = None if last is None else math.log(seconds / last[1], size / last[0])
            growth = "-" if slope is None else f"{slope:.2f}"
            last = size, seconds
            sys.stdout.write(f"| {name} | {size} | {seconds:.1f} | {mebibytes:.0f} | {growth} |\n")
            ours.setdefault(size, seconds)
            note(
                Figure(
                    name,
                    f"{size:,} articles",
                    None,
                    seconds,
                    mebibytes,
                    None if way is day_by_day else "stories, day by day",
                    None if way is day_by_day else ours[size] / seconds,
                    slope,
                    "memory is what the step added to its process",
                )
            )
            sys.stdout.flush()
    usual, busy = usual_window(articles, both), busy_day(articles, both)
    sys.stdout.write(
        f"\nA day of 1,000 new articles, CPU s: {usual:.2f} behind {len(articles):,} at their own "
        f"pace, {busy:.2f} behind nine days of 1,000 each\n"
    )
    behind = f"1,000 behind {len(articles):,}"
    note(Figure("stories of a day, the others at their own pace", behind, None, usual))
    note(Figure("stories of a day, behind nine such days", behind, None, busy))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
