"""Citations: numbers in a report must point to articles that were given."""

from __future__ import annotations

import datetime as dt
import re

from newsworld_dagster.prompts.outputs import Digest, Event, Report

_CITED = re.compile(r"\[(\d{1,6}(?:\s*(?:,|;|-|–|and)\s*\d{1,6})*)\]")


def cited(text: str) -> list[int]:
    """Numbers that a text cites, as [2], [1, 3] or [4-6], in order, each once."""
    found: list[int] = []
    for group in _CITED.findall(text):
        for part in re.split(r"\s*(?:,|;|and)\s*", group):
            ends = [int(number) for number in re.split(r"\s*[-–]\s*", part)]
            # A wide range is no citation; its ends are enough to find it out by.
            span = range(ends[0], ends[-1] + 1) if 0 <= ends[-1] - ends[0] <= 20 else ends
            found.extend(span)
    return list(dict.fromkeys(found))


def report_faults(report: Report, articles: int, today: dt.date) -> list[str]:
    """Why a report that has the right form is not good enough, in words for its writer.

    Parameters
    ----------
    articles
        How many were given; they are numbered from 1.
    today
        Day of the as-of moment.
    """
    texts = {
        "situation": report.situation,
        "implications": report.implications,
        **{f"signals.{n}": one.text for n, one in enumerate(report.signals)},
        **{f"outlook.{n}": one.text for n, one in enumerate(report.outlook)},
        **{f"events.{n}.rationale": one.rationale for n, one in enumerate(report.events)},
    }
    numbers = {where: cited(text) for where, text in texts.items()}
    numbers["sources"] = [source.number for source in report.sources]
    numbers |= {f"events.{n}.sources": one.sources for n, one in enumerate(report.events)}
    faults = [
        f"{where} cites [{number}], but the articles are numbered 1 to {articles}"
        for where, found in numbers.items()
        for number in found
        if not 1 <= number <= articles
    ]
    if not numbers["situation"]:
        faults.append("situation cites no article")
    listed = numbers.pop("sources")
    if len(listed) > len(set(listed)):
        faults.append("sources lists an article twice")
    if unlisted := sorted({n for found in numbers.values() for n in found} - set(listed)):
        faults.append(f"sources lacks the cited {', '.join(f'[{n}]' for n in unlisted)}")
    faults += [
        f"outlook.{n}.by is {one.by}, which is not after {today}"
        for n, one in enumerate(report.outlook)
        if one.by <= today
    ]
    return faults


def event_faults(event: Event, articles: int) -> list[str]:
    """Why a repaired claim is not good enough: its citations."""
    return [
        f"event cites [{number}], but the articles are numbered 1 to {articles}"
        for number in [*event.sources, *cited(event.rationale)]
        if not 1 <= number <= articles
    ]


def digest_faults(digest: Digest, articles: int) -> list[str]:
    """Why a written digest is not good enough: an item without a source, or with one not given."""
    faults = []
    for place, item in enumerate(digest.items):
        numbers = cited(item.text)
        faults += [
            f"items.{place} cites [{number}], but the articles are numbered 1 to {articles}"
            for number in dict.fromkeys([*item.sources, *numbers])
            if not 1 <= number <= articles
        ]
        if not numbers:
            faults.append(f"items.{place}.text cites no article")
        if unlisted := sorted(set(numbers) - set(item.sources)):
            faults.append(
                f"items.{place}.sources lacks the cited {', '.join(f'[{n}]' for n in unlisted)}"
            )
    return faults
