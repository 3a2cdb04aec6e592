"""When a feed is asked again: its state from poll to poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import pandas as pd

GOOD, EMPTY, FAILING, GONE = "good", "empty", "failing", "gone"
# One failure is a hiccup; from the second on the wait doubles.
FIRST_WAIT = pd.Timedelta(minutes=15)
LONGEST_WAIT = pd.Timedelta(days=1)
LONGEST_PROMISE = pd.Timedelta(days=7)
# A permanent redirect is believed when it was seen so often in a row.
SIGHTINGS = 3


@dataclass(frozen=True)
class Outcome:
    """What one request for a feed brought, as far as the next one depends on it.

    Attributes
    ----------
    status
        'ok', 'unchanged' or 'failed'.
    entries, etag, last_modified, body_digest
        Of a full answer.
    error
        Why it failed, in words.
    gone
        Whether the server said that the feed is gone for good (410).
    retry_after
        When the server wants to be asked again, if it said so.
    moved_to
        Where permanent redirects led, if there were only such.
    """

    status: str
    entries: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    error: str | None = None
    gone: bool = False
    retry_after: pd.Timestamp | None = None
    moved_to: str | None = None


def retry_moment(value: str | None, now: pd.Timestamp) -> pd.Timestamp | None:
    """Moment that a Retry-After header names, seconds or a date; at most a week from now."""
    if not value:
        return None
    try:
        moment = now + pd.Timedelta(seconds=min(int(value), 10**7))
    except ValueError:
        try:
            moment = pd.Timestamp(parsedate_to_datetime(value))
        except (ValueError, TypeError):
            return None
        moment = moment.tz_convert("UTC").tz_localize(None) if moment.tz else moment
    return min(moment, now + LONGEST_PROMISE).as_unit("us")


def reason_to_wait(known: Mapping[Any, Any], now: pd.Timestamp) -> str | None:
    """Why a feed is not to be asked now, if it is not."""
    if known.get("health") == GONE:
        return (
            "its server says that it is gone for good (HTTP 410); remove it from the list, or "
            "ask again with `newsworld feeds retry URL`"
        )
    until, polled = known.get("next_poll_at"), known.get("polled_at")
    if until is None or pd.isna(until) or until <= now:
        return None
    if polled > now or until - now > LONGEST_PROMISE:
        return None  # the clock went back, and the wait was counted by the other one
    return f"it is left alone until {until:%Y-%m-%d %H:%M} UTC, because {known.get('error')}"


def address_of(feed_url: str, known: Mapping[Any, Any]) -> str:
    """Where a feed is asked for: where it moved to, once that was seen often enough."""
    moved = known.get("moved_to")
    return moved if isinstance(moved, str) and known["moved_seen"] >= SIGHTINGS else feed_url


def next_state(
    feed_url: str, before: Mapping[Any, Any], outcome: Outcome, now: pd.Timestamp
) -> dict[str, Any]:
    """The row of `news.feed_state` after a poll; `before` is the row until then, or empty."""
    good = outcome.status != "failed"
    full = outcome.status == "ok"
    failures = 0 if good else int(before.get("failures", 0)) + 1
    entries = outcome.entries if full else int(before.get("entries", 0))
    kept = {
        name: getattr(outcome, name) if full else before.get(name)
        for name in ("etag", "last_modified", "body_digest")
    }
    return {
        "feed_url": feed_url,
        **kept,
        "status": outcome.status,
        "error": outcome.error,
        "failures": failures,
        "polled_at": now,
        "succeeded_at": now if good else before.get("succeeded_at", pd.NaT),
        "health": _health(outcome, entries),
        "next_poll_at": outcome.retry_after or _after_failures(failures, now),
        "entries": entries,
        **_whereabouts(feed_url, before, outcome),
    }


def _health(outcome: Outcome, entries: int) -> str:
    if outcome.gone:
        return GONE
    if outcome.status == "failed":
        return FAILING
    return GOOD if entries else EMPTY


def _after_failures(failures: int, now: pd.Timestamp) -> pd.Timestamp | None:
    if failures < 2:
        return None
    return now + min(FIRST_WAIT * 2 ** min(failures - 2, 20), LONGEST_WAIT)


def _whereabouts(feed_url: str, before: Mapping[Any, Any], outcome: Outcome) -> dict[str, Any]:
    """Where the feed moved to and how often that was seen in a row."""
    adopted = address_of(feed_url, before) != feed_url
    if outcome.status == "failed":
        # An adopted address that fails is given up; the list's own address may know better.
        return {"moved_to": None, "moved_seen": 0} if adopted else _known_move(before)
    if outcome.moved_to is None:
        return _known_move(before) if adopted else {"moved_to": None, "moved_seen": 0}
    same = before.get("moved_to") == outcome.moved_to
    return {
        "moved_to": outcome.moved_to,
        "moved_seen": int(before.get("moved_seen", 0)) + 1 if same else 1,
    }


def _known_move(before: Mapping[Any, Any]) -> dict[str, Any]:
    moved = before.get("moved_to")
    known = isinstance(moved, str)
    return {
        "moved_to": moved if known else None,
        "moved_seen": int(before["moved_seen"]) if known else 0,
    }
