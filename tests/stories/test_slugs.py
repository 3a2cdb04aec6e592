from __future__ import annotations

import pytest

from newsworld_dagster.stories.slugs import slug_words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "https://paper.example/2026/02/14/world/africa/lagos-market-fire.html?ref=top-three-a-b",
            "lagos market fire",
        ),
        ("https://paper.example/lagos-market-fire-1236602452/", "lagos market fire"),
        ("https://paper.example/US/Lagos-Market-Fire/story?id=126", "Lagos Market Fire"),
        ("http://paper.example/a_fire_in_lagos#live-updates-as-they-come", "fire in lagos"),
        # The longest part, of two as long the last: what stands before it is where it was filed.
        (
            "https://p.example/middle-east-crisis-live/strait-closed-as-ships-wait/",
            "strait closed as ships wait",
        ),
        ("https://p.example/one-two-three/four-five-six", "four five six"),
        # Sections, numbers and keys are no words.
        ("https://p.example/world-news/us-politics/c80p33nv83xo", ""),
        ("https://p.example/2026-02-14/1-2-3-4-5", ""),
        ("https://paper-of-the-town.example/", ""),
        ("https://paper-of-the-town.example", ""),
        ("lagos-market-fire", ""),
        ("https://[half-an-address-here", ""),
        ("", ""),
    ],
)
def test_the_words_of_an_address_are_those_of_its_longest_part(url: str, words: str) -> None:
    assert slug_words(url) == words
