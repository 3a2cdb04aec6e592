"""The targets of the fuzzer hold over their seeds, and over what it once broke them with."""

from __future__ import annotations

import io
import json
import random
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsworld_dagster.forecasting import compile_claim
from newsworld_dagster.forecasting.lintfile import lint_file
from tests.faults import fuzz, fuzz_targets
from tests.faults.fuzz_targets import (
    CLAIM,
    CLAIM_COLUMNS,
    DIGEST,
    NOW,
    SCORED,
    TARGETS,
    BrokenPromiseError,
    parquet,
    seeds,
)
from tests.forecasting.toy_analyst import report


@pytest.fixture(autouse=True)
def everything_all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_targets, "chosen", lambda content, one_in: True)


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_and_a_few_changes_of_them_hold(name: str) -> None:
    chance = random.Random(1)

    def bytewise(content: bytes, most: int) -> bytes:
        place = chance.randrange(len(content))
        return (content[:place] + chance.randbytes(1) + content[place + 1 :])[:most]

    for seed in seeds(name, None, TARGETS[name].most):
        TARGETS[name].run(seed)
        for number in range(2):
            TARGETS[name].run(fuzz.mutated(bytewise, seed, TARGETS[name].most, number))


FILED = parquet({column: [str(CLAIM[column])] for column in CLAIM_COLUMNS})
# What pandas noted of the columns, in base64: it calls the names something else.
NAMES = (b"ibmFtZSI6", b"ibmNtZSI6")
# What the fuzzer found, cut down.
FOUND = [
    ("forecasts", b"p" + parquet(SCORED).replace(*NAMES)),
    ("forecasts", b"p" + parquet(SCORED).replace(b"base-rate", b"base\xffrate")),
    ("forecasts", b"p" + parquet(SCORED | {"forecaster": [b"\xff", b"a", b"b", b"c"]})),
    ("claims", FILED.replace(*NAMES)),
    ("claims", parquet({"statement": [None, 1.5], "resolve_by": ["2026-03-01"] * 2})),
    ("claims", parquet({"statement": [b"\xff"], "resolve_by": ["2026-03-01"]})),
    ("claims", FILED.replace(b"it voted", b"it v\xffted")),
    ("answers", b"R" + json.dumps(report(headline="Bridge to open\x00 in March")).encode()),
    ("answers", b"D" + json.dumps(DIGEST).replace("nearly", "nearly\\u0007").encode()),
]


@pytest.mark.parametrize("unit", ["x", "within ", "2026-", "by the end of "])
def test_a_book_of_a_claim_is_refused_at_once(unit: str, tmp_path: Path) -> None:
    statement, short = unit * (20_000 // len(unit)), "The council votes on the toll by 2026-03-01."
    path = tmp_path / "claims.csv"
    path.write_text(f'statement,resolve_by\n"{statement}",2026-03-01\n"{short}",2026-03-01\n')
    began = time.process_time()
    long, other = lint_file(path, lambda texts: np.zeros((len(texts), 384)))
    compile_claim(statement, 0.5, NOW, window=statement)
    assert time.process_time() - began < 3
    (finding,) = long["findings"]
    assert finding["fault"] == "compound"
    assert f"{len(statement):,} characters" in finding["reason"]
    assert other["findings"] == []


def zoned(zone: str, milliseconds: int) -> bytes:
    """A parquet file of an article and a claim that was made at a moment in a zone."""
    columns = {"url": "https://e.com/a", "title": "x"} | dict.fromkeys(CLAIM_COLUMNS, "x")
    table = pa.table({name: [value] for name, value in columns.items()})
    for name in ("first_seen_at", "made_at"):
        moments = pa.array([milliseconds], pa.timestamp("ms", tz=zone))
        table = table.drop_columns(name) if name in table.column_names else table
        table = table.append_column(name, moments)
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


@pytest.mark.parametrize("zone", ["Nowhere/Here", "+25:00", "UTC"])
@pytest.mark.parametrize("moment", [0, 253402300800000, -62135596900000])
def test_moments_of_odd_zones_and_years_break_nothing(zone: str, moment: int) -> None:
    TARGETS["imports"].run(b"p" + zoned(zone, moment))
    TARGETS["claims"].run(zoned(zone, moment))


@pytest.mark.parametrize(("name", "content"), FOUND)
def test_what_once_broke_a_target_holds(name: str, content: bytes) -> None:
    TARGETS[name].run(content)


def test_a_target_finds_a_reader_that_breaks_its_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    real = fuzz_targets.entries_to_articles

    def losing(*arguments, **options):  # type: ignore[no-untyped-def]
        batch = real(*arguments, **options)
        return type(batch)(batch.articles.iloc[1:], batch.rejects, batch.read)

    monkeypatch.setattr(fuzz_targets, "entries_to_articles", losing)
    with pytest.raises(BrokenPromiseError, match="1 rows are 0 articles"):
        TARGETS["feeds"].run(fuzz_targets.FEEDS[0])


def test_without_the_fuzzer_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fuzz, "find_spec", lambda name: None)
    assert fuzz.main() == 2
    assert "pip install atheris" in capsys.readouterr().err
