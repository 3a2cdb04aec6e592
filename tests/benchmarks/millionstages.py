"""The stages of `tests.benchmarks.million`, each run in a process of its own.

`python -m tests.benchmarks.millionstages STAGE FOLDER ...`: works in FOLDER (`wire/` is the
simulated stream, `world/` the world) and prints what it found as one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tests.benchmarks.newswire.process import Process

if TYPE_CHECKING:
    from newsworld_dagster.defs.world import World

SEED = 1
# Word frequencies for `clustering` come from another stream in the same words. The daily job counts
# a sample of as many articles of the 60 days before.
BACKGROUND_ARTICLES = 10_000
# A product's topic stands for the hidden topic that most of its articles are about.
LEAST_PURITY = 0.5
TRUTH_DRAWS = 1_000
# Of a longer record as many days, evenly spread, are compared with the truth.
MOST_EDITIONS = 50


def generate(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Write the stream and its truth."""
    from tests.benchmarks.newswire.stream import write

    return write(folder / "wire", given.articles, Process(a_day=given.a_day), SEED)


def import_archive(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """`newsworld import`: read, clean, mark near-duplicates, store."""
    from newsworld_dagster.defs.intake import store_archive

    took = store_archive(_world(), folder / "wire" / "articles.parquet", {})
    return {"stored": took.stored, "rejected": took.rejected, "copies": took.duplicates}


def near_duplicates(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What the import marked, against the true copies (no work of the product)."""
    truth = pd.read_parquet(folder / "wire" / "truth_articles.parquet",
                            columns=["article_id", "url", "copy_of", "copy_kind"])  # fmt: skip
    with _world().warehouse.read() as reader:
        marked = reader.frame(
            "SELECT a.url, o.url AS original FROM news.articles AS a "
            "JOIN news.articles AS o ON o.article_id = a.duplicate_of"
        )
    original = truth["url"].map(marked.set_index("url")["original"])
    named = original.map(truth.set_index("url")["article_id"])
    right = (named == truth["copy_of"]) & named.notna()
    close = truth["copy_of"].notna() & truth["copy_kind"].isin([1, 2])
    return {
        "precision": float(right.sum() / max(named.notna().sum(), 1)),
        "recall": float(right[close].mean()),
        "recall of edited copies": float(right[truth["copy_kind"] == 3].mean()),
    }


def clustering(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Stories day by day as `newsworld cluster` makes them, hashed words as vectors."""
    from newsworld_dagster.articles import embedded_text
    from newsworld_dagster.clusterfile import cluster_articles
    from newsworld_dagster.stories import Background
    from newsworld_dagster.stories.agreement import b_cubed_items, mean_b_cubed
    from tests.benchmarks.newswire.encoder import HashedWords
    from tests.benchmarks.newswire.stream import stream

    columns = ["article_id", "title", "summary", "publisher", "first_seen_at"]
    articles = pd.read_parquet(folder / "wire" / "articles.parquet", columns=columns)
    vectors = HashedWords().encode(
        [embedded_text(t, s) for t, s in zip(articles["title"], articles["summary"], strict=True)]
    )
    parts = [part.articles[["title", "summary"]] for part in
             stream(BACKGROUND_ARTICLES, Process(a_day=given.a_day), SEED + 1)]  # fmt: skip
    other = pd.concat(parts)
    background = Background.of(other["title"], other["summary"])
    found = cluster_articles(articles, vectors, background=background)
    truth = pd.read_parquet(folder / "wire" / "truth_articles.parquet", columns=["story"])
    items = b_cubed_items(truth["story"].to_numpy(), found)
    several = mean_b_cubed(items[items["class_size"] > 1])
    return {
        "f1": mean_b_cubed(items).f1,
        "precision": mean_b_cubed(items).precision,
        "recall": mean_b_cubed(items).recall,
        "f1 of stories of 2+": several.f1,
    }


def record(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """`newsworld backtest --record-only` of the last `record_days`, hashed words as vectors.

    Of `part_days` at once, behind what is recorded, and how many days are left.
    """
    from newsworld_dagster.runs import run_days

    world, (first, last) = _world(), _recorded(given)
    record_from = first + pd.Timedelta(days=given.warm_up_days)
    with world.warehouse.read() as reader:
        recorded = reader.latest_as_of()
    start = first if recorded is None else max(first, recorded.floor("D"))
    end = min(last, start + pd.Timedelta(days=given.part_days - 1))
    if start <= end:  # else a part that was cut short had made the last day
        run_days(world, start, end, record_from=record_from, record_only=True)
    return _made(world, start, end) | {"left": (last - end).days}


def backtest(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """`newsworld backtest` over the last days again, all assets; the record of them stands."""
    from newsworld_dagster.runs import run_days

    world, (start, last) = _world(), _recorded(given)
    first = max(start, last - pd.Timedelta(days=given.days - 1))
    run_days(world, first, last, record_from=start + pd.Timedelta(days=given.warm_up_days))
    return _made(world, first, last)


def _recorded(given: argparse.Namespace) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the record, warm-up included."""
    with _world().warehouse.read() as reader:
        days = reader.article_days()
    return max(days[0], days[-1] - pd.Timedelta(days=given.record_days - 1)), days[-1]


def _made(world: World, first: pd.Timestamp, last: pd.Timestamp) -> dict[str, Any]:
    from newsworld_dagster.runs import what_is_there

    made = what_is_there(world)
    return {"days": len(pd.date_range(first, last)), "claims": made.claims,
            "verdicts": made.verdicts, "topics": made.topics}  # fmt: skip


def scorecard(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """`newsworld scorecard`."""
    from newsworld_dagster.cli.record import scorecard_of

    document = scorecard_of(_world(), None, None, None)
    return {
        row["forecaster"]: {name: row[name] for name in ("scored", "brier", "skill")}
        for row in document["forecasters"]
    }


def pages(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """All pages of the edition, from nothing."""
    from newsworld_dagster.defs.edition import publish_edition

    world = _world()
    published = world.settings.published_dir
    shutil.rmtree(published / ".editions", ignore_errors=True)
    (published / "edition").unlink(missing_ok=True)
    made = publish_edition(world)
    return {"files": made.files, "mebibytes": round(made.size / 2**20, 1)}


def calibration(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Claims of `coverage` against the hidden truth (no work of the product)."""
    from newsworld_dagster.scoring import brier_score, calibration_test

    claims = claims_with_truth(folder, Process(a_day=given.a_day), _world())
    claims = claims[claims["verdict"].isin(["yes", "no"])]
    found: dict[str, Any] = {"settled claims": len(claims)}
    claims = claims[claims["true"].notna()]
    if len(claims) < 30:
        return found | {"with a hidden topic": len(claims)}
    verdict = (claims["verdict"] == "yes").astype(float)
    outcome, topic = claims["came"].astype(float), claims["hidden"]
    found |= {
        "with a hidden topic": len(claims),
        "verdict is the true outcome": float((verdict == outcome).mean()),
        "brier of the truth": float(brier_score(claims["true"], outcome).mean()),
        "p(1-p) of the truth": float((claims["true"] * (1 - claims["true"])).mean()),
        "p value of the truth": calibration_test(claims["true"], outcome, topic, seed=1).p_value,
    }
    for name in ("coverage", "base-rate"):
        p = claims[name]
        found[name] = {
            "brier": float(brier_score(p, verdict).mean()),
            "mean p": float(p.mean()),
            "share of yes": float(verdict.mean()),
            "mean distance from the truth": float((p - claims["true"]).abs().mean()),
            "correlation with the truth": float(np.corrcoef(p, claims["true"])[0, 1]),
            "p value": calibration_test(p, verdict, topic, seed=1).p_value,
        }
    return found


def claims_with_truth(folder: Path, process: Process, world: World) -> pd.DataFrame:
    """Questions of days of the record with what was said, the verdict, and the truth.

    Columns question_id, made_at, coverage, base-rate, verdict, hidden (topic), true (probability)
    and came (outcome); the last three are null where no hidden topic has half of the topic's
    articles, or the stream ends within the window.
    """
    from tests.benchmarks.newswire.lexicon import lexicon
    from tests.benchmarks.newswire.truth import MOST_PUBLISHERS, Asked, Truth

    truth = Truth(folder / "wire", process, SEED)
    hidden_of = truth.articles.set_index("url")["topic"]
    end = truth.articles["first_seen_at"].max()
    families = list(lexicon().families)
    rows = []
    with world.warehouse.read() as reader:
        moment = reader.latest_as_of()
        assert moment is not None, "the backtest made an edition"
        claims = reader.claims_with_verdicts(moment)
        said = claims.pivot_table(index="question_id", columns="forecaster", values="probability")
        rules = reader.table("forecasts.claims").set_index("question_id")["spec"]
        asked = claims[claims["forecaster"] == "coverage"].drop_duplicates("question_id")
        editions = list(asked.groupby(["day", "made_at"]))
        for (day, made_at), questions in editions[:: -(-len(editions) // MOST_EDITIONS)]:
            window = reader.live_window(pd.Timestamp(day), pd.Timestamp(made_at), 28)
            hidden = window["url"].map(hidden_of)
            for one in questions.itertuples():
                share = hidden[window["topic_id"] == one.topic_id].value_counts(normalize=True)
                row = {"question_id": one.question_id, "made_at": made_at, "verdict": one.verdict,
                       "true": np.nan, "came": np.nan, "hidden": -1}  # fmt: skip
                rule = rules.loc[one.question_id]
                rule = json.loads(rule if isinstance(rule, str) else rule.iloc[0])
                known = len(share) > 0 and share.iloc[0] >= LEAST_PURITY
                if known and one.resolve_by <= end and rule["at_least"] <= MOST_PUBLISHERS:
                    question = Asked(
                        topic=int(share.index[0]),
                        as_of=pd.Timestamp(made_at),
                        window_days=float(one.window_days),
                        at_least=rule["at_least"],
                        counts="articles" if rule["rule"] == "articles" else "publishers",
                        family=families.index(rule["family"]) if rule["family"] else -1,
                    )
                    row |= {
                        "hidden": question.topic,
                        "true": truth.probability(question, TRUTH_DRAWS),
                        "came": truth.outcome(question),
                    }
                rows.append(row)
    return pd.DataFrame(rows).join(said[["coverage", "base-rate"]], on="question_id")


STAGES: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "generate": generate,
    "import": import_archive,
    "near-duplicates": near_duplicates,
    "clustering": clustering,
    "record": record,
    "backtest": backtest,
    "scorecard": scorecard,
    "pages": pages,
    "calibration": calibration,
}


def _world() -> World:
    from newsworld_dagster.defs.world import World
    from newsworld_dagster.settings import Settings
    from tests.benchmarks.newswire.encoder import HashedWords

    return World(
        Settings(), given_encoder=HashedWords(), progress=lambda text: print(text, file=sys.stderr)
    )


def main() -> int:
    """Run one stage; its findings go to stdout as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, required=True)
    parser.add_argument("--a-day", type=float, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--record-days", type=int, required=True)
    parser.add_argument("--warm-up-days", type=int, required=True)
    parser.add_argument("--part-days", type=int, required=True)
    given = parser.parse_args()
    # The partitions are read from the settings when Dagster's definitions are loaded.
    os.environ["NEWSWORLD_DATA_DIR"] = str(given.folder / "world")
    found = STAGES[given.stage](given.folder, given)
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
