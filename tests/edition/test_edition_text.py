from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.edition.lookups import Table
from newsworld_dagster.edition.render import cite, grouped, json_ld, percent, plural
from newsworld_dagster.edition.text import clean, clean_tree, page_name, web_link

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(st.text(alphabet=st.characters(), max_size=200), st.integers(2, 60))
def test_nothing_unseen_stays_and_the_length_holds(text: str, longest: int) -> None:
    found = clean(text + BIDI + "\x00\ud800", longest)
    assert len(found) <= longest
    assert not set(found) & set(BIDI)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in found)
    assert found == clean(found, longest)
    found.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Null\x00 byte and \x1b[31mred\x07", "Null byte and [31mred"),
        ("Deal \u202egnp.exe\u202c signed", "Deal gnp.exe signed"),
        ("two\nlines\u2028more", "two lines more"),
        ("family 👩‍👩‍👧‍👦", "family 👩‍👩‍👧‍👦"),
        ("Z" + "\u0301" * 50 + "algo", "Z\u0301\u0301\u0301algo"),
        ("  plain  ", "plain"),
    ],
)
def test_texts_by_hand(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_a_long_title_is_cut_at_a_word() -> None:
    assert clean("alpha beta gamma delta", 16) == "alpha beta…"
    assert clean("W" * 5000, 300) == "W" * 299 + "…"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " vbscript:x",
        "data:text/html,x",
        "//example.org/x",
        "https:///nohost",
        "http://[bad",
        "https://user:pass@example.org/",
        "https://example.org/\u202etxt",
        "java\nscript:alert(1)",
        "ftp://example.org",
        "",
        None,
        3,
    ],
)
def test_addresses_that_are_no_web_page_are_dropped(address: object) -> None:
    assert web_link(address) is None


def test_addresses_are_made_valid() -> None:
    assert web_link("https://e.org/a?b=\"<'> c") == "https://e.org/a?b=%22%3C%27%3E%20c"
    assert web_link("http://e.org/é?x=1&y=2#z") == "http://e.org/é?x=1&y=2#z"


def test_frames_are_cleaned_inside_their_json_too() -> None:
    frame = pd.DataFrame(
        {
            "title": ["a\x00b", None],
            "url": ["javascript:x", "https://e.org/"],
            "sources": ['[{"note": "\\u202ex", "number": 1}]', None],
            "number": [1, 2],
        }
    )
    table = Table(frame)
    found = {name: [table.cell(name, place) for place in (0, 1)] for name in frame.columns}
    assert found["title"] == ["a b", None]
    assert found["url"] == [None, "https://e.org/"]
    assert found["sources"] == [[{"note": "x", "number": 1}], []]
    assert found["number"] == [1, 2]


def test_a_quotation_may_not_be_long() -> None:
    assert len(clean_tree({"quote": "word " * 500})["quote"]) <= 300


@pytest.mark.parametrize("identifier", ["../x", "a/b", "", "a" * 90, "a.b", "ü"])
def test_ids_cannot_leave_their_folder(identifier: str) -> None:
    with pytest.raises(ValueError, match="cannot name a page"):
        page_name(identifier)


def test_citations_link_only_to_sources_that_are_there() -> None:
    found = cite("<b> [1] and [2, 1] but [9] and [1, 9].", [1, 2])
    assert found == (
        '&lt;b&gt; <span class="cite">[<a href="#source-1">1</a>]</span> and '
        '<span class="cite">[<a href="#source-2">2</a>, <a href="#source-1">1</a>]</span> '
        "but [9] and [1, 9]."
    )


def test_structured_data_cannot_end_its_element() -> None:
    assert "</script>" not in json_ld({"headline": "</script><script>alert(1)"})


def test_counts_are_written_in_groups_of_three() -> None:
    assert [grouped(count) for count in (0, 999, 6296, 1_000_000)] == [
        "0", "999", "6,296", "1,000,000",
    ]  # fmt: skip
    assert [plural(count, "claim") for count in (1, 6296)] == ["1 claim", "6,296 claims"]


def test_percentages_never_round_to_certainty() -> None:
    found = [percent(p) for p in (0.0, 0.0001, 0.005, 0.006, 0.5, 0.994, 0.9951, 1.0, -0.061)]
    assert [text.replace("\u202f", "") for text in found] == [
        "0%",
        "<1%",
        "<1%",
        "1%",
        "50%",
        "99%",
        ">99%",
        "100%",
        "−6%",
    ]
