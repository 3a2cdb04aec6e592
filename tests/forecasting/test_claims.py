from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.forecasting import compile_claim

MADE = pd.Timestamp("2026-02-20 12:00")


def test_an_event_in_words_becomes_a_dated_claim() -> None:
    claim = compile_claim("NASA launches Artemis II.", 0.7, MADE, window="within 1 month")
    assert claim.resolve_by == pd.Timestamp("2026-03-20 12:00")
    assert (claim.made_at, claim.probability, claim.band) == (MADE, 0.7, "High")
    assert claim.findings == ()


def test_the_statement_goes_before_the_window() -> None:
    claim = compile_claim("NASA flies by 3 April 2026.", 0.2, MADE, window="within 1 month")
    assert claim.resolve_by == pd.Timestamp("2026-04-03 23:59:59")
    assert claim.band == "Low"


def test_a_date_in_a_title_is_no_deadline() -> None:
    claim = compile_claim("“Gone by 1 May 2027” wins an Oscar.", 0.5, MADE, window="within 1 week")
    assert claim.resolve_by == MADE + pd.Timedelta(weeks=1)


def test_no_window_is_a_finding() -> None:
    claim = compile_claim("NASA launches Artemis II.", 0.7, MADE, window="soon")
    assert claim.resolve_by is None
    assert [finding.fault for finding in claim.findings] == ["no_deadline"]


@pytest.mark.parametrize("probability", [0.0, 1.0, 1.7, -0.1, float("nan")])
def test_a_probability_outside_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match=r"give a number between 0 and 1"):
        compile_claim("NASA lands.", probability, MADE, window="within 1 week")


OPEN = pd.DataFrame(
    {
        "statement": [
            "NASA launches Artemis II by 20 March 2026.",
            "Boeing delivers the first jet.",
        ],
        "resolve_by": pd.to_datetime(["2026-03-20", "2026-06-30"]),
    }
)


@pytest.mark.parametrize(
    ("statement", "window", "found"),
    [
        ("Artemis II is launched by NASA.", "within 1 month", True),
        ("Artemis II is launched by NASA.", "within 2 months", False),  # another deadline
        ("NASA delays Artemis II.", "within 1 month", False),
        ("NASA does not launch Artemis II.", "within 1 month", False),
        ("SpaceX launches Artemis II.", "within 1 month", False),
        ("NASA launches Artemis III.", "within 1 month", False),
    ],
)
def test_duplicates_share_act_names_and_deadline(statement: str, window: str, found: bool) -> None:
    claim = compile_claim(statement, 0.5, MADE, window=window, open_claims=OPEN)
    assert ("duplicate" in {finding.fault for finding in claim.findings}) is found


def test_close_vectors_find_what_words_leave_open_but_not_what_words_deny() -> None:
    given = pd.DataFrame(
        {
            "statement": ["Amazon publishes the audit of its warehouse robots in Ohio."],
            "resolve_by": pd.to_datetime(["2026-03-20"]),
        }
    )

    def duplicate(statement: str, cosine: float | None) -> bool:
        vectors = {}
        if cosine is not None:
            vectors = {
                "vector": np.array([1.0, 0.0]),
                "open_vectors": np.array([[cosine, np.sqrt(1 - cosine**2)]]),
            }
        claim = compile_claim(
            statement, 0.5, MADE, window="within 1 month", open_claims=given, **vectors
        )
        return "duplicate" in {finding.fault for finding in claim.findings}

    reworded = "Amazon publishes the review of its warehouse robots in Ohio."
    assert not duplicate(reworded, None)
    assert not duplicate(reworded, 0.9)
    assert duplicate(reworded, 0.95)
    assert not duplicate("Walmart publishes the audit of its warehouse robots in Ohio.", 0.99)


def test_vectors_must_fit_the_open_claims() -> None:
    with pytest.raises(ValueError, match="give both or neither"):
        compile_claim("NASA lands.", 0.5, MADE, window="within 1 month", open_claims=OPEN,
                      vector=np.ones(1))  # fmt: skip


# The events of the reference page by number, each with the findings that a fair reader expects.
REFERENCE = {
    # A rule for all changes of one kind: done if the company says so, not done otherwise.
    1: set(),
    # An investigation may come without restrictions.
    2: {"compound"},
    # What is done quietly is not announced, and an announced change would not be quiet.
    3: {"unobservable", "vague_verb"},
    # Nobody has said which customers are big enough.
    4: {"vague_quantity"},
    # A framework can be announced; what it positions its maker as is a reader's opinion.
    5: {"vague_verb"},
    # Any consortium or standards body, one announcement.
    6: set(),
    # A filing in a court.
    7: set(),
    # It does not say how many incidents there are beyond those known.
    8: {"vague_quantity"},
}
WINDOWS = {
    1: "2026-03-20",
    2: "2026-04-20",
    3: "2026-04-03",
    4: "2026-05-20",
    5: "2026-04-20",
    6: "2026-06-20",
    7: "2026-08-20",
    8: "2026-05-20",
}


def test_the_events_of_the_reference_page(shared_data: Path) -> None:
    page = shared_data / "reference_page.txt"
    if not page.is_file():
        pytest.skip(f"no reference page at {page}; set NEWSWORLD_SHARED_DATA")
    listed = page.read_text(encoding="utf-8").split("\nPredicted Events\n")[1]
    events = re.findall(r"^(?:High|Medium|Low)\n(within .+)\n(.+)\n", listed, re.MULTILINE)
    claims = {
        number: compile_claim(statement, 0.5, MADE, window=window)
        for number, (window, statement) in enumerate(events[:8], start=1)
    }
    assert {n: f"{claim.resolve_by:%Y-%m-%d}" for n, claim in claims.items()} == WINDOWS
    assert {n: {f.fault for f in claim.findings} for n, claim in claims.items()} == REFERENCE
