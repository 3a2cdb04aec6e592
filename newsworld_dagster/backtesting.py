"""A forecaster of one's own, held against the record: the same questions, day by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIVE_DAYS
from newsworld_dagster.scoring.scorecard import BASELINE
from newsworld_dagster.scoring.scorecard import COLUMNS as SCORED_COLUMNS
from newsworld_dagster.warehouse import Snapshot

QUESTION_COLUMNS = (
    "question_id",
    "topic_id",
    "topic_label",
    "section",
    "template",
    "window_days",
    "threshold",
    "statement",
    "resolution_criteria",
    "made_at",
    "resolve_by",
    "features",
)


class BacktestError(ValueError):
    """A forecaster answered something else than probabilities, or there is nothing to ask it."""


@dataclass(frozen=True)
class Known:
    """What a forecaster is given: all that was known as of one moment, and nothing later.

    Attributes
    ----------
    as_of
        The moment, naive UTC.
    questions
        What is asked then: columns `QUESTION_COLUMNS`, and base_rate, what that forecaster said
        at the same moment.
    articles
        Articles of the last 28 days in time order: columns of `news.articles`, and story_id and
        topic_id as they stood then.
    settled
        What one may learn from: one row a question that was due and settled yes or no by then,
        with template, window_days, features (JSON) and outcome (0 or 1).
    """

    as_of: pd.Timestamp
    questions: pd.DataFrame
    articles: pd.DataFrame
    settled: pd.DataFrame


Forecaster = Callable[[Known], "pd.Series | npt.ArrayLike"]


def backtest(
    snapshot: Snapshot,
    name: str,
    forecaster: Forecaster,
    *,
    since: pd.Timestamp | str | None = None,
    until: pd.Timestamp | str | None = None,
) -> pd.DataFrame:
    """Ask a forecaster every question of the record, on the day on which it was asked.

    For each edition the forecaster gets what was known as of its moment, read by the same as-of
    reads that the desk uses, in frames of its own. It answers with one probability a question, in
    their order or as a Series by question_id; NaN means no forecast. Nothing is written anywhere.
    A function that reads the snapshot by itself gets round this: hand it over as it is.

    Parameters
    ----------
    name
        What the forecaster is called; no name of the record.
    since, until
        Only editions of these moments, both included.

    Returns
    -------
    pandas.DataFrame
        One row a forecast, with the columns that `scorecard` takes; the verdicts are those of the
        snapshot, and the forecaster has not seen them.

    Raises
    ------
    BacktestError
        When there is no question to ask, the name is taken, or an answer is no probability in
        (0, 1) for each question.
    """
    end = snapshot.as_of
    record = None if pd.isna(end) else snapshot.reader.claims_with_verdicts(end)
    if record is None or record.empty:
        raise BacktestError(
            "The snapshot holds no claim on the record, so there is no question to ask. Make some "
            "with `newsworld demo`, or `newsworld import` and `newsworld backtest`."
        )
    if name in set(record["forecaster"]):
        raise BacktestError(f"The record has a forecaster {name!r}; give yours another name.")
    asked = _asked(record, since, until)
    if asked.empty:
        days = record["as_of"]
        raise BacktestError(
            f"No question was asked from {since} to {until}; the record reaches from "
            f"{days.min()} to {days.max()}."
        )
    answers = []
    for moment, questions in asked.groupby("as_of"):
        known = _known(snapshot, pd.Timestamp(moment), questions)
        given = _checked(forecaster(known), questions["question_id"], name, known.as_of)
        answers.append(given)
    probabilities = pd.concat(answers)
    forecasts = asked.assign(
        claim_id=name + "/" + asked["question_id"],
        forecaster=name,
        probability=asked["question_id"].map(probabilities),
    )
    forecasts["band"] = _bands(forecasts["probability"])
    answered = forecasts[forecasts["probability"].notna()]
    return answered[list(SCORED_COLUMNS)].reset_index(drop=True)


def with_record(snapshot: Snapshot, *backtests: pd.DataFrame) -> pd.DataFrame:
    """Claims of the record and of backtests in one frame, for `scorecard`.

    Only the questions that every backtest asked, so that all rows speak of the same stretch.
    """
    record = snapshot.reader.claims_with_verdicts(snapshot.as_of)
    for own in backtests:
        record = record[record["question_id"].isin(own["question_id"])]
    return pd.concat([record[list(SCORED_COLUMNS)], *backtests], ignore_index=True)


def _asked(
    record: pd.DataFrame, since: pd.Timestamp | str | None, until: pd.Timestamp | str | None
) -> pd.DataFrame:
    """One row a question of the desk, with what base-rate said and the last verdict.

    Its features are those of whom it was asked first: the forecasters that learn from the others
    keep what these said in their place.
    """
    record = record[record["resolver"] == "rule"]
    base = record[record["forecaster"] == BASELINE].set_index("question_id")["probability"]
    latest = record.sort_values(["decided_at", "seq"], na_position="first").drop_duplicates(
        "question_id", keep="last"
    )
    first = record.sort_values("seq").drop_duplicates("question_id").set_index("question_id")
    chosen = latest.sort_values("seq").assign(
        base_rate=latest["question_id"].map(base),
        features=latest["question_id"].map(first["features"]),
    )
    if since is not None:
        chosen = chosen[chosen["as_of"] >= pd.Timestamp(since)]
    if until is not None:
        chosen = chosen[chosen["as_of"] <= pd.Timestamp(until)]
    return chosen.reset_index(drop=True)


def _known(snapshot: Snapshot, moment: pd.Timestamp, questions: pd.DataFrame) -> Known:
    reader = snapshot.reader
    day = pd.Timestamp(questions["day"].iloc[0])
    window = reader.live_window(day, moment, LIVE_DAYS)
    return Known(
        as_of=moment,
        questions=questions[[*QUESTION_COLUMNS, "base_rate"]].reset_index(drop=True),
        articles=window.drop(columns="assigned_on"),
        settled=reader.settled_questions(moment),
    )


def _checked(
    answer: pd.Series | npt.ArrayLike, question_ids: pd.Series, name: str, as_of: pd.Timestamp
) -> pd.Series:
    """Probabilities by question_id; NaN for no forecast."""
    where = f"Forecaster {name!r}, asked as of {as_of}"
    if isinstance(answer, pd.Series) and set(answer.index) == set(question_ids):
        answer = answer.loc[question_ids].to_numpy()
    try:
        values = np.asarray(answer, dtype=float)
    except (TypeError, ValueError) as error:
        raise BacktestError(f"{where}, answered no numbers: {error}.") from error
    if values.shape != (len(question_ids),):
        raise BacktestError(
            f"{where}, answered shape {values.shape} to {len(question_ids)} questions; return one "
            "probability a question, in their order, with NaN where it has none."
        )
    bad = ~np.isnan(values) & ~((values > 0) & (values < 1))
    if bad.any():
        place = int(np.argmax(bad))
        raise BacktestError(
            f"{where}, answered {values[place]} to question {question_ids.iloc[place]!r}; a "
            "probability must lie inside (0, 1): nothing is certain, and the log score of a "
            "certain miss is infinite."
        )
    return pd.Series(values, index=question_ids.to_numpy())


def _bands(probabilities: pd.Series) -> Sequence[str | None]:
    from newsworld_dagster.contracts.vocabulary import confidence_band

    return [None if pd.isna(one) else confidence_band(one) for one in probabilities]
