from __future__ import annotations

from tests.faults.kill_rounds import DAYS, ROOT, rounds


def test_a_killed_run_leaves_nothing_that_a_rerun_does_not_mend() -> None:
    sample = ROOT / "data" / "sample" / "articles.jsonl"
    assert rounds(2, seed=20260101, days=DAYS, articles=sample) == []
