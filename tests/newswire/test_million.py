"""A record that is made in parts is one row of the table."""

from __future__ import annotations

from tests.benchmarks.million import _is_measured, table, whole

HOW = {"a_day": 250.0, "days": 40, "record_days": 900, "warm_up_days": 14}
DONE = HOW | {"stage": "record", "articles": 1000, "load": 1.0, "outcome": "done"}
FIRST = DONE | {"wall_s": 10.0, "cpu_s": 9.0, "peak_mib": 300, "found": {"days": 500, "left": 400}}
SECOND = DONE | {"wall_s": 8.0, "cpu_s": 7.0, "peak_mib": 400, "found": {"days": 400, "left": 0}}
FAILED = DONE | {"wall_s": 1.0, "cpu_s": 1.0, "peak_mib": 100, "outcome": "failed (1)"}
# Of before records were made in parts.
OLD = DONE | {"record_days": 40, "wall_s": 2.0, "cpu_s": 2.0, "peak_mib": 90, "found": {"days": 40}}


def test_times_of_parts_are_summed_and_memory_is_the_largest() -> None:
    failed, record, old = whole([FAILED, FIRST, SECOND, OLD])
    assert (failed["outcome"], old["found"]) == ("failed (1)", {"days": 40})
    assert (record["wall_s"], record["cpu_s"], record["peak_mib"]) == (18.0, 16.0, 400)
    assert record["found"]["days"] == 900
    assert (record["parts"], record["outcome"]) == (2, "done")
    assert FIRST["cpu_s"] == 9.0  # what was measured stays as it was


def test_a_record_that_is_not_whole_says_so_and_goes_on() -> None:
    (record,) = whole([FIRST])
    assert record["outcome"] == "400 days are still to be made"
    assert "400 days are still to be made" in table([record])
    assert [_is_measured(row) for row in (FIRST, SECOND, FAILED, OLD)] == [False, True, False, True]
    assert _is_measured(FAILED | {"stage": "import"})
