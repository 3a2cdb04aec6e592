"""The default encoder against plain sentence-transformers in float32, in one interleaved run.

Both take turns over shares of the same articles, so that whatever else the machine does falls on
both: trust the ratios more than the rates.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.clusterfile import cluster_articles
from newsworld_dagster.embeddings import DEFAULT_MODEL, FLOAT32_MODEL, SentenceTransformerEncoder
from newsworld_dagster.labelled import archive, weeks
from newsworld_dagster.stories import b_cubed
from tests.benchmarks.figures import Figure, note
from tests.benchmarks.shared import archive_file

ARTICLES = 3072
SHARE = 256
COLD_STARTS = 3
MODELS = (FLOAT32_MODEL, DEFAULT_MODEL)

# Seconds from a fresh process to the first vector, and of these the loading of the model.
COLD_START = """
import sys, time
started = time.monotonic()
from newsworld_dagster.embeddings import SentenceTransformerEncoder
import sentence_transformers
imported = time.monotonic()
SentenceTransformerEncoder(sys.argv[1]).encode(["a text"])
print(time.monotonic() - started, time.monotonic() - imported)
"""


def compare_encoders(shared: Path) -> str:
    """Rates, loading times and story quality of both encoders, as a Markdown table."""
    articles = pd.read_parquet(shared / "news_gnews" / "articles.parquet")
    texts = _texts(articles.sample(2 * ARTICLES, random_state=1))
    texts = list(dict.fromkeys(texts))[:ARTICLES]
    week = weeks(shared, archive(shared), validation=True)[0]
    # The same for both: float32 has none of its own.
    _, events = week.vectors(SentenceTransformerEncoder())
    starts: dict[str, list[tuple[float, float]]] = {name: [] for name in MODELS}
    for _ in range(COLD_STARTS):
        for name in MODELS:
            starts[name].append(_cold_start(name))
    encoders = {name: SentenceTransformerEncoder(name) for name in MODELS}
    for encoder in encoders.values():
        encoder.encode(texts[:SHARE])
    wall, processor = dict.fromkeys(MODELS, 0.0), dict.fromkeys(MODELS, 0.0)
    for start in range(0, len(texts), SHARE):
        for name, encoder in encoders.items():
            began = time.monotonic(), time.process_time()
            encoder.encode(texts[start : start + SHARE])
            wall[name] += time.monotonic() - began[0]
            processor[name] += time.process_time() - began[1]
    lines = [
        f"{len(texts)} articles of {statistics.mean(map(len, texts)):.0f} characters, "
        f"in turns of {SHARE}",
        "",
        "| encoder | articles/s | articles/CPU-s | ratio | ratio by CPU "
        "| first vector s | of it loading s | B-cubed F1 | in company |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, encoder in encoders.items():
        cold, loading = (statistics.median(times) for times in zip(*starts[name], strict=True))
        found = cluster_articles(
            week.articles,
            week.vectors(encoder)[0],
            events=events,
            background=week.background,
        )
        f1 = b_cubed(week.stories, found).f1
        note(
            Figure(
                f"encoder {name}",
                f"{len(texts):,} articles",
                wall[name],
                processor[name],
                peer="sentence-transformers, float32",
                ratio=wall[FLOAT32_MODEL] / wall[name],
                note=f"B-cubed F1 on the validation week {f1:.4f} with {name} and the default's "
                "event vectors",
            )
        )
        lines.append(
            f"| {name} | {len(texts) / wall[name]:.1f} | {len(texts) / processor[name]:.1f} "
            f"| {wall[FLOAT32_MODEL] / wall[name]:.2f} "
            f"| {processor[FLOAT32_MODEL] / processor[name]:.2f} "
            f"| {cold:.2f} | {loading:.2f} | {f1:.4f} | {_company(encoder, texts):.1e} |"
        )
    lines += ["", "in company: how far a component moves between a text alone and among others"]
    return "\n".join(lines)


def _texts(articles: pd.DataFrame) -> list[str]:
    return [
        embedded_text(title, summary)
        for title, summary in zip(articles["title"], articles["summary"].fillna(""), strict=True)
    ]


def _cold_start(name: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", COLD_START, name], check=True, capture_output=True, text=True
    )
    whole, loading = done.stdout.split()[-2:]
    return float(whole), float(loading)


def _company(encoder: SentenceTransformerEncoder, texts: list[str]) -> float:
    among = encoder.encode(texts[:SHARE])
    alone = np.vstack([encoder.encode([text]) for text in texts[:SHARE]])
    return float(np.abs(among - alone).max())


def main() -> int:
    """Print the table."""
    archive = archive_file()
    if archive is None:
        return 0
    sys.stdout.write(f"{compare_encoders(archive.parents[1])}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
