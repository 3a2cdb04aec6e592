"""Who reported something: publishers counted once, copies not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd


class Article(NamedTuple):
    """What is counted of an article; small groups are quicker as these than as frames."""

    article_id: str
    publisher: str
    original: str
    title: str = ""
    summary: str = ""
    story_id: str = ""
    topic_id: str = ""
    day: pd.Timestamp = pd.NaT
    first_seen_at: pd.Timestamp = pd.NaT
    fresh: bool = False


def articles_of(frame: pd.DataFrame) -> list[Article]:
    """The rows of a frame with columns article_id, publisher, duplicate_of and any others."""
    original = frame["duplicate_of"].fillna(frame["article_id"])
    columns = {name: frame[name].tolist() for name in Article._fields if name in frame}
    columns["original"] = original.tolist()
    rows = zip(*columns.values(), strict=True)
    return [Article(**dict(zip(columns, row, strict=True))) for row in rows]


def voices(articles: Iterable[Article]) -> list[Article]:
    """The first article of each text in a group in time order: copies add no voice."""
    first: dict[str, Article] = {}
    for article in articles:
        first.setdefault(article.original, article)
    return list(first.values())


def count_publishers(articles: Iterable[Article]) -> int:
    """Distinct publishers."""
    return len({article.publisher for article in articles})


def sources_json(articles: Iterable[Article], alone: Iterable[Article]) -> str:
    """Articles as `sources` of an item or step, in their order; independent are those `alone`."""
    independent = {article.article_id for article in alone}
    return json.dumps(
        [
            {
                "article_id": article.article_id,
                "publisher": article.publisher,
                "independent": article.article_id in independent,
            }
            for article in articles
        ]
    )


def count_listed(sources: str) -> int:
    """Independent publishers that a `sources` column lists."""
    return len({row["publisher"] for row in json.loads(sources) if row["independent"]})


def claims_with_sources(claims: pd.DataFrame, cited: pd.DataFrame) -> list[dict[str, Any]]:
    """Claims as records, with what they cite in `listed`, as JSON, `cited` and `independent`.

    Parameters
    ----------
    claims
        With column sources, a JSON list of {article_id, ...}.
    cited
        The articles cited, in time order: article_id, publisher, duplicate_of.
    """
    place = {article.article_id: (n, article) for n, article in enumerate(articles_of(cited))}
    records: list[dict[str, Any]] = claims.to_dict("records")
    for record in records:
        ids = {source["article_id"] for source in json.loads(record["sources"])}
        group = [article for _, article in sorted(place[i] for i in ids if i in place)]
        alone = voices(group)
        record["listed"] = sources_json(group, alone)
        record["cited"] = len(group)
        record["independent"] = count_publishers(alone)
    return records
