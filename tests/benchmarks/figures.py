"""Figures of `make bench`: noted by benchmarks, kept in docs/benchmarks.jsonl, shown as tables."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Where a benchmark notes its figures; unset, it only prints its own tables.
FILE = "NEWSWORLD_FIGURES"


@dataclass(frozen=True)
class Figure:
    """One measured thing.

    Attributes
    ----------
    name, size
        What was done, and to how much.
    wall, processor
        Seconds.
    mebibytes
        Peak memory of the process, or what a step added to it where the name says so.
    peer, ratio
        What it is held against, measured in the same run, and the peer's time over this one's.
    exponent
        Of growth: the slope of log time on log size from the next smaller size, or over all.
    note
        What a reader has to know: a limit that was hit, another unit.
    """

    name: str
    size: str
    wall: float | None = None
    processor: float | None = None
    mebibytes: float | None = None
    peer: str | None = None
    ratio: float | None = None
    exponent: float | None = None
    note: str = ""


def note(figure: Figure) -> None:
    """Keep a figure, where `make bench` asks for it."""
    if path := os.environ.get(FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(figure)) + "\n")


def machine() -> str:
    """Processor, cores and memory, without a name that would tell whose machine it is."""
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{platform.machine()}, {os.cpu_count()} cores, {pages / 2**30:.0f} GiB"


def page(rows: Iterable[Mapping[str, Any]]) -> str:
    """docs/benchmarks.md: a table for each suite, from the kept rows."""
    suites: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        suites.setdefault(row["suite"], []).append(row)
    parts = [_HEAD]
    for suite, own in suites.items():
        first = own[0]
        parts.append(
            f"## {suite}\n\n`make bench SUITES={suite}`: {first['machine']}; commit "
            f"{first['commit']}, {first['date']}; load when it began {first['load']:.1f}.\n\n"
            "| what | size | wall s | CPU s | MiB | peer | ratio | exponent |\n"
            "|---|---|---|---|---|---|---|---|"
        )
        notes = []
        for row in own:
            mark = ""
            if row["note"]:
                if row["note"] not in notes:
                    notes.append(row["note"])
                mark = f" ({notes.index(row['note']) + 1})"
            parts[-1] += (
                f"\n| {row['name']}{mark} | {row['size']} | {_number(row['wall'])} | "
                f"{_number(row['processor'])} | {_number(row['mebibytes'], 0)} | "
                f"{row['peer'] or ''} | {_number(row['ratio'])} | {_number(row['exponent'])} |"
            )
        if notes:
            parts[-1] += "\n\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(notes, 1))
    return "\n\n".join(parts) + "\n"


_HEAD = """# Benchmarks

Written by `make bench`, which keeps its rows in `benchmarks.jsonl`; a suite that is not run again
keeps the figures of the commit that its line names. Times are of one machine that other work
may have shared: the load when a suite began is given, processor seconds suffer less than wall
seconds, and ratios come from one run. A ratio is the peer's time over ours: above 1, ours is
quicker."""


def _number(value: float | None, digits: int = 2) -> str:
    if value is None:
        return ""
    if digits and abs(value) >= 100:
        digits = 0
    if digits and 0 < abs(value) < 0.1:
        digits = 4
    return f"{value:,.{digits}f}"
