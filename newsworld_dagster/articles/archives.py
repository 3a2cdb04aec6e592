"""Article archives: parquet, csv and jsonl files of any column names."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from newsworld_dagster.articles.batches import (
    FIELDS,
    RAW_CHARACTERS,
    BadRow,
    ImportBatch,
    build_batch,
)
from newsworld_dagster.contracts.parquet import read_parquet
from newsworld_dagster.contracts.vocabulary import SECTIONS

NEEDED = ("url", "title")
# First match wins. An article_id of the file is used only if the mapping names it: ours is the
# digest of the canonical URL, so that the same article has one identity in all sources.
WELL_KNOWN = {
    "url": ("url", "link", "canonical_url"),
    "title": ("title", "headline"),
    "summary": ("summary", "description", "snippet", "text"),
    "publisher": ("publisher", "source", "domain"),
    "first_seen_at": ("first_seen_at", "first_seen_utc", "first_seen", "crawled_at"),
    "published_at": ("published_at", "published", "date", "pubdate"),
    "section": ("section", "category"),
}
SUFFIXES = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz")


class ArchiveError(ValueError):
    """A file cannot be read as an article archive at all."""


def read_archive(
    path: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    source: str | None = None,
    now: dt.datetime,
    sections: Mapping[str, str] | None = None,
) -> ImportBatch:
    """Read a file of articles; every row becomes an article, a repeat or a reject.

    Parameters
    ----------
    path
        A .parquet, .csv or .jsonl file, the last two also as .gz.
    mapping
        Field to column: title, url, summary, publisher, published_at, first_seen_at, section,
        article_id. Fields that it leaves out are found by well-known column names.
    source
        Name of the archive; the file name by default.
    now
        Moment of the import. Rows seen later are refused, because they would be look-ahead.
    sections
        Section names of the file, in any case, to ours, beside those that are alike.

    Raises
    ------
    ArchiveError
        If the file is missing, damaged, of another kind, or has no columns for title and URL.
    """
    path = Path(path)
    source = source or path.name
    kind = next((s for s in sorted(SUFFIXES, key=len) if path.name.lower().endswith(s)), None)
    if not path.is_file():
        raise ArchiveError(
            f"There is no file {path}. Nothing was imported. Check the path; an archive is one "
            f"file ending in {', '.join(SUFFIXES)}."
        )
    if kind is None:
        raise ArchiveError(
            f"{path} is of a kind that cannot be imported. Nothing was imported. Convert it to "
            f"one of {', '.join(SUFFIXES)}."
        )
    strange = {value for value in (sections or {}).values() if value not in SECTIONS}
    if strange:
        raise ArchiveError(
            f"There is no section {', '.join(sorted(strange))}. Nothing was imported from {path}. "
            f"Map the sections of the file to {', '.join(SECTIONS)}."
        )
    try:
        frame, row_numbers, bad_rows = {
            ".parquet": _read_parquet,
            ".csv": _read_csv,
            ".jsonl": _read_jsonl,
        }[kind.removesuffix(".gz")](path, source)
    except ArchiveError:
        raise
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise ArchiveError(
            f"{path} cannot be read as {kind}: {_one_line(error)}. Nothing was imported. The file "
            "is damaged, incomplete, closed to this user or of another kind than its name says: "
            "fetch or write it again, and check that other programs can open it."
        ) from error
    frame = frame.loc[:, ~frame.columns.duplicated()]
    columns = find_columns(frame.columns, mapping or {}, where=str(path))
    rows = pd.DataFrame({field: frame[column] for field, column in columns.items()})
    rows["row_number"] = row_numbers
    return build_batch(
        rows,
        source=source,
        now=now,
        raw_of=lambda position: _as_json(frame.iloc[position].to_dict()),
        bad_rows=bad_rows,
        sections=sections,
    )


def find_columns(found: pd.Index, mapping: Mapping[str, str], *, where: str) -> dict[str, str]:
    """Which column holds which field: the mapping first, then well-known names.

    Raises
    ------
    ArchiveError
        If the mapping names an unknown field or an absent column, or title or URL has none.
    """
    names = [str(column) for column in found]
    unknown = [field for field in mapping if field not in FIELDS]
    absent = [column for column in mapping.values() if column not in names]
    by_lower = {name.lower().strip(): name for name in reversed(names)}
    columns = {
        field: next((by_lower[name] for name in known if name in by_lower), "")
        for field, known in WELL_KNOWN.items()
        if field not in mapping
    }
    columns = {field: column for field, column in columns.items() if column} | dict(mapping)
    missing = [field for field in NEEDED if field not in columns]
    if unknown:
        problem = f"there is no field {', '.join(unknown)}; fields are {', '.join(FIELDS)}"
    elif absent:
        problem = f"it has no column {', '.join(absent)}"
    elif missing:
        problem = f"no column holds the {' and the '.join(missing)} of the articles"
    else:
        return columns
    shown = ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")
    raise ArchiveError(
        f"{where} does not fit: {problem}. Columns found: {shown or 'none'}. Nothing was imported. "
        "Say which column holds which field, for example `--column url=link --column "
        "title=headline`."
    )


Table = tuple[pd.DataFrame, list[int], list[BadRow]]


def _read_parquet(path: Path, _source: str) -> Table:
    frame = read_parquet(path)
    return frame, list(range(1, len(frame) + 1)), []


def _read_csv(path: Path, source: str) -> Table:
    lines = [_decode(line) for line in _lines(path)]
    if not lines:
        raise ArchiveError(
            f"{path} is empty. Nothing was imported. A csv file needs a first line with the names "
            "of its columns."
        )
    reader = csv.reader(iter(lines))
    header = next(reader)
    start = reader.line_num
    rows: list[list[str]] = []
    numbers: list[int] = []
    bad: list[BadRow] = []
    count = 0
    while start < len(lines):
        # Strict, so that a stray quote shows at once and hides no lines inside a value.
        reader = csv.reader(iter(lines[start:]), strict=True)
        resume = None
        for values, used in _csv_rows(reader):
            raw = lines[start].rstrip("\r\n")
            if values == []:  # an empty line
                start += used
                continue
            count += 1
            reason = _csv_fault(values, len(header))
            if reason is None:
                rows.append(values)  # type: ignore[arg-type]
                numbers.append(count)
                start += used
                continue
            bad.append(BadRow(source, count, reason, raw))
            start += 1
            if used > 1:
                # A stray quote swallows good lines: give up the first and read on behind it.
                resume = start
                break
        if resume is None:
            break
    return pd.DataFrame(rows, columns=header, dtype="object"), numbers, bad


def _csv_rows(reader: Any) -> Iterator[tuple[list[str] | str, int]]:
    """Each row or the reader's complaint, and how many lines it took."""
    before = 0
    while True:
        values: list[str] | str
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            values = str(error)
        yield values, reader.line_num - before
        before = reader.line_num


def _csv_fault(values: list[str] | str, width: int) -> str | None:
    if isinstance(values, str):
        return f"the line cannot be read as csv: {values}"
    if len(values) != width:
        return f"the row has {len(values)} fields, the header {width}"
    if any("\udc80" <= character <= "\udcff" for value in values for character in value):
        return "the row is not UTF-8 text"
    return None


def _read_jsonl(path: Path, source: str) -> Table:
    records: list[dict[str, Any]] = []
    numbers: list[int] = []
    bad: list[BadRow] = []
    for number, line in enumerate(_lines(path), start=1):
        text = _decode(line).strip()
        if not text:
            continue
        try:
            line.decode()
            record = json.loads(text)
        except UnicodeDecodeError:
            bad.append(BadRow(source, number, "the line is not UTF-8 text", text))
            continue
        except (ValueError, RecursionError) as error:
            bad.append(BadRow(source, number, f"the line is not JSON: {_one_line(error)}", text))
            continue
        if not isinstance(record, dict):
            bad.append(BadRow(source, number, "the line is not a JSON object", text))
            continue
        records.append(record)
        numbers.append(number)
    if not records:
        raise ArchiveError(
            f"{path} holds no article: none of its {len(bad)} lines is a JSON object. Nothing was "
            "imported. A jsonl file has one object per line, such as "
            '{"title": "...", "url": "https://..."}.'
        )
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: [record.get(name) for record in records] for name in names}
    return pd.DataFrame(columns, dtype="object"), numbers, bad


def _lines(path: Path) -> list[bytes]:
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rb") as file:
            lines = file.readlines()
    else:
        with path.open("rb") as file:
            lines = file.readlines()
    if lines:
        lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
    return lines


def _decode(line: bytes) -> str:
    """Text in which bytes that are not UTF-8 stay recognisable, as lone surrogates."""
    return line.decode(errors="surrogateescape")


def _as_json(record: Mapping[Any, Any]) -> str:
    return json.dumps(record, default=str, ensure_ascii=False)[:RAW_CHARACTERS]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
