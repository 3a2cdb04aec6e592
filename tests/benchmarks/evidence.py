"""Evidence for labelled claims: ours beside plain BM25 and plain embedding search.

`python -m tests.benchmarks.evidence` searches the windows of the claims of data/labels/evidence in
the shared archive. A claim counts when at least one of its deciding articles is among the first
ten. Vectors are kept in a file of the temporary folder (`--vectors`) for the next run.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.articles import embedded_text
from newsworld_dagster.articles.duplicates import mark_duplicates
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.labelled import archive
from newsworld_dagster.resolution import find_evidence, propose_verdict
from newsworld_dagster.resolution.lexical import bm25

ROOT = Path(__file__).parents[2]
LABELS = ROOT / "data" / "labels" / "evidence"
HALVES = {
    "development": "development.csv",
    "held out": "held_out.csv",
    # Some claims of both halves over again, with the actor described instead of named.
    "described": "described.csv",
}
DEPTHS = (1, 5, 10, 20)


def claims_of(half: str) -> pd.DataFrame:
    """The claims of a half, with times and the set of deciding articles."""
    table = pd.read_csv(LABELS / HALVES[half], dtype=str)
    return table.assign(
        made_at=pd.to_datetime(table["made_at"]),
        resolve_by=pd.to_datetime(table["resolve_by"]),
        deciding=table["deciding_article_ids"].str.split().map(frozenset),
    )


def window_of(news: pd.DataFrame, claim: pd.Series) -> np.ndarray:
    """Places of the articles of a claim's window, as the warehouse reads them."""
    seen = news["first_seen_at"]
    return np.flatnonzero((seen > claim["made_at"]) & (seen <= claim["resolve_by"]))


def vectors_of(news: pd.DataFrame, path: Path, encoder: SentenceTransformerEncoder) -> np.ndarray:
    """Vectors of the archive, from the file when it fits."""
    if path.is_file():
        held = np.load(path)
        if len(held) == len(news):
            return held
    texts = [embedded_text(t, s) for t, s in zip(news["title"], news["summary"], strict=True)]

    def told(done: int, total: int) -> None:
        sys.stderr.write(f"\rembedded {done} of {total}")

    vectors = encoder.encode(texts, told)
    np.save(path, vectors)
    return vectors


def rank_of(order: list[str], deciding: frozenset[str]) -> int:
    """Rank of the first deciding article, beyond all depths where there is none."""
    return next((rank for rank, one in enumerate(order, 1) if one in deciding), 10**6)


def line(name: str, half: str, ranks: list[int]) -> str:
    """One row of the table."""
    held = np.array(ranks)
    shares = " | ".join(f"{np.mean(held <= depth):.3f}" for depth in DEPTHS)
    return f"| {half} | {name} | {len(held)} | {shares} | {np.mean(1 / held):.3f} |\n"


def main(arguments: list[str] | None = None) -> int:
    """Print recall at several depths for the three searches on both halves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--vectors", type=Path, default=Path(tempfile.gettempdir()) / "newsworld-evidence.npy"
    )
    parser.add_argument("--misses", action="store_true", help="name the claims missed at 10")
    given = parser.parse_args(arguments)
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / "news_gnews" / "articles.parquet").is_file():
        sys.stderr.write(f"No archive in {shared}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n")
        return 0
    news = archive(shared).assign(duplicate_of=None)
    encoder = SentenceTransformerEncoder()
    vectors = vectors_of(news, given.vectors, encoder)
    copies = mark_duplicates(news, news.iloc[:0], seed=0).set_index("article_id")["duplicate_of"]
    news["duplicate_of"] = news["article_id"].map(copies)
    sys.stdout.write(
        "| half | search | claims | recall at 1 | at 5 | at 10 | at 20 | mean reciprocal rank |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    told: list[str] = []
    spent = 0.0
    for half in HALVES:
        claims = claims_of(half)
        ranks: dict[str, list[int]] = {"plain BM25": [], "plain embedding search": [], "ours": []}
        proposed: list[tuple[str, str | None]] = []
        for _, claim in claims.iterrows():
            places = window_of(news, claim)
            window = news.iloc[places].reset_index(drop=True)
            ids = window["article_id"].to_numpy()
            own, statement = vectors[places], claim["statement"]

            def ordered(scores: np.ndarray, ids: np.ndarray = ids) -> list[str]:
                return list(ids[np.argsort(-scores, kind="stable")])

            texts = window["title"].tolist(), window["summary"].tolist()
            searches: dict[str, Callable[[], list[str]]] = {
                "plain BM25": lambda s=statement, t=texts: ordered(bm25(s, *t)),
                "plain embedding search": lambda s=statement, v=own: ordered(
                    v @ encoder.encode([s])[0]
                ),
            }
            for name, search in searches.items():
                ranks[name].append(rank_of(search(), claim["deciding"]))
            started = time.monotonic()
            found = find_evidence(statement, window, own, encoder.encode, k=max(DEPTHS))
            spent += time.monotonic() - started
            ranks["ours"].append(rank_of([one.article_id for one in found], claim["deciding"]))
            proposed.append((claim["verdict"], propose_verdict(statement, found).verdict))
        for name, held in ranks.items():
            sys.stdout.write(line(name, half, held))
            missed = claims["claim_id"][np.array(held) > 10]
            told.append(f"{half}, {name}: missed {', '.join(missed) or 'none'}")
        if half == "described":
            continue
        said = [(verdict, proposal) for verdict, proposal in proposed if proposal]
        right = sum(verdict == proposal for verdict, proposal in said)
        always = sum(verdict == "yes" for verdict, _ in said)
        told.append(
            f"{half}: verdicts proposed for {len(said)} of {len(claims)} claims, {right} right "
            f"(always 'yes' on the same: {always}); of {sum(p == 'no' for _, p in said)} 'no' "
            f"{sum(v == p == 'no' for v, p in said)} right"
        )
    sys.stdout.write(f"\nours: {spent:.1f} s in all\n")
    shown = told if given.misses else [text for text in told if "proposed" in text]
    sys.stdout.write("\n".join(shown) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
