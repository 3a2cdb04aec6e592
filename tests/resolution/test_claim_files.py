from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.resolution import ClaimFileError, read_claims, told_faults

HEADER = "claim_id,statement,made_at,resolve_by\n"


def written(folder: Path, text: str, *, header: str = HEADER) -> Path:
    path = folder / "claims.csv"
    path.write_text(header + text, encoding="utf-8")
    return path


def test_times_are_utc(tmp_path: Path) -> None:
    (claim,) = read_claims(
        written(tmp_path, '007,"A, then B",2026-02-01,2026-02-10T12:00:00+02:00,"aside"\n',
                header=HEADER.replace("\n", ",criteria\n"))
    )  # fmt: skip
    assert (claim.claim_id, claim.statement, claim.fault) == ("007", "A, then B", None)
    assert claim.made_at == pd.Timestamp("2026-02-01")
    assert claim.resolve_by == pd.Timestamp("2026-02-10 10:00")


def test_a_window_of_dates_holds_both_days_whole(tmp_path: Path) -> None:
    (claim,) = read_claims(written(tmp_path, "one,It rains.,2026-02-10,2026-02-10\n"))
    assert claim.fault is None
    assert claim.made_at == pd.Timestamp("2026-02-10")
    assert claim.resolve_by == pd.Timestamp("2026-02-10 23:59:59.999999")


def test_a_bad_row_costs_no_other_and_is_named_with_its_number(tmp_path: Path) -> None:
    claims = read_claims(
        written(
            tmp_path,
            "good,It rains.,2026-02-01,2026-02-10\n"
            "\n"
            "wordless,,2026-02-01,2026-02-10\n"
            ",It rains.,2026-02-01,2026-02-10\n"
            "good,It snows.,2026-02-01,2026-02-10\n"
            "loose,It rains, and snows.,2026-02-01,2026-02-10\n"
            "soon,It rains.,2026-02-01,soon\n"
            "no-day,It rains.,2026-02-30,2026-03-10\n"
            "endless,It rains.,2026-02-01,\n"
            "backwards,It rains.,2026-02-10,2026-02-09\n"
            "last,It rains.,2026-02-01,2026-02-10\n",
        )
    )
    assert [claim.claim_id for claim in claims if not claim.fault] == ["good", "last"]
    assert {claim.row: claim.fault for claim in claims if claim.fault} == {
        3: "claim 'wordless' has no statement",
        4: "it has no claim_id",
        5: "claim_id 'good' was given in row 1 already",
        6: "it has 5 fields, the header has 4; quote a text with commas",
        7: "claim 'soon' has resolve_by 'soon', which is no date; write YYYY-MM-DD",
        8: "claim 'no-day' has made_at '2026-02-30', which is no date; write YYYY-MM-DD",
        9: "claim 'endless' has no resolve_by",
        10: "claim 'backwards' has a resolve_by that is not after its made_at",
    }
    said = told_faults(claims)
    assert said.startswith("row 3: claim 'wordless' has no statement; row 4: ")
    assert said.endswith("; and 3 rows more")


def test_damaged_letters_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + HEADER.encode() + b"c1,Caf\xe9 opens.,2026-02-01,2026-02-10\n"
    )
    (claim,) = read_claims(path)
    assert (claim.claim_id, claim.statement) == ("c1", "Caf\ufffd opens.")


def test_parquet_with_times_dates_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "claims.parquet"
    pd.DataFrame(
        {
            "claim_id": [1, 2],
            "statement": ["It rains.", None],
            "made_at": [pd.Timestamp("2026-02-01 08:00", tz="Europe/Berlin"), pd.NaT],
            "resolve_by": [datetime.date(2026, 2, 10)] * 2,
        }
    ).to_parquet(path)
    first, second = read_claims(path)
    assert (first.claim_id, first.fault) == ("1", None)
    assert first.made_at == pd.Timestamp("2026-02-01 07:00")
    assert first.resolve_by == pd.Timestamp("2026-02-10 23:59:59.999999")
    assert second.fault == "claim '2' has no statement"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("claims.csv", None, "There is no file"),
        ("claims.txt", "x", "neither .csv nor .parquet"),
        ("claims.parquet", "PAR1 not a parquet file", "cannot be read as parquet"),
        ("claims.csv", "", "lacks the columns claim_id, statement, made_at, resolve_by"),
        ("claims.csv", "claim_id,statement,made_at\n", "lacks the column resolve_by"),
        ("claims.csv", HEADER, "no row"),
        ("claims.csv", HEADER + "c1,,2026-02-01,2026-02-02\n", "row 1: claim 'c1' has no stat"),
    ],
)
def test_files_that_cannot_be_used(
    tmp_path: Path, name: str, content: str | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(ClaimFileError) as raised:
        read_claims(path)
    assert words in str(raised.value)
    assert name in str(raised.value)
