from __future__ import annotations

import base64
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from newsworld_dagster.cli import app
from newsworld_dagster.scoring import (
    ForecastFileError,
    ScoreInputError,
    compare_external,
    external_document,
    log_score,
    read_forecasts,
    score_external,
)
from newsworld_dagster.scoring.report import score_report

HEADER = "forecaster,question_id,probability,outcome"


def csv(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "forecasts.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def of(scores: pd.DataFrame, forecaster: str, group: str = "all") -> pd.Series:
    rows = scores[(scores["forecaster"] == forecaster) & (scores["group"] == group)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_halawi2024_brier_scores(shared_data: Path) -> None:
    folder = shared_data / "halawi2024"
    expected = json.loads((folder / "expected.json").read_text())
    wide = pd.read_parquet(folder / "predictions.parquet")
    question = wide["retrieval_index"].astype(str) + "-" + wide["item_index"].astype(str)
    published = {
        "base_ensemble": "base_brier",
        "finetuned_ensemble": "finetuned_brier",
        "system_ensemble": "system_brier",
        "crowd_prediction": "crowd_brier",
    }
    long = pd.concat(
        pd.DataFrame(
            {
                "forecaster": "base-rate" if name == "crowd_prediction" else name,
                "question_id": question,
                "probability": wide[name],
                "outcome": wide["outcome"],
            }
        )
        for name in published
    )
    scores = score_external(long, n_resamples=200)
    for name, key in published.items():
        row = of(scores, "base-rate" if name == "crowd_prediction" else name)
        assert row["n"] == expected["n"]
        assert row["brier"] == pytest.approx(expected[key], abs=1e-9)
        assert row["skill"] == pytest.approx(1 - expected[key] / expected["crowd_brier"], abs=1e-9)


def test_consistency2024_scores(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "consistency2024"
    published = json.loads((folder / "expected_scores.json").read_text())
    forecasts = pd.read_parquet(folder / "forecasts.parquet").rename(
        columns={"run": "forecaster", "prob": "probability", "resolution": "outcome"}
    )
    path = tmp_path / "forecasts.parquet"
    forecasts.to_parquet(path)
    scores = score_external(read_forecasts(path), n_resamples=50).set_index("forecaster")
    checked = [run for run in published if run["run"] in scores.index]
    assert len(checked) == 16
    for run in checked:
        row = scores.loc[run["run"]]
        assert row["n"] == run["total_questions"]
        assert row["brier"] == pytest.approx(run["avg_brier_score"], abs=0.001)
        # The publication takes logarithms to base 2 and keeps 1e-8 away from certainty.
        rows = forecasts[forecasts["forecaster"] == run["run"]]
        kept = log_score(rows["probability"].clip(1e-8, 1 - 1e-8), rows["outcome"]).mean()
        assert kept / math.log(2) == pytest.approx(run["avg_log_score"], abs=0.00055), run["run"]
        if math.isfinite(row["log_score"]):
            assert row["log_score"] == pytest.approx(kept, abs=1e-6)
    assert np.isfinite(scores["log_score"]).sum() == 14  # two runs were certain and wrong


def test_figures_by_hand(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "base-rate,a,0.5,1",
        "base-rate,b,0.5,0",
        "base-rate,c,0.5,1",
        "me,a,0.9,1",
        "me,b,0.4,0",
        "me,d,0.3,1",
        "me,e,0.3,",
    )
    scores = score_external(read_forecasts(path))
    me = of(scores, "me")
    assert me[["n", "unresolved", "skill_n"]].tolist() == [3, 1, 2]
    assert me["brier"] == pytest.approx((0.01 + 0.16 + 0.49) / 3)
    assert me["log_score"] == pytest.approx(-math.log(0.9 * 0.6 * 0.3) / 3)
    assert me["skill"] == pytest.approx(1 - 0.17 / 0.5)
    assert me["brier_low"] <= me["brier"] <= me["brier_high"]
    total = me["miscalibration"] - me["discrimination"] + me["uncertainty"]
    assert total == pytest.approx(me["brier"])
    base = of(scores, "base-rate")
    assert base[["skill", "skill_low", "skill_high"]].tolist() == [0, 0, 0]


def test_weights_and_groups(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "me,a,0.9,1,x,1",
        "me,b,0.5,0,x,3",
        "me,c,0.2,0,y,2",
        "me,d,0.2,,z,2",
        header=HEADER + ",group,weight",
    )
    scores = score_external(read_forecasts(path))
    assert of(scores, "me")["brier"] == pytest.approx((0.01 + 3 * 0.25 + 2 * 0.04) / 6)
    assert of(scores, "me", "x")["brier"] == pytest.approx((0.01 + 3 * 0.25) / 4)
    assert of(scores, "me", "x")["base_rate"] == 0.25
    assert of(scores, "me", "y")["brier"] == pytest.approx(0.04)
    assert of(scores, "me", "z")[["n", "unresolved"]].tolist() == [0, 1]


def test_certain_and_wrong_is_infinite_in_the_table_and_null_in_json(tmp_path: Path) -> None:
    path = csv(tmp_path, "sure,a,1,0", "sure,b,0,0", "right,a,0,0", "right,b,0,0")
    scores = score_external(read_forecasts(path))
    assert math.isinf(of(scores, "sure")["log_score"])
    assert of(scores, "right")["log_score"] == 0
    document = json.loads(json.dumps(external_document(scores), allow_nan=False))
    assert {row["forecaster"]: row["log_score"] for row in document["forecasters"]} == {
        "sure": None,
        "right": 0.0,
    }
    assert document["groups"] == []
    assert {row["n"] for row in document["forecasters"]} == {2}


def test_csv_and_parquet_read_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "forecaster": ["me", "me", "you"],
            "question_id": [1, 2, 1],
            "probability": [0.25, 1.0, 0.5],
            "outcome": [1, None, 1],
            "note": ["x", "y", "z"],
        }
    )
    frame.to_csv(tmp_path / "f.csv", index=False, encoding="utf-8-sig")
    frame.to_parquet(tmp_path / "f.parquet")
    from_csv = read_forecasts(tmp_path / "f.csv")
    pd.testing.assert_frame_equal(from_csv, read_forecasts(tmp_path / "f.parquet"))
    assert list(from_csv.columns) == ["forecaster", "question_id", "probability", "outcome"]
    assert from_csv["outcome"].isna().tolist() == [False, True, False]


def test_ids_keep_leading_zeros_and_blank_lines_do_not_shift_rows(tmp_path: Path) -> None:
    good = read_forecasts(csv(tmp_path, "me,007,0.5,1", "", "me,7,0.5,1", ""))
    assert good["question_id"].tolist() == ["007", "7"]
    with pytest.raises(ForecastFileError, match=r"row 3 \('2'\)"):
        read_forecasts(csv(tmp_path, "me,a,0.5,1", "", "me,b,0.5,2"))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["me,a,0.5,1", "me,b,1.5,1"], r"a probability .* in row 2 \('1\.5'\)"),
        (["me,a,,1"], r"a probability .* in row 1 \(empty\)"),
        (["me,a,often,1"], r"a probability .* in row 1 \('often'\)"),
        (["me,a,0.5,yes"], r"an outcome other than 0, 1 or empty in row 1 \('yes'\)"),
        (["me,a,0.5,0.5"], r"an outcome other than 0, 1 or empty in row 1 \('0\.5'\)"),
        (
            ["me,a,0.5,1", "you,a,0.4,1", "me,a,0.6,1"],
            r"twice in row 3 \(as row 1: 'me', 'a'\)",
        ),
        (["me,a,0.5,1", "you,a,0.5,0"], r"differs .* in row 1 \('a'\), row 2 \('a'\)"),
        ([",a,0.5,1"], "no forecaster in row 1"),
        (["me,,0.5,1"], "no question_id in row 1"),
        ([f"me,{k},7,1" for k in range(9)], r"row 5 \('7'\) and 4 more"),
        (["me,a,0.5,1,extra", "me,b,0.5,1,extra"], "more fields than its header"),
        (["me,a,0.5,1", "me,b,0.5,1,extra"], "cannot be read as csv"),
        ([], "a header but no row"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(ForecastFileError, match=message):
        read_forecasts(csv(tmp_path, *rows))


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ForecastFileError) as caught:
        read_forecasts(csv(tmp_path, "me,a,2,1", "me,b,0.5,3", "me,b,0.5,1"))
    for part in ("row 1 ('2')", "row 2 ('3')", "row 3 (as row 2: 'me', 'b')"):
        assert part in str(caught.value)


@pytest.mark.parametrize("weight", ["0", "-1", "", "inf"])
def test_bad_weights_are_named(tmp_path: Path, weight: str) -> None:
    path = csv(tmp_path, f"me,a,0.5,1,{weight}", header=HEADER + ",weight")
    with pytest.raises(ForecastFileError, match=r"a weight .* in row 1"):
        read_forecasts(path)


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(ForecastFileError, match=r"lacks the column outcome; it has forecaster, "):
        read_forecasts(csv(tmp_path, "me,a,0.5", header="forecaster,question_id,probability"))
    with pytest.raises(ForecastFileError, match=r"unknown column 'wieght'\. Rename it to 'weight'"):
        read_forecasts(csv(tmp_path, "me,a,0.5,1,2", header=HEADER + ",wieght"))


def test_unreadable_files_are_explained(tmp_path: Path) -> None:
    with pytest.raises(ForecastFileError, match="no file"):
        read_forecasts(tmp_path / "absent.csv")
    with pytest.raises(ForecastFileError, match=r"neither \.csv nor \.parquet"):
        read_forecasts(tmp_path / "forecasts.xlsx")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 not really")
    with pytest.raises(ForecastFileError, match="cannot be read as parquet"):
        read_forecasts(broken)
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(ForecastFileError, match="cannot be read as csv"):
        read_forecasts(empty)
    latin = tmp_path / "latin.csv"
    latin.write_bytes(f"{HEADER}\nRené,a,0.5,1\n".encode("latin-1"))
    with pytest.raises(ForecastFileError, match="UTF-8"):
        read_forecasts(latin)


def test_parquet_faults_quote_the_value(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pd.DataFrame(
        {"forecaster": ["me"], "question_id": ["a"], "probability": [np.nan], "outcome": [2]}
    ).to_parquet(path)
    with pytest.raises(ForecastFileError, match=r"row 1 \(empty\).*row 1 \(2\)"):
        read_forecasts(path)


def crowd(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    outcome = rng.integers(0, 2, 60)
    rows = [
        f"{name},{k},{probability:.2f},{outcome[k] if k < 50 else ''},topic {k % 12},{kind}"
        for name, lean in (("good", 0.25), ("fair", 0.1), ("<b>bold</b>", 0.0))
        for k in range(60)
        for kind in [("short", "long")[k % 2]]
        for probability in [0.5 + lean * (2 * outcome[k] - 1) + rng.uniform(-0.2, 0.2)]
    ]
    return csv(folder, *rows, header=HEADER + ",topic,kind")


def test_any_forecaster_may_be_the_baseline(tmp_path: Path) -> None:
    forecasts = read_forecasts(crowd(tmp_path), cluster="topic", group="kind")
    assert forecasts.attrs["left_aside"] == []
    scores = score_external(forecasts, baseline="fair", n_resamples=200)
    good, fair = of(scores, "good"), of(scores, "fair")
    assert good["skill"] == pytest.approx(1 - good["brier"] / fair["brier"])
    assert fair["skill"] == 0
    assert (good["clusters"], good["n"], good["unresolved"]) == (12, 50, 10)
    assert good["brier_index"] == pytest.approx(100 * (1 - math.sqrt(good["brier"])))
    assert good["adjusted_brier"] == pytest.approx(good["brier"])  # all answered the same
    assert scores["peer_score"].sum() == pytest.approx(0)
    assert of(scores, "good", "long")["n"] == 25
    compared = compare_external(forecasts, baseline="fair", n_resamples=200)
    assert compared["forecaster"].tolist() == ["<b>bold</b>", "good"]
    assert compared["difference"][1] == pytest.approx(good["brier"] - fair["brier"])
    assert len(compare_external(forecasts, n_resamples=20)) == 3  # no base-rate: every two
    document = external_document(scores, compared)
    assert len(document["comparisons"]) == 2
    assert "brier_index" not in document["groups"][0]


def test_an_unknown_baseline_is_named_with_those_there_are(tmp_path: Path) -> None:
    forecasts = read_forecasts(csv(tmp_path, "me,a,0.5,1"))
    with pytest.raises(ScoreInputError, match=r"called 'you'.* There are: me\."):
        score_external(forecasts, baseline="you")


def test_chosen_columns_must_be_there(tmp_path: Path) -> None:
    path = crowd(tmp_path)
    with pytest.raises(ForecastFileError, match="no column 'theme' for the cluster; it has forec"):
        read_forecasts(path, cluster="theme")
    assert read_forecasts(path).attrs["left_aside"] == ["topic", "kind"]
    twice = read_forecasts(path, cluster="topic", group="topic")
    assert (twice["cluster"] == twice["group"]).all()
    gap = csv(tmp_path, "me,a,0.5,1,", header=HEADER + ",cluster")
    with pytest.raises(ForecastFileError, match="no cluster in row 1"):
        read_forecasts(gap)


def run_score(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["score", *arguments])


def test_command_prints_tables_and_writes_a_page_of_its_own(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = run_score(str(crowd(tmp_path)), "--baseline", "fair", "--cluster", "topic",
                     "--group", "kind", "--html", str(page))  # fmt: skip
    assert done.exit_code == 0, done.output
    for word in ("good", "Brier", "skill", "AUC", "against", "short", "long"):
        assert word in done.output
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    # One file: nothing is fetched and nothing is run.
    assert not re.search(r"""(?:src|href|srcset)=["'](?!data:image/svg\+xml;base64,)""", text)
    assert not re.search(r"<script|@import|url\(", text)
    assert "<b>bold</b>" not in text  # names are text
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    sources = re.findall(r'srcset="data:image/svg\+xml;base64,([^"]+)"', text)
    pictures = re.findall(r'<img alt="[^"]+" src="data:image/svg\+xml;base64,([^"]+)"', text)
    # Brier, skill, comparison, groups, decisions, and a reliability diagram each.
    assert len(sources) == len(pictures) == 5 + 3
    for dark, light in zip(sources, pictures, strict=True):
        assert '"#14181C"' in base64.b64decode(dark).decode()
        assert '"#FFFFFF"' in base64.b64decode(light).decode()
    brier = of(score_external(read_forecasts(crowd(tmp_path))), "good")["brier"]
    assert f"{brier:.3f} (" in text


def test_command_prints_one_json_document(tmp_path: Path) -> None:
    done = run_score(str(crowd(tmp_path)), "--json")
    document = json.loads(done.stdout)
    assert {row["forecaster"] for row in document["forecasters"]} == {"good", "fair", "<b>bold</b>"}
    assert set(document) == {"forecasters", "groups", "comparisons"}
    assert "columns left aside: topic, kind" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--baseline", "nobody"], 1, "No forecaster is called 'nobody'"),
        (["--weight", "mass"], 1, "no column 'mass' for the weight"),
        (["--html", "absent/folder/page.html"], 2, "There is no folder"),
    ],
)
def test_command_fails_in_words(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    done = run_score(str(crowd(tmp_path)), *arguments)
    assert done.exit_code == status
    assert message in " ".join(done.stderr.split())


def test_page_of_unsettled_forecasts_says_so(tmp_path: Path) -> None:
    page = score_report(read_forecasts(csv(tmp_path, "me,a,0.5,", "you,a,0.4,")), title="T")
    assert "Nothing is settled yet" in page
    assert "<picture" not in page
