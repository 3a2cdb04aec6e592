"""Terms counted as numbers are those counted as strings, whatever was read before."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from newsworld_dagster.contracts.terms import names, words
from newsworld_dagster.stories.lexicon import Lexicon
from newsworld_dagster.stories.linking import _weighted_names, _weighted_words, nearest_thread

TEXTS = ["storm hits coast", "coast guard", "", "storm storm warning"]


def test_terms_are_counted_as_in_their_texts() -> None:
    read = Lexicon(str.split).number(TEXTS)
    counts, expected = read.count(), Counter(" ".join(TEXTS).split())
    assert {term: counts.of(term) for term in (*read.terms, "thaw")} == {**expected, "thaw": 0}
    assert read.lengths.tolist() == [3, 2, 0, 3]
    assert [read.terms[number] for number in read.numbers[read.rows == 3]] == TEXTS[3].split()


def test_no_texts_hold_no_terms() -> None:
    read = Lexicon(str.split).number([])
    assert read.count().of("storm") == 0
    assert not len(read.rows)


@pytest.mark.parametrize("most", [{"most_texts": 1}, {"most_terms": 2}])
def test_a_full_lexicon_begins_anew_and_counts_the_same(most: dict[str, int]) -> None:
    lexicon = Lexicon(str.split, **most)
    first = lexicon.number(TEXTS)
    second = lexicon.number(TEXTS[::-1])
    assert second.terms is not first.terms
    # What was counted before is still told by the numbers of then.
    assert [first.count().of(term) for term in first.terms] == [
        second.count().of(term) for term in first.terms
    ]


def test_the_usual_spelling_is_the_most_frequent_of_these_texts() -> None:
    lexicon = Lexicon(str.split, spelled=True)
    read = lexicon.number(["iOS ios iOS", "Ios Oslo"]).count()
    lexicon.number(["ios ios ios oslo OSLO"])
    assert read.usual_spelling("ios") == "iOS"
    assert read.usual_spelling("oslo") == "Oslo"
    assert read.usual_spelling("bergen") is None
    # Of equally frequent ones the last of the alphabet, whatever was read first.
    assert lexicon.number(["ios Ios"]).count().usual_spelling("ios") == "ios"


def test_a_text_is_read_once() -> None:
    seen = []

    def read(text: str) -> list[str]:
        seen.append(text)
        return text.split()

    lexicon = Lexicon(read)
    lexicon.number(TEXTS)
    lexicon.number(TEXTS[:2])
    assert seen == TEXTS


WINDOW = pd.DataFrame(
    {
        "title": ["Storm hits Oslo", "Floods in Bergen", "Storm Ida nears", "Oslo's mayor quits"],
        "summary": [
            "Heavy rain fell, and rain will fall again.",
            "The river rose when Storm came.",
            "Rain is expected in Oslo by Monday.",
            "",
        ],
    }
)


def _same_vectors(ours: object, theirs: object) -> bool:
    """Whether two sparse matrices have the same cosines of their rows, to the last bit."""
    one, other = ((matrix @ matrix.T.tocsr()).toarray() for matrix in (ours, theirs))
    return np.array_equal(one, other)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0]])
def test_words_weigh_as_in_scikit_learn(order: list[int]) -> None:
    window = WINDOW.iloc[order]
    theirs = TfidfVectorizer(stop_words="english", sublinear_tf=True, dtype=np.float32)
    expected = theirs.fit_transform((window["title"] + " " + window["summary"]).tolist())
    assert _same_vectors(_weighted_words(window), expected)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0]])
def test_the_first_word_of_a_headline_is_a_name_where_it_is_one_elsewhere(order: list[int]) -> None:
    window = WINDOW.iloc[order]
    found = [names(*article) for article in zip(window["title"], window["summary"], strict=True)]
    everywhere = frozenset().union(*found)
    documents = [
        sorted(own | (everywhere & {words(title)[0].lower()}))
        for own, title in zip(found, window["title"], strict=True)
    ]
    pairs = zip(documents, found, strict=True)
    assert any("storm" in held and "storm" not in own for held, own in pairs)
    assert not any("floods" in held for held in documents)
    expected = TfidfVectorizer(analyzer=list, dtype=np.float32).fit_transform(documents)
    assert _same_vectors(_weighted_names(window), expected)


def test_a_window_without_words_has_no_weight() -> None:
    window = pd.DataFrame({"title": ["the", ""], "summary": ["", "of"]})
    assert _weighted_words(window).shape == (2, 1)
    assert _weighted_names(window).nnz == 0


@pytest.mark.parametrize("nearest", [1, 2, 3])
def test_the_nearest_thread_is_the_best_of_all_threads(nearest: int) -> None:
    random = np.random.default_rng(7)
    for _ in range(200):
        odds = random.normal(size=30).round(1)  # rounded, so that threads are equally near
        codes = random.integers(-1, 8, size=30)
        means = {
            code: np.sort(odds[codes == code])[::-1][:nearest].mean()
            for code in np.unique(codes[codes >= 0])
        }
        thread, score = nearest_thread(odds, codes, nearest)
        assert score == pytest.approx(max(means.values()))
        assert means[thread] == pytest.approx(score)
