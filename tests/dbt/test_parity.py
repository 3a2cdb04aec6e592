"""Every published scorecard against the same figures from the Python functions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.scoring import judge
from newsworld_dagster.warehouse import Snapshot, open_snapshot
from tests.synthetic_world import AS_OF, publish, write_ledger

COUNTS = ("due", "scored", "void", "pending", "overdue", "early")
# What the mart is called, and what it groups by beside the forecaster.
MARTS = {
    "forecaster": [],
    "model": ["model"],
    "prompt": ["prompt_digest"],
    "section": ["section"],
    "template": ["template"],
    "horizon": ["window_days"],
    "band": ["band"],
    "resolver": ["resolver"],
    "deadline_month": ["deadline_month"],
    "cohort": ["cohort"],
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("parity")
    live = folder / "newsworld.duckdb"
    write_ledger(live)
    with open_snapshot(publish(live, folder / "snapshot.duckdb", folder / "target")) as opened:
        yield opened


@pytest.fixture(scope="module")
def judged(snapshot: Snapshot) -> pd.DataFrame:
    """The ledger itself, scored by Python, with what the marts group by."""
    claims = snapshot.reader.claims_with_verdicts(AS_OF)
    found = judge(claims, as_of=AS_OF)
    more = claims.set_index("claim_id")[["model", "prompt_digest", "resolver"]]
    return found.join(more, on="claim_id").assign(
        deadline_month=found["resolve_by"].dt.strftime("%Y-%m"),
        cohort=found["made_at"].dt.strftime("%Y-%m"),
        base_rate=found["outcome"],
    )


@pytest.mark.parametrize("name", MARTS)
def test_the_marts_are_what_python_computes(
    snapshot: Snapshot, judged: pd.DataFrame, name: str
) -> None:
    keys = ["forecaster", *MARTS[name]]
    mart = snapshot.table(f"marts.scorecard_by_{name}")
    found = []
    for group, rows in judged.groupby(keys, dropna=False):
        settled, shared = rows[rows["scored"]], rows[rows["baseline_brier"].notna()]
        found.append(
            dict(zip(keys, group, strict=True))
            | {"made": len(rows)}
            | {status: rows[status].sum() for status in COUNTS}
            | {score: settled[score].mean() for score in ("brier", "log_score", "base_rate")}
            | {
                "skill": 1 - shared["brier"].sum() / shared["baseline_brier"].sum()
                if len(shared)
                else np.nan,
                "shared": len(shared),
                "topics": settled["topic_id"].nunique(),
            }
        )
    # A key that every row lacks is a column of floats.
    python = pd.DataFrame(found).astype(dict.fromkeys(MARTS[name], object))
    python = python.fillna(dict.fromkeys(MARTS[name], "none"))
    mart = mart.fillna(dict.fromkeys(MARTS[name], "none"))
    assert len(python) > len(MARTS[name])
    pd.testing.assert_frame_equal(
        mart[list(python.columns)].sort_values(keys, ignore_index=True),
        python.sort_values(keys, ignore_index=True),
        check_dtype=False,
        rtol=1e-12,
    )


@pytest.mark.parametrize(
    ("name", "column", "by"),
    [
        ("forecaster", None, "all"),
        ("section", "section", "section"),
        ("template", "template", "template"),
        ("band", "band", "band"),
        ("cohort", "cohort", "month"),
    ],
)
def test_the_published_scorecard_says_the_same(
    snapshot: Snapshot, name: str, column: str | None, by: str
) -> None:
    card = snapshot.table("scorecards.scorecard")
    card = card[card["by"] == by].set_index(["group", "forecaster"])
    mart = snapshot.table(f"marts.scorecard_by_{name}")
    mart = mart.assign(group=mart[column] if column else "all").set_index(["group", "forecaster"])
    figures = ["made", *COUNTS, "brier", "log_score", "skill", "topics"]
    pd.testing.assert_frame_equal(
        mart[figures].sort_index(), card[figures].sort_index(), check_dtype=False, rtol=1e-9
    )
