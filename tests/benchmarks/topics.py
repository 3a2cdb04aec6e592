"""Topics against the headings of Wikipedia's current events, beside two baselines.

`python -m tests.benchmarks.topics` runs the day-by-day functions of the pipeline over half a year
of events and holds the topics against the headings that the events stand under. The baselines are
average linkage over the whole half-year on TF-IDF and on MiniLM, which may look ahead; their
thresholds are chosen on an earlier half-year.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import v_measure_score

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.contracts.stories import TOPICS
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.stories import (
    SECTION_DESCRIPTIONS,
    Background,
    BoostedPairModel,
    StoryParameters,
    TopicParameters,
    assign_stories,
    link_topics,
)
from newsworld_dagster.stories.agreement import b_cubed

ROOT = Path(__file__).parents[2]
THRESHOLDS = np.arange(0.10, 0.95, 0.02)


def events_of(path: Path, first: str, last: str) -> pd.DataFrame:
    """Events with a certain heading, as articles in time order; `truth` is the heading."""
    events = pd.read_parquet(path)
    date = pd.to_datetime(events["date"]).astype("datetime64[us]")
    chosen = events["first_under_story"].astype(bool) & date.between(first, last)
    events, date = events[chosen], date[chosen]
    order = pd.to_timedelta(events.groupby("date").cumcount(), unit="s")
    return pd.DataFrame(
        {
            "article_id": events["event_id"],
            "title": events["text"],
            "summary": "",
            "publisher": events["sources"].fillna("").replace("", "unknown"),
            "section": None,
            "duplicate_of": None,
            "first_seen_at": date + order,
            "day": date,
            "truth": events["story"],
        }
    ).sort_values(["first_seen_at", "article_id"], ignore_index=True)


def pipeline(
    events: pd.DataFrame,
    vectors: np.ndarray,
    event_vectors: np.ndarray,
    section_vectors: dict[str, np.ndarray],
    parameters: TopicParameters | None = None,
) -> pd.DataFrame:
    """Story and topic of each event at the end, made day by day as the assets do."""
    stories, topics = StoryParameters(), parameters or TopicParameters()
    model, background = BoostedPairModel(), Background.packaged()
    story = pd.Series(None, index=events.index, dtype=object)
    assigned = pd.Series(pd.NaT, index=events.index, dtype="datetime64[us]")
    links: dict[str, str] = {}
    known: dict[str, dict] = {}
    place = pd.Series(events.index, index=events["article_id"])
    for day in events["day"].drop_duplicates():
        past = events["day"] <= day
        live = past & (events["day"] > day - pd.Timedelta(days=stories.live_days))
        made = assign_stories(
            events[live].assign(story_id=story[live]).reset_index(drop=True),
            vectors[live.to_numpy()],
            day=day,
            model=model,
            background=background,
            parameters=stories,
            events=event_vectors[live.to_numpy()],
        ).assignments
        rows = place[made["article_id"]].to_numpy()
        story[rows], assigned[rows] = made["story_id"].to_numpy(), day
        held = past & (events["day"] > day - pd.Timedelta(days=topics.window_days))
        window = events[held].assign(story_id=story[held], fresh=assigned[held] == day)
        alive = [row for row in known.values() if row["closed_from"] > day]
        found = link_topics(
            window.reset_index(drop=True),
            vectors[held.to_numpy()],
            pd.DataFrame(list(links.items()), columns=["story_id", "topic_id"]),
            pd.DataFrame(alive, columns=list(TOPICS.columns)),
            section_vectors,
            day=day,
            parameters=topics,
        )
        links |= dict(zip(found.links["story_id"], found.links["topic_id"], strict=True))
        known |= {row["topic_id"]: row for row in found.topics.to_dict("records")}
    return pd.DataFrame({"story": story, "topic": story.map(links)})


def tree(kind: str, events: pd.DataFrame, vectors: np.ndarray) -> np.ndarray:
    """Average linkage of all events on one of the two baselines' cosines."""
    if kind == "TF-IDF":
        matrix = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(
            events["title"]
        )
        similarity = (matrix @ matrix.T).toarray()
    else:
        similarity = vectors @ vectors.T
    distance = np.clip(1 - similarity, 0, None)
    np.fill_diagonal(distance, 0)
    return linkage(squareform((distance + distance.T) / 2, checks=False), "average")


def line(name: str, truth: pd.Series, found: np.ndarray | pd.Series) -> str:
    """One row of the table."""
    score = b_cubed(truth, list(found))
    v = v_measure_score(truth, list(found))
    return (
        f"| {name} | {len(set(found))} | {score.precision:.3f} | {score.recall:.3f} "
        f"| {score.f1:.3f} | {v:.3f} |"
    )


def where_it_fails(truth: pd.Series, found: pd.Series) -> str:
    """The headings that were cut into most topics, and the topics that hold most headings."""
    cut = found.groupby(truth).nunique().sort_values(ascending=False).head(6)
    mixed = truth.groupby(found).agg(lambda headings: Counter(headings).most_common(4))
    worst = mixed.loc[truth.groupby(found).nunique().sort_values(ascending=False).head(6).index]
    lines = [f"- cut into {count} topics: {heading}" for heading, count in cut.items()]
    lines += [
        "- one topic: " + ", ".join(f"{heading} ({count})" for heading, count in headings)
        for headings in worst
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Choose the baselines' thresholds on one half-year, report another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", nargs=2, default=["2025-01-01", "2025-06-30"])
    parser.add_argument("--report", nargs=2, default=["2025-07-01", "2025-12-31"])
    given = parser.parse_args(arguments)
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    path = shared / "wcep_events" / "events.parquet"
    if not path.is_file():
        sys.stderr.write(f"No events at {path}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n")
        return 0
    encoder = SentenceTransformerEncoder()
    described = encoder.encode(list(SECTION_DESCRIPTIONS.values()))
    sections = dict(zip(SECTION_DESCRIPTIONS, described, strict=True))
    tune, report = (events_of(path, *span) for span in (given.tune, given.report))
    (tuned, _), (reported, of_events) = (
        encoder.encode_with_events([embedded_text(text, "") for text in part["title"]])
        for part in (tune, report)
    )
    truth = report["truth"]
    sys.stdout.write(
        f"{len(report)} events under {truth.nunique()} headings, {given.report[0]} to "
        f"{given.report[1]}; encoder {encoder.name}\n\n"
        "| grouping | groups | precision | recall | B-cubed F1 | V-measure |\n"
        "|---|---|---|---|---|---|\n"
        f"{line('all apart', truth, np.arange(len(report)))}\n"
    )
    for kind in ("TF-IDF", "MiniLM"):
        grown = tree(kind, tune, tuned)
        best = max(
            THRESHOLDS,
            key=lambda cut, grown=grown: (
                b_cubed(tune["truth"], fcluster(grown, cut, "distance")).f1
            ),
        )
        found = fcluster(tree(kind, report, reported), best, "distance")
        sys.stdout.write(f"{line(f'{kind}, average linkage at {best:.2f}', truth, found)}\n")
    ours = pipeline(report, reported, of_events, sections)
    sys.stdout.write(f"{line('stories', truth, ours['story'])}\n")
    sys.stdout.write(f"{line('topics', truth, ours['topic'])}\n\n")
    sys.stdout.write(f"{where_it_fails(truth, ours['topic'])}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
