"""Digests and labels as a language model writes them, beside those that need none."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.analysis import MODEL_CALLS, call_row
from newsworld_dagster.contracts.asking import Answered, Ask, LanguageModel
from newsworld_dagster.contracts.digests import WRITTEN_DIGESTS, WRITTEN_LABELS
from newsworld_dagster.prompts import articles_block, list_block, load_prompt
from newsworld_dagster.prompts.citations import digest_faults

MOST_ITEMS = 6
MOST_ARTICLES = 40
MOST_TITLES = 20


@dataclass(frozen=True)
class SectionGiven:
    """A section of the day: its articles (article_id, title, summary, publisher, first_seen_at),
    oldest first, and the headlines of the digest before.
    """

    section: str
    articles: pd.DataFrame
    before: Sequence[str] = ()


@dataclass(frozen=True)
class TopicToName:
    """A topic: its section, titles with the most central first, and names that stand in many."""

    topic_id: str
    section: str
    titles: Sequence[str]
    names: Sequence[str]


@dataclass(frozen=True)
class Written:
    """Rows of stories.written_digests and stories.written_labels, and of what was asked."""

    digests: pd.DataFrame
    labels: pd.DataFrame
    calls: pd.DataFrame


async def write(
    sections: Sequence[SectionGiven],
    topics: Sequence[TopicToName],
    model: LanguageModel,
    *,
    day: pd.Timestamp,
    as_of: pd.Timestamp,
    asked_at: pd.Timestamp,
) -> Written:
    """Ask for the digests of sections and the names of topics, all at once.

    What cannot be used is in `calls` with its raw answer, and nowhere else; a section without
    articles is not asked about.

    Raises
    ------
    ValueError
        When an article was first seen after `as_of`.
    """
    sections = [
        replace(one, articles=one.articles.tail(MOST_ARTICLES))
        for one in sections
        if len(one.articles)
    ]
    asks: list[Ask[Any]] = [_digest_ask(one, as_of) for one in sections]
    asks += [_label_ask(one) for one in topics]
    outcomes = await model.ask_many(asks)
    digests: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    subjects: list[SectionGiven | TopicToName] = [*sections, *topics]
    for given, outcome in zip(subjects, outcomes, strict=True):
        if not isinstance(outcome, Answered):
            continue
        stamp = {
            "day": day,
            "as_of": as_of,
            "model": outcome.bill.model,
            "prompt_digest": outcome.bill.prompt_digest,
            "request_digest": outcome.bill.request_digest,
        }
        if isinstance(given, TopicToName):
            label = outcome.value.label
            labels.append({"topic_id": given.topic_id, "label": label} | stamp)
            continue
        ids = list(given.articles["article_id"])
        digests += [
            {
                "section": given.section,
                "rank": rank,
                "headline": item.headline,
                "text": item.text,
                "sources": json.dumps(
                    [
                        {"number": number, "article_id": ids[number - 1]}
                        for number in dict.fromkeys(item.sources)
                    ]
                ),
            }
            | stamp
            for rank, item in enumerate(outcome.value.items, start=1)
        ]
    calls = [
        call_row(_subject(given), outcome, None, day, as_of, asked_at)
        for given, outcome in zip(subjects, outcomes, strict=True)
    ]
    return Written(
        digests=meet(WRITTEN_DIGESTS, _frame(digests, list(WRITTEN_DIGESTS.columns))),
        labels=meet(WRITTEN_LABELS, _frame(labels, list(WRITTEN_LABELS.columns))),
        calls=meet(MODEL_CALLS, _frame(calls, list(MODEL_CALLS.columns))),
    )


def _subject(given: SectionGiven | TopicToName) -> str:
    return given.topic_id if isinstance(given, TopicToName) else f"digest/{given.section}"


def _digest_ask(given: SectionGiven, as_of: pd.Timestamp) -> Ask[Any]:
    articles = given.articles
    if articles["first_seen_at"].max() > as_of:
        raise ValueError(f"Section {given.section} has an article first seen after {as_of}.")
    prompt = load_prompt("digest", 1)
    values = {
        "section": "the whole front" if given.section == "All" else given.section,
        "period": "the day",
        "as_of": f"{as_of:%Y-%m-%d %H:%M} UTC",
        "most_items": MOST_ITEMS,
        "articles": articles_block(articles.to_dict("records")),
        "before": list_block("before", given.before),
    }
    check = functools.partial(digest_faults, articles=len(articles))
    return prompt.ask(values, input_digest=prompt.input_digest(values), check=check)


def _label_ask(given: TopicToName) -> Ask[Any]:
    prompt = load_prompt("topic_label", 1)
    values = {
        "section": given.section,
        "titles": list_block("titles", given.titles[:MOST_TITLES]),
        "names": list_block("names", given.names),
    }
    return prompt.ask(values, input_digest=prompt.input_digest(values), check=_label_faults)


def _label_faults(answer: Any) -> list[str]:
    words = len(str(answer.label).split())
    return [] if 2 <= words <= 5 else [f"label has {words} words; give two to five"]


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)
