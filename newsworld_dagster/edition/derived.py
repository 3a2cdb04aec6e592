"""What holds across the rows of an edition's frames, worked out over whole columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.edition.lookups import plain
from newsworld_dagster.edition.text import parsed


def status(claims: pd.DataFrame, as_of: pd.Timestamp) -> np.ndarray:
    """What became of each claim: yes, no or void, else overdue or open."""
    verdicts = claims["verdict"].to_numpy(dtype=object, na_value=None)
    overdue = (claims["resolve_by"] <= as_of).to_numpy(dtype=bool)
    waiting = np.where(overdue, "overdue", "open").astype(object)
    return np.where(verdicts.astype(bool), verdicts, waiting)


def last_day(claims: pd.DataFrame) -> pd.Series:
    """The deadline as a date is shown: an event by a day may happen on it until it ends."""
    deadline = claims["resolve_by"]
    whole = (claims["resolver"] == "judge") & (deadline == deadline.dt.normalize())
    return deadline.where(~whole, deadline - pd.Timedelta(seconds=1))


def uses(claims: pd.DataFrame) -> pd.DataFrame:
    """Articles with the questions that cite them: as a source, and then as evidence."""
    rows = []
    for question, statement, sources, evidence in zip(
        *(plain(claims[name]) for name in ("question_id", "statement", "sources", "evidence")),
        strict=True,
    ):
        cited = _article_ids(sources)
        rows += [(one, question, statement) for one in (cited | _article_ids(evidence))]
    return pd.DataFrame(rows, columns=["article_id", "question_id", "statement"], dtype=object)


def _article_ids(sources: object) -> dict[str, None]:
    """The articles of a list of sources, each once, in order."""
    return dict.fromkeys(one["article_id"] for one in parsed(sources))


def relatives(reports: pd.DataFrame) -> pd.DataFrame:
    """The nearest reports of each: same forecaster, the week before, other topics.

    Nearness is the cosine of the topics' centroids as they were; nothing later is looked at, so
    that a page does not change when the next one is published.
    """
    rows: list[tuple[str, str]] = []
    for _, own in reports[reports["vector"].notna()].groupby("forecaster"):
        vectors = np.stack(list(own["vector"])).astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        moments = own["as_of"].to_numpy()
        ids, topics = own["report_id"].to_numpy(object), own["topic_id"].to_numpy(object)
        for moment in np.unique(moments):
            here = np.flatnonzero(moments == moment)
            near = (moments <= moment) & (moments > moment - np.timedelta64(7, "D"))
            there = np.flatnonzero(near)[::-1]
            likeness = vectors[here] @ vectors[there].T
            for place, line in zip(here, likeness, strict=True):
                found = _nearest(line, ids[there], topics[there], topics[place])
                rows += [(ids[place], other) for other in found]
    return pd.DataFrame(rows, columns=["report_id", "other"], dtype=object)


def _nearest(
    likeness: np.ndarray, ids: np.ndarray, topics: np.ndarray, own: str, most: int = 5
) -> list[str]:
    """The likeliest reports of other topics, one a topic, above a faint likeness."""
    found: list[str] = []
    seen = {own}
    for place in np.argsort(-likeness, kind="stable"):
        if len(found) == most or likeness[place] < 0.15:
            break
        if topics[place] not in seen:
            seen.add(topics[place])
            found.append(str(ids[place]))
    return found


def numbers(moments: pd.Series) -> np.ndarray:
    """Moments as whole numbers to sort by."""
    return pd.to_datetime(moments).to_numpy("datetime64[us]").astype(np.int64)
