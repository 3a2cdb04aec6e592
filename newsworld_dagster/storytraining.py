"""`make train-stories`: fit the pair model on the labelled stories and write its weights."""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.labelled import (
    HISTORY_DAYS,
    REFERENCE,
    VALIDATION,
    archive,
    ecbplus,
    weeks,
    wikitimes,
)
from newsworld_dagster.stories import Background
from newsworld_dagster.stories.background import WEIGHTS
from newsworld_dagster.stories.pair_model import PACKAGED_MODEL, FittedOn
from newsworld_dagster.stories.topicality import PACKAGED_DIRECTIONS, Topicality
from newsworld_dagster.stories.training import fit_pair_model
from newsworld_dagster.stories.trees import as_onnx


def write_background(news: pd.DataFrame) -> Background:
    """Count the last 60 days before the validation weeks, less the reference week."""
    until, week = pd.Timestamp(VALIDATION[0]), pd.Timestamp(REFERENCE)
    seen = news["first_seen_at"]
    kept = seen.between(until - pd.Timedelta(days=HISTORY_DAYS), until, inclusive="left")
    kept &= ~seen.between(week, week + pd.Timedelta(days=7), inclusive="left")
    background = Background.of(news.loc[kept, "title"], news.loc[kept, "summary"])
    background.save(WEIGHTS / "background.json.gz")
    return background


def main() -> int:
    """Fit on every labelled set but the validation weeks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled sets")
    parser.add_argument("--out", type=Path, default=PACKAGED_MODEL, help="where the weights go")
    given = parser.parse_args()
    news = archive(given.data)
    write_background(news)
    encoder = SentenceTransformerEncoder()
    sets = [*weeks(given.data, news), ecbplus(given.data), wikitimes(given.data)]
    vectors = [labelled.vectors(encoder) for labelled in sets]
    # Before any pair is looked at: its features hold where it lies along these directions.
    Topicality.fit(np.concatenate(vectors)).save(PACKAGED_DIRECTIONS)
    pairs = []
    for labelled, encoded in zip(sets, vectors, strict=True):
        views = labelled.views(encoded)
        sys.stderr.write(f"{labelled.name}: {sum(len(view.together) for view in views)} pairs\n")
        pairs += views
    trees = as_onnx(fit_pair_model(pairs)).SerializeToString(deterministic=True)
    # The labels end before, but each week is learned with the shipped word counts too.
    FittedOn(encoder.name, pd.Timestamp(VALIDATION[0])).save()
    given.out.write_bytes(gzip.compress(trees, mtime=0))
    sys.stderr.write(f"wrote {given.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
