"""From raw fields to articles that meet the contract, and rejects that say why not."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import pandas as pd
import pandera.pandas as pa
from pandas.api.typing import NaTType

from newsworld_dagster.articles.identity import (
    LOST,
    UNSTORABLE,
    article_id,
    canonical_url,
    content_digest,
    plain_text,
    publisher_of,
    squeeze,
)
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import ARTICLES, DATE_REPAIRS, REJECTS, TIME
from newsworld_dagster.contracts.vocabulary import SECTIONS

FIELDS = (
    "title",
    "url",
    "summary",
    "publisher",
    "published_at",
    "first_seen_at",
    "section",
    "article_id",
)
# 'world' and the like name a section themselves; 'nation' is what aggregators call home politics.
SECTION_NAMES = {name.lower(): name for name in SECTIONS} | {"nation": "Politics"}
RAW_CHARACTERS = 2_000
# A day is a partition, and the zero of some clock is no day on which news was seen.
EARLIEST = pd.Timestamp(1990, 1, 1)
UNIX_SECONDS = r"^(?P<seconds>-?\d{9,10})(?:\.\d+)?$"
UNIX_MILLISECONDS = r"^(?P<milliseconds>-?\d{12,13})(?:\.0+)?$"


@dataclass(frozen=True)
class ImportBatch:
    """What became of the rows of one source.

    Attributes
    ----------
    articles
        Rows that meet the contract `news.articles`, in the order of the source.
    rejects
        Rows that meet the contract `news.rejects`, each with its reason.
    read
        Rows read; always `len(articles) + len(rejects) + repeated`.
    repeated
        Rows left out because another row of the batch has the same URL and was seen earlier.
    date_repairs
        Publication dates of `articles` that cannot be true, meeting `news.date_repairs`.
    """

    articles: pd.DataFrame
    rejects: pd.DataFrame
    read: int
    repeated: int = 0
    date_repairs: pd.DataFrame = field(default_factory=lambda: _no_rows(DATE_REPAIRS))


@dataclass(frozen=True)
class BadRow:
    """A row that could not even be taken apart into fields."""

    source: str
    row_number: int
    reason: str
    raw: str


def utc(moment: dt.datetime) -> pd.Timestamp:
    """A moment as naive UTC with microseconds, whatever zone it came in."""
    stamp = pd.Timestamp(moment)
    return (stamp.tz_convert("UTC").tz_localize(None) if stamp.tz else stamp).as_unit("us")


def build_batch(
    rows: pd.DataFrame,
    *,
    source: str | pd.Series,
    now: dt.datetime,
    raw_of: Callable[[int], str],
    bad_rows: list[BadRow] | None = None,
    sections: Mapping[str, str] | None = None,
) -> ImportBatch:
    """Clean, identify and check rows of raw fields.

    Parameters
    ----------
    rows
        Columns `row_number`, `title`, `url` and any other of `FIELDS`; an absent column or an
        empty value means that the source does not say. `article_id`, if present, is used as
        given.
    source
        Name of the file or feed, one for all or one for each row.
    now
        Moment of the import: when a row was seen if it says nothing itself.
    raw_of
        The row at a position of `rows` as it was read, for the rejects.
    bad_rows
        Rows that never got into `rows`; they are rejected with the reason that they bring.
    sections
        Section names of the source, in any case, to sections of the vocabulary.
    """
    moment = utc(now)
    sources = pd.Series(source, index=range(len(rows)), dtype="object")
    text = {name: _texts(rows, name) for name in FIELDS}
    reasons = pd.Series(pd.NA, index=range(len(rows)), dtype="object")

    def refuse(where: pd.Series, reason: str | pd.Series) -> None:
        first = where & reasons.isna()
        reasons[first] = reason if isinstance(reason, str) else reason[first]

    title = text["title"].map(plain_text)
    refuse(title == "", "the title is missing, empty or not text")
    refuse(text["url"] == "", "the URL is missing, empty or not text")
    canonical = text["url"].map(_canonical_or_error)
    unusable = canonical.str.startswith("!")
    refuse(unusable, canonical.str.slice(1))

    claimed = parse_times(rows.get("published_at"), len(rows))
    published = claimed.where(claimed >= EARLIEST)
    seen = parse_times(rows.get("first_seen_at"), len(rows))
    unreadable = (text["first_seen_at"] != "") & seen.isna()
    refuse(
        unreadable,
        "first_seen_at is not a date: "
        + text["first_seen_at"].str.slice(0, 60)
        + " (read are ISO 8601, RFC 2822 and Unix seconds)",
    )
    seen = seen.fillna(published).fillna(moment)
    refuse(seen < EARLIEST, "first_seen_at lies before 1990: " + seen.astype(str))
    refuse(
        seen > moment,
        "first_seen_at lies in the future: " + seen.astype(str) + f" is after {moment}",
    )

    # Nobody can have seen an article before it was published.
    ahead = published > seen
    published = published.where(~ahead, seen)
    faults = pd.Series(pd.NA, index=range(len(rows)), dtype="object")
    faults[ahead] = "after the article was seen"
    faults[claimed < EARLIEST] = "before 1990"
    faults[claimed.isna() & (text["published_at"] != "")] = "not readable as a date"

    identifier = text["article_id"]
    if "article_id" in rows:
        refuse(identifier == "", "the article_id is missing or empty")
    else:
        identifier = canonical.map(article_id)

    kept = reasons.isna()
    # Stable, so that of equally early repeats the first row of the source stays.
    order = seen[kept].sort_values(kind="stable").index
    repeated = canonical[order].duplicated().sort_index()
    alone = repeated.index[~repeated]
    clash = identifier[order].duplicated().sort_index()[alone]
    reasons[alone[clash]] = "the article_id belongs to another URL of this file"
    chosen = alone[~clash]

    summary = text["summary"][chosen].map(plain_text)
    link = text["url"][chosen]
    publisher = text["publisher"][chosen].map(squeeze)
    names = SECTION_NAMES | {name.lower(): ours for name, ours in (sections or {}).items()}
    articles = pd.DataFrame(
        {
            "article_id": identifier[chosen],
            "url": link,
            "canonical_url": canonical[chosen],
            "title": title[chosen],
            "summary": summary,
            "publisher": publisher.where(publisher != "", link.map(publisher_of)),
            "section": text["section"][chosen].str.strip().str.lower().map(names),
            "source": sources[chosen],
            "published_at": published[chosen],
            "first_seen_at": seen[chosen],
            "day": seen[chosen].dt.floor("D"),
            "content_digest": pd.Series(
                list(map(content_digest, title[chosen], summary)), index=chosen, dtype="str"
            ),
            "duplicate_of": None,
            "duplicate_kind": None,
        }
    ).reset_index(drop=True)
    numbers = rows["row_number"].to_numpy()
    bad = list(bad_rows or []) + [
        BadRow(sources[i], int(numbers[i]), reasons[i], raw_of(i))
        for i in reasons.index[reasons.notna()].tolist()
    ]
    return ImportBatch(
        articles=meet(ARTICLES, articles),
        rejects=reject_frame(bad, now=now),
        read=len(rows) + len(bad_rows or []),
        repeated=int(repeated.sum()),
        date_repairs=_date_repairs(articles, text["published_at"][chosen], faults[chosen]),
    )


def _date_repairs(articles: pd.DataFrame, raw: pd.Series, faults: pd.Series) -> pd.DataFrame:
    """What was done to the publication dates of articles, with what the source said."""
    wrong = faults.notna().to_numpy()
    repaired = articles[["article_id", "first_seen_at", "day", "published_at"]][wrong]
    repaired = repaired.rename(columns={"first_seen_at": "seen_at"})
    said = raw[wrong].str.slice(0, 200).tolist()
    return meet(
        DATE_REPAIRS,
        repaired.assign(
            raw=pd.Series(said, index=repaired.index, dtype=str),
            reason=pd.Series(faults[wrong].tolist(), index=repaired.index, dtype=str),
            repair_id=pd.Series(
                [
                    hashlib.sha256(f"{article}\n{text}".encode()).hexdigest()
                    for article, text in zip(repaired["article_id"], said, strict=True)
                ],
                index=repaired.index,
                dtype=str,
            ),
        ),
    )


def _no_rows(schema: pa.DataFrameSchema) -> pd.DataFrame:
    return meet(schema, pd.DataFrame(columns=list(schema.columns)))


def reject_frame(bad: list[BadRow], *, now: dt.datetime) -> pd.DataFrame:
    """Rows for the rejects table, in the order of each source."""
    rows = [
        (
            bad_row.source,
            bad_row.row_number,
            squeeze(bad_row.reason),
            UNSTORABLE.sub(LOST, bad_row.raw[:RAW_CHARACTERS]),
        )
        for bad_row in sorted(bad, key=lambda row: (row.source, row.row_number))
    ]
    frame = pd.DataFrame(rows, columns=["source", "row_number", "reason", "raw"])
    frame.insert(
        0,
        "reject_id",
        [hashlib.sha256("\n".join(map(str, row)).encode()).hexdigest() for row in rows],
    )
    return meet(REJECTS, frame.assign(rejected_at=utc(now)))


def parse_times(values: pd.Series | None, length: int) -> pd.Series:
    """Dates as naive UTC; what cannot be read, and what is not there, is NaT.

    Read are dates and times of any zone (none means UTC), ISO 8601, RFC 2822, and Unix time in
    seconds or milliseconds. Nothing that could be read in two ways, such as 03/04/2026.
    """
    if values is None:
        return pd.Series(pd.NaT, index=range(length), dtype=TIME)
    values = values.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        moments = values if values.dt.tz is None else values.dt.tz_convert("UTC")
        return moments.dt.tz_localize(None).astype(TIME)
    text = values.map(_text_or_empty).str.strip()
    seconds = pd.to_numeric(text.str.extract(UNIX_SECONDS)["seconds"])
    seconds = seconds.fillna(
        pd.to_numeric(text.str.extract(UNIX_MILLISECONDS)["milliseconds"]) // 1000
    )
    unix = pd.to_datetime(seconds, unit="s", errors="coerce")
    rest = text.where(seconds.isna()).str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True)
    iso = pd.to_datetime(rest, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
    moments = unix.astype("datetime64[us]").fillna(iso.astype("datetime64[us]"))
    unread = moments.isna() & (text != "")
    if unread.any():
        moments[unread] = pd.Series(text[unread].map(_mail_date), dtype=TIME)
    return moments


def parse_time(text: str) -> pd.Timestamp | NaTType:
    """One date, read as `parse_times` reads a column of them, and far faster for a single one."""
    with contextlib.suppress(ValueError):
        return utc(dt.datetime.fromisoformat(text))
    moment = _mail_date(text)
    return parse_times(pd.Series([text]), 1)[0] if pd.isna(moment) else moment


def _mail_date(text: str) -> pd.Timestamp | NaTType:
    try:
        return utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return pd.NaT


def _texts(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows:
        return pd.Series("", index=range(len(rows)), dtype="object")
    # A line break is a space in a text, and in an address the sign that it is none.
    stand_in = LOST if name == "url" else " "
    values = [_text_or_empty(value, stand_in) for value in rows[name]]
    return pd.Series(values, index=range(len(rows)), dtype="object")


def _text_or_empty(value: object, stand_in: str = " ") -> str:
    if isinstance(value, str):
        return UNSTORABLE.sub(stand_in, value.strip())
    if isinstance(value, bytes) or pd.api.types.is_list_like(value):
        return ""
    return "" if value is None or pd.isna(value) else str(value)


def _canonical_or_error(url: str) -> str:
    """The canonical URL, or '!' and the reason why there is none."""
    try:
        return canonical_url(url)
    except ValueError as error:
        return f"!{error}"
