"""Recalibration and ensembles on forecasts that were really made, cross-validated.

`python -m tests.benchmarks.recalibration` reads the per-question forecasts of two publications
and prints, per forecaster, the Brier score as it was, after each recalibration, and with the
published one, and then ensembles beside single forecasters. Every figure of ours is out of fold:
all forecasts on one question are in one fold, and nothing is fitted on a fold that it is applied
to. No parameter was chosen here.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.forecasting.ensemble import Ensemble, combine, equal, fit_ensemble
from newsworld_dagster.forecasting.recalibration import fit, recalibrate
from newsworld_dagster.scoring import paired_comparison

ROOT = Path(__file__).parents[2]
FOLDS = 10
# Both publications are over: one moment after all of it stands for when it was settled.
SETTLED = pd.Timestamp("2026-01-01")
# A forecast of exactly 0 or 1 has no log-odds, and the ledger would refuse it.
EDGE = 0.001
MODELS = {"platt": ("platt", 1.0), "isotonic": ("isotonic", 1.0), "plain platt": ("platt", 0.0)}
PARTS = ("base 0", "base 1", "base 2", "fine-tuned", "fine-tuned, other prompt")
Rows = pd.DataFrame


def consistency(shared: Path) -> Rows:
    """Runs of Paleka et al. 2024, with their published recalibration in `published`."""
    rows = pd.read_parquet(shared / "consistency2024" / "forecasts.parquet")
    return forecasts(
        rows["run"], rows["question_id"], rows["prob"], rows["resolution"]
    ).assign(published=rows["platt_prob"].to_numpy())  # fmt: skip


def halawi(shared: Path) -> Rows:
    """Single answers, published ensembles and the crowd of Halawi et al. 2024.

    A question is asked at up to five moments; each is a row, and all of a question are one group.
    """
    rows = pd.read_parquet(shared / "halawi2024" / "predictions.parquet")
    base = np.stack([np.asarray(found, dtype=float) for found in rows["base_predictions"]])
    columns = dict(zip(PARTS, [
        *base.T,
        [found[0] for found in rows["finetuned_predictions"]],
        [found[0] for found in rows["finetuned_other_predictions"]],
    ], strict=True)) | {
        "published base ensemble": rows["base_ensemble"],
        "published fine-tuned ensemble": rows["finetuned_ensemble"],
        "published system": rows["system_ensemble"],
        "crowd": rows["crowd_prediction"],
    }  # fmt: skip
    asked = rows["item_index"].astype(str) + "-" + rows["retrieval_index"].astype(str)
    return pd.concat(
        forecasts(name, asked, np.asarray(said), rows["outcome"]).assign(
            group=rows["item_index"].to_numpy()
        )
        for name, said in columns.items()
    ).reset_index(drop=True)


def forecasts(forecaster: object, question: object, said: object, outcome: object) -> Rows:
    """Rows as the rooms read them; `raw` is what was said before 0 and 1 were pulled in."""
    rows = pd.DataFrame(
        {"forecaster": forecaster, "question_id": question, "raw": said, "outcome": outcome}
    ).astype({"raw": float, "outcome": float})
    return rows.assign(
        group=rows["question_id"],
        probability=rows["raw"].clip(EDGE, 1 - EDGE),
        resolve_by=SETTLED,
        decided_at=SETTLED,
    )


def fold_of(rows: Rows) -> np.ndarray:
    """The fold of each row, by a shuffle of its groups."""
    codes, groups = pd.factorize(rows["group"], sort=True)
    return (np.random.default_rng(20260101).permutation(len(groups)) % FOLDS)[codes]


def recalibrated(rows: Rows, method: str, shrink: float) -> np.ndarray:
    """Out-of-fold probabilities of one forecaster's rows."""
    fold, found = fold_of(rows), np.zeros(len(rows))
    for held in range(FOLDS):
        model = fit(rows[fold != held], as_of=SETTLED, method=method, shrink=shrink)
        at = fold == held
        found[at] = recalibrate(model, rows.loc[at, "probability"], made_at=SETTLED)
    return found


def combined(rows: Rows, fitted: Callable[[Rows], Ensemble]) -> pd.Series:
    """Out-of-fold probabilities of an ensemble, by question_id."""
    fold = fold_of(rows)
    return pd.concat(
        combine(fitted(rows[fold != held]), rows[fold == held], made_at=SETTLED)
        for held in range(FOLDS)
    )


def ensembles(rows: Rows, members: list[str]) -> Rows:
    """Rows of each ensemble of the members."""
    rows = rows[rows["forecaster"].isin(members)]
    makers: dict[str, Callable[[Rows], Ensemble]] = {
        "equal log-odds": lambda _: equal(members),
        "fitted weights": lambda seen: fit_ensemble(
            seen, members, as_of=SETTLED, extremise=False
        ),
        "fitted weights and factor": lambda seen: fit_ensemble(seen, members, as_of=SETTLED),
    }  # fmt: skip
    one = rows.drop_duplicates("question_id").set_index("question_id")
    found = []
    for name, maker in makers.items():
        said = combined(rows, maker)
        found.append(
            one.loc[said.index].reset_index().assign(
                forecaster=name, raw=said.to_numpy(), probability=said.to_numpy()
            )
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def brier(said: object, outcome: object) -> np.ndarray:
    """Brier scores of any probabilities, 0 and 1 among them."""
    return (np.asarray(said, dtype=float) - np.asarray(outcome, dtype=float)) ** 2


def table_of(rows: Rows) -> pd.DataFrame:
    """One line a forecaster: Brier before, after each recalibration, and as published.

    `low` and `high` bound the difference that `platt` makes (negative: it helps), 95 %, drawn by
    question.
    """
    lines = []
    for name, one in rows.groupby("forecaster", sort=False):
        before = brier(one["raw"], one["outcome"])
        line = {"forecaster": name, "n": len(one), "before": before.mean()}
        for model, (method, shrink) in MODELS.items():
            after = brier(recalibrated(one, method, shrink), one["outcome"])
            line[model] = after.mean()
            if model == "platt":
                change = paired_comparison(after, before, one["group"]).interval
                line |= {"change": change.mean, "low": change.low, "high": change.high}
        if "published" in one:
            line["published"] = brier(one["published"], one["outcome"]).mean()
        line["slope"] = fit(one, as_of=SETTLED, shrink=0).slope
        lines.append(line)
    return pd.DataFrame(lines)


def learning_curve(rows: Rows, sizes: tuple[int, ...] = (10, 30, 100), draws: int = 10) -> Rows:
    """Mean change in Brier over forecasters and draws when few questions have settled.

    Fitted on `size` questions drawn at random, applied to all others.
    """
    rng, lines = np.random.default_rng(20260101), []
    for size in sizes:
        changes: dict[str, list[float]] = {"platt": [], "isotonic": [], "plain platt": []}
        for _, one in rows.groupby("forecaster", sort=False):
            for _ in range(draws):
                seen = np.isin(np.arange(len(one)), rng.choice(len(one), size, replace=False))
                rest = one[~seen]
                before = brier(rest["raw"], rest["outcome"]).mean()
                for model, (method, shrink) in MODELS.items():
                    fitted = fit(one[seen], as_of=SETTLED, method=method, shrink=shrink)
                    said = recalibrate(fitted, rest["probability"], made_at=SETTLED)
                    changes[model].append(brier(said, rest["outcome"]).mean() - before)
        means = {model: float(np.mean(change)) for model, change in changes.items()}
        lines.append({"settled questions": size} | means)
    return pd.DataFrame(lines)


def beside(combined: Rows, rows: Rows, references: list[str]) -> pd.DataFrame:
    """One line an ensemble and reference: the difference in Brier (negative: ensemble better)."""
    lines = []
    for name, one in combined.groupby("forecaster", sort=False):
        for reference in references:
            other = rows[rows["forecaster"] == reference].set_index("question_id")
            other = other.loc[one["question_id"]]
            score = brier(one["raw"], one["outcome"])
            against = brier(other["raw"], other["outcome"])
            found = paired_comparison(score, against, one["group"]).interval
            lines.append(
                {"ensemble": name, "Brier": score.mean(), "beside": short(reference)}
                | {"its Brier": against.mean(), "difference": found.mean}
                | {"low": found.low, "high": found.high}
            )
    return pd.DataFrame(lines)


def best_of(rows: Rows, members: list[str]) -> str:
    """The member with the least Brier score on all questions, known in hindsight only."""
    score = rows.assign(score=brier(rows["raw"], rows["outcome"])).groupby("forecaster")["score"]
    return str(score.mean()[members].idxmin())


def power_law(rows: Rows, shared: Path) -> float:
    """Largest gap between the published Platt figures and ``p^a / (1 + p^a)``.

    With ``a`` the published factor of each run, over forecasts other than 0 and 1, which were
    moved before. The form cannot exceed 1/2.
    """
    expected = json.loads((shared / "consistency2024" / "expected_scores.json").read_text())
    factors = {line["run"]: line["platt_scaling_factor"] for line in expected}
    rows = rows[(rows["raw"] > 1e-6) & (rows["raw"] < 1)]
    power = rows["raw"] ** rows["forecaster"].map(factors)
    return float((power / (1 + power) - rows["published"]).abs().max())


def markdown(frame: pd.DataFrame) -> str:
    """A table with four decimals."""
    cells = [
        [f"{value:.4f}" if isinstance(value, float) else str(value) for value in row]
        for row in frame.itertuples(index=False)
    ]
    lines = [list(frame.columns), ["---"] * len(frame.columns), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def short(run: str) -> str:
    """A run's name without its dates."""
    return run.replace("_20240501_20240815", "").replace("_20240501_2024081", "")


def main(arguments: list[str] | None = None) -> int:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    shared = Path(os.environ.get("NEWSWORLD_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (shared / "consistency2024" / "forecasts.parquet").is_file():
        sys.stderr.write(
            f"No forecasts under {shared}: set NEWSWORLD_SHARED_DATA. Nothing measured.\n"
        )
        return 0
    runs, asked = consistency(shared), halawi(shared)
    models = [name for name in runs["forecaster"].unique() if "Baseline" not in name]
    named = table_of(runs).assign(forecaster=lambda frame: frame["forecaster"].map(short))
    by_runs = beside(ensembles(runs, models), runs, [best_of(runs, models)])
    by_parts = beside(
        ensembles(asked, list(PARTS)), asked, [best_of(asked, list(PARTS)), "published system"]
    )
    language_models = runs[runs["forecaster"].isin(models)]
    gap = power_law(runs, shared)
    sys.stdout.write(
        f"## consistency2024\n\n{markdown(named)}\n\n"
        f"published Platt beside p^a / (1 + p^a): gap {gap:.4f}\n\n"
        f"{markdown(by_runs)}\n\n{markdown(learning_curve(language_models))}\n\n"
        f"## halawi2024\n\n{markdown(table_of(asked))}\n\n"
        f"{markdown(by_parts)}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
