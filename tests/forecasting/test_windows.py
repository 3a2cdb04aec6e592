from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.forecasting import deadline_of

MADE = pd.Timestamp("2026-02-20 12:00")  # a Friday


@pytest.mark.parametrize(
    ("words", "deadline"),
    [
        # counted from the making
        ("within 48 hours", "2026-02-22 12:00"),
        ("within 1 month", "2026-03-20 12:00"),
        ("within 6 weeks", "2026-04-03 12:00"),
        ("in the next two weeks", "2026-03-06 12:00"),
        ("within the next month", "2026-03-20 12:00"),
        ("over the next 90 days", "2026-05-21 12:00"),
        ("within 2 to 3 months", "2026-05-20 12:00"),
        ("1-3 months", "2026-05-20 12:00"),
        ("within a year", "2027-02-20 12:00"),
        ("within 10 business days", "2026-03-06 12:00"),
        # the calendar's own words: the last second of a day
        ("by the end of Q2", "2026-06-30 23:59:59"),
        ("Q3 2026", "2026-09-30 23:59:59"),
        ("in the first half of 2027", "2027-06-30 23:59:59"),
        ("by mid-July", "2026-07-15 23:59:59"),
        ("by early March", "2026-03-10 23:59:59"),
        ("in late April", "2026-04-30 23:59:59"),
        ("before the end of the year", "2026-12-31 23:59:59"),
        ("by year-end", "2026-12-31 23:59:59"),
        ("by EOY 2027", "2027-12-31 23:59:59"),
        ("by the end of the month", "2026-02-28 23:59:59"),
        ("by the end of next month", "2026-03-31 23:59:59"),
        ("this week", "2026-02-22 23:59:59"),
        ("by Monday", "2026-02-23 23:59:59"),
        ("by tomorrow", "2026-02-21 23:59:59"),
        ("by 14 March 2026", "2026-03-14 23:59:59"),
        ("by March 14th, 2026", "2026-03-14 23:59:59"),
        ("no later than the 5th of May", "2026-05-05 23:59:59"),
        ("on or before 2026-04-30", "2026-04-30 23:59:59"),
        ("by 1 February", "2027-02-01 23:59:59"),  # this year's has passed
        ("before 1 December 2026", "2026-11-30 23:59:59"),
        ("before 2027", "2026-12-31 23:59:59"),
        ("between 14 February and 14 March 2026", "2026-03-14 23:59:59"),
        ("until the end of the decade", "2029-12-31 23:59:59"),
        ("by 30/06/2026", "2026-06-30 23:59:59"),
        ("by 6/30/2026", "2026-06-30 23:59:59"),
        ("within half a year", "2026-08-20 12:00"),
        # feasts and seasons
        ("before Christmas", "2026-12-24 23:59:59"),
        ("by Easter", "2026-04-05 23:59:59"),
        ("by Good Friday 2027", "2027-03-26 23:59:59"),
        ("by Thanksgiving", "2026-11-26 23:59:59"),
        ("by Labor Day", "2026-09-07 23:59:59"),
        ("by Memorial Day", "2026-05-25 23:59:59"),
        ("by Election Day", "2026-11-03 23:59:59"),
        ("this spring", "2026-05-31 23:59:59"),
        ("by the end of summer", "2026-08-31 23:59:59"),
        ("in the autumn of 2026", "2026-11-30 23:59:59"),
        ("by winter 2026", "2027-02-28 23:59:59"),
        ("The shop opens next month.", "2026-03-31 23:59:59"),
    ],
)
def test_windows_in_words_become_dates(words: str, deadline: str) -> None:
    assert deadline_of(words, MADE) == pd.Timestamp(deadline)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "within weeks",
        "a few weeks",
        "in the coming weeks",
        "by summer",
        "before the election",
        "by 6/7/2026",  # June or July?
        "by 31 June 2026",
        "The 2026 final is held.",
        "A suit by customers affected by the December outage",
        "The highest price in 5 years",
        "within 99999999 years",
    ],
)
def test_what_names_no_date_has_no_deadline(words: str) -> None:
    assert deadline_of(words, MADE) is None


def test_a_sentence_gives_its_deadline_and_not_the_dates_it_speaks_of() -> None:
    sentence = "The ship that ran aground in December 2025 is afloat by 31 March 2026."
    assert deadline_of(sentence, MADE) == pd.Timestamp("2026-03-31 23:59:59")


def test_without_a_moment_of_making_only_dates_with_a_year_are_read() -> None:
    assert deadline_of("by 14 March 2026") == pd.Timestamp("2026-03-14 23:59:59")
    assert deadline_of("by 14 March") is None
    assert deadline_of("within 2 weeks") is None


moments = st.datetimes(pd.Timestamp("2001-01-01"), pd.Timestamp("2090-01-01")).map(pd.Timestamp)


@given(moments, st.integers(1, 400))
def test_a_count_of_days_is_that_many_days(made_at: pd.Timestamp, days: int) -> None:
    assert deadline_of(f"within {days} days", made_at) == made_at + pd.Timedelta(days=days)


@given(moments, moments)
def test_a_written_date_is_read_back(made_at: pd.Timestamp, due: pd.Timestamp) -> None:
    end = due.normalize() + pd.Timedelta(hours=23, minutes=59, seconds=59)
    for written in (f"{due.day} {due:%B %Y}", f"{due:%B} {due.day}, {due.year}", f"{due:%Y-%m-%d}"):
        assert deadline_of(f"NASA lands by {written}.", made_at) == end


@given(moments, st.sampled_from(["Q1", "mid-May", "the end of the year", "Friday", "3 August"]))
def test_the_next_date_is_meant(made_at: pd.Timestamp, words: str) -> None:
    deadline = deadline_of(f"by {words}", made_at)
    assert deadline is not None
    assert made_at - pd.Timedelta(seconds=1) <= deadline <= made_at + pd.Timedelta(days=366)
