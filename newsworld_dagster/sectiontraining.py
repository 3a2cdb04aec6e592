"""`python -m newsworld_dagster.sectiontraining ARCHIVE`: fit and measure the section weights.

The weights are fitted on the articles seen before `--until`, so that a replay of later days looks
at nothing ahead, and measured on a sample of those seen from then on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.articles import embedded_text, read_archive
from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.stories import SECTION_DESCRIPTIONS
from newsworld_dagster.stories.sections import WEIGHTS, fit_sections, section_shares


def main() -> int:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", type=Path, help="articles, some of which name their section")
    parser.add_argument("--until", type=pd.Timestamp, default=pd.Timestamp("2025-08-01"))
    parser.add_argument("--test", type=int, default=4000, help="later articles to measure on")
    given = parser.parse_args()
    now = pd.Timestamp.now(tz="UTC").to_pydatetime()
    articles = read_archive(given.archive, now=now).articles
    articles = articles[articles["section"].notna()]
    known = articles[articles["first_seen_at"] < given.until]
    later = articles[articles["first_seen_at"] >= given.until]
    later = later.sample(min(given.test, len(later)), random_state=0)
    encoder = SentenceTransformerEncoder()
    learnt = encoder.encode(_texts(known))
    model = fit_sections(
        learnt, list(known["section"]), encoder=encoder.name, trained_until=given.until
    )
    model.save(WEIGHTS)
    sys.stdout.write(f"{len(known)} articles before {given.until:%Y-%m-%d} -> {WEIGHTS}\n")
    if later.empty:
        sys.stdout.write("No later articles to measure on.\n")
        return 0
    vectors = encoder.encode(_texts(later))
    described = dict(
        zip(SECTION_DESCRIPTIONS, encoder.encode(list(SECTION_DESCRIPTIONS.values())), strict=True)
    )
    unseen = ~later["publisher"].isin(set(known["publisher"])).to_numpy()
    found = {
        "weights": model.probabilities(vectors),
        "nearest description": section_shares(vectors, described, encoder=None, day=given.until),
    }
    truth = later["section"].to_numpy(dtype=object)
    for name, shares in found.items():
        _report(name, truth, shares)
        _report(f"{name}, publishers not trained on", truth[unseen], shares[unseen])
    chosen = np.array(SECTIONS, dtype=object)[found["weights"].argmax(axis=1)]
    table = pd.crosstab(truth, chosen, rownames=["source says"], colnames=["weights say"])
    sys.stdout.write(f"{table.to_string()}\n")
    return 0


def _texts(articles: pd.DataFrame) -> list[str]:
    return [
        embedded_text(title, summary)
        for title, summary in zip(articles["title"], articles["summary"], strict=True)
    ]


def _report(name: str, truth: np.ndarray, shares: np.ndarray) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    if len(truth) == 0:
        return
    chosen = np.array(SECTIONS, dtype=object)[shares.argmax(axis=1)]
    sys.stdout.write(
        f"{name}: {len(truth)} articles, accuracy {accuracy_score(truth, chosen):.3f}, "
        f"macro F1 {f1_score(truth, chosen, average='macro', zero_division=0):.3f}\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
