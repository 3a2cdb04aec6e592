"""Stories and topics of a snapshot, as frames to explore."""

from __future__ import annotations

import json
from difflib import get_close_matches

import pandas as pd

from newsworld_dagster.warehouse import Snapshot


class TopicError(LookupError):
    """No topic is meant, or several are."""


def find_topic(snapshot: Snapshot, given: str | None = None) -> pd.Series:
    """A topic by its id or label; without one, that with the most claims, else the largest.

    Returns
    -------
    pandas.Series
        Its row of `Snapshot.topics`.

    Raises
    ------
    TopicError
        When there is none of that name; it names the nearest labels.
    """
    topics = snapshot.topics()
    if topics.empty:
        raise TopicError("The snapshot holds no topics yet. Make some with `newsworld demo`.")
    if given is None:
        claims = snapshot.claims()["topic_id"].value_counts()
        order = topics["topic_id"].map(claims).fillna(0)
        return topics.loc[order.sort_values(ascending=False, kind="stable").index[0]]
    found = topics[
        (topics["topic_id"] == given) | (topics["label"].str.lower() == given.strip().lower())
    ]
    if found.empty:
        near = get_close_matches(given, list(topics["label"]), n=5, cutoff=0.3)
        raise TopicError(
            f"There is no topic {given!r}. Near it: {', '.join(near) or 'nothing'}. All are in "
            "topics()."
        )
    return found.iloc[0]


def topic_list(snapshot: Snapshot, most: int = 15) -> pd.DataFrame:
    """The largest topics: Topic, Section, Articles, Publishers, Stories, First, Last, Claims."""
    topics = snapshot.topics().head(most)
    claims = snapshot.claims().drop_duplicates("question_id")["topic_id"].value_counts()
    return pd.DataFrame(
        {
            "Topic": topics["label"],
            "Section": topics["section"],
            "Articles": topics["articles"],
            "Publishers": topics["publishers"],
            "Stories": topics["stories"],
            "First": topics["first_seen_at"].dt.strftime("%Y-%m-%d"),
            "Last": topics["last_seen_at"].dt.strftime("%Y-%m-%d"),
            "Stage": topics["lifecycle"],
            "Questions": topics["topic_id"].map(claims).fillna(0).astype(int),
        }
    )


def story_sizes(snapshot: Snapshot) -> pd.DataFrame:
    """How many stories have how many articles: Articles, Stories, Share."""
    sizes = snapshot.articles()["story_id"].value_counts()
    bins = pd.cut(
        sizes, [0, 1, 2, 5, 10, 20, 10**9], labels=["1", "2", "3-5", "6-10", "11-20", "over 20"]
    )
    counts = bins.value_counts(sort=False)
    shares = [f"{count / max(len(sizes), 1):.0%}" for count in counts]
    return pd.DataFrame(
        {"Articles": list(counts.index.astype(str)), "Stories": counts.to_numpy(), "Share": shares}
    )


def trending_terms(snapshot: Snapshot, most: int = 12) -> pd.DataFrame:
    """The newest strip of all sections: Term, Articles, Publishers, Expected, Topic."""
    found = snapshot.sql(
        """
        SELECT term, articles, publishers, expected, topic_id FROM stories.trending
        WHERE section = 'All' AND day = (SELECT max(day) FROM stories.trending)
        ORDER BY rank LIMIT ?
        """,
        [most],
    )
    label_of = snapshot.topics().set_index("topic_id")["label"]
    return pd.DataFrame(
        {
            "Term": found["term"],
            "Articles": found["articles"],
            "Publishers": found["publishers"],
            "Publishers expected": [f"{value:.1f}" for value in found["expected"]],
            "Topic": found["topic_id"].map(label_of).fillna("–"),
        }
    )


def topic_days(snapshot: Snapshot, topic_id: str) -> pd.DataFrame:
    """Articles of a topic a day, as topics stand now: day, articles."""
    articles = snapshot.articles()
    own = articles[articles["topic_id"] == topic_id]
    return own.groupby("day", as_index=False).agg(articles=("article_id", "count"))


def topic_claims(snapshot: Snapshot, topic_id: str, forecaster: str) -> pd.DataFrame:
    """Claims on a topic by one forecaster, oldest first: columns of `marts.fct_claims`."""
    claims = snapshot.claims(forecaster)
    return claims[claims["topic_id"] == topic_id].reset_index(drop=True)


def topic_stories(snapshot: Snapshot, topic_id: str) -> pd.DataFrame:
    """The stories of a topic, oldest first: First, Headline, Articles, Publishers, url."""
    articles = snapshot.articles()
    own = articles[articles["topic_id"] == topic_id]
    return pd.DataFrame(
        [
            {
                "First": f"{rows['first_seen_at'].iloc[0]:%Y-%m-%d}",
                "Headline": rows["title"].iloc[0],
                "Articles": len(rows),
                "Publishers": rows.loc[rows["duplicate_of"].isna(), "publisher"].nunique(),
                "url": rows["url"].iloc[0],
            }
            for _, rows in own.groupby("story_id", sort=False)
        ],
        columns=["First", "Headline", "Articles", "Publishers", "url"],
    )


def topic_steps(snapshot: Snapshot, topic_id: str) -> pd.DataFrame:
    """The dated steps of a topic's timeline: Date, What was reported, Sources."""
    rows = snapshot.reader.timeline(topic_id, snapshot.as_of)
    steps = rows[rows["kind"] == "step"]
    return pd.DataFrame(
        {
            "Date": steps["date"].dt.strftime("%Y-%m-%d"),
            "What was reported": steps["sentence"],
            "Independent sources": steps["independent_sources"],
        }
    )


def why_here(snapshot: Snapshot, topic_id: str, most: int = 8) -> pd.DataFrame:
    """Why the newest articles of a topic are in their stories: their nearest and what they share.

    Returns
    -------
    pandas.DataFrame
        Article, Why, Nearest, Probability (of one story), They share.
    """
    rows = snapshot.sql(
        """
        WITH placed AS (
            SELECT * FROM stories.assignments
            QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY day DESC) = 1
        ),
        linked AS (
            SELECT * FROM stories.topic_stories
            QUALIFY row_number() OVER (PARTITION BY story_id ORDER BY day DESC) = 1
        )
        SELECT a.title, p.reason, p.nearest
        FROM placed AS p JOIN linked AS l USING (story_id)
        JOIN news.articles AS a USING (article_id)
        WHERE l.topic_id = ?
        ORDER BY a.first_seen_at DESC, article_id LIMIT ?
        """,
        [topic_id, most],
    )
    title_of = snapshot.articles().set_index("article_id")["title"]
    shown = []
    for row in rows.itertuples():
        near = (json.loads(str(row.nearest)) or [{}])[0]
        shared = [*near.get("names", []), *near.get("shared", [])]
        shown.append(
            {
                "Article": row.title,
                "Why": row.reason,
                "Nearest": title_of.get(near.get("article_id"), "–"),
                "Probability": f"{near['probability']:.2f}" if near else "–",
                "They share": ", ".join(shared) or "–",
            }
        )
    return pd.DataFrame(shown, columns=["Article", "Why", "Nearest", "Probability", "They share"])
