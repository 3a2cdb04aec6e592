"""The list of feeds, and what a feed says: RSS, Atom, RDF and JSON Feed."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
from calendar import timegm
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any, Literal
from urllib.parse import urljoin

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from newsworld_dagster.articles.batches import (
    ImportBatch,
    build_batch,
    parse_time,
    parse_times,
    utc,
)
from newsworld_dagster.articles.identity import LOST, canonical_url, plain_text
from newsworld_dagster.articles.strict import UnusualFeedError, read_strictly
from newsworld_dagster.contracts.articles import TIME
from newsworld_dagster.contracts.vocabulary import SECTIONS

SUMMARY_CHARACTERS = 1_000
# Where markup is cut, a tag or an entity may be cut with it; text this far before is untouched.
CUT_MARGIN = 200


class FeedListError(ValueError):
    """The list of feeds cannot be used."""


class FeedError(ValueError):
    """Nothing at all can be read from what a feed answered."""


class Feed(BaseModel):
    """One feed of the list; `full_text` lets a poll read the pages of its new articles too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    url: str
    section: Literal[SECTIONS]  # type: ignore[valid-type]
    full_text: bool = False

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        canonical_url(url)
        return url.strip()


@dataclass(frozen=True)
class FeedEntry:
    """One entry of a feed; an empty string where the feed says nothing."""

    id: str
    link: str
    title: str
    published: dt.datetime | None
    summary: str
    author: str


@dataclass(frozen=True)
class ParsedFeed:
    """What a feed says, and in `findings`, in words, what was wrong with it."""

    title: str
    entries: list[FeedEntry] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def load_feeds(path: str | Path) -> list[Feed]:
    """Read the list of feeds.

    The file is YAML: a key `feeds` with a list of `name`, `url` and `section`, and `full_text:
    true` for feeds whose articles are to be read in full.

    Raises
    ------
    FeedListError
        Naming the file, the line and what is wrong with the entry there.
    """
    path = Path(path)
    example = "An entry looks like `- {name: BBC World, url: https://..., section: World}`."
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise FeedListError(
            f"The list of feeds {path} cannot be read: {error.strerror}. Check the path."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise FeedListError(f"{path}{where} is not YAML: {problem}. {example}") from error
    entries = content.get("feeds") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise FeedListError(f"{path} needs a key `feeds` with a list of feeds. {example}")
    assert isinstance(tree, yaml.MappingNode)
    node = next(value for key, value in tree.value if key.value == "feeds")
    feeds: list[Feed] = []
    seen: dict[str, int] = {}
    for entry, place in zip(entries, node.value, strict=True):
        line = place.start_mark.line + 1
        try:
            feed = Feed.model_validate(entry)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'entry'}: {fault['msg']}"
                for fault in error.errors()
            )
            raise FeedListError(f"{path}, line {line}: {problems}. {example}") from error
        first = seen.setdefault(canonical_url(feed.url), line)
        if first != line:
            raise FeedListError(
                f"{path}, line {line}: the feed {feed.url} is already listed in line {first}. "
                "Remove one of the two."
            )
        feeds.append(feed)
    return feeds


def parse_feed(
    content: bytes, *, feed_url: str, summary_characters: int | None = None
) -> ParsedFeed:
    """Read a feed, however badly it is written.

    The strict reader is fast and takes only what it is sure of. All else (not well-formed, in a
    mis-declared encoding, with unknown entities or unusual elements) goes to the forgiving one.

    Parameters
    ----------
    content
        The feed as it came.
    feed_url
        Where it came from: relative links are relative to it, and errors name it.
    summary_characters
        How much of a summary is wanted; given, the rest of a long one may be missing. Some feeds
        send whole articles, and cleaning them takes most of the time.

    Raises
    ------
    FeedError
        If the content is no feed at all.
    """
    strict: ParsedFeed | None = None
    if content.lstrip()[:1] == b"{":
        strict, error = _attempt(_parse_fast, content, feed_url)
    else:
        strict, error = _attempt(partial(_parse_strict, most=summary_characters), content, feed_url)
    # What was lost before it was sent, no reader brings back.
    if strict and (not _has_lost_text(strict) or LOST.encode() in content):
        return _with_remarks(strict)
    reason = _in_words(error) if error else "text was lost"
    forgiven, error = _attempt(_parse_forgiving, content, feed_url)
    if forgiven and forgiven.entries:
        return _with_remarks(forgiven, f"read with the forgiving parser, because {reason}")
    # The fast parser repairs a few faults that the forgiving one does not know.
    repaired = strict or _attempt(_parse_fast, content, feed_url)[0]
    if repaired and repaired.entries:
        return _with_remarks(repaired, f"repaired, because {reason}")
    if forgiven:
        return _with_remarks(forgiven, f"read with the forgiving parser, because {reason}")
    if isinstance(error, FeedError):
        raise error
    raise FeedError(f"{feed_url} cannot be read as a feed: {_in_words(error)}.") from error


def entries_to_articles(parsed: ParsedFeed, feed: Feed, *, now: dt.datetime) -> ImportBatch:
    """Turn the entries of a feed into articles seen now, and rejects with reasons."""
    return feeds_to_articles([(feed, parsed)], now=now)


def feeds_to_articles(
    answers: Sequence[tuple[Feed, ParsedFeed]], *, now: dt.datetime
) -> ImportBatch:
    """Turn the entries of several feeds into one batch.

    An article that several feeds carry counts for the first of them, the others as repeats.
    """
    told = [
        (feed, number, entry)
        for feed, parsed in answers
        for number, entry in enumerate(parsed.entries, start=1)
    ]
    rows = pd.DataFrame(
        {
            "source": pd.Series([feed.url for feed, _, _ in told], dtype="object"),
            "row_number": pd.Series([number for _, number, _ in told], dtype="int64"),
            "title": [entry.title for _, _, entry in told],
            "url": [entry.link for _, _, entry in told],
            # Some feeds send whole articles; a summary is what readers and the encoder need.
            "summary": [
                shorten(entry.summary, SUMMARY_CHARACTERS, placeholder=" …") for _, _, entry in told
            ],
            "published_at": pd.Series([e.published for _, _, e in told], dtype=TIME),
            "first_seen_at": utc(now),
            "section": [feed.section for feed, _, _ in told],
        }
    )
    return build_batch(
        rows,
        source=rows["source"],
        now=now,
        raw_of=lambda position: json.dumps(
            asdict(told[position][2]), default=str, ensure_ascii=False
        ),
    )


def _attempt(
    parser: Callable[[bytes, str], ParsedFeed], content: bytes, feed_url: str
) -> tuple[ParsedFeed | None, Exception | None]:
    try:
        return parser(content, feed_url), None
    except Exception as error:  # noqa: BLE001 - hostile bytes must not stop the other feeds
        return None, error


def _parse_strict(content: bytes, feed_url: str, most: int | None = None) -> ParsedFeed:
    feed = read_strictly(content)
    entries = []
    for entry in feed.entries:
        times = [parse_time(said) if said else pd.NaT for said in (entry.published, entry.updated)]
        for said, time in zip((entry.published, entry.updated), times, strict=True):
            if said and pd.isna(time):
                raise UnusualFeedError(f"an entry is dated {said[:60]!r}")
        first = times[1] if pd.isna(times[0]) else times[0]
        entries.append(_entry(vars(entry), feed_url, published=first, most=most))
    return ParsedFeed(plain_text(feed.title), entries)


def _parse_fast(content: bytes, feed_url: str) -> ParsedFeed:
    import fastfeedparser

    feed: Mapping[str, Any] = fastfeedparser.parse(
        content, include_tags=False, include_media=False, include_enclosures=False
    )
    entries = feed["entries"]
    times = parse_times(
        pd.Series([e.get("published") or e.get("updated") for e in entries], dtype="object"),
        len(entries),
    )
    return ParsedFeed(
        plain_text(_string(feed["feed"].get("title"))),
        [_entry(e, feed_url, published=time) for e, time in zip(entries, times, strict=True)],
    )


def _parse_forgiving(content: bytes, feed_url: str) -> ParsedFeed:
    import feedparser

    # Wrapped, because feedparser takes bare bytes for the name of a file to open. Links are made
    # absolute and markup is removed below, at a fraction of its cost.
    feed = feedparser.parse(io.BytesIO(content), resolve_relative_uris=False, sanitize_html=False)
    if not feed.get("version") and not feed.entries:
        raise FeedError(
            f"{feed_url} did not answer with a feed: no RSS, Atom or JSON Feed was found in its "
            f"{len(content)} bytes, which begin with {content[:60]!r}. Check the address in a "
            "browser."
        )
    entries = []
    for e in feed.entries:
        # Past feedparser's own lookup, which warns about a mapping between the two.
        moment = dict.get(e, "published_parsed") or dict.get(e, "updated_parsed")
        entries.append(_entry(e, feed_url, published=_from_struct(moment)))
    return ParsedFeed(plain_text(_string(feed.feed.get("title"))), entries)


def _entry(
    entry: Mapping[str, Any],
    feed_url: str,
    *,
    published: dt.datetime | None,
    most: int | None = None,
) -> FeedEntry:
    content = entry.get("content") or [{}]
    summary = (
        _string(entry.get("summary"))
        or _string(entry.get("description"))
        or _string(content[0].get("value"))
    )
    link = _string(entry.get("link")).strip()
    # An impossible link is kept as it is, so that the reject shows what the feed said.
    with contextlib.suppress(ValueError):
        # A feed read from a file has links relative to an address that nobody knows.
        link = urljoin(feed_url, link) if link and "://" in feed_url else link
    return FeedEntry(
        id=_string(entry.get("id")).strip(),
        link=link,
        title=plain_text(_string(entry.get("title"))),
        published=None if published is None or pd.isna(published) else published,
        summary=_readable(summary, most),
        author=plain_text(_string(entry.get("author"))),
    )


def _readable(markup: str, most: int | None) -> str:
    """Plain text of a summary; of a long one so much that its first `most` characters are right."""
    if most is not None and len(markup) > 12 * most:
        text = plain_text(markup[: 4 * most])
        if len(text) > most + CUT_MARGIN:
            return text
    return plain_text(markup)


def _with_remarks(parsed: ParsedFeed, *findings: str) -> ParsedFeed:
    """Add what a person who keeps the list of feeds should know."""
    count = len(parsed.entries)
    remarks = list(findings)
    if _has_lost_text(parsed):
        remarks.append("characters were lost, because the encoding is declared wrongly")
    if not count:
        remarks.append("it has no entries")
    for what, missing in (
        ("title", sum(not entry.title for entry in parsed.entries)),
        ("link", sum(not entry.link for entry in parsed.entries)),
        ("readable date", sum(entry.published is None for entry in parsed.entries)),
    ):
        if missing:
            remarks.append(f"{missing} of {count} entries have no {what}")
    return ParsedFeed(parsed.title, parsed.entries, remarks)


def _has_lost_text(parsed: ParsedFeed) -> bool:
    return LOST in parsed.title or any(
        LOST in entry.title or LOST in entry.summary for entry in parsed.entries
    )


def _from_struct(moment: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(timegm(moment), dt.UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _in_words(error: BaseException | None) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
