"""The desk: one day's edition, made by every forecaster that needs no language model."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.rules import matches
from newsworld_dagster.contracts.terms import names
from newsworld_dagster.contracts.triggers import TriggerFamily, families_in, trigger_families
from newsworld_dagster.forecasting import base_rate, coverage
from newsworld_dagster.forecasting.anchors import anchor_frame, anchor_of
from newsworld_dagster.forecasting.base_rate import BaseRate
from newsworld_dagster.forecasting.compiler import Compiled, ReportDraft, compile_report, frames
from newsworld_dagster.forecasting.coverage import CoverageModel
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.forecasting.questions import TopicBrief, TriggerSignals
from newsworld_dagster.forecasting.selection import SelectionParameters, candidates, select
from newsworld_dagster.forecasting.signals import Signals, signals_of

NAMES = (base_rate.NAME, coverage.NAME)

_READ = ["article_id", "title", "summary", "publisher", "duplicate_of", "first_seen_at"]

# Columns that come back under the same words every day are a service, not news.
_SERVICE = re.compile(
    r"\b(deals?|discount|coupon|horoscope|wordle|quordle|connections hints?|crossword|"
    r"lottery|powerball|mega millions|how to watch|odds|best .* to buy|gift guide|"
    r"prime day|black friday)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DeskParameters:
    """Which topics get a report."""

    topics_per_day: int = 12
    topics_per_section: int = 3
    least_publishers: int = 3
    least_articles: int = 3
    fresh_days: int = 2
    triggers_per_topic: int = 4
    service_share: float = 0.34
    selection: SelectionParameters = field(default_factory=SelectionParameters)


@dataclass(frozen=True)
class DeskInput:
    """All that an edition may read, as of one moment.

    `window` holds the articles of the last 28 days in time order with their topic_id, and
    `vectors` theirs, shape (n, d). `topics` are the live ones. `settled` are the claims that
    fell due and were settled by then, one row a question (template, window_days, features,
    outcome). `open_claims` are open ones, one row a question (topic_id, template, window_days,
    made_at, statement). `trigger_vectors` maps families to unit vectors.
    """

    day: pd.Timestamp
    as_of: pd.Timestamp
    window: pd.DataFrame
    vectors: np.ndarray
    topics: pd.DataFrame
    settled: pd.DataFrame
    open_claims: pd.DataFrame
    trigger_vectors: Mapping[str, np.ndarray]
    embedding_model: str
    phase: str
    code_version: str


@dataclass(frozen=True)
class Edition:
    """Rows for the tables of schema `forecasts`; the claims are not yet chained."""

    editions: pd.DataFrame
    reports: pd.DataFrame
    anchors: pd.DataFrame
    claims: pd.DataFrame
    refusals: pd.DataFrame


@dataclass(frozen=True)
class _Watched:
    """A topic with its anchor and the articles that the anchor matches."""

    brief: TopicBrief
    matched: pd.DataFrame
    similarity: np.ndarray
    anchor: dict[str, object]
    significance: float


def make_edition(given: DeskInput, parameters: DeskParameters | None = None) -> Edition:
    """Reports and claims of one day by `base-rate` and `coverage`, on the same questions.

    Raises
    ------
    ValueError
        When an article in the window was first seen after the as-of moment.
    """
    parameters = parameters or DeskParameters()
    if len(given.window) and given.window["first_seen_at"].max() > given.as_of:
        raise ValueError(f"The window holds articles first seen after {given.as_of}.")
    rates = BaseRate(given.settled)
    model = CoverageModel(given.settled, rates)
    input_digest = _input_digest(given)
    drafts: list[ReportDraft] = []
    anchors: list[dict[str, object]] = []
    asked = dict(list(_as_objects(given.open_claims).groupby("topic_id")))
    ranked = _ranked(_watch(given, parameters), parameters)
    # All at once: the model takes longer to be asked than to answer.
    candidates_of = [candidates(watched.brief) for watched in ranked]
    ends = np.cumsum([len(questions) for questions in candidates_of], dtype=int)
    answers = np.split(model.probabilities(list(chain.from_iterable(candidates_of))), ends)
    for watched, questions, probabilities in zip(ranked, candidates_of, answers[:-1], strict=True):
        open_here = asked.get(watched.brief.topic_id, given.open_claims.head(0))
        chosen = select(
            questions,
            probabilities,
            open_here,
            fitted=bool(model.fitted_on),
            parameters=parameters.selection,
        )
        if not chosen:
            continue
        anchors.append(watched.anchor)
        drafts.append(
            ReportDraft(
                brief=watched.brief,
                matched=watched.matched,
                similarity=watched.similarity,
                questions=[questions[place] for place in chosen],
                probabilities=probabilities[chosen],
                open_statements=list(open_here["statement"]),
            )
        )
    compiled: list[Compiled] = [
        part
        for draft in drafts
        for part in compile_report(
            draft,
            rates,
            model,
            day=given.day,
            phase=given.phase,
            input_digest=input_digest,
            code_version=given.code_version,
        )
    ]
    reports, claims, refusals = frames(compiled)
    editions = pd.DataFrame(
        [
            {
                "forecaster": forecaster,
                "day": given.day,
                "as_of": given.as_of,
                "phase": given.phase,
                "claims": int((claims["forecaster"] == forecaster).sum()),
                "refused": int((refusals["forecaster"] == forecaster).sum()),
                "fitted_on": model.fitted_on if forecaster == coverage.NAME else len(given.settled),
                "input_digest": input_digest,
                "code_version": given.code_version,
            }
            for forecaster in NAMES
        ]
    )
    return Edition(editions, reports, anchor_frame(anchors), claims, refusals)


def _watch(given: DeskInput, parameters: DeskParameters) -> list[_Watched]:
    """The topics in the news, each with a frozen anchor and its signals."""
    window, as_of = _as_objects(given.window[_READ]), given.as_of
    texts = (window["title"] + ". " + window["summary"]).to_numpy()
    fresh = given.topics[
        (given.topics["last_seen_at"] > as_of - pd.Timedelta(days=parameters.fresh_days))
        & (given.topics["articles"] >= parameters.least_articles)
        & (given.topics["publishers"] >= 2)
    ]
    titles = window["title"].to_numpy()
    places_of: dict[str, list[int]] = {}
    for place, topic_id in enumerate(given.window["topic_id"].tolist()):
        places_of.setdefault(topic_id, []).append(place)
    counts = Counter(chain.from_iterable(map(names, window["title"], window["summary"])))
    topics, anchors = [], []
    for topic in fresh.itertuples():
        members = places_of.get(topic.topic_id, [])
        if len(members) < parameters.least_articles:
            continue
        services = sum(_SERVICE.search(title) is not None for title in titles[members])
        if services / len(members) > parameters.service_share:
            continue
        topics.append(topic)
        anchors.append(
            anchor_of(
                str(topic.topic_id),
                np.asarray(topic.vector, np.float32),
                window.iloc[members],
                given.vectors[members],
                counts,
                len(window),
                model=given.embedding_model,
                as_of=as_of,
            )
        )
    if not anchors:
        return []
    matched = matches(window, given.vectors, anchor_frame(anchors))
    families = trigger_families()
    levels = _levels(texts, families)
    watched = []
    for topic, anchor, places in zip(topics, anchors, matched, strict=True):
        articles = window.iloc[places]
        signals = signals_of(articles, as_of)
        if signals.publishers[7] < parameters.least_publishers:
            continue
        vector = np.asarray(anchor["vector"], np.float32)
        brief = TopicBrief(
            topic_id=str(topic.topic_id),
            label=str(topic.label),
            section=str(topic.section),
            anchor_id=str(anchor["anchor_id"]),
            as_of=as_of,
            signals=signals,
            triggers=_trigger_signals(
                vector,
                articles,
                texts[places],
                as_of,
                families,
                given.trigger_vectors,
                levels,
                parameters,
            ),
        )
        watched.append(
            _Watched(brief, articles, given.vectors[places] @ vector, anchor, _weight(signals))
        )
    return watched


def _ranked(watched: list[_Watched], parameters: DeskParameters) -> list[_Watched]:
    """The most significant topics, no section crowding out the others."""
    taken: Counter[str] = Counter()
    ranked = []
    for topic in sorted(watched, key=lambda one: (-one.significance, one.brief.topic_id)):
        if taken[topic.brief.section] >= parameters.topics_per_section:
            continue
        taken[topic.brief.section] += 1
        ranked.append(topic)
        if len(ranked) == parameters.topics_per_day:
            break
    return ranked


def _weight(signals: Signals) -> float:
    """Significance: independent voices first, recent ones twice, then newness."""
    return float(
        2 * np.log1p(signals.publishers[3])
        + np.log1p(signals.publishers[7])
        + np.log1p(signals.articles[3])
        + signals.newness
    )


def _trigger_signals(
    vector: np.ndarray,
    articles: pd.DataFrame,
    texts: np.ndarray,
    as_of: pd.Timestamp,
    families: Mapping[str, TriggerFamily],
    trigger_vectors: Mapping[str, np.ndarray],
    levels: Mapping[str, float],
    parameters: DeskParameters,
) -> tuple[TriggerSignals, ...]:
    """Signals of the families that lie nearest to the topic."""
    affinity = {name: float(vector @ trigger_vectors[name]) for name in families}
    nearest = sorted(affinity, key=lambda name: (-affinity[name], name))
    since = (as_of - pd.Timedelta(days=14)).to_datetime64()
    recent = articles["first_seen_at"].to_numpy() > since
    publishers = articles["publisher"].to_numpy()[recent]
    told = [families_in(text) for text in texts[recent]]
    signals = []
    for name in nearest[: parameters.triggers_per_topic]:
        found = np.array([name in reported for reported in told], dtype=bool)
        signals.append(
            TriggerSignals(
                family=families[name],
                affinity=affinity[name],
                seen_articles=int(found.sum()),
                seen_publishers=len(set(publishers[found])),
                level=levels[name],
            )
        )
    return tuple(signals)


def _levels(texts: np.ndarray, families: Mapping[str, TriggerFamily]) -> dict[str, float]:
    """Share of the last thousand articles that use each family's words."""
    last = texts[-1000:]
    told = Counter(chain.from_iterable(map(families_in, last)))
    return {name: told[name] / len(last) for name in families}


def _as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its texts as objects, of which a part is taken in a tenth of the time."""
    texts = frame.select_dtypes("str").columns
    # Copied into one block: a part of it is then taken once, not column by column.
    return frame.astype(dict.fromkeys(texts, object)).copy()


def _input_digest(given: DeskInput) -> str:
    """Digest of what the edition was made from: articles, topics, settled and open claims."""
    return digest(
        given.as_of.isoformat(),
        given.embedding_model,
        list(given.window["article_id"]),
        list(given.topics["topic_id"]),
        len(given.settled),
        json.dumps([int(given.settled["outcome"].sum()), len(given.open_claims)]),
    )
