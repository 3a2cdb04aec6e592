from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import newsworld_dagster as nw
from newsworld_dagster.backtesting import QUESTION_COLUMNS, BacktestError, Known
from newsworld_dagster.warehouse import Snapshot, open_snapshot

T = pd.Timestamp("2025-12-24 22:00")


class Recorder:
    """A forecaster that remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[Known] = []

    def __call__(self, known: Known) -> pd.Series:
        self.given.append(known)
        lean = len(known.articles) % 7 / 100 + known.settled["outcome"].sum() / 10_000
        return known.questions["base_rate"] * 0.9 + lean / 10


def test_what_comes_true_is_what_was_asked_day_by_day(full: Snapshot) -> None:
    recorder = Recorder()
    forecasts = nw.backtest(full, "mine", recorder, until=T)
    record = full.claims("base-rate")
    asked = record[record["made_at"] <= T]
    assert len(recorder.given) == asked["made_at"].nunique() == 16
    assert set(forecasts["question_id"]) == set(asked["question_id"])
    assert set(forecasts["forecaster"]) == {"mine"}
    known = recorder.given[-1]
    assert known.as_of == T
    assert list(known.questions.columns) == [*QUESTION_COLUMNS, "base_rate"]
    assert known.articles["first_seen_at"].max() <= T
    assert known.articles["first_seen_at"].min() > T - pd.Timedelta(days=28)
    # Both due and decided by then, each question once.
    due = full.sql(
        "SELECT count(DISTINCT question_id) AS n FROM marts.fct_claims "
        "WHERE resolve_by <= ? AND decided_at <= ? AND verdict IN ('yes', 'no')",
        [T, T],
    )["n"].iloc[0]
    assert len(known.settled) == due > 20
    # The verdicts, which the forecaster never saw, come from the record.
    verdicts = record.set_index("question_id")["verdict"]
    assert forecasts["verdict"].tolist() == verdicts.loc[forecasts["question_id"]].tolist()


def test_a_planted_future_changes_nothing_that_is_known(full: Snapshot, tmp_path: Path) -> None:
    poisoned = Path(shutil.copy(full.path, tmp_path / "poisoned.duckdb"))
    with duckdb.connect(str(poisoned)) as connection:
        later = T + pd.Timedelta(minutes=1)
        connection.execute(
            "INSERT INTO news.articles SELECT * REPLACE ('future' || article_id AS article_id, "
            "? AS first_seen_at, 'It has happened' AS title) FROM news.articles",
            [later],
        )
        # Every verdict of then turned round by a correction that comes a minute later.
        connection.execute(
            "INSERT INTO outcomes.resolutions SELECT * REPLACE ('x' || resolution_id AS "
            "resolution_id, ? AS decided_at, resolution_id AS supersedes, "
            "CASE verdict WHEN 'yes' THEN 'no' ELSE 'yes' END AS verdict) "
            "FROM outcomes.resolutions WHERE decided_at <= ?",
            [later, T],
        )
        connection.execute("UPDATE forecasts.claims SET probability = 0.9 WHERE as_of > ?", [T])
    clean, planted = Recorder(), Recorder()
    before = nw.backtest(full, "mine", clean, until=T)
    with open_snapshot(poisoned) as future:
        after = nw.backtest(future, "mine", planted, until=T)
    for one, other in zip(clean.given, planted.given, strict=True):
        assert one.as_of == other.as_of
        for frame in ("questions", "articles", "settled"):
            pd.testing.assert_frame_equal(getattr(one, frame), getattr(other, frame))
    pd.testing.assert_series_equal(before["probability"], after["probability"])
    # The poison is real: the verdicts that the forecasts are scored by did turn.
    assert (before["verdict"] != after["verdict"]).sum() > 20


def test_the_base_rate_once_more_has_no_skill_and_the_truth_has_all(full: Snapshot) -> None:
    verdicts = full.claims("base-rate").set_index("question_id")["verdict"]

    def oracle(known: Known) -> list[float]:
        return [0.999 if verdicts[one] == "yes" else 0.001 for one in known.questions.question_id]

    forecasts = [
        nw.backtest(full, "again", lambda known: known.questions["base_rate"]),
        nw.backtest(full, "oracle", oracle),
    ]
    card = nw.scorecard(nw.with_record(full, *forecasts), as_of=full.as_of, n_resamples=200)
    whole = card[card["by"] == "all"].set_index("forecaster")
    assert whole.loc["again", "skill"] == pytest.approx(0)
    assert whole.loc["oracle", "skill"] > 0.99
    ours = full.scorecard()
    ours = ours[ours["by"] == "all"].set_index("forecaster")
    for name in ("coverage", "base-rate"):
        assert whole.loc[name, "brier"] == pytest.approx(ours.loc[name, "brier"])
        assert whole.loc[name, "scored"] == whole.loc["oracle", "scored"]


def test_a_question_left_out_is_no_forecast_and_a_series_may_be_in_any_order(
    full: Snapshot,
) -> None:
    def some(known: Known) -> pd.Series:
        answers = known.questions.set_index("question_id")["base_rate"].iloc[::-1]
        return answers.mask(answers < 0.3)

    forecasts = nw.backtest(full, "some", some)
    base = full.claims("base-rate").set_index("question_id")["probability"]
    assert set(forecasts["question_id"]) == set(base[base >= 0.3].index)
    assert forecasts["probability"].tolist() == base.loc[forecasts["question_id"]].tolist()
    both = nw.with_record(full, forecasts)
    assert set(both["question_id"]) == set(forecasts["question_id"])


@pytest.mark.parametrize(
    ("name", "forecaster", "said"),
    [
        ("mine", lambda known: [0.5], "answered shape (1,) to 10 questions"),
        ("mine", lambda known: np.ones(len(known.questions)), "answered 1.0 to question"),
        ("mine", lambda known: ["likely"] * 10, "answered no numbers"),
        ("coverage", lambda known: [0.5] * 10, "already"),
    ],
)
def test_an_answer_that_is_none(
    full: Snapshot, name: str, forecaster: Callable[[Known], object], said: str
) -> None:
    with pytest.raises(BacktestError) as raised:
        nw.backtest(full, name, forecaster)
    assert said in str(raised.value) or "another name" in str(raised.value)
    assert repr(name) in str(raised.value)


def test_nothing_to_ask(full: Snapshot, empty: Snapshot) -> None:
    with pytest.raises(BacktestError, match="newsworld demo"):
        nw.backtest(empty, "mine", lambda known: known.questions["base_rate"])
    with pytest.raises(BacktestError, match="the record reaches from 2025-11-24"):
        nw.backtest(full, "mine", lambda known: known.questions["base_rate"], since="2027-01-01")
