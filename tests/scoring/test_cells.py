from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.scoring import ScoreInputError, score_cells, score_external


def forecasts() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    p = rng.integers(1, 100, (2, 3000)) / 100
    outcome = (rng.random(3000) < p.mean(axis=0)).astype(float)
    return pd.concat(
        pd.DataFrame(
            {
                "forecaster": name,
                "question_id": np.arange(3000),
                "cluster": np.arange(3000) % 70,
                "probability": said,
                "outcome": outcome,
            }
        )
        for name, said in zip(("a", "b"), p, strict=True)
    ).reset_index(drop=True)


def counted(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = rows.assign(brier=(rows["probability"] - rows["outcome"]) ** 2)
    cells = rows.groupby(["forecaster", "probability", "outcome"]).size().rename("n").reset_index()
    topics = rows.rename(columns={"cluster": "topic_id"}).groupby(["forecaster", "topic_id"])
    return cells, topics["brier"].agg(["size", "sum"]).reset_index().rename(
        columns={"size": "n", "sum": "brier"}
    )


def test_cells_score_as_their_forecasts_do() -> None:
    rows = forecasts()
    found = score_cells(*counted(rows)).set_index("forecaster")
    plain = score_external(rows).set_index("forecaster")
    for name in ("n", "base_rate", "brier", "log_score"):
        assert found[name].tolist() == pytest.approx(plain[name].tolist())
    for name in ("miscalibration", "discrimination", "uncertainty"):
        assert found[name].tolist() == pytest.approx(plain[name].tolist(), abs=1e-12)
    width = plain["brier_high"] - plain["brier_low"]
    for name in ("brier_low", "brier_high"):
        assert ((found[name] - plain[name]).abs() < 0.12 * width).all()
    assert found["topics"].tolist() == [70, 70]


def test_one_topic_has_no_interval() -> None:
    cells, topics = counted(forecasts().assign(cluster="one"))
    assert score_cells(cells, topics)[["brier_low", "brier_high"]].isna().all(axis=None)
    few, several = counted(forecasts())
    kept = (several["forecaster"] == "a") | (several["topic_id"] == 0)
    several = several[kept]
    several.loc[several["forecaster"] == "b", "n"] = 3000
    assert score_cells(few, several)["brier_low"].isna().tolist() == [False, True]


def test_frames_must_count_the_same() -> None:
    cells, topics = counted(forecasts())
    with pytest.raises(ScoreInputError, match="do not count the same"):
        score_cells(cells.iloc[1:], topics)
    with pytest.raises(ScoreInputError, match="topics lack the columns brier"):
        score_cells(cells, topics.drop(columns="brier"))
    cells.loc[0, "probability"] = 1.2
    with pytest.raises(ScoreInputError, match="position 0"):
        score_cells(cells, topics)
