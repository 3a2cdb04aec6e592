"""`make train-stories`: fit event layers and pair model on labelled stories."""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.embeddings import DEFAULT_MODEL, SentenceTransformerEncoder
from newsworld_dagster.embeddings.event_weights import save_event_layers
from newsworld_dagster.embeddings.tuning import models_own_layers
from newsworld_dagster.labelled import (
    HISTORY_DAYS,
    REFERENCE,
    VALIDATION,
    archive,
    ecbplus,
    fitted_apart,
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
    parser.add_argument("--encoder", default=DEFAULT_MODEL, help="embedding model to fit it for")
    given = parser.parse_args()
    news = archive(given.data)
    write_background(news)
    # The layers that ship are made here: nothing may hang on what they were.
    encoder = SentenceTransformerEncoder(given.encoder, event_layers=models_own_layers())
    sets = [*weeks(given.data, news), ecbplus(given.data), wikitimes(given.data)]
    vectors = [labelled.vectors(encoder)[0] for labelled in sets]
    layers, events = None, vectors
    if encoder.name != encoder.event_name:
        layers, events = fitted_apart(sets, vectors)
        sys.stderr.write("fitted the event layers\n")
    # Before any pair is looked at: its features hold where it lies along these directions.
    Topicality.fit(np.concatenate(vectors)).save(PACKAGED_DIRECTIONS)
    pairs = []
    for labelled, encoded, of_events in zip(sets, vectors, events, strict=True):
        views = labelled.views(encoded, of_events)
        sys.stderr.write(f"{labelled.name}: {sum(len(view.together) for view in views)} pairs\n")
        pairs += views
    trees = as_onnx(fit_pair_model(pairs)).SerializeToString(deterministic=True)
    # Together, and last: trees and layers are of no use without each other.
    if layers is not None:
        save_event_layers(layers)
    made = SentenceTransformerEncoder(given.encoder, event_layers=layers)
    # The labels end before, but each week is learned with the shipped word counts too.
    FittedOn(made.name, made.event_name, pd.Timestamp(VALIDATION[0])).save()
    PACKAGED_MODEL.write_bytes(gzip.compress(trees, mtime=0))
    sys.stderr.write(f"wrote {PACKAGED_MODEL}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
