from __future__ import annotations

import pytest

from newsworld_dagster.contracts.terms import names, terms, words
from newsworld_dagster.contracts.vocabulary import confidence_band


def test_words_keep_their_form_and_lose_the_possessive() -> None:
    assert words("NASA's Artemis II: the U.S. crew’s $5bn re-entry") == (
        "NASA",
        "Artemis",
        "II",
        "the",
        "U.S",
        "crew",
        "5bn",
        "re-entry",
    )


def test_terms_are_lower_case_content_words() -> None:
    found = terms("The Senate and 12 judges block a tariff in 2026")
    assert {"senate", "judges", "block", "tariff"} <= found
    assert found.isdisjoint({"the", "and", "a", "in", "12", "2026"})


@pytest.mark.parametrize(
    ("title", "summary", "expected"),
    [
        # Sentence case: capitals inside the sentence; the first word proves nothing.
        ("Rescuers reach Kyiv after strike", "", {"kyiv"}),
        ("Zelensky visits troops near the front", "", set()),
        # Title Case: what the summary writes at all decides.
        (
            "Storm Hits Coast Of Florida Again",
            "Residents of Florida fled as the storm came in.",
            {"storm", "florida"},
        ),
        # Every sentence of the summary has a first word of its own.
        ("the vote is late", "Officials said so. Parliament meets in Oslo.", {"oslo"}),
        # Digits and inner capitals make a name, too.
        ("the new iPhone is out", "", {"iphone"}),
    ],
)
def test_names_stand_with_a_capital_inside_a_sentence(
    title: str, summary: str, expected: set[str]
) -> None:
    assert names(title, summary) == expected


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0.001, "Low"),
        (0.3333, "Low"),
        (1 / 3, "Medium"),
        (0.5, "Medium"),
        (0.6666, "Medium"),
        (2 / 3, "High"),
        (0.999, "High"),
    ],
)
def test_confidence_bands_start_at_thirds(probability: float, band: str) -> None:
    assert confidence_band(probability) == band
