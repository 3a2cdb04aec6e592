"""Stories against those that readers see: `python -m tests.benchmarks.stories`.

Each training week is clustered with a pair model that was fitted without it, on event vectors of
layers that were fitted on the other half of the weeks; ECB+ and WikiTimes fold by fold with models
that never saw the fold, the validation weeks with all that ships. The vectors of the weeks that the
pair model learns from are of layers that did see the week asked about, where it is of the other
half. All as `newsworld cluster` does it, with the word counts that ship with the project, and the
weeks once more with the counts of the 60 days before them, as the daily job does it. The
baselines are average linkage over the cosines of TF-IDF and of MiniLM vectors; their threshold
is the best on the training weeks, and on ECB+ and WikiTimes the best on the set itself, which
flatters them.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer

from newsworld_dagster.clusterfile import cluster_articles
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.labelled import (
    FOLDS,
    LabelledSet,
    archive,
    ecbplus,
    fitted_apart,
    weeks,
    wikitimes,
)
from newsworld_dagster.stories import BoostedPairModel, PairModel
from newsworld_dagster.stories.agreement import b_cubed, b_cubed_items, mean_b_cubed
from newsworld_dagster.stories.training import LabelledPairs, fit_pair_model, labelled_pairs

ROOT = Path(__file__).parents[2]
THRESHOLDS = np.round(np.arange(0.1, 0.8, 0.02), 2)
# Vectors and event vectors of a set.
Both = tuple[np.ndarray, np.ndarray]
COPY, OTHER_WORDS, LATER_DAYS = 0.8, 0.2, 2.0


class FittedModel:
    """A pair model just fitted."""

    def __init__(self, sets: list[LabelledPairs]) -> None:
        self.trees = fit_pair_model(sets)

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Probability of one story of each row."""
        return (
            np.asarray(self.trees.predict(features, num_threads=1))
            if len(features)
            else features[:, 0]
        )


def tfidf_cosines(articles: pd.DataFrame) -> np.ndarray:
    """Cosines of TF-IDF vectors, the title counting twice, shape (n, n)."""
    texts = articles["title"] + " " + articles["title"] + " " + articles["summary"]
    matrix = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    return (matrix @ matrix.T).toarray()


def average_linkage(cosines: np.ndarray) -> dict[float, np.ndarray]:
    """Clusters at each threshold."""
    distance = np.clip(1 - (cosines + cosines.T) / 2, 0, None)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    return {t: fcluster(tree, 1 - t, criterion="distance") for t in THRESHOLDS}


def found_stories(given: LabelledSet, both: Both, model: PairModel) -> np.ndarray:
    """Stories as `newsworld cluster` makes them."""
    return cluster_articles(given.articles, both[0], events=both[1], model=model)


def with_history(given: LabelledSet, both: Both, model: PairModel) -> float:
    """F1 of the stories that the daily job makes, which knows the 60 days before."""
    found = cluster_articles(
        given.articles, both[0], events=both[1], model=model, background=given.background
    )
    return b_cubed(given.stories, found).f1


def cross_fitted(
    given: LabelledSet, both: Both, others: list[LabelledPairs]
) -> tuple[pd.DataFrame, np.ndarray]:
    """B-cubed of each item under the model that did not see its fold, and one clustering."""
    items = []
    for fold in range(FOLDS):
        held = given.folds == fold
        kept = labelled_pairs(
            given.articles[~held].reset_index(drop=True),
            given.stories[~held],
            both[0][~held],
            given.background,
            events=both[1][~held],
        )
        found = found_stories(given, both, FittedModel([*others, kept]))
        items.append(b_cubed_items(given.stories, found)[held])
    return pd.concat(items).sort_index(), found


def errors(given: LabelledSet, found: np.ndarray, lexical: np.ndarray) -> Counter[str]:
    """Articles that are not where a reader puts them, by kind of error."""
    kinds: Counter[str] = Counter()
    stories = pd.factorize(given.stories)[0]
    clusters = pd.factorize(found)[0]
    size = np.bincount(stories)
    days = given.articles["first_seen_at"].astype("int64").to_numpy() / 86_400e6
    for story in np.flatnonzero(size > 1):
        members = np.flatnonzero(stories == story)
        counts = Counter(clusters[members])
        main = members[clusters[members] == counts.most_common(1)[0][0]]
        for article in np.setdiff1d(members, main):
            if lexical[article, main].max() >= COPY:
                kinds["left out: a copy told in the same words"] += 1
            elif lexical[article, main].max() < OTHER_WORDS:
                kinds["left out: explainer or reaction in other words"] += 1
            elif np.abs(days[article] - days[main]).min() >= LATER_DAYS:
                kinds["left out: follow-up two days or more away"] += 1
            else:
                kinds["left out: near in words and time"] += 1
    for cluster in np.unique(clusters):
        members = np.flatnonzero(clusters == cluster)
        counts = Counter(stories[members])
        main = counts.most_common(1)[0][0]
        for article in members[stories[members] != main]:
            if size[stories[article]] == 1 and size[main] == 1:
                kinds["merged: two lone articles of like events"] += 1
            elif size[stories[article]] == 1:
                kinds["merged: a lone article drawn into a story"] += 1
            else:
                kinds["merged: two stories"] += 1
    return kinds


def _figures(items: pd.DataFrame) -> list[float]:
    """Precision, recall and F1 over all items, and over those of stories of two or more."""
    return [*mean_b_cubed(items), *mean_b_cubed(items[items["class_size"] > 1])]


def row(name: str, figures: Sequence[float]) -> str:
    """One line of the table."""
    shown = ("-" if math.isnan(figure) else f"{figure:.3f}" for figure in figures)
    return f"| {name} | " + " | ".join(shown) + " |"


def main() -> int:
    """Print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", help="names of the sets to judge; all when not given")
    given = parser.parse_args()
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / "news_gnews").is_dir():
        sys.stderr.write(f"No labelled data at {shared}: set NEWSWORLD_SHARED_DATA.\n")
        return 0
    news = archive(shared)
    training = [*weeks(shared, news), ecbplus(shared), wikitimes(shared)]
    validation = weeks(shared, news, validation=True)
    encoder = SentenceTransformerEncoder()
    vectors: dict[str, Both] = {one.name: one.vectors(encoder) for one in [*training, *validation]}
    # Those of the training weeks as layers see them that were fitted on other weeks alone.
    _, apart = fitted_apart(training, [vectors[one.name][0] for one in training])
    vectors |= {
        one.name: (vectors[one.name][0], of_events)
        for one, of_events in zip(training, apart, strict=True)
    }
    pairs = {one.name: one.views(*vectors[one.name]) for one in training}
    sys.stderr.write(f"read {len(vectors)} sets\n")
    baselines: dict[tuple[str, str], dict[float, pd.DataFrame]] = {}
    for one in [*training, *validation]:
        v = vectors[one.name][0]
        for name, cosines in (("tfidf", tfidf_cosines(one.articles)), ("minilm", v @ v.T)):
            baselines[one.name, name] = {
                t: b_cubed_items(one.stories, found)
                for t, found in average_linkage(cosines).items()
            }
    best = {
        name: max(
            THRESHOLDS,
            key=lambda t: np.mean(
                [mean_b_cubed(baselines[s.name, name][t]).f1 for s in training if s.is_week]
            ),
        )
        for name in ("tfidf", "minilm")
    }
    lines, kinds = [], Counter[str]()
    every: list[list[float]] = []
    for one in [*training, *validation]:
        if given.only and one.name not in given.only:
            continue
        others = [view for s in training if s.name != one.name for view in pairs[s.name]]
        if one in validation:
            model: PairModel = BoostedPairModel()
            found = found_stories(one, vectors[one.name], model)
            items = b_cubed_items(one.stories, found)
        elif one.is_week:
            model = FittedModel(others)
            found = found_stories(one, vectors[one.name], model)
            items = b_cubed_items(one.stories, found)
        else:
            items, found = cross_fitted(one, vectors[one.name], others)
        figures = [with_history(one, vectors[one.name], model) if one.is_week else math.nan]
        for name in ("tfidf", "minilm"):
            made = baselines[one.name, name]
            at = best[name] if one.is_week else max(made, key=lambda t: mean_b_cubed(made[t]).f1)
            figures += [
                mean_b_cubed(made[at]).f1,
                mean_b_cubed(made[at][made[at]["class_size"] > 1]).f1,
            ]
        every.append([one in training and one.is_week, *_figures(items), *figures])
        lines.append(row(one.name + (" (validation)" if one in validation else ""), every[-1][1:]))
        sys.stderr.write(lines[-1] + "\n")
        if one.is_week:
            kinds += errors(one, found, tfidf_cosines(one.articles))
    left_out = [figures for is_training, *figures in every if is_training]
    if left_out:
        lines.append(row("mean of the weeks left out", np.mean(left_out, axis=0)))
    sys.stdout.write(
        "| set | P | R | F1 | P, stories of 2+ | R | F1 | F1, own history | "
        "F1 TF-IDF | 2+ | F1 MiniLM | 2+ |\n" + "|---" * 12 + "|\n" + "\n".join(lines) + "\n\n"
    )
    sys.stdout.write("| error, weeks of the archive | articles |\n|---|---|\n")
    for kind, count in kinds.most_common():
        sys.stdout.write(f"| {kind} | {count} |\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
