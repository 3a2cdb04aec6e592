from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsworld_dagster.forecasting import LedgerFault, chain, make_edition, verify
from newsworld_dagster.forecasting.health import evaluate_chain
from newsworld_dagster.warehouse import Warehouse
from tests.forecasting.toy_desk import desk

GENESIS = (0, "0" * 64)
CLAIMS = make_edition(desk()).claims.head(6)
LEDGER = chain(CLAIMS, GENESIS)


def fault(ledger: pd.DataFrame) -> LedgerFault:
    found = verify(ledger)
    assert found is not None
    return found


def test_an_untouched_ledger_is_whole() -> None:
    assert LEDGER["seq"].tolist() == [1, 2, 3, 4, 5, 6]
    assert LEDGER["previous_hash"].iloc[0] == "0" * 64
    assert LEDGER["previous_hash"].tolist()[1:] == LEDGER["row_hash"].tolist()[:-1]
    assert verify(LEDGER) is None
    assert verify(LEDGER.sample(frac=1, random_state=1)) is None  # the order of seq counts
    assert verify(LEDGER.head(0)) is None


def test_the_chain_goes_on_from_its_head() -> None:
    first = chain(CLAIMS.head(2), GENESIS)
    head = (int(first["seq"].iloc[-1]), str(first["row_hash"].iloc[-1]))
    rest = chain(CLAIMS.tail(4).reset_index(drop=True), head)
    pd.testing.assert_frame_equal(pd.concat([first, rest], ignore_index=True), LEDGER)


def test_a_chain_on_another_head_does_not_fit() -> None:
    first = chain(CLAIMS.head(2), GENESIS)
    rest = chain(CLAIMS.tail(4), (2, "f" * 64))
    found = fault(pd.concat([first, rest], ignore_index=True))
    assert found == LedgerFault(
        3, LEDGER["claim_id"].iloc[2], "it does not follow the row before it"
    )


def test_an_edited_row_is_found() -> None:
    edited = LEDGER.copy()
    edited.loc[2, "probability"] = 0.51
    edited.loc[4, "statement"] = "Something else."
    found = fault(edited)
    assert (found.seq, found.claim_id) == (3, LEDGER["claim_id"].iloc[2])
    assert "content" in found.reason


def test_an_edit_with_a_new_hash_of_its_own_breaks_the_next_row() -> None:
    forged = chain(
        LEDGER.iloc[[2]].assign(probability=0.51).drop(columns=["row_hash", "previous_hash"]),
        (2, LEDGER["row_hash"].iloc[1]),
    )
    found = fault(pd.concat([LEDGER.head(2), forged, LEDGER.tail(3)], ignore_index=True))
    assert found.seq == 4


@pytest.mark.parametrize(("place", "first_bad"), [(0, 2), (2, 4), (4, 6)])
def test_a_removed_row_is_found(place: int, first_bad: int) -> None:
    found = fault(LEDGER.drop(index=place))
    assert found.seq == first_bad
    assert f"row {place + 1} is missing" in found.reason


def test_a_removed_row_is_found_though_the_rest_is_renumbered() -> None:
    closed = LEDGER.drop(index=2).assign(seq=range(1, 6))
    assert fault(closed).seq == 3


def test_an_inserted_row_is_found() -> None:
    extra = LEDGER.iloc[[1]].assign(claim_id="forged", seq=3)
    found = fault(pd.concat([LEDGER.head(2), extra, LEDGER.tail(4)], ignore_index=True))
    assert (found.seq, found.claim_id) == (3, "forged")


def test_reordered_rows_are_found() -> None:
    swapped = LEDGER.assign(seq=[1, 3, 2, 4, 5, 6])
    found = fault(swapped)
    assert (found.seq, found.claim_id) == (2, LEDGER["claim_id"].iloc[2])


def changed(value: object) -> object:
    if value is None or value != value:
        return "x"
    if isinstance(value, pd.Timestamp):
        return value + pd.Timedelta(microseconds=1)
    if isinstance(value, float):
        return value * (1 + 1e-12) if value else 1e-12
    return f"{value} " if isinstance(value, str) else int(value) + 1


@settings(max_examples=80, deadline=None)
@given(row=st.integers(0, len(LEDGER) - 1), column=st.sampled_from(list(LEDGER.columns)))
def test_any_change_of_any_field_is_found(row: int, column: str) -> None:
    edited = LEDGER.copy()
    edited[column] = edited[column].astype(object) if column == "prompt_digest" else edited[column]
    before = edited.loc[row, column]
    edited.loc[row, column] = changed(before)
    assert edited.loc[row, column] != before
    found = fault(edited)
    assert found.claim_id == edited.loc[row, "claim_id"]


def test_the_chain_survives_the_warehouse(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    with warehouse.write() as writer:
        head = writer.ledger_head()
        assert writer.append("forecasts.claims", chain(CLAIMS.head(3), head)) == 3
    with warehouse.write() as writer:
        rest = CLAIMS.tail(3).reset_index(drop=True)
        assert writer.append("forecasts.claims", chain(rest, writer.ledger_head())) == 3
    with warehouse.read() as reader:
        stored = reader.table("forecasts.claims")
    assert verify(stored) is None
    assert stored.sort_values("seq")["row_hash"].tolist() == LEDGER["row_hash"].tolist()


def test_the_check_of_the_chain_names_the_first_bad_row() -> None:
    assert evaluate_chain(verify(LEDGER), len(LEDGER)).passed
    found = evaluate_chain(verify(LEDGER.drop(index=1)), len(LEDGER) - 1)
    assert not found.passed
    assert found.figures == {"rows": 5, "first bad row": 3}
