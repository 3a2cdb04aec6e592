"""Fitted trees as ONNX, walked in half of LightGBM's time and without LightGBM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import lightgbm
    import onnx

# The oldest versions that hold what is used here: any runtime of the last years reads them.
_OPSETS = {"": 17, "ai.onnx.ml": 3}
_IR_VERSION = 9
FEATURES_KEY = "features"
# LightGBM's kZeroThreshold (include/LightGBM/meta.h).
_NOUGHT = np.float32(1e-35)


def as_onnx(trees: lightgbm.Booster) -> onnx.ModelProto:
    """The graph that gives the raw score of feature rows in float32, shape (n, 1).

    A float32 is at most a threshold exactly where it is at most the largest float32 that is not
    above it, so every row ends in the same leaves; only the leaves' sum is of float32. LightGBM
    reads what is no further than 1e-35 from nought as nought, and so does the graph.

    Raises
    ------
    ValueError
        For trees that decide by anything but order, or that make a case of missing values.
    """
    from onnx import TensorProto, helper

    nodes: Any = defaultdict(list)  # attributes of the node
    dumped = trees.dump_model()
    for number, tree in enumerate(dumped["tree_info"]):
        for place, (node, left, right) in enumerate(_numbered(tree["tree_structure"])):
            leaf = "leaf_value" in node
            if leaf:
                nodes["target_treeids"].append(number)
                nodes["target_nodeids"].append(place)
                nodes["target_ids"].append(0)
                nodes["target_weights"].append(node["leaf_value"])
            elif (node["decision_type"], node["missing_type"]) != ("<=", "None"):
                raise ValueError(
                    f"Tree {number} decides by {node['decision_type']!r} with missing values as "
                    f"{node['missing_type']!r}; fit it on numbers without gaps."
                )
            nodes["nodes_treeids"].append(number)
            nodes["nodes_nodeids"].append(place)
            nodes["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            nodes["nodes_featureids"].append(0 if leaf else node["split_feature"])
            nodes["nodes_values"].append(0.0 if leaf else _at_most(node["threshold"]))
            nodes["nodes_truenodeids"].append(left)
            nodes["nodes_falsenodeids"].append(right)
    walk = helper.make_node(
        "TreeEnsembleRegressor", ["rows"], ["score"], domain="ai.onnx.ml", n_targets=1, **nodes
    )
    names: Sequence[str] = dumped["feature_names"]
    graph = helper.make_graph(
        [walk],
        "pairs",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, len(names)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [None, 1])],
    )
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(*one) for one in _OPSETS.items()],
        ir_version=_IR_VERSION,
    )
    helper.set_model_props(made, {FEATURES_KEY: " ".join(names)})
    return made


def _numbered(root: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int, int]]:
    """Nodes of a tree, each level from left to right, with the numbers of the two below."""
    level, number = [root], 1
    while level:
        below: list[dict[str, Any]] = []
        for node in level:
            if "leaf_value" in node:
                yield node, 0, 0
            else:
                yield node, number + len(below), number + len(below) + 1
                below += [node["left_child"], node["right_child"]]
        number += len(below)
        level = below


def _at_most(threshold: float) -> float:
    """The largest float32 that LightGBM takes for no more than a number."""
    if abs(threshold) <= _NOUGHT:
        return float(_NOUGHT if threshold >= 0 else np.nextafter(-_NOUGHT, np.float32(-np.inf)))
    nearest = np.float32(threshold)
    # As Python's numbers: numpy would round the threshold to compare it.
    if float(nearest) > threshold:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)
