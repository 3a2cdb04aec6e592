"""MiniLM's graph with its event layers: one pass over a text makes both of its vectors."""

from __future__ import annotations

import itertools

import numpy as np
import onnx
from onnx import helper, numpy_helper

from newsworld_dagster.embeddings.event_weights import FITTED_LAYERS, Weights

EVENT_OUTPUT = "event_hidden_state"
_LAYER = "inner.encoder.layer."
_OWN = "event."


def add_event_layers(model: onnx.ModelProto, stored: Weights) -> None:
    """Let a graph of MiniLM with int8 weights also put out what the event layers make, in place.

    Every step above the layers below is there a second time, with other weights.

    Raises
    ------
    ValueError
        If the graph does not name its layers as is expected, or weights of one are missing.
    """
    graph = model.graph
    module = _modules(graph)
    entry = entry_of(model)
    above = {entry}
    end = graph.output[0].name
    for node in list(graph.node):
        if above.isdisjoint(node.input):
            continue
        inputs = []
        for place, name in enumerate(node.input):
            if name in above and name != entry:
                inputs.append(_OWN + name)
            elif place == 1 and node.op_type == "MatMul" and node.output[0] in module:
                inputs.append(_restoring(graph, stored, module[node.output[0]]))
            elif name.startswith(_LAYER):
                inputs.append(_stored_as_it_is(graph, stored, name))
            else:
                inputs.append(name)
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = _OWN + node.name
        copy.ClearField("input")
        copy.input.extend(inputs)
        copy.ClearField("output")
        copy.output.extend(
            EVENT_OUTPUT if output == end else _OWN + output for output in node.output
        )
        graph.node.append(copy)
        above |= set(node.output)
    made = onnx.ValueInfoProto()
    made.CopyFrom(graph.output[0])
    made.name = EVENT_OUTPUT
    graph.output.append(made)


def entry_of(model: onnx.ModelProto) -> str:
    """Name of what the event layers of a graph of MiniLM begin with; raises as the above."""
    first = f"{_LAYER}{FITTED_LAYERS[0]}.attention.self.query"
    module = _modules(model.graph)
    read = [
        node.input[0]
        for node in model.graph.node
        if node.op_type == "MatMul" and module.get(node.output[0]) == first
    ]
    if len(read) != 1:
        raise ValueError(f"the graph has no layer {first}")
    return read[0]


def _modules(graph: onnx.GraphProto) -> dict[str, str]:
    """Of the layers' products, by name: the module whose bias is added to it."""
    return {
        product: name.removesuffix(".bias")
        for node in graph.node
        if node.op_type == "Add"
        for product, name in itertools.permutations(node.input, 2)
        if name.startswith(_LAYER)
    }


def _restoring(graph: onnx.GraphProto, stored: Weights, module: str) -> str:
    """Steps that turn a stored matrix back, as the graph does with its own; what they end in."""
    own = module.removeprefix(_LAYER)
    base = f"{_OWN}{own}"
    weight, scale = _of(stored, f"{own}.weight"), _of(stored, f"{own}.scale")
    graph.initializer.append(numpy_helper.from_array(weight, f"{base}.weight_q"))
    graph.initializer.append(numpy_helper.from_array(scale[None, :], f"{base}.weight_scale"))
    graph.node.extend(
        [
            helper.make_node(
                "Cast", [f"{base}.weight_q"], [f"{base}.weight_f"], to=onnx.TensorProto.FLOAT
            ),
            helper.make_node(
                "Mul", [f"{base}.weight_f", f"{base}.weight_scale"], [f"{base}.weight"]
            ),
        ]
    )
    return f"{base}.weight"


def _stored_as_it_is(graph: onnx.GraphProto, stored: Weights, name: str) -> str:
    own = name.removeprefix(_LAYER)
    graph.initializer.append(numpy_helper.from_array(_of(stored, own), _OWN + own))
    return _OWN + own


def _of(stored: Weights, name: str) -> np.ndarray:
    if name not in stored:
        raise ValueError(f"the event layers lack {name}")
    return stored[name]
