"""Stories for any article table: `newsworld cluster`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.contracts.parquet import read_parquet
from newsworld_dagster.embeddings import Encoder
from newsworld_dagster.stories import (
    Background,
    BoostedPairModel,
    PairModel,
    StoryParameters,
    assign_stories,
)

NEEDED = ("article_id", "title")
# Articles without a time have no day to go by; so many of them are assigned at once, beside the
# few articles assigned before that are nearest to each.
UNTIMED_SHARE = 1_000
UNTIMED_NEAREST = 3


class ClusterFileError(ValueError):
    """The article table cannot be clustered."""


def cluster_file(
    source: Path,
    target: Path,
    encoder: Encoder,
    progress: Callable[[str], None],
    parameters: StoryParameters | None = None,
) -> pd.DataFrame:
    """Read articles, give each a story, and write article_id and story_id.

    Articles are taken in time order, day by day, as the daily job does. Those without a time
    follow at the end, without time decay. The order of the file does not matter.

    Raises
    ------
    ClusterFileError
        For a missing or unreadable file, missing columns, repeated or empty ids, or an output
        format other than csv and parquet.
    """
    if target.suffix not in (".csv", ".parquet"):
        raise ClusterFileError(f"Cannot write {target}: the output must end in .csv or .parquet.")
    articles = _read(source)
    vectors, events = encoder.encode_with_events(
        [
            embedded_text(title, summary)
            for title, summary in zip(articles["title"], articles["summary"], strict=True)
        ],
        lambda done, total: progress(f"embedded {done} of {total}"),
    )
    untimed = int(articles["first_seen_at"].isna().sum())
    if untimed:
        progress(f"{untimed} of {len(articles)} articles have no readable time: no time decay")
    stories = cluster_articles(articles, vectors, events=events, parameters=parameters)
    result = pd.DataFrame({"article_id": articles["given_id"], "story_id": stories})
    if target.suffix == ".csv":
        result.to_csv(target, index=False)
    else:
        result.to_parquet(target, index=False)
    return result


def cluster_articles(
    articles: pd.DataFrame,
    vectors: np.ndarray,
    *,
    events: np.ndarray | None = None,
    model: PairModel | None = None,
    background: Background | None = None,
    parameters: StoryParameters | None = None,
) -> np.ndarray:
    """Story of each article, in the order given, shape (len(articles),).

    Event vectors are `vectors` when not given; model, background and parameters are those that
    ship with the project.
    """
    model = model or BoostedPairModel()
    background = background or Background.packaged()
    parameters = parameters or StoryParameters()
    events = vectors if events is None else events
    stories = np.full(len(articles), None, dtype=object)
    times = articles["first_seen_at"]
    days = times.dt.floor("D")
    ids = articles["article_id"].to_numpy(dtype=str)
    order = np.lexsort((ids, times.to_numpy()))
    without = times.isna().to_numpy()[order]
    timed, untimed = order[~without], order[without]
    on, firsts = np.unique(days.to_numpy()[timed], return_index=True)
    batches = [
        (pd.Timestamp(day), batch.tolist())
        for day, batch in zip(on, np.split(timed, firsts)[1:], strict=True)
    ]

    size: Counter[Any] = Counter()  # of each story, articles outside the window too

    def assign(places: list[int], day: pd.Timestamp) -> None:
        window = articles.iloc[places].assign(story_id=stories[places]).reset_index(drop=True)
        held = Counter(story for story in stories[places] if story is not None)
        made = assign_stories(
            window,
            vectors[places],
            day=day,
            model=model,
            background=background,
            older={story: size[story] - count for story, count in held.items()},
            parameters=parameters,
            events=events[places],
        ).assignments
        place_of = dict(zip(window["article_id"], places, strict=True))
        for article_id, story in zip(made["article_id"], made["story_id"], strict=True):
            place = place_of[article_id]
            size.subtract([stories[place]])
            size.update([story])
            stories[place] = story

    seen: list[int] = []
    for day, batch in batches:
        start = day - pd.Timedelta(days=parameters.live_days - 1)
        seen = [place for place in seen if times.iloc[place] >= start] + batch
        assign(seen, day)
    epoch = pd.Timestamp("1970-01-01")
    done = timed
    for start_at in range(0, len(untimed), UNTIMED_SHARE):
        share = untimed[start_at : start_at + UNTIMED_SHARE]
        assign([*_nearest(vectors, done, share), *share], epoch)
        done = np.concatenate([done, share])
    return stories


def _nearest(vectors: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Those of `rows`, in their order, that are among the nearest of any of `others`."""
    if len(rows) <= UNTIMED_SHARE:
        return rows
    kept = np.zeros(len(rows), dtype=bool)
    for other in np.array_split(others, len(others) // 100 + 1):
        cosines = vectors[other] @ vectors[rows].T
        kept[np.argpartition(-cosines, UNTIMED_NEAREST, axis=1)[:, :UNTIMED_NEAREST]] = True
    return rows[kept]


def _read(source: Path) -> pd.DataFrame:
    readers: dict[str, Callable[[], pd.DataFrame]] = {
        ".csv": lambda: pd.read_csv(source, dtype=str, keep_default_na=False),
        ".parquet": lambda: read_parquet(source),
        ".jsonl": lambda: pd.read_json(source, lines=True, dtype=False),
    }
    if source.suffix not in readers:
        raise ClusterFileError(f"Cannot read {source}: give a .csv, .parquet or .jsonl file.")
    try:
        table = readers[source.suffix]()
    except (OSError, ValueError) as error:
        raise ClusterFileError(f"Cannot read {source}: {error}. Check the file.") from error
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise ClusterFileError(
            f"{source} lacks the column {' and '.join(missing)}; it has "
            f"{', '.join(map(str, table.columns))}. Needed are article_id and title; summary, "
            "publisher, url and first_seen_at are used where they are there."
        )
    ids = table["article_id"].fillna("").astype(str)
    wrong = ids.duplicated() | (ids == "")
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0]) + 1
        raise ClusterFileError(
            f"{source}: article_id is repeated or empty in data row {row}; give each article an "
            "id of its own."
        )
    times = table["first_seen_at"] if "first_seen_at" in table.columns else None
    parsed = (
        pd.Series(pd.NaT, index=table.index)
        if times is None
        else pd.to_datetime(times.replace("", None), utc=True, errors="coerce", format="mixed")
    )
    if parsed.dt.tz is not None:
        parsed = parsed.dt.tz_localize(None)
    blank = pd.Series("", index=table.index)
    return pd.DataFrame(
        {
            "article_id": ids,
            "given_id": table["article_id"],
            "title": table["title"].fillna("").astype(str),
            "summary": table.get("summary", blank).fillna("").astype(str),
            "publisher": table.get("publisher", blank).fillna("").astype(str),
            "url": table.get("url", blank).fillna("").astype(str),
            "first_seen_at": parsed.astype("datetime64[us]"),
        }
    )
