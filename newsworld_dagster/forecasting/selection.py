"""Which questions of a topic become claims."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import WINDOWS_DAYS
from newsworld_dagster.forecasting.questions import (
    Question,
    TopicBrief,
    continuation,
    growth,
    publishers,
    trigger,
)

PUBLISHER_STRETCHES = (0.34, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
GROWTH_SHARES = (0.2, 0.35, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class SelectionParameters:
    """What is worth asking.

    A topic gets at most two claims that are expected (`likely`), one that is doubted
    (`unlikely`) and one on a trigger; on `blind_share` of the topics one more is drawn from all
    that is not trivial, so that the model also learns where it has no opinion. What is nearly
    certain either way tells a reader nothing and is not claimed.
    """

    likely: tuple[float, float] = (0.75, 0.96)
    unlikely: tuple[float, float] = (0.04, 0.25)
    trigger: tuple[float, float] = (0.04, 0.96)
    blind_share: float = 0.2
    most_per_topic: int = 4


def candidates(brief: TopicBrief) -> list[Question]:
    """Every question that could be asked of a topic."""
    found: dict[tuple[str, int, int], Question] = {}
    for window in WINDOWS_DAYS:
        asked = [continuation(brief, window)]
        asked += [publishers(brief, window, stretch) for stretch in PUBLISHER_STRETCHES]
        asked += [growth(brief, window, share) for share in GROWTH_SHARES]
        if window > 3:
            # What two publishers have reported already has happened.
            asked += [
                trigger(brief, window, signals)
                for signals in brief.triggers
                if signals.seen_publishers < 2
            ]
        for question in asked:
            found.setdefault(
                (question.template, question.window_days, question.threshold), question
            )
    return list(found.values())


def select(
    questions: Sequence[Question],
    probabilities: np.ndarray,
    open_claims: pd.DataFrame,
    *,
    fitted: bool,
    parameters: SelectionParameters | None = None,
) -> list[int]:
    """Positions of the questions of one topic that become claims.

    Parameters
    ----------
    questions
        Candidates of one topic.
    probabilities
        The coverage model's, shape (len(questions),).
    open_claims
        Open claims on the topic: columns template, window_days, made_at.
    fitted
        Whether the probabilities come from a fitted model; until then claims are drawn
        blindly, so that the model has varied ones to learn from.
    """
    parameters = parameters or SelectionParameters()
    asked: dict[tuple[str, int], pd.Timestamp] = {}
    columns = (open_claims[name] for name in ("template", "window_days", "made_at"))
    for template, window_days, made_at in zip(*columns, strict=True):
        kind = (template, window_days)
        asked[kind] = max(asked.get(kind, made_at), made_at)
    free = [place for place, question in enumerate(questions) if not _asked_lately(question, asked)]
    chosen: list[int] = []
    for slot, low, high, triggers in _slots(questions, fitted, parameters):
        pool = [
            place
            for place in free
            if (questions[place].family == "trigger") == triggers
            and low <= probabilities[place] <= high
            and not _clashes(questions[place], (questions[other] for other in chosen))
        ]
        if not pool or len(chosen) >= parameters.most_per_topic:
            continue
        if triggers and fitted:
            best = max(pool, key=lambda place: (probabilities[place], -place))
        else:
            best = _draw(pool, questions, slot)
        chosen.append(best)
    return chosen


def _slots(
    questions: Sequence[Question], fitted: bool, parameters: SelectionParameters
) -> Iterable[tuple[str, float, float, bool]]:
    if not fitted:
        return [("first", 0, 1, False), ("second", 0, 1, False), ("trigger", 0, 1, True)]
    slots: list[tuple[str, float, float, bool]] = [
        ("likely", *parameters.likely, False),
        ("unlikely", *parameters.unlikely, False),
        ("trigger", *parameters.trigger, True),
        ("second", *parameters.likely, False),
    ]
    first = questions[0] if questions else None
    if first and _hash(first.brief.topic_id, first.made_at) < parameters.blind_share:
        slots.insert(0, ("blind", parameters.unlikely[0], parameters.likely[1], False))
    return slots


def _draw(pool: list[int], questions: Sequence[Question], slot: str) -> int:
    """Draw template, then window, then question, so that no template crowds out the others."""
    families = sorted({questions[place].template for place in pool})
    key = (questions[pool[0]].brief.topic_id, questions[pool[0]].made_at, slot)
    template = families[int(_hash(*key, "template") * len(families))]
    pool = [place for place in pool if questions[place].template == template]
    windows = sorted({questions[place].window_days for place in pool})
    window = windows[int(_hash(*key, "window") * len(windows))]
    pool = [place for place in pool if questions[place].window_days == window]
    return pool[int(_hash(*key, "question") * len(pool))]


def _asked_lately(question: Question, asked: Mapping[tuple[str, int], pd.Timestamp]) -> bool:
    """Whether an open claim of the same kind still covers most of the question's window."""
    last = asked.get((question.template, question.window_days))
    if last is None:
        return False
    return bool(last > question.made_at - pd.Timedelta(days=question.window_days / 2))


def _clashes(question: Question, others: Iterable[Question]) -> bool:
    # Two templates may come to the same count, which is then one question in two wordings.
    return any(
        question.window_days == other.window_days
        and (question.template == other.template or question.spec == other.spec)
        for other in others
    )


def _hash(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    text = "|".join(str(part) for part in parts)
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12
