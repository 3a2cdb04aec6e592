"""How well the lint agrees with labels, and how many real questions it lets through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.forecasting import lint
from newsworld_dagster.forecasting.likeness import duplicate_of
from newsworld_dagster.forecasting.lint import Fault
from newsworld_dagster.forecasting.lintfile import lint_file
from newsworld_dagster.settings import PROJECT

CLAIMS = Path(__file__).with_name("labelled_claims.csv")
PAIRS = Path(__file__).with_name("labelled_pairs.csv")
BLIND = PROJECT / "data" / "labels" / "lint" / "blind.csv"
Compared = list[tuple[set[str], set[str]]]
Encode = Callable[[Sequence[str]], np.ndarray]
PARTS = ("development", "held-out", "blind")
# Floors a little below what was measured (docs/lint.md): precision, recall.
FLOORS = {
    ("development", "no_deadline"): (0.95, 0.95),
    ("development", "vague_verb"): (0.9, 0.95),
    ("development", "vague_quantity"): (0.95, 0.95),
    ("development", "compound"): (0.95, 0.95),
    ("development", "unobservable"): (0.95, 0.95),
    ("development", "already_happened"): (0.95, 0.95),
    ("development", "duplicate"): (0.95, 0.95),
    ("held-out", "no_deadline"): (0.95, 0.8),
    ("held-out", "vague_verb"): (0.9, 0.9),
    ("held-out", "vague_quantity"): (0.9, 0.9),
    ("held-out", "compound"): (0.9, 0.9),
    ("held-out", "unobservable"): (0.85, 0.85),
    ("held-out", "already_happened"): (0.85, 0.85),
    ("held-out", "duplicate"): (0.95, 0.15),
    ("blind", "vague_verb"): (0.7, 0.45),
    ("blind", "vague_quantity"): (0.95, 0.95),
    ("blind", "compound"): (0.95, 0.95),
    ("blind", "unobservable"): (0.95, 0.8),
    ("blind", "already_happened"): (0.8, 0.95),
}
# The 171 blind claims, by words alone and with vectors.
BLIND_FLOORS = {
    "words": {
        "vague_verb": (0.75, 0.45),
        "vague_quantity": (0.75, 0.75),
        "unobservable": (0.75, 0.5),
    },
    "vectors": {
        "vague_verb": (0.75, 0.55),
        "vague_quantity": (0.7, 0.8),
        "unobservable": (0.8, 0.65),
    },
}
BLIND_PASS = 0.93


WORDINGS = ("vague_verb", "vague_quantity", "unobservable")


def compared(claims: pd.DataFrame, path: Path, encode: Encode | None = None) -> Compared:
    """Faults found and faults labelled of each claim."""
    claims.to_csv(path, index=False)
    found = [{f["fault"] for f in claim["findings"]} for claim in lint_file(path, encode)]
    labels = [set(filter(None, faults.split(";"))) for faults in claims["faults"]]
    return list(zip(found, labels, strict=True))


def agreement(judged: Compared, fault: str) -> tuple[float, float]:
    """Precision and recall."""
    both = [(fault in found, fault in labels) for found, labels in judged]
    right = both.count((True, True))
    assert right, "no claim of this kind is found"
    return right / (right + both.count((True, False))), right / (right + both.count((False, True)))


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Compared]:
    """Faults found and faults labelled of each claim, by half."""
    table = pd.read_csv(CLAIMS, dtype=str, keep_default_na=False)
    pairs = {}
    for half, claims in table.groupby("half"):
        path = tmp_path_factory.mktemp("labels") / "claims.csv"
        pairs[str(half)] = compared(claims, path)
    return pairs


def test_the_labels_are_as_many_and_as_mixed_as_they_should_be() -> None:
    table = pd.read_csv(CLAIMS, dtype=str, keep_default_na=False)
    faults = table["faults"].str.split(";").explode()
    assert len(table) >= 150
    assert 0.4 <= (table["faults"] == "").mean() <= 0.6
    assert set(faults) - {""} == set(get_args(Fault))
    assert table["domain"].nunique() >= 10
    assert set(table["half"]) == set(PARTS)


@pytest.mark.parametrize(("half", "fault"), FLOORS)
def test_precision_and_recall_by_fault(judged: dict[str, Compared], half: str, fault: str) -> None:
    precision, recall = agreement(judged[half], fault)
    assert precision >= FLOORS[half, fault][0]
    assert recall >= FLOORS[half, fault][1]


@pytest.mark.parametrize("half", PARTS)
def test_decidable_claims_pass(judged: dict[str, Compared], half: str) -> None:
    decidable = [found for found, labels in judged[half] if not labels]
    assert sum(not found for found in decidable) >= 0.96 * len(decidable)


@pytest.fixture(scope="module", params=["words", "vectors"])
def judged_blind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Compared]:
    """The claims that were written before the rules, by words alone and by vectors too."""
    claims = pd.read_csv(BLIND, dtype=str, keep_default_na=False)
    encode = SentenceTransformerEncoder().encode if request.param == "vectors" else None
    path = tmp_path_factory.mktemp("blind") / "claims.csv"
    return request.param, compared(claims, path, encode)


def test_claims_in_words_that_nobody_foresaw(judged_blind: tuple[str, Compared]) -> None:
    by, judged = judged_blind
    for fault in WORDINGS:
        precision, recall = agreement(judged, fault)
        assert precision >= BLIND_FLOORS[by][fault][0], fault
        assert recall >= BLIND_FLOORS[by][fault][1], fault
    passed = [not found for found, labels in judged if not labels]
    assert sum(passed) >= BLIND_PASS * len(passed)


@pytest.mark.parametrize(("half", "recall"), [("development", 0.8), ("held-out", 0.2)])
def test_paraphrases_are_found_and_near_misses_left_alone(half: str, recall: float) -> None:
    pairs = pd.read_csv(PAIRS)
    pairs = pairs[pairs["half"] == half]
    found = [
        duplicate_of(other, [one]) is not None
        for one, other in zip(pairs["one"], pairs["other"], strict=True)
    ]
    same = pairs["same"] == "yes"
    assert pd.Series(found, index=pairs.index)[same].mean() >= recall
    assert not any(pd.Series(found, index=pairs.index)[~same])


@pytest.fixture(scope="module")
def market_questions(shared_data: Path) -> pd.DataFrame:
    """Each wording once: question, market's close, when it was frozen, whether it came out."""
    folder = shared_data / "forecastbench"
    if not folder.is_dir():
        pytest.skip(f"no ForecastBench questions at {folder}; set NEWSWORLD_SHARED_DATA")
    resolutions = pd.read_parquet(folder / "resolutions.parquet")
    settled = resolutions[(resolutions["question_type"] == "market") & resolutions["resolved"]]
    questions = pd.read_parquet(folder / "questions.parquet")
    questions = questions[
        questions["source"].isin(["infer", "manifold", "metaculus", "polymarket"])
    ]
    questions = questions.drop_duplicates("question")
    return pd.DataFrame(
        {
            "question": questions["question"],
            "resolve_by": _utc(questions["market_info_close_datetime"]),
            "made_at": _utc(questions["freeze_datetime"]),
            "settled": questions["id"].isin(settled["id"]),
        }
    )


def _utc(times: pd.Series) -> pd.Series:
    parsed = pd.to_datetime(times, utc=True, errors="coerce", format="mixed")
    return parsed.dt.tz_localize(None)


def test_real_questions_that_were_decided_pass(market_questions: pd.DataFrame) -> None:
    passed = pd.Series(
        [
            lint(row.question, row.resolve_by, row.made_at) == []
            for row in market_questions.itertuples()
        ],
        index=market_questions.index,
    )
    assert market_questions["settled"].sum() > 500
    assert passed[market_questions["settled"]].mean() >= 0.96
    assert passed.mean() >= 0.92
