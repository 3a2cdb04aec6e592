"""Counting what came and went is counting anew."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.stories import Background, RunningBackground

TEXTS = ["Storm hits coast", "Coast storm relief", "Talks end", "", "Storm Storm", "Talks in Oslo"]
ARTICLES = pd.DataFrame(
    [
        (f"a{number}", title, summary)
        for number, (title, summary) in enumerate((one, other) for one in TEXTS for other in TEXTS)
    ],
    columns=["article_id", "title", "summary"],
)


@given(st.lists(st.sets(st.sampled_from(list(ARTICLES["article_id"])), max_size=12), max_size=8))
def test_a_running_background_is_that_of_its_articles(days: list[set[str]]) -> None:
    running = RunningBackground()
    before: set[str] = set()
    for ids in days:
        missing = running.missing(sorted(ids))
        assert missing == sorted(ids - before)
        counted = running.of(sorted(ids), ARTICLES[ARTICLES["article_id"].isin(missing)])
        own = ARTICLES[ARTICLES["article_id"].isin(ids)]
        assert counted == Background.of(own["title"], own["summary"])
        before = ids


def test_a_word_of_one_article_alone_is_not_seen() -> None:
    first = pd.DataFrame({"article_id": ["a", "b"], "title": ["Oslo talks"] * 2, "summary": ""})
    running = RunningBackground()
    assert running.of(["a", "b"], first).frequency == {"oslo": 2, "talk": 2, "oslo talk": 2}
    assert running.of(["b"], first.head(0)) == Background(1, {})
