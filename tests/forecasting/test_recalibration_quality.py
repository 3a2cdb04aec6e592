"""Recalibration and ensembles on forecasts that were really made, against published figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.scoring import paired_comparison
from tests.benchmarks.recalibration import (
    PARTS,
    SETTLED,
    beside,
    brier,
    combined,
    consistency,
    halawi,
    power_law,
    recalibrated,
)


def folder(shared_data: Path, name: str) -> Path:
    if not (shared_data / name).is_dir():
        pytest.skip(f"no {name} under {shared_data}; set NEWSWORLD_SHARED_DATA")
    return shared_data


@pytest.fixture(scope="module")
def shared(shared_data: Path) -> Path:
    return folder(folder(shared_data, "consistency2024"), "halawi2024")


def test_recalibrated_runs_beat_themselves_and_the_published_platt(shared: Path) -> None:
    runs = consistency(shared)
    expected = json.loads((shared / "consistency2024" / "expected_scores.json").read_text())
    published = {line["run"]: line for line in expected if line["n_item_rows"]}
    lines = []
    for run, one in runs.groupby("forecaster"):
        y = one["outcome"]
        line = {
            "before": brier(one["raw"], y).mean(),
            "published": brier(one["published"], y).mean(),
            "platt": brier(recalibrated(one, "platt", 1.0), y).mean(),
            "isotonic": brier(recalibrated(one, "isotonic", 1.0), y).mean(),
        }
        assert line["before"] == pytest.approx(published[run]["avg_brier_score"], abs=6e-4)
        assert line["published"] == pytest.approx(published[run]["avg_platt_brier_score"], abs=6e-4)
        lines.append({"run": run} | line)
    table = pd.DataFrame(lines)
    table = table[~table["run"].str.contains("Baseline")]
    assert len(table) == 15
    change = table["platt"] - table["before"]
    assert change.mean() < -0.008
    assert change.max() < 0.003  # where it does not help, it hardly hurts
    assert (table["isotonic"] - table["before"]).mean() < -0.004
    assert (table["platt"] < table["published"]).sum() >= 14


def test_the_published_platt_is_a_power_that_stays_below_one_half(shared: Path) -> None:
    runs = consistency(shared)
    assert power_law(runs, shared) < 0.0005
    assert runs.loc[runs["raw"] < 1, "published"].max() <= 0.5


def test_recalibration_helps_the_system_that_had_thousands_of_forecasts(shared: Path) -> None:
    asked = halawi(shared)
    expected = json.loads((shared / "halawi2024" / "expected.json").read_text())
    for name, key in (("published system", "system_brier"), ("crowd", "crowd_brier")):
        one = asked[asked["forecaster"] == name]
        before = brier(one["raw"], one["outcome"])
        assert before.mean() == pytest.approx(expected[key], abs=1e-9)
        after = brier(recalibrated(one, "platt", 1.0), one["outcome"])
        assert paired_comparison(after, before, one["group"]).interval.high < 0


def test_fitted_weights_beat_the_published_system(shared: Path) -> None:
    from newsworld_dagster.forecasting.ensemble import fit_ensemble

    asked = halawi(shared)
    rows = asked[asked["forecaster"].isin(PARTS)]
    said = combined(rows, lambda seen: fit_ensemble(seen, list(PARTS), as_of=SETTLED))
    assert len(said) == 3848
    assert np.isfinite(said).all()
    one = rows.drop_duplicates("question_id").set_index("question_id").loc[said.index]
    ensemble = one.reset_index().assign(forecaster="ours", raw=said.to_numpy())
    (line,) = beside(ensemble, asked, ["published system"]).to_dict("records")
    assert line["Brier"] < 0.1775
    assert line["high"] < 0
