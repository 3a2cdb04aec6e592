"""`newsworld contest`, and what the scorecard says beside the scores."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from newsworld_dagster.warehouse import Warehouse
from tests.e2e.worlds import WorldFolder
from tests.warehouse.warehouse_rows import claim, claims, verdict

MADE = pd.Timestamp("2026-01-05")
DUE = MADE + pd.Timedelta(days=7)
OLD, NEW = "a" * 64, "b" * 64

# forecaster, model, prompt digest, probability of what happens, cost
SIDES = {
    "analyst": ("sonnet", OLD, 0.5, 0.01),
    "challenger": ("sonnet", NEW, 0.7, 0.03),
    "haiku": ("haiku", NEW, 0.6, 0.001),
}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """Forty settled questions on eight topics; on two of them the challenger read other input."""
    world = WorldFolder(tmp_path_factory.mktemp("contest") / "world")
    rows, verdicts = [], []
    for name, (model, prompt, said, cost) in SIDES.items():
        for k in range(40):
            row = claim(
                len(rows) + 1,
                f"q{k}",
                MADE,
                7,
                forecaster=name,
                model=model,
                prompt_digest=prompt,
                topic_id=f"t{k // 5}",
                probability=said if k % 2 else 1 - said,
                cost_usd=cost,
                input_digest="other" if name == "challenger" and k < 2 else "same",
            )
            rows.append(row)
            verdicts.append(verdict(len(rows), row, "yes" if k % 2 else "no", DUE))
    seal = {
        "forecaster": "analyst",
        "day": DUE,
        "as_of": DUE,
        "phase": "record",
        "claims": 40,
        "refused": 0,
        "fitted_on": 0,
        "input_digest": "i",
        "code_version": "0",
    }
    pair = {
        "kind": "deadline",
        "forecaster": "analyst",
        "claim_id": "c1",
        "other_id": "c2",
        "day": MADE,
        "as_of": MADE,
        "probability": 0.5,
        "other_probability": 0.2,
        "excess": 0.3,
        "arbitrage": 0.1054,
    }
    other = pair | {"claim_id": "c3", "other_id": "c4", "excess": 0.0, "arbitrage": 0.0}
    with Warehouse(world.warehouse).write() as writer:
        writer.append("forecasts.claims", claims(*rows))
        writer.append("outcomes.resolutions", pd.concat(verdicts))
        writer.append("forecasts.editions", pd.DataFrame([seal]))
        writer.append("forecasts.relations", pd.DataFrame([pair, other]))
    return world


def told(world: WorldFolder, *arguments: str) -> dict:
    done = world.run("contest", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_two_forecasters_over_the_same_input(ledger: WorldFolder) -> None:
    found = told(ledger, "analyst", "challenger")
    assert (found["champion"], found["challenger"]) == ("analyst", "challenger")
    assert (found["shared"], found["topics"], found["unlike"]) == (38, 8, 2)
    assert found["champion_brier"] == pytest.approx(0.25)
    assert found["challenger_brier"] == pytest.approx(0.09)
    assert found["difference"] == pytest.approx(-0.16)
    assert found["low"] == pytest.approx(-0.16)
    # Eight topics whose differences all point one way: 2 of 256 sign patterns are as extreme.
    assert found["p_value"] == pytest.approx(2 / 256, abs=0.006)
    assert (found["champion_cost"], found["challenger_cost"]) == pytest.approx((0.01, 0.03))
    assert found["promoted"] is False
    assert "fewer than the 200" in found["reason"]


def test_two_models_and_two_prompts(ledger: WorldFolder, empty_world: WorldFolder) -> None:
    # Both forecasters with the model sonnet answer every question.
    done = ledger.run("contest", "haiku", "sonnet", "--by", "model")
    assert done.code == 1
    assert "'sonnet' has more than one row for question" in " ".join(done.err.split())
    # Behind one name: the analyst changed its prompt after twenty questions, and was asked anew.
    rows, verdicts = [], []
    for prompt, said in ((OLD, 0.5), (NEW, 0.8)):
        for k in range(20):
            row = claim(
                len(rows) + 1, f"q{k}", MADE, 7, forecaster="analyst", topic_id=f"t{k}",
                prompt_digest=prompt, model=f"m-{said}", probability=said,
            )  # fmt: skip
            rows.append(row)
            verdicts.append(verdict(len(rows), row, "yes", DUE))
    with Warehouse(empty_world.warehouse).write() as writer:
        writer.append("forecasts.claims", claims(*rows))
        writer.append("outcomes.resolutions", pd.concat(verdicts))
    within = ("--forecaster", "analyst", "--as-of", "2026-01-12")
    for by, sides in (("prompt", (OLD[:8], NEW[:8])), ("model", ("m-0.5", "m-0.8"))):
        found = told(empty_world, *sides, "--by", by, *within)
        assert found["shared"] == 20
        assert found["difference"] == pytest.approx(0.04 - 0.25)
        assert found["by"] == by
    assert found["champion"] == "m-0.5"


def test_the_terminal_says_what_the_figures_mean(ledger: WorldFolder) -> None:
    done = ledger.run("contest", "analyst", "haiku")
    assert done.code == 0
    shown = " ".join(done.out.split())
    for words in (
        "40 shared claims on 8 topics",
        "0 left out",
        "challenger minus champion -0.0900",
        "US dollars a claim",
        "fewer than the 200",
    ):
        assert words in shown, shown


def test_errors_in_words(ledger: WorldFolder, empty_world: WorldFolder) -> None:
    for world, arguments, code, words in (
        (ledger, ("analyst", "oracle"), 1, ("'oracle'", "analyst, challenger, haiku")),
        (ledger, ("analyst", "analyst"), 2, ("own challenger",)),
        (ledger, ("analyst",), 2, ("Missing argument",)),
        (ledger, ("a", "b", "--by", "colour"), 2, ("--by",)),
        (ledger, ("aaaaaa", "cccccc", "--by", "prompt"), 1, ("prompt 'cccccc'", OLD)),
        (ledger, ("x", "y", "--forecaster", "z"), 1, ("of 'z'", "None of them")),
        (empty_world, ("analyst", "haiku"), 1, ("ledger is empty", "newsworld demo")),
    ):
        done = world.run("contest", *arguments)
        assert (done.code, done.out) == (code, ""), done.err
        assert "Traceback" not in done.err
        assert all(word in " ".join(done.err.split()) for word in words), done.err


def test_before_anything_is_settled_there_is_no_difference(ledger: WorldFolder) -> None:
    found = told(ledger, "analyst", "haiku", "--as-of", "2026-01-11")
    assert (found["shared"], found["difference"], found["promoted"]) == (0, None, False)
    assert "no settled claim" in found["reason"]


def test_the_scorecard_tells_bands_and_consistency(ledger: WorldFolder) -> None:
    done = ledger.run("scorecard", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["leading"] is None
    bands = {(row["forecaster"], row["band"]): row for row in document["bands"]}
    assert len(bands) == 9
    # The challenger said 0.7 of twenty claims that came true, and 0.3 of twenty that did not.
    high = bands["challenger", "High"]
    assert (high["claims"], high["measured"], high["frequency"]) == (20, False, None)
    assert "too few" in high["meaning"]
    (row,) = document["consistency"]
    assert (row["forecaster"], row["pairs"], row["violations"]) == ("analyst", 2, 1)
    assert row["share"] == pytest.approx(0.5)
    assert row["mean_arbitrage"] == pytest.approx(0.0527)
    shown = " ".join(ledger.run("scorecard").out.split())
    assert "1 of 2 pairs of related claims contradict each other (50%)" in shown
    assert "too few have fallen due to measure" in shown
