from __future__ import annotations

import datetime as dt
import gzip
import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.articles import ArchiveError, ImportBatch, read_archive
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import ARTICLES, REJECTS

NOW = dt.datetime(2026, 3, 1, 12)
TITLE = "Council approves the new bridge"
URL = "https://example.com/bridge"


def write(path: Path, rows: list[dict]) -> Path:
    frame = pd.DataFrame(rows)
    if path.name.endswith(".parquet"):
        frame.to_parquet(path)
    elif ".csv" in path.name:
        frame.to_csv(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)
    return path


def reasons(batch: ImportBatch) -> dict[int, str]:
    assert batch.read == len(batch.articles) + len(batch.rejects) + batch.repeated
    meet(ARTICLES, batch.articles)
    meet(REJECTS, batch.rejects)
    return dict(zip(batch.rejects["row_number"], batch.rejects["reason"], strict=True))


ROWS = [
    {
        "headline": "Rocket &amp; crew ready",
        "link": "https://www.example.com/rocket/?utm_source=feed",
        "description": "<p>The launch is on.</p>",
        "first_seen_utc": "2026-01-05T10:00:00+02:00",
        "published": "Mon, 05 Jan 2026 07:30:00 GMT",
        "category": "nation",
    },
    {
        "headline": TITLE,
        "link": URL,
        "description": "",
        "first_seen_utc": "2026-01-06 09:00:00",
        "published": "yesterday evening",
        "category": "local",
    },
]


@pytest.mark.parametrize(
    "name", ["news.parquet", "news.csv", "news.csv.gz", "news.jsonl", "news.jsonl.gz"]
)
def test_every_format_gives_the_same_articles(tmp_path: Path, name: str) -> None:
    batch = read_archive(write(tmp_path / name, ROWS), now=NOW)
    assert reasons(batch) == {}
    rocket, bridge = batch.articles.to_dict("records")
    assert rocket["title"] == "Rocket & crew ready"
    assert rocket["summary"] == "The launch is on."
    assert rocket["url"] == ROWS[0]["link"]
    assert rocket["canonical_url"] == "https://example.com/rocket"
    assert rocket["publisher"] == "example.com"
    assert rocket["section"] == "Politics"
    assert rocket["source"] == name
    assert rocket["first_seen_at"] == pd.Timestamp("2026-01-05 08:00")
    assert rocket["published_at"] == pd.Timestamp("2026-01-05 07:30")
    assert rocket["day"] == pd.Timestamp("2026-01-05")
    assert bridge["first_seen_at"] == pd.Timestamp("2026-01-06 09:00")
    assert pd.isna(bridge["published_at"])  # unreadable, and the row is kept
    assert pd.isna(bridge["section"])
    assert pd.isna(bridge["duplicate_of"])


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("title", "", "the title is missing"),
        ("title", " <br> ", "the title is missing"),
        ("url", "", "the URL is missing"),
        ("url", "ftp://example.com/x", "not an absolute http or https address"),
        ("url", "https:///x", "no valid host"),
        ("first_seen_at", "soon", "first_seen_at is not a date: soon"),
        ("first_seen_at", "03/04/2025", "first_seen_at is not a date: 03/04/2025"),
        ("first_seen_at", "2026-03-01T12:00:01Z", "first_seen_at lies in the future"),
        ("first_seen_at", "1970-01-01", "first_seen_at lies before 1990"),
    ],
)
@pytest.mark.parametrize("name", ["news.csv", "news.jsonl", "news.parquet"])
def test_a_bad_row_is_kept_with_its_reason(
    tmp_path: Path, name: str, field: str, value: str, reason: str
) -> None:
    good = {"title": TITLE, "url": URL, "first_seen_at": "2026-01-06"}
    bad = {"title": "Another", "url": URL + "/2", "first_seen_at": "2026-01-06"} | {field: value}
    batch = read_archive(write(tmp_path / name, [good, bad]), now=NOW)
    assert list(reasons(batch)) == [2]
    assert reason in reasons(batch)[2]
    assert batch.articles["title"].tolist() == [TITLE]
    raw = json.loads(batch.rejects["raw"][0])
    assert raw[field] == value
    assert batch.rejects["source"][0] == name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-05", "2026-01-05 00:00"),
        ("2026-01-05T10:00:00Z", "2026-01-05 10:00"),
        ("2026-01-05 10:00:00 UTC", "2026-01-05 10:00"),
        ("2026-01-05T10:00:00.123456-05:00", "2026-01-05 15:00:00.123456"),
        ("Mon, 05 Jan 2026 10:00:00 +0100", "2026-01-05 09:00"),
        ("1767607200", "2026-01-05 10:00"),
        ("1767607200000", "2026-01-05 10:00"),
    ],
)
def test_dates_of_any_zone_become_utc(tmp_path: Path, value: str, expected: str) -> None:
    path = write(tmp_path / "a.csv", [{"title": TITLE, "url": URL, "first_seen_at": value}])
    batch = read_archive(path, now=NOW)
    assert batch.articles["first_seen_at"].tolist() == [pd.Timestamp(expected)]


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_typed_times_of_parquet_become_utc(tmp_path: Path, zone: str | None, unit: str) -> None:
    times = pd.DatetimeIndex(["2026-01-05 10:00", None], tz=zone).as_unit(unit)
    frame = pd.DataFrame({"title": ["a", "b"], "url": [URL, URL + "2"], "first_seen_at": times})
    frame.to_parquet(tmp_path / "a.parquet")
    batch = read_archive(tmp_path / "a.parquet", now=NOW)
    hour = 10 if zone is None else 9
    assert batch.articles["first_seen_at"].tolist() == [pd.Timestamp(2026, 1, 5, hour), NOW]


def test_when_seen_falls_back_to_published_and_then_to_now(tmp_path: Path) -> None:
    rows = [
        {"title": "a", "url": URL + "1", "published": "2026-01-02"},
        {"title": "b", "url": URL + "2", "published": "no date"},
        {"title": "c", "url": URL + "3", "published": "2027-01-02"},
    ]
    batch = read_archive(write(tmp_path / "a.csv", rows), now=NOW)
    assert batch.articles["first_seen_at"].tolist() == [pd.Timestamp(2026, 1, 2), NOW]
    assert "lies in the future" in reasons(batch)[3]


def test_repeats_keep_the_earliest_and_are_counted(tmp_path: Path) -> None:
    rows = [
        {"title": "late", "url": "https://example.com/a?utm_source=x", "crawled_at": "2026-01-03"},
        {"title": "early", "url": "http://www.example.com/a/", "crawled_at": "2026-01-02"},
        {"title": "other", "url": "https://example.com/b", "crawled_at": "2026-01-01"},
        {"title": "early again", "url": "https://example.com/a", "crawled_at": "2026-01-02"},
    ]
    batch = read_archive(write(tmp_path / "a.jsonl", rows), now=NOW)
    assert reasons(batch) == {}
    assert batch.articles["title"].tolist() == ["early", "other"]
    assert (batch.read, batch.repeated) == (4, 2)


def test_csv_rows_of_the_wrong_width_cost_only_themselves(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"title,url\n"
        b"one,https://example.com/1\n"
        b"too,many,https://example.com/x\n"
        b"too few\n"
        b'stray,"https://example.com/y\n'  # a quote that nothing closes
        b"two,https://example.com/2\n"
        b"\n"
        b'"two\nlines",https://example.com/3\n'
        b"latin \xe9,https://example.com/z\n"
        b"NA,https://example.com/4\n"
    )
    batch = read_archive(path, now=NOW)
    assert batch.articles["title"].tolist() == ["one", "two", "two lines", "NA"]
    assert reasons(batch) == {
        2: "the row has 3 fields, the header 2",
        3: "the row has 1 fields, the header 2",
        4: reasons(batch)[4],
        7: "the row is not UTF-8 text",
    }
    assert reasons(batch)[4].startswith("the line cannot be read as csv")
    assert batch.rejects["raw"].tolist()[2] == 'stray,"https://example.com/y'


def test_broken_json_lines_cost_only_themselves(tmp_path: Path) -> None:
    good = json.dumps({"title": TITLE, "url": URL}).encode()
    path = tmp_path / "a.jsonl"
    deep = b"[" * 100_000
    path.write_bytes(
        b"\xef\xbb\xbf"
        + good
        + b'\n{"title": "cut\n[1, 2]\n\n{"title": "\xff"}\n'
        + deep
        + b'\n{"title": ["no", "text"], "url": "https://example.com/l"}\n'
        + b'{"title": "lone \\ud800 surrogate", "url": "https://example.com/s"}\n'
    )
    batch = read_archive(path, now=NOW)
    assert batch.articles["title"].tolist() == [TITLE, "lone surrogate"]
    found = reasons(batch)
    assert list(found) == [2, 3, 5, 6, 7]
    assert found[2].startswith("the line is not JSON")
    assert found[3] == "the line is not a JSON object"
    assert found[5] == "the line is not UTF-8 text"
    assert found[6].startswith("the line is not JSON")
    assert found[7] == "the title is missing, empty or not text"
    assert batch.rejects["raw"].str.len().max() <= 2_000


def test_rejects_have_the_same_identity_when_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [{"title": "", "url": URL}, {"title": "", "url": URL}])
    first = read_archive(path, now=NOW).rejects
    second = read_archive(path, now=NOW + dt.timedelta(days=1)).rejects
    assert first["reject_id"].tolist() == second["reject_id"].tolist()
    assert first["reject_id"].is_unique


def test_mapping_names_the_columns(tmp_path: Path) -> None:
    rows = [{"t": TITLE, "u": URL, "who": "The Daily", "day": "2026-01-02", "title": "not this"}]
    batch = read_archive(
        write(tmp_path / "a.csv", rows),
        {"title": "t", "url": "u", "publisher": "who", "first_seen_at": "day"},
        source="the archive",
        now=NOW,
    )
    row = batch.articles.iloc[0]
    assert (row["title"], row["publisher"], row["source"]) == (TITLE, "The Daily", "the archive")
    assert row["first_seen_at"] == pd.Timestamp("2026-01-02")


def test_sections_of_the_file_can_be_mapped(tmp_path: Path) -> None:
    rows = [
        {"title": "a", "url": URL + "1", "category": "Tech "},
        {"title": "b", "url": URL + "2", "category": "SCIENCE"},
    ]
    path = write(tmp_path / "a.csv", rows)
    batch = read_archive(path, now=NOW, sections={"tech": "Technology"})
    assert batch.articles["section"].tolist() == ["Technology", "Science"]
    with pytest.raises(ArchiveError, match="no section Gadgets"):
        read_archive(path, now=NOW, sections={"tech": "Gadgets"})


def test_article_ids_of_the_file_count_only_when_asked_for(tmp_path: Path) -> None:
    rows = [
        {"article_id": "x1", "title": "a", "url": URL + "1"},
        {"article_id": "x1", "title": "b", "url": URL + "2"},
        {"article_id": "", "title": "c", "url": URL + "3"},
    ]
    path = write(tmp_path / "a.csv", rows)
    ours = read_archive(path, now=NOW)
    assert len(ours.articles) == 3
    assert "x1" not in set(ours.articles["article_id"])
    theirs = read_archive(path, {"article_id": "article_id"}, now=NOW)
    assert theirs.articles["article_id"].tolist() == ["x1"]
    assert reasons(theirs) == {
        2: "the article_id belongs to another URL of this file",
        3: "the article_id is missing or empty",
    }


def test_a_file_without_rows_is_an_empty_batch(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title,url\n")
    batch = read_archive(tmp_path / "a.csv", now=NOW)
    assert reasons(batch) == {}
    assert batch.articles.empty


def damaged(tmp_path: Path, name: str) -> Path:
    """A file of which a good one was cut or overwritten."""
    path = write(tmp_path / name, ROWS * 200)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@pytest.mark.parametrize("name", ["cut.parquet", "cut.csv.gz", "cut.jsonl.gz"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="cannot be read as") as caught:
        read_archive(damaged(tmp_path, name), now=NOW)
    message = str(caught.value)
    assert name in message
    assert "Nothing was imported" in message
    assert "\n" not in message


def test_damage_inside_a_parquet_file_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", ROWS * 200)
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="damaged"):
        read_archive(path, now=NOW)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", ["is empty"]),
        ("a.csv", "headline,where\nx,y\n", ["holds the url", "headline, where", "--column"]),
        ("a.csv", "a;b\n1;2\n", ["holds the url and the title", "a;b"]),
        ("a.jsonl", "not json\n[]\n", ["none of its 2 lines"]),
        ("a.jsonl", '{"link": "x"}\n', ["holds the title", "link"]),
        ("a.xlsx", "x", ["kind that cannot be imported", ".parquet"]),
    ],
)
def test_a_file_that_does_not_fit_says_why(
    tmp_path: Path, name: str, content: str, words: list[str]
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ArchiveError) as caught:
        read_archive(tmp_path / name, now=NOW)
    for word in [name, *words]:
        assert word in str(caught.value)


def test_missing_files_and_wrong_mappings_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no file"):
        read_archive(tmp_path / "none.csv", now=NOW)
    path = write(tmp_path / "a.csv", [{"title": "a", "url": URL}])
    with pytest.raises(ArchiveError, match=r"no column headline.*Columns found: title, url"):
        read_archive(path, {"title": "headline"}, now=NOW)
    with pytest.raises(ArchiveError, match="no field heading"):
        read_archive(path, {"heading": "title"}, now=NOW)


def test_gzip_of_another_kind_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_text('{"title": "a", "url": "https://example.com"}')
    with pytest.raises(ArchiveError, match="another kind than its name"):
        read_archive(tmp_path / "a.jsonl.gz", now=NOW)
    with gzip.open(tmp_path / "a.csv", "wt") as file:
        file.write("title,url\n")
    with pytest.raises(ArchiveError):
        read_archive(tmp_path / "a.csv", now=NOW)


def test_eleven_months_of_real_news_are_read_whole(shared_data: Path) -> None:
    path = shared_data / "news_gnews" / "articles.parquet"
    started = time.monotonic()
    batch = read_archive(path, now=dt.datetime(2026, 4, 1))
    seconds = time.monotonic() - started
    assert reasons(batch) == {}
    assert batch.read == 51_937
    # The same page with and without 'www', 's' or a tracking parameter; checked by eye.
    assert batch.repeated == 8
    assert batch.articles["first_seen_at"].min() == pd.Timestamp("2025-04-30 02:23")
    assert seconds < 60, f"took {seconds:.1f} s"


def test_importing_the_room_loads_no_network_or_hashing_library() -> None:
    heavy = "aiohttp", "rensa", "fastfeedparser", "feedparser"
    code = (
        "import sys, newsworld_dagster.articles\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert result.stdout.strip() == "[]"
