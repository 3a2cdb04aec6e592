from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.resolution import VerdictFileError, read_verdicts, told_faults

HEADER = "claim_id,verdict,because,url\n"


def written(folder: Path, text: str, *, header: str = HEADER) -> Path:
    path = folder / "verdicts.csv"
    path.write_text(header + text, encoding="utf-8")
    return path


def test_a_bad_row_costs_no_other_and_is_named_with_its_number(tmp_path: Path) -> None:
    verdicts, undecided = read_verdicts(
        written(
            tmp_path,
            'c1,Yes,"It opened, at last.",https://example.com/1\n'
            "\n"
            "c2,,,\n"
            "c3,maybe,Who knows.,\n"
            "c4,,It opened.,\n"
            "c5,no,,\n"
            "c1,no,It did not.,\n"
            ",yes,It opened.,\n"
            "c6,yes,It opened.,the town paper\n"
            "c7,yes,It opened, at last.,\n"
            "c8,void,Nobody can tell.,\n",
        )
    )
    assert undecided == 1
    good = [verdict for verdict in verdicts if not verdict.fault]
    assert [(one.claim_id, one.verdict, one.because, one.url) for one in good] == [
        ("c1", "yes", "It opened, at last.", "https://example.com/1"),
        ("c8", "void", "Nobody can tell.", None),
    ]
    assert {verdict.row: verdict.fault for verdict in verdicts if verdict.fault} == {
        4: "its verdict is 'maybe'; write one of yes, no, void",
        5: "its verdict is nothing; write one of yes, no, void",
        6: "it gives no reason; fill in because",
        7: "claim_id 'c1' was given in row 1 already",
        8: "it has no claim_id",
        9: "its url is 'the town paper', which is no address; write https://...",
        10: "its url is 'at last.', which is no address; write https://...",
    }
    assert told_faults(verdicts).startswith("row 4: its verdict is 'maybe'")


def test_further_columns_and_a_missing_url_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.parquet"
    pd.DataFrame(
        {"statement": ["It rains."], "claim_id": ["c1"], "verdict": ["no"], "because": ["Dry."]}
    ).to_parquet(path)
    ((verdict,), undecided) = read_verdicts(path)
    assert (verdict.claim_id, verdict.verdict, verdict.url, verdict.fault) == (
        "c1", "no", None, None,
    )  # fmt: skip
    assert undecided == 0


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("claim,verdict,because\n", "lacks the column claim_id; it has claim, verdict, because"),
        (HEADER, "has a header but no row"),
    ],
)
def test_a_file_that_is_no_file_of_verdicts(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(VerdictFileError, match=said):
        read_verdicts(written(tmp_path, "", header=header))
