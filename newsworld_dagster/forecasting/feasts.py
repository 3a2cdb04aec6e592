"""Days and seasons that go by a name: Christmas, Easter, Thanksgiving, spring."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

import pandas as pd

# Month and day.
_FIXED = {
    "new year's day": (1, 1),
    "valentine's day": (2, 14),
    "may day": (5, 1),
    "independence day": (7, 4),
    "the fourth of july": (7, 4),
    "bastille day": (7, 14),
    "halloween": (10, 31),
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "christmas": (12, 25),
    "boxing day": (12, 26),
    "new year's eve": (12, 31),
}
# Days from Easter Sunday.
_MOVABLE = {"good friday": -2, "easter sunday": 0, "easter monday": 1, "easter": 0, "pentecost": 49}
# Month, weekday and which of them, in the United States; -1 is the last.
_AMERICAN = {
    "memorial day": (5, calendar.MONDAY, -1),
    "labor day": (9, calendar.MONDAY, 1),
    "election day": (11, calendar.TUESDAY, 0),
    "thanksgiving": (11, calendar.THURSDAY, 4),
}
# First month, in the northern hemisphere as meteorologists count.
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
FEAST = "|".join(
    sorted((re.escape(name) for name in (*_FIXED, *_MOVABLE, *_AMERICAN)), key=len, reverse=True)
).replace("'", "['’]")
SEASON = "|".join(_SEASONS)


def feast(name: str, year: int) -> date:
    """The day of a feast in a year."""
    known = name.lower().replace("’", "'")
    if known in _FIXED:
        return date(year, *_FIXED[known])
    if known in _MOVABLE:
        easter: date = (pd.Timestamp(year, 1, 1) + pd.offsets.Easter()).date()
        return easter + timedelta(days=_MOVABLE[known])
    month, weekday, nth = _AMERICAN[known]
    days = [
        day
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
        if date(year, month, day).weekday() == weekday
    ]
    if known == "election day":  # the Tuesday after the first Monday
        return date(year, month, next(day for day in days if day >= 2))
    return date(year, month, days[nth if nth < 0 else nth - 1])


def season(name: str, year: int) -> tuple[date, date]:
    """First and last day of a northern season; the winter of a year begins in its December."""
    start = date(year, _SEASONS[name.lower()], 1)
    month = start.month + 2
    end_year, end_month = (year + 1, month - 12) if month > 12 else (year, month)
    return start, date(end_year, end_month, calendar.monthrange(end_year, end_month)[1])
