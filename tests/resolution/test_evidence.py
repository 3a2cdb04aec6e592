from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.resolution import EvidenceParameters, find_evidence
from newsworld_dagster.resolution.evidence import rank_scores, sentences
from newsworld_dagster.resolution.lexical import bm25, stems

START = pd.Timestamp("2026-02-14")
HOUR = pd.Timedelta(hours=1)


def window(*rows: dict[str, object]) -> pd.DataFrame:
    """Articles an hour apart, in time order."""
    return pd.DataFrame(
        [
            {
                "article_id": f"a{number}",
                "title": f"Headline {number}",
                "summary": "",
                "first_seen_at": START + number * HOUR,
                "duplicate_of": None,
            }
            | row
            for number, row in enumerate(rows)
        ]
    ).astype({"first_seen_at": "datetime64[us]"})


def pointing(*degrees: float) -> np.ndarray:
    """Unit vectors in the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def encoder(**known: float):
    """Every text points the way of the first known word in it, else at 90 degrees."""

    def encode(texts: Sequence[str]) -> np.ndarray:
        return pointing(*(next((a for w, a in known.items() if w in t), 90.0) for t in texts))

    return encode


DENSE_ONLY = EvidenceParameters(lexical_share=0.0, lateness=0.0)


def test_bm25_by_hand() -> None:
    titles, summaries = ["Ferry sinks", "Ferry sails", "Rain"], ["", "ferry", "all day long"]
    # Three articles of 2, 3 and 4 words, 3 on average; "ferry" is in two, "sinks" in one.
    ferry, sinks = math.log(1 + 1.5 / 2.5), math.log(1 + 2.5 / 1.5)
    short, usual = 1.2 * (0.25 + 0.75 * 2 / 3), 1.2
    expected = [
        (ferry + sinks) * 2.2 / (1 + short),
        ferry * 2 * 2.2 / (2 + usual),
        0.0,
    ]
    assert bm25("Sinking ferry", titles, summaries) == pytest.approx(expected)


def test_a_word_in_the_title_counts_more_when_asked_to() -> None:
    titles, summaries = ["Ferry tale", "Other news"], ["on an isle", "a ferry boat"]
    plain = bm25("ferry", titles, summaries)
    assert plain[0] == pytest.approx(plain[1])
    first, second = bm25("ferry", titles, summaries, title_weight=1.0)
    assert first > second
    assert second == pytest.approx(plain[1])


def test_names_weigh_more_than_other_words() -> None:
    # In the same number of articles, so that rarity cannot tell them apart.
    titles = ["It is said that Oslo waits", "It is said that rain waits"]
    plain, named = (bm25("Oslo rain", titles, ["", ""], name_weight=w) for w in (0.0, 1.0))
    assert plain[0] == pytest.approx(plain[1])
    assert named[0] == pytest.approx(2 * plain[0])
    assert named[1] == pytest.approx(plain[1])


def test_stems_keep_numbers_and_drop_endings() -> None:
    assert stems("Sinking 2026 ferries’") == ("sink", "2026", "ferri")


def test_no_articles_no_scores() -> None:
    assert bm25("anything", [], []).shape == (0,)
    empty = window({"title": "x"}).iloc[:0]
    assert find_evidence("x", empty, np.zeros((0, 0), np.float32), encoder()) == []


def test_nearest_in_meaning_come_first_and_k_cuts() -> None:
    articles = window({"title": "far"}, {"title": "near"}, {"title": "middle"})
    found = find_evidence(
        "claim",
        articles,
        pointing(80, 10, 40),
        encoder(claim=0.0),
        k=2,
        parameters=DENSE_ONLY,
    )
    assert [one.article_id for one in found] == ["a1", "a2"]
    assert [one.score for one in found] == pytest.approx([0.9848, 0.7660])
    assert [one.cosine for one in found] == pytest.approx([0.9848, 0.7660])


def test_meaning_words_and_lateness_add_up_by_hand() -> None:
    articles = window({"title": "Rain"}, {"title": "Ferry sinks"}, {"title": "Snow"})
    cosines = np.array([0.5, 0.2, 0.1])
    given_ = EvidenceParameters(lexical_share=0.4, lateness=0.2)
    # The only article with a word of the claim has the best BM25, which counts as 1.
    expected = [0.6 * 0.5, 0.6 * 0.2 + 0.4 + 0.2 / 2, 0.6 * 0.1 + 0.2]
    assert rank_scores("Ferry", articles, cosines, given_) == pytest.approx(expected)


def test_copies_count_once_and_are_named() -> None:
    articles = window(
        {"title": "Ferry sinks"},
        {"title": "Ferry sinks, says agency", "duplicate_of": "a0"},
        {"title": "Elsewhere", "duplicate_of": "outside"},
        {"title": "Elsewhere again", "duplicate_of": "outside"},
        {"title": "FERRY sinks"},  # the same title and nearly the same vector
        {"title": "Ferry sinks"},  # the same title of another event
    )
    found = find_evidence(
        "claim",
        articles,
        pointing(10, 11, 30, 31, 12, 60),
        encoder(claim=0.0),
        parameters=DENSE_ONLY,
    )
    assert [(one.article_id, one.copies) for one in found] == [
        ("a0", ("a1", "a4")),
        ("a2", ("a3",)),
        ("a5", ()),
    ]


def test_the_passage_is_the_nearest_sentence_word_for_word() -> None:
    summary = "The U.S. waits for Gov. Hall. “The ferry sank.” Rain was seen on Feb. 3."
    articles = window({"title": "Headline", "summary": summary})
    (found,) = find_evidence("claim", articles, pointing(45), encoder(claim=0.0, ferry=5.0))
    assert found.passage == "“The ferry sank.”"
    assert sentences("Headline", summary) == [
        "Headline",
        "The U.S. waits for Gov. Hall.",
        "“The ferry sank.”",
        "Rain was seen on Feb. 3.",
    ]


def test_the_title_is_the_passage_when_no_sentence_is_nearer() -> None:
    articles = window({"title": "Headline", "summary": "Nothing. Nothing more."})
    (found,) = find_evidence("claim", articles, pointing(45), encoder(claim=0.0))
    assert found.passage == "Headline"


@given(
    rows=st.lists(
        st.tuples(st.text(min_size=1), st.text(), st.floats(0, 360)), min_size=1, max_size=8
    ),
    k=st.integers(1, 10),
)
def test_order_scores_and_passages_hold_for_any_text(
    rows: list[tuple[str, str, float]], k: int
) -> None:
    articles = window(*({"title": title, "summary": summary} for title, summary, _ in rows))
    found = find_evidence(
        "claim", articles, pointing(*(angle for *_, angle in rows)), encoder(claim=0.0), k=k
    )
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    named = [name for one in found for name in (one.article_id, *one.copies)]
    assert len(set(named)) == len(named)
    assert len(found) == min(k, len(found))
    if k >= len(rows):
        assert sorted(named) == sorted(articles["article_id"])
    texts = articles.set_index("article_id")
    for one in found:
        title, summary = texts.loc[one.article_id, ["title", "summary"]]
        assert one.passage == title or one.passage in summary


def test_wrong_numbers_are_refused() -> None:
    articles = window({"title": "x"})
    with pytest.raises(ValueError, match="at least 1"):
        find_evidence("x", articles, pointing(0), encoder(), k=0)
    with pytest.raises(ValueError, match="1 articles came with 2 vectors"):
        find_evidence("x", articles, pointing(0, 1), encoder())
