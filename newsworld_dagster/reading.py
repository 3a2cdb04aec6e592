"""Digests and timelines as documents, for the command line and whoever reads its JSON."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from newsworld_dagster.contracts.digests import DIGEST_SECTIONS
from newsworld_dagster.defs.world import World
from newsworld_dagster.stories import DAILY, WEEKLY
from newsworld_dagster.warehouse import Reader

_ITEM = ("kind", "status", "headline", "sentence", "independent_sources", "fresh_sources")
_CLAIM = ("claim_id", "forecaster", "probability")


class ReadingError(LookupError):
    """There is no such digest or timeline."""


def digest_document(
    world: World, day: pd.Timestamp | None, *, section: str | None = None, weekly: bool = False
) -> dict[str, Any]:
    """A digest with its sections, quiet ones too, and the articles behind each item.

    Parameters
    ----------
    day
        The day, or any day up to a week after the end of the week; the last digest by default.
    section
        Only this one; 'All' is the front.

    Raises
    ------
    ReadingError
        When there is no digest of the day.
    """
    period, parameters = ("weekly", WEEKLY) if weekly else ("daily", DAILY)
    with world.warehouse.read() as reader:
        held = reader.digest_days(period)
        stamped = _stamp(held, day, weekly=weekly)
        rows = reader.digest_of(stamped, period)
        written = reader.written_of(stamped) if period == "daily" else rows.head(0)
        articles = _listed_articles(reader, pd.concat([rows, written]))
    wanted = [section] if section else list(DIGEST_SECTIONS)
    return {
        "day": f"{stamped:%Y-%m-%d}",
        "period": period,
        "as_of": rows["as_of"].iloc[0].isoformat(),
        "least_sources": {
            kind: parameters.least(kind) for kind in ("happened", "changed", "watch")
        },
        "sections": [
            {
                "section": name,
                "items": [
                    _item(row, articles) for row in rows[rows["section"] == name].to_dict("records")
                ],
                "written": [
                    _written(row, articles)
                    for row in written[written["section"] == name].to_dict("records")
                ],
            }
            for name in wanted
        ],
    }


def _written(row: dict[str, Any], articles: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """An item in a language model's words, with the articles that it cites by number."""
    return {
        "headline": row["headline"],
        "text": row["text"],
        "model": row["model"],
        "articles": [
            {"number": source["number"]} | articles[source["article_id"]]
            for source in json.loads(row["sources"])
        ],
    }


def timeline_document(world: World, topic: str, day: pd.Timestamp | None = None) -> dict[str, Any]:
    """The timeline of a topic, found by its id or its label, as of the end of a day or now.

    Raises
    ------
    ReadingError
        When no topic or several are meant, or the topic has no timeline.
    """
    as_of = world.clock() if day is None else day + pd.Timedelta(days=1)
    with world.warehouse.read() as reader:
        found = _topic(reader.topics_as_of(as_of, vectors=False), topic)
        rows = reader.timeline(found["topic_id"], as_of)
        written = reader.written_labels(as_of).get(found["topic_id"])
        articles = _listed_articles(reader, rows)
    if rows.empty:
        raise ReadingError(
            f"Topic {found['label']!r} ({found['topic_id']}) has no timeline as of "
            f"{as_of:%Y-%m-%d}: it is too small, or the asset stories/timelines was not made."
        )
    return {
        "topic_id": found["topic_id"],
        "label": found["label"],
        "written_label": written,
        "section": found["section"],
        "as_of": as_of.isoformat(),
        "entries": [_entry(row, articles) for row in rows.to_dict("records")],
    }


def placement_document(world: World, article: str) -> dict[str, Any]:
    """Why an article is in its story: each placement with its nearest articles, oldest first.

    Of each of these, story_id is the story that it has now. followed_by holds the articles that
    came to the story since by their nearness to this one.

    Raises
    ------
    ReadingError
        When no story is known for an article of this id or address.
    """
    as_of = world.clock()
    with world.warehouse.read() as reader:
        rows = reader.placements(article, as_of)
        followers = reader.followers(str(rows["article_id"].iloc[0]), as_of) if len(rows) else rows
        near = [json.loads(text) for text in rows["nearest"]]
        ids = sorted({one["article_id"] for found in near for one in found})
        links = {
            str(row["article_id"]): row for row in reader.article_links(ids).to_dict("records")
        }
        stories = reader.stories_of(ids, as_of)
    if rows.empty:
        raise ReadingError(
            f"No story is known for the article {article!r}. Give an article_id of news.articles "
            "or the article's address; a new article has a story once its day was run."
        )
    last = rows.iloc[-1]
    return {name: str(last[name]) for name in ("article_id", "title", "publisher", "url")} | {
        "story_id": str(last["story_id"]),
        "placements": [
            {
                "day": f"{row['day']:%Y-%m-%d}",
                "story_id": row["story_id"],
                "reason": row["reason"],
                "score": row["score"],
                "nearest": [
                    links.get(one["article_id"], {})
                    | one
                    | {"story_id": stories.get(one["article_id"])}
                    for one in found
                ],
            }
            for row, found in zip(rows.to_dict("records"), near, strict=True)
        ],
        "followed_by": followers.to_dict("records"),
    }


def _stamp(held: list[pd.Timestamp], day: pd.Timestamp | None, *, weekly: bool) -> pd.Timestamp:
    name = "weekly digest" if weekly else "digest"
    if not held:
        raise ReadingError(
            f"No {name} was made in this world yet. Run `newsworld demo`, `newsworld run`, or "
            "`newsworld import FILE` and `newsworld backtest`."
        )
    reach = pd.Timedelta(days=6 if weekly else 0)
    near = [stamp for stamp in held if day is None or day - reach <= stamp <= day]
    if not near:
        raise ReadingError(
            f"There is no {name} of {day:%Y-%m-%d}; there are some from {held[0]:%Y-%m-%d} to "
            f"{held[-1]:%Y-%m-%d}. A day without one was not run, or nothing on it was reported "
            "by enough independent sources."
        )
    return near[-1]


def _topic(topics: pd.DataFrame, wanted: str) -> dict[str, Any]:
    label = topics["label"].str.casefold()
    for matches in (
        topics["topic_id"] == wanted,
        label == wanted.casefold(),
        label.str.contains(wanted.casefold(), regex=False),
    ):
        found = topics[matches].sort_values("articles", ascending=False)
        if len(found) == 1:
            return {str(name): value for name, value in found.iloc[0].items()}
        if len(found):
            several = "; ".join(
                f"{row.topic_id} {row.label} ({row.articles} articles)"
                for row in found.head(8).itertuples()
            )
            raise ReadingError(
                f"{len(found)} topics are called {wanted!r}. Give one of their ids: {several}."
            )
    raise ReadingError(
        f"There is no topic {wanted!r}. Give an id or a part of a label from stories.topics; "
        "`newsworld digest --json` names the topics of the day."
    )


def _listed_articles(reader: Reader, rows: pd.DataFrame) -> dict[str, dict[str, str]]:
    ids = {source["article_id"] for text in rows["sources"] for source in json.loads(text)}
    found = reader.article_links(sorted(ids))
    return {str(row["article_id"]): row for row in found.to_dict("records")}


def _sources(text: str, articles: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [
        source | {name: articles[source["article_id"]][name] for name in ("title", "url")}
        for source in json.loads(text)
        if source["article_id"] in articles
    ]


def _item(row: dict[Any, Any], articles: dict[str, dict[str, str]]) -> dict[str, Any]:
    item = {"rank": row["rank"]} | _present(row, _ITEM)
    item["topic"] = {"topic_id": row["topic_id"], "label": row["topic_label"]}
    if row["kind"] == "watch":
        item |= _present(row, (*_CLAIM, "days_left"))
        item["resolve_by"] = row["resolve_by"].isoformat()
    else:
        item |= _present(row, ("story_id", "article_id", "sentence_article_id"))
    return item | {"articles": _sources(row["sources"], articles)}


def _entry(row: dict[Any, Any], articles: dict[str, dict[str, str]]) -> dict[str, Any]:
    entry = {"date": row["date"].isoformat()} | _present(
        row, ("kind", "sentence", "independent_sources")
    )
    if row["kind"] == "step":
        entry |= _present(row, ("story_id", "article_id"))
    else:
        entry |= _present(row, (*_CLAIM, "verdict"))
        entry["resolve_by"] = row["resolve_by"].isoformat()
    return entry | {"articles": _sources(row["sources"], articles)}


def _present(row: dict[Any, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: None if pd.isna(row[name]) else row[name] for name in names}
