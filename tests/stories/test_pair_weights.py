"""The weights of the pair model: what LightGBM fitted, walked by onnxruntime."""

from __future__ import annotations

import gzip
from pathlib import Path

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.stories import FEATURES, BoostedPairModel
from newsworld_dagster.stories.pair_model import PairModelError, probabilities, session
from newsworld_dagster.stories.trees import as_onnx

QUIET = {"objective": "binary", "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5}


def fitted(rows: np.ndarray, answers: np.ndarray, **settings: object) -> lightgbm.Booster:
    return lightgbm.train(QUIET | settings, lightgbm.Dataset(rows, answers), 20)


def some_rows(count: int, width: int = len(FEATURES)) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(count, width)).astype(np.float32)


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    rows = some_rows(600)
    return fitted(rows, (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0).astype(float))


@pytest.fixture(scope="module")
def walked(booster: lightgbm.Booster):
    return session(as_onnx(booster).SerializeToString())


def test_the_graph_says_what_the_trees_say(booster, walked) -> None:
    rows = some_rows(2_000)[::-1]
    expected = booster.predict(rows)
    assert expected.std() > 0.2  # the trees tell rows apart
    np.testing.assert_allclose(probabilities(walked, rows), expected, atol=1e-6)


@given(st.data())
def test_rows_on_a_threshold_and_next_to_it_end_in_the_same_leaves(booster, walked, data) -> None:
    inner = [
        (node["split_feature"], node["threshold"])
        for tree in booster.dump_model()["tree_info"]
        for node in _inner(tree["tree_structure"])
    ]
    row = some_rows(1)
    for feature, threshold in data.draw(st.lists(st.sampled_from(inner), min_size=1, max_size=9)):
        near = np.float32(threshold)
        steps = data.draw(st.sampled_from([-np.inf, 0.0, np.inf]))
        row[0, feature] = np.nextafter(near, np.float32(steps)) if steps else near
    np.testing.assert_allclose(probabilities(walked, row), booster.predict(row), atol=1e-6)


def test_numbers_that_lightgbm_reads_as_nought_are_nought_to_the_graph(booster, walked) -> None:
    edge = np.float32(1e-35)
    assert -float(edge) in {
        node["threshold"]
        for tree in booster.dump_model()["tree_info"]
        for node in _inner(tree["tree_structure"])
    }
    sizes = [edge, np.nextafter(edge, np.float32(0)), np.nextafter(edge, np.float32(1))]
    rows = np.repeat(some_rows(1), 6 * len(FEATURES), axis=0)
    for place, row in enumerate(rows):
        feature, kind = divmod(place, 6)
        row[feature] = sizes[kind // 2] * (-1) ** kind
    np.testing.assert_allclose(probabilities(walked, rows), booster.predict(rows), atol=1e-6)


def _inner(node: dict) -> list[dict]:
    if "leaf_value" in node:
        return []
    return [node, *_inner(node["left_child"]), *_inner(node["right_child"])]


def test_a_row_gets_the_same_answer_alone_and_among_others() -> None:
    model, rows = BoostedPairModel(), np.abs(some_rows(300))
    together = model.probability(rows)
    alone = np.concatenate([model.probability(rows[n : n + 1]) for n in range(len(rows))])
    assert (together == alone).all()
    assert model.probability(rows[:0]).shape == (0,)


def test_the_packaged_model_knows_a_copy_from_a_stranger() -> None:
    strangers, copies = np.zeros((1, len(FEATURES))), np.zeros((1, len(FEATURES)))
    names = {name: place for place, name in enumerate(FEATURES)}
    for name, place in names.items():
        if name.startswith(
            ("dense", "event", "lexical", "covered", "named", "names", "neighbourhood")
        ):
            copies[0, place] = 1.0
        if name.startswith(("shared", "phrases", "burst_sum", "burst_title_sum")):
            copies[0, place] = 60.0
        if name.startswith(("rarest", "burst_max", "burst_title_max")):
            copies[0, place] = 4.0
    copies[0, names["length"]] = strangers[0, names["length"]] = 20
    strangers[0, names["days"]] = 5
    model = BoostedPairModel()
    assert model.probability(copies)[0] > 0.9
    assert model.probability(strangers)[0] < 0.02


def test_trees_that_decide_otherwise_are_refused() -> None:
    rows = some_rows(400, 2)
    rows[:, 0] = np.arange(400) % 5
    categories = lightgbm.train(
        QUIET, lightgbm.Dataset(rows, rows[:, 0] % 2, categorical_feature=[0]), 5
    )
    with pytest.raises(ValueError, match="decides by '=='"):
        as_onnx(categories)
    rows[::7, 1] = np.nan
    with pytest.raises(ValueError, match="missing values as 'NaN'"):
        as_onnx(fitted(rows, (np.nan_to_num(rows[:, 1]) > 0).astype(float)))


@pytest.mark.parametrize(
    "content",
    [b"no weights", gzip.compress(b"no graph"), b""],
    ids=["no gzip", "no graph", "empty"],  # the bytes of gzip hold the second of their writing
)
def test_broken_weights_say_which_file_and_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pairs.onnx.gz"
    path.write_bytes(content)
    with pytest.raises(PairModelError, match=r"pairs\.onnx\.gz cannot be read.*train-stories"):
        BoostedPairModel(path).probability(some_rows(1))


def test_weights_of_other_features_are_refused(tmp_path: Path) -> None:
    rows = some_rows(200, 3)
    other = as_onnx(fitted(rows, (rows[:, 0] > 0).astype(float)))
    path = tmp_path / "pairs.onnx.gz"
    path.write_bytes(gzip.compress(other.SerializeToString()))
    with pytest.raises(PairModelError, match="other features than this code computes"):
        BoostedPairModel(path).probability(some_rows(1))
