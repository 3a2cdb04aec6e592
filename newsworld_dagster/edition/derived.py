"""What holds across the rows of an edition's frames, worked out over whole columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.edition import paths
from newsworld_dagster.edition.lookups import mapped, plain
from newsworld_dagster.edition.text import parsed

# What can have become of a claim.
FATES = ("yes", "no", "void", "overdue", "open")
# Articles on a page, so that none grows heavy on a busy day.
A_LIST = 300


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


def brief_rows(
    reports: pd.DataFrame, claims: pd.DataFrame, analyses: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What lists say of each report, and what became of its claims; many pages say it."""
    told = claims.assign(**{fate: claims["status"] == fate for fate in FATES})
    groups = told.groupby("report_id")
    figures = (
        groups[list(FATES)]
        .sum()
        .join(
            groups.agg(mean=("probability", "mean"), size=("seq", "size"), due=("last_day", "min"))
        )
    )
    figures = figures.loc[reports["report_id"]].reset_index()
    labels = mapped(analyses, "report_id", "label")
    words = mapped(analyses, "report_id", "confidence")
    ids = plain(reports["report_id"])
    brief = reports[["report_id", "headline", "section", "forecaster", "as_of"]].assign(
        # An analyst's own label and word, where there is one.
        label=[labels.get(*one) for one in zip(ids, plain(reports["topic_label"]), strict=True)],
        confidence=[
            words.get(one, confidence_band(mean))
            for one, mean in zip(ids, figures["mean"], strict=True)
        ],
        mean=figures["mean"],
        claims=figures["size"],
        cited=[len(parsed(text)) for text in plain(reports["sources"])],
    )
    return brief, figures[["report_id", *FATES, "due"]]


def article_lists(day_of: pd.Series) -> tuple[np.ndarray, pd.DataFrame]:
    """The page that lists each article, by its day, and those pages with the pages beside them."""
    days, stamps = pd.factorize(day_of)
    parts = day_of.groupby(days).cumcount().to_numpy() // A_LIST
    # Days in their order, and the parts of each.
    found, place, counts = np.unique(
        days * len(day_of) + parts, return_inverse=True, return_counts=True
    )
    which, part = np.divmod(found, max(len(day_of), 1))
    pages = np.array(
        [paths.articles(stamps[day], int(one) + 1) for day, one in zip(which, part, strict=True)],
        dtype=object,
    )
    lists = pd.DataFrame(
        {
            "page": pages,
            "day": stamps[which],
            "articles": counts,
            "newer": [None, *pages[:-1]][: len(pages)],
            "older": [*pages[1:], None][: len(pages)],
        }
    )
    return pages[place], lists


def latest_threads(axis: pd.DataFrame, topics: pd.DataFrame) -> pd.DataFrame:
    """A row a topic with a timeline, the latest first.

    Parameters
    ----------
    axis
        Entries of timelines, with `step` and `still`: whether one is a step or an open claim.
    topics
        As they are now; one that is no longer among them is called by its first sentence.
    """
    threads = (
        axis.groupby("topic_id", sort=False, as_index=False)
        .agg(
            sentence=("sentence", "first"),
            date=("date", "last"),
            steps=("step", "sum"),
            open=("still", "sum"),
        )
        .merge(
            topics[["topic_id", "label", "section", "lifecycle", "last_seen_at", "keywords"]],
            on="topic_id",
            how="left",
        )
    )
    known = threads["label"].notna()
    threads = threads.assign(
        known=known,
        label=threads["label"].where(known, threads["sentence"]),
        lifecycle=threads["lifecycle"].where(known, "closed"),
        last=threads["last_seen_at"].where(known, threads["date"]),
    ).drop(columns=["sentence", "date", "last_seen_at"])
    return threads.iloc[np.argsort(-numbers(threads["last"]), kind="stable")].reset_index(drop=True)


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
