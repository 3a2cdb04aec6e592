"""What the warehouse itself says of its health, in plain words: clock, articles, feeds, ledger."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from newsworld_dagster.defs.intake import CLOCK_SLACK
from newsworld_dagster.defs.signing import first_fault
from newsworld_dagster.defs.world import World
from newsworld_dagster.warehouse import Reader

GOOD, WARNING, BAD = "good", "warning", "bad"
STALE_ARTICLES = pd.Timedelta(hours=36)
MOST_FAILING = 0.2


@dataclass(frozen=True)
class Finding:
    """What one look found: 'good', 'warning' or 'bad', in words, with what to do."""

    name: str
    state: str
    said: str
    do: str = ""


def look_at_record(world: World, reader: Reader) -> list[Finding]:
    """What the warehouse itself says: clock, articles, feeds, ledger."""
    return [look(world, reader) for look in (_clock, _articles, _feeds, _ledger)]


def _clock(world: World, reader: Reader) -> Finding:
    latest, now = reader.latest_moment(), world.clock()
    if latest is not None and now < latest - CLOCK_SLACK:
        return Finding(
            "clock",
            BAD,
            f"it says {now:%Y-%m-%d %H:%M} UTC, but the record reaches to {latest:%Y-%m-%d %H:%M}",
            "set the clock right; nothing is polled until then",
        )
    return Finding("clock", GOOD, f"{now:%Y-%m-%d %H:%M} UTC, not before the record")


def _articles(world: World, reader: Reader) -> Finding:
    count = reader.count("news.articles")
    if not reader.count("news.feed_state"):
        return Finding("articles", GOOD, f"{count} from archives; no feed was ever polled")
    newest = pd.Timestamp(reader.frame("SELECT max(first_seen_at) AS t FROM news.articles")["t"][0])
    if pd.isna(newest) or world.clock() - newest > STALE_ARTICLES:
        return Finding(
            "articles",
            BAD,
            f"the newest of {count} was seen {newest:%Y-%m-%d %H:%M} UTC"
            if count
            else "feeds are polled, but there are none",
            "see the findings on feeds and runs; `newsworld run` polls now",
        )
    return Finding("articles", GOOD, f"{count}, the newest of {newest:%Y-%m-%d %H:%M} UTC")


def _feeds(world: World, reader: Reader) -> Finding:  # noqa: ARG001 - one signature for all looks
    state = reader.table("news.feed_state")
    if state.empty:
        return Finding("feeds", GOOD, "none polled yet")
    counts = state["health"].value_counts().to_dict()
    said = ", ".join(f"{number} {health}" for health, number in sorted(counts.items()))
    wrong = state[state["health"] != "good"].sort_values("failures", ascending=False)
    if len(wrong) <= MOST_FAILING * len(state):
        return Finding("feeds", WARNING if "gone" in counts else GOOD, said)
    worst = wrong.iloc[0]
    return Finding(
        "feeds",
        BAD,
        f"{said}; for example {worst['feed_url']}: {worst['error'] or 'it has no entries'}",
        "check the network, then single feeds with `newsworld feeds check URL`",
    )


def _ledger(world: World, reader: Reader) -> Finding:
    # At the end of a run its checks have just gone through the record.
    checked = world.sound_to is not None and world.sound_to == reader.record_end()
    fault = None if checked else first_fault(reader, world.settings.snapshot_file)
    if fault is None:
        claims = reader.count("forecasts.claims")
        heads = reader.count("forecasts.heads")
        return Finding("ledger", GOOD, f"{claims} claims as written, {heads} days signed off")
    return Finding(
        "ledger",
        BAD,
        f"broken at row {fault.seq}: {fault.reason}",
        "do not publish from this warehouse; compare with a backup",
    )
