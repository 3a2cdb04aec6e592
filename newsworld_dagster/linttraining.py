"""`python -m newsworld_dagster.linttraining --data SHARED`: fit the lint's model of wordings.

Faulty and decidable wordings come from data/labels/lint/development.csv. Plain events are lent by
the shared data: every second market question of ForecastBench, and one-sentence event reports of
Wikipedia's current events; none of their texts is kept. How sure the model must be is chosen in
four folds, so that it refuses few of the decidable claims. `blind.csv` is never read here.

`--wordnet DICT` makes the classes of meaning anew from the file index.sense of WordNet 3.1.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.embeddings import DEFAULT_MODEL, FLOAT32_MODEL, SentenceTransformerEncoder
from newsworld_dagster.forecasting import lint
from newsworld_dagster.forecasting.vagueness import (
    FAULTS,
    SENSES,
    WEIGHTS,
    VagueModel,
    fit_vagueness,
    gist_of_wording,
)
from newsworld_dagster.settings import PROJECT

LABELS = PROJECT / "data" / "labels" / "lint" / "development.csv"
# Of the decidable claims of the development set, which are harder than most; words alone see less.
MAY_BE_REFUSED = {"words": 0.015, "vectors": 0.025}
LENT_EVENTS = 1500
LENT_WEIGHT = 0.4
# Classes of meaning of WordNet by the number of its lexicographer file.
_CLASSES = [
    *("all", "pert", "all", "Tops", "act", "animal", "artifact", "attribute", "body"),
    *("cognition", "communication", "event", "feeling", "food", "group", "location", "motive"),
    *("object", "person", "phenomenon", "plant", "possession", "process", "quantity", "relation"),
    *("shape", "state", "substance", "time", "body", "change", "cognition", "communication"),
    *("competition", "consumption", "contact", "creation", "emotion", "motion", "perception"),
    *("possession", "social", "stative", "weather", "ppl"),
]
_PARTS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}


def main() -> int:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data")
    parser.add_argument("--wordnet", type=Path, help="folder with WordNet's index.sense")
    given = parser.parse_args()
    if given.wordnet:
        SENSES.write_bytes(
            gzip.compress("\n".join(read_senses(given.wordnet)).encode(), 9, mtime=0)
        )
    labels = pd.read_csv(LABELS, dtype=str, keep_default_na=False)
    questions, events = lent(given.data)
    kept, unseen = questions[::2], questions[1::2]
    gists = [gist_of_wording(text) for text in [*labels["statement"], *kept, *events]]
    faults = np.array([*labels["faults"], *[""] * (len(kept) + len(events))], dtype=object)
    own = np.arange(len(gists)) < len(labels)
    weight = np.where(own, 1.0, LENT_WEIGHT)
    encoder = SentenceTransformerEncoder()
    vectors = encoder.encode(gists)
    other = [gist_of_wording(text) for text in unseen]
    other_vectors = encoder.encode(other)
    found = {}
    for name, given_vectors in (("words", None), ("vectors", vectors)):
        least = _how_sure(gists, faults, weight, own, given_vectors, MAY_BE_REFUSED[name])
        model = fit_vagueness(gists, list(faults), weight, given_vectors, least=least)
        refused = [
            model.finding(gist, vector if name == "vectors" else None) is not None
            for gist, vector in zip(other, other_vectors, strict=True)
        ]
        sys.stdout.write(
            f"{name}: {np.mean(refused):.3f} of {len(other)} other questions refused\n"
        )
        found[name] = model
    _save(found["words"], found["vectors"])
    sys.stdout.write(f"{len(gists)} wordings -> {WEIGHTS}\n")
    return 0


def lent(shared: Path) -> tuple[list[str], list[str]]:
    """Market questions, and event reports in which the lists find no fault."""
    table = pd.read_parquet(shared / "forecastbench" / "questions.parquet")
    markets = table["source"].isin(["infer", "manifold", "metaculus", "polymarket"])
    reports = pd.read_parquet(shared / "wcep_events" / "events.parquet")["text"]
    sentences = dict.fromkeys(re.split(r"(?<=[a-z\d)])\.\s", text)[0] for text in reports)
    short = [text for text in sentences if 6 <= len(text.split()) <= 22]
    picked = np.random.default_rng(0).permutation(len(short))[: 2 * LENT_EVENTS]
    later = pd.Timestamp(2030, 1, 1)
    plain = [short[at] for at in picked if not lint(short[at], later, learned=False)]
    return list(table.loc[markets, "question"].drop_duplicates()), plain[:LENT_EVENTS]


def _how_sure(
    gists: list[str],
    faults: np.ndarray,
    weight: np.ndarray,
    own: np.ndarray,
    vectors: np.ndarray | None,
    may_be_refused: float,
) -> float:
    """The probability that no larger a share of decidable claims of other folds exceeds."""
    fold = np.random.default_rng(0).integers(0, 4, len(gists))
    sure = np.zeros(len(gists))
    for held in range(4):
        taught = np.flatnonzero(~(own & (fold == held)))
        model = fit_vagueness(
            [gists[at] for at in taught],
            list(faults[taught]),
            weight[taught],
            None if vectors is None else vectors[taught],
        )
        for at in np.flatnonzero(own & (fold == held)):
            logit = model.logits(gists[at], None if vectors is None else vectors[at])[0]
            sure[at] = 1 / (1 + np.exp(-logit))
    least = float(np.quantile(sure[own & (faults == "")], 1 - may_be_refused))
    for name in FAULTS:
        share = np.mean(sure[own & (faults == name)] >= least)
        sys.stdout.write(f"  {name}: {share:.2f} refused in other folds at {least:.3f}\n")
    return least


def _save(words: VagueModel, vectors: VagueModel) -> None:
    np.savez_compressed(
        WEIGHTS,
        words=words.weights.astype(np.float16),
        words_intercepts=words.intercepts,
        words_least=np.array(words.least),
        vectors=vectors.weights.astype(np.float16),
        vectors_intercepts=vectors.intercepts,
        vectors_least=np.array(vectors.least),
        encoders=np.array([DEFAULT_MODEL, FLOAT32_MODEL]),
    )


def read_senses(folder: Path) -> list[str]:
    """Part of speech, word and its common classes of meaning, of words that WordNet has counted."""
    counts: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    tagged = set()
    for line in (folder / "index.sense").read_text(encoding="utf-8").splitlines():
        key, _, sense, count = line.split()
        word, rest = key.split("%")
        part, file, *_ = rest.split(":")
        if not word.isalpha():
            continue
        counts[_PARTS[part], word][_CLASSES[int(file)]] += int(count) + 1 / int(sense)
        if int(count):
            tagged.add(word)
    lines = []
    for (part, word), classes in sorted(counts.items()):
        common = [name for name, count in classes.items() if count >= 0.25 * sum(classes.values())]
        if word in tagged and common:
            lines.append(" ".join([part, word, *common]))
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
