"""Time windows in words to absolute UTC dates: "within 6 weeks", "by the end of Q2"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from newsworld_dagster.forecasting.feasts import FEAST, SEASON, feast, season

Role = Literal["deadline", "during", "named"]

_COUNTS = {
    word: number
    for number, word in enumerate(
        [
            *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
            *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
            *("eighteen", "nineteen", "twenty"),
        ],
        start=1,
    )
} | {"a": 1, "an": 1, "a couple": 2, "thirty": 30, "sixty": 60, "ninety": 90}
_MONTHS = {
    name[:length].lower(): number
    for number, name in enumerate(calendar.month_name)
    for length in (3, len(name))
    if number
} | {"sept": 9}
_WEEKDAYS = [name.lower() for name in calendar.day_name]
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}

_COUNT = rf"(?:\d+|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})"
_UNIT = (
    r"(?P<unit>hours?|(?:business |trading |working )?days?|weeks?|fortnights?|months?|quarters?|"
    r"years?|h|hrs?)\b"
)
# "The coming week" is a window, "the coming weeks" are not.
_ONE = r"(?P<unit>hour|day|week|fortnight|month|quarter|year)\b"
# Of a range ("2 to 3 weeks") the later end counts.
_SPAN = rf"(?:{_COUNT}\s*(?:-|–|to|or)\s*)?(?P<count>{_COUNT})(?: of)?(?:\s+|-){_UNIT}"
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_YEAR = r"(?P<year>(?:19|20|21)\d\d)(?![\d%]|[-–/]\d\d(?!\d|-))"
_PART = (
    r"(?P<part>(?:the\s+)?(?:very\s+)?(?:end|close|start|beginning|middle)[\s-](?:of\s+)?|"
    r"early(?:\s+in)?[\s-]|mid[\s-]?|late(?:\s+in)?[\s-])?(?:the\s+)?"
)
# Before a noun ("its March meeting", "the December outage") a month is no date of the claim.
_ALONE = (
    r"(?=\s*(?:$|[.,;:?!)”\"]|(?:and|or|at|in|on|by|if|with|according|after|before|that|as|from|"
    r"to|for|under|when|while|because|but|despite|following|of this year)\b))"
)
_CALENDAR = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)",
        # Only where no reader can take the day for the month.
        rf"\b(?P<day>1[3-9]|2\d|3[01])[/.](?P<number>0?[1-9]|1[0-2])[/.]{_YEAR}",
        rf"\b(?P<number>0?[1-9]|1[0-2])/(?P<day>1[3-9]|2\d|3[01])/{_YEAR}",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*[:%])(?:,?\s+{_YEAR})?",
        rf"\b{_PART}{_MONTH},?(?:\s+of)?\s+{_YEAR}{_ALONE}",
        rf"\b{_PART}(?:Q(?P<quarter>[1-4])|(?P<nth>first|second|third|fourth|last)\s+quarter)"
        rf"(?:\s+of)?(?:\s+(?:the\s+)?(?:{_YEAR}|year))?\b",
        rf"\b{_PART}(?:H(?P<half>[12])|(?P<nth>first|second)\s+half)(?:\s+of)?"
        rf"(?:\s+(?:the\s+)?(?:{_YEAR}|year))?\b",
        rf"\b{_PART}(?P<season>{SEASON})(?:\s+of)?\s+{_YEAR}",
        rf"\b{_PART}\b{_YEAR}",
        rf"\b{_PART}{_MONTH}{_ALONE}",
        r"\b(?P<part>end\s+of\s+|close\s+of\s+|end\s+)(?:the\s+|this\s+|(?P<which>next)\s+)?"
        r"(?P<whole>week|month|quarter|year|decade)\b",
        r"\b(?P<which>this|next)\s+(?P<whole>week|weekend|month|quarter|year|decade)\b",
        r"\b(?P<whole>year|month|quarter|week)(?:['’]s)?[\s-]end\b|"
        rf"\bEO(?P<letter>[YMQW])\b(?:\s+{_YEAR})?",
        rf"\b(?:(?P<which>this|next)\s+)?(?P<weekday>{'|'.join(_WEEKDAYS)})\b",
        r"\b(?P<nearby>today|tonight|tomorrow)\b",
        rf"\b(?P<feast>{FEAST})\b(?:,?\s+{_YEAR})?(?!\s+[a-z]*(?:day|special|tree|market|song))",
        # Without a year a season is only a date with "this", "next" or its end.
        rf"\b(?P<which>this|next)\s+(?P<season>{SEASON})\b(?!\s+[a-z])",
        rf"\b(?P<part>(?:the\s+)?end\s+of\s+)(?:the\s+)?(?P<season>{SEASON})\b(?!\s+[a-z])",
    )
]
_RELATIVE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:within|inside|in\s+under)\s+(?:the\s+)?(?:next\s+|coming\s+)?{_SPAN}",
        rf"\b(?:the|these)\s+(?:next|coming|following)\s+{_SPAN}",
        rf"\bnext\s+{_SPAN}",
        rf"\bin\s+{_SPAN}",
        rf"\b{_SPAN}\s+from\s+(?:now|today)",
        rf"\b(?:within\s+|in\s+|over\s+)?(?:the|this)\s+(?:next|coming|following)\s+{_ONE}",
        rf"\bwithin\s+the\s+{_ONE}",
        r"\b(?:within|in)\s+(?P<half_a>half\s+a)\s+(?P<unit>year)\b",
        rf"^\s*{_SPAN}\s*$",
    )
]
_BEFORE = re.compile(
    r"\b(?:(?P<on_or>(?:on\s+or\s+)(?:before|by)|by\s+or\s+on|no\s+later\s+than|"
    r"not\s+later\s+than|by|until|till|through|up\s+to|at\s+the\s+latest\s+(?:by|on)|to|and|-|–)|"
    r"(?P<before>before|prior\s+to|earlier\s+than)|(?P<during>on|in|during|at|over|this|of))\s+"
    r"(?:the\s+)?$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?:between|from)\b", re.IGNORECASE)
# "The highest price in 5 years" looks back.
_SUPERLATIVE = re.compile(r"\b(?:\w+est|most|first|only|once|record|last)\b", re.IGNORECASE)
_RANGES = ("to", "and", "-", "–")
_DAY_END = pd.Timedelta(days=1) - pd.Timedelta(seconds=1)
# Characters of a text that are read for its times: far more than a sentence has.
MOST_READ = 1_000


@dataclass(frozen=True)
class Mention:
    """A time named in a text: where it stands, and its first and last second in UTC.

    `role` is 'deadline' after "by", "before", "within" and the like, 'during' after "on" or
    "in", and 'named' where it only belongs to a name ("the 2026 final").
    """

    start: int
    end: int
    first: pd.Timestamp
    last: pd.Timestamp
    role: Role


def deadline_of(text: str, made_at: pd.Timestamp | None = None) -> pd.Timestamp | None:
    """The last moment that a window in words leaves, UTC, None where it names none.

    A count of units ("within 48 hours", "in the next 2 to 3 weeks") runs from `made_at`, months
    by the calendar, to the later end of a range. Calendar words give the last second of a day:
    "by" a day, month, quarter or year includes it whole, "before" it excludes it; early, mid and
    late in a month end on its 10th, 15th and last day, in a year with March, June and December.
    A date without a year is the next one. Feasts are days, seasons those of the north, where a
    year, "this", "next" or "the end of" stands beside them. "Soon", "a few weeks", "by summer" and
    "before the election" name no date.

    Parameters
    ----------
    text
        A window ("within 1 month", "Q2 2026") or a sentence that holds one.
    made_at
        UTC moment that the words are read at; without it only dates with a year are read.
    """
    found = mentions(text, made_at)
    for role in ("deadline", "during", "named"):
        ends = [mention.last for mention in found if mention.role == role]
        # In a sentence "the 2026 final" names an event; alone "Q2 2026" is a window.
        if ends and (role != "named" or _alone(text, found[0])):
            return max(ends)
    return None


def mentions(text: str, made_at: pd.Timestamp | None = None) -> list[Mention]:
    """Every time that the first `MOST_READ` characters of a text name, in their order."""
    text = text[:MOST_READ]
    found: list[Mention] = []
    taken: list[tuple[int, int]] = []
    for start, end, first, last, relative in _readings(text, made_at):
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        role: Role = "deadline" if relative else "named"
        if re.match(r"(?:this|next)\b", text[start:end], re.IGNORECASE):
            role = "during"
        before = _BEFORE.search(text[:start])
        if before and not relative:
            if before["before"]:
                role = "deadline"
                if not re.match(
                    r"(the\s+)?(very\s+)?(end|close)\b", text[start:end], re.IGNORECASE
                ):
                    last = first - pd.Timedelta(seconds=1)
            elif before["during"]:
                role = "during"
            elif before["on_or"].lower() not in _RANGES or _BETWEEN.search(text[:start]):
                role = "deadline"
        found.append(Mention(start, end, first, last, role))
    return sorted(found, key=lambda mention: mention.start)


def _alone(text: str, mention: Mention) -> bool:
    """Whether the mention is all that the text says."""
    return not text[: mention.start].strip() and not text[mention.end :].strip(" .")


def _readings(
    text: str, made_at: pd.Timestamp | None
) -> Iterator[tuple[int, int, pd.Timestamp, pd.Timestamp, bool]]:
    """Start, end, first and last moment of each match, and whether it counts from `made_at`."""
    known = made_at is not None and not pd.isna(made_at)
    for pattern in _RELATIVE if known else ():
        for match in pattern.finditer(text):
            given = match.groupdict()
            if match[0].startswith("in ") and _SUPERLATIVE.search(text[: match.start()]):
                continue
            count = (given.get("count") or "1").lower()
            number = int(count) if count.isdigit() else _COUNTS[count]
            unit = given["unit"].lower()
            if given.get("half_a"):
                number, unit = 6, "month"
            last = _after(made_at, number, unit)
            if last is not None:
                yield (*match.span(), made_at, last, True)
    for pattern in _CALENDAR:
        for match in pattern.finditer(text):
            span = _calendar(match.groupdict(), made_at)
            if span is not None and _is_date(text, match):
                yield (*match.span(), *span, False)


def _is_date(text: str, match: re.Match[str]) -> bool:
    """A bare year or month is a date only where a preposition or a part of it says so."""
    given = match.groupdict()
    if given.get("day") or given.get("which") or given.get("part"):
        return True
    if {"whole", "nearby", "season"} & set(given):
        return True
    after_preposition = bool(_BEFORE.search(text[: match.start()]))
    whole_text = match.group(0).strip() == text.strip(" .")
    if given.get("month") and given.get("year"):
        return True
    return after_preposition or whole_text


def _calendar(
    given: dict[str, str | None], made_at: pd.Timestamp | None
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    known = made_at is not None and not pd.isna(made_at)
    year = int(given["year"] or 0) if given.get("year") else None
    if year is None and not known:
        return None
    years = [year] if year is not None else [made_at.year, made_at.year + 1]  # type: ignore[union-attr]
    for candidate in years:
        try:
            span = _span(given, candidate, made_at)
        except ValueError:  # 31 June, and years that pandas cannot hold
            return None
        if span is None:
            return None
        if year is not None or span[1] >= made_at:
            return span
    return span


def _span(
    given: dict[str, str | None], year: int, made_at: pd.Timestamp | None
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    part = (given.get("part") or "").lower()
    nth = _ORDINALS.get((given.get("nth") or "").lower())
    month = _MONTHS.get((given.get("month") or "").lower(), int(given.get("number") or 0))
    if given.get("day"):
        day = pd.Timestamp(year, month, int(given["day"] or 0))
        return day, day + _DAY_END
    if month:
        return _within(pd.Period(year=year, month=month, freq="M"), part, (10, 15))
    if "quarter" in given and (given["quarter"] or nth):
        return _within(
            pd.Period(year=year, quarter=int(given["quarter"] or nth or 0), freq="Q"),
            part,
            (30, 45),
        )
    if name := given.get("feast"):
        day = pd.Timestamp(feast(name, year))
        return day, day + _DAY_END
    if name := given.get("season"):
        opens, closes = season(name, year)
        return pd.Timestamp(opens), pd.Timestamp(closes) + _DAY_END
    if "half" in given and (given["half"] or nth):
        first, last = (1, 6) if int(given["half"] or nth or 0) == 1 else (7, 12)
        return pd.Timestamp(year, first, 1), _end(pd.Period(year=year, month=last, freq="M"))
    if given.get("year"):
        # Up to the ends of March and June.
        return _within(pd.Period(year=year, freq="Y"), part, (90, 181))
    return None if made_at is None else _near(given, made_at)


def _near(
    given: dict[str, str | None], made_at: pd.Timestamp
) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """The week, month, quarter or year that runs or comes next, a weekday, or tomorrow."""
    ahead = int((given.get("which") or "").lower() == "next")
    today = made_at.normalize()
    if weekday := given.get("weekday"):
        days = (_WEEKDAYS.index(weekday.lower()) - today.weekday()) % 7
        day = today + pd.Timedelta(days=days)
        return day, day + _DAY_END
    if nearby := given.get("nearby"):
        day = today + pd.Timedelta(days=int(nearby.lower() == "tomorrow"))
        return day, day + _DAY_END
    letter = {"Y": "year", "M": "month", "Q": "quarter", "W": "week"}
    whole = (given.get("whole") or letter.get((given.get("letter") or "").upper(), "")).lower()
    if whole == "decade":
        start = made_at.year // 10 * 10 + 10 * ahead
        return pd.Timestamp(start, 1, 1), _end(pd.Period(year=start + 9, freq="Y"))
    frequency = {"week": "W", "weekend": "W", "month": "M", "quarter": "Q", "year": "Y"}.get(whole)
    if frequency is None:
        return None
    period = pd.Period(made_at, frequency) + ahead
    return period.start_time, _end(period)


def _within(
    period: pd.Period, part: str, early_and_middle: tuple[int, int]
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The period, or its first days where the words say so."""
    first, last = period.start_time, _end(period)
    early, middle = early_and_middle
    if "start" in part or "beginning" in part:
        return first, first + _DAY_END
    if "early" in part:
        return first, first + pd.Timedelta(days=early - 1) + _DAY_END
    if "mid" in part:
        return first, first + pd.Timedelta(days=middle - 1) + _DAY_END
    return first, last


def _end(period: pd.Period) -> pd.Timestamp:
    return (period + 1).start_time - pd.Timedelta(seconds=1)


def _after(made_at: pd.Timestamp, count: int, unit: str) -> pd.Timestamp | None:
    unit = unit.rstrip("s")
    if unit in ("h", "hr"):
        unit = "hour"
    try:
        if unit.endswith(" day"):
            return made_at + pd.offsets.BusinessDay(count)
        if unit == "fortnight":
            return made_at + pd.DateOffset(weeks=2 * count)
        if unit == "quarter":
            return made_at + pd.DateOffset(months=3 * count)
        return made_at + pd.DateOffset(**{f"{unit}s": count})
    except (OverflowError, ValueError):  # "within 5000 years"
        return None
