from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# No name is rare outside of the topic, and four are in both of its articles.
SCRIPT = """
import json
from collections import Counter
import numpy as np, pandas as pd
from newsworld_dagster.forecasting.anchors import anchor_of
members = pd.DataFrame({"title": ["Greenland talks with Trump in Nuuk near Denmark"] * 2,
                        "summary": ["They met."] * 2})
row = anchor_of("t", np.ones(1), members, np.ones((2, 1)),
                Counter(dict.fromkeys(["greenland", "trump", "nuuk", "denmark"], 90)), 100,
                model="m", as_of=pd.Timestamp("2026-01-16"))
print(json.dumps([row["anchor_id"], row["terms"]]))
"""


def anchor(seed: str) -> tuple[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
    )
    anchor_id, terms = json.loads(done.stdout)
    return anchor_id, json.loads(terms)


def test_an_anchor_is_the_same_in_every_process() -> None:
    found = [anchor(seed) for seed in ("1", "2", "3", "4", "5")]
    assert [terms for _, terms in found] == [["denmark", "greenland"]] * 5
    assert len({anchor_id for anchor_id, _ in found}) == 1
