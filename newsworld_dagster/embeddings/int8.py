"""all-MiniLM-L6-v2 in int8, as a sentence-transformers model that runs on onnxruntime.

A text's vector is the model's own with its event vector (see `embeddings.event_weights`) behind it.

The packaged ONNX file stores its weights as int8, but turns them back into float32 and multiplies
those. Here the products themselves are made in int8, which processors do several times faster:
each token's row is scaled to whole numbers, multiplied with the stored weights, and scaled back.

- A row has a scale of its own, so that a text's vector depends on that text and nothing else. The
  usual dynamic quantisation has one scale for a whole batch: a vector then moves by up to 0.03 in
  a component with whatever came along.
- Rows use 7 bits. The fast instruction of processors without VNNI adds two products in 16 bits,
  where 8-bit rows would overflow without a sign of it. 7-bit rows cannot: 2 * 127 * 127 < 2**15.

Import this module only where the model is needed: it brings torch with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.utils
import onnxruntime
import torch
from onnx import helper, numpy_helper
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule, Normalize
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import Tokenizer

from newsworld_dagster.embeddings.event_graph import add_event_layers, entry_of
from newsworld_dagster.embeddings.event_weights import Weights

# What the model was published with, in sentence-transformers' own configuration.
MAX_TOKENS = 256
DIMENSION = 384
# A row's largest magnitude becomes 63 and its zero 64: 1 to 127.
ROW_REACH, ROW_ZERO = 63, 64
CONTRIBUTED = "com.microsoft"


def load_int8(weights: Path, tokenizer: Path, event_layers: Weights) -> SentenceTransformer:
    """The model of an ONNX file with int8 weights and a `tokenizer.json`, and its event layers.

    Vectors have 2 * DIMENSION components: the model's own, and the event vector.

    Raises
    ------
    OSError
        For a file that is not there.
    ValueError
        For a graph without int8 weights, or of other layers than are expected.
    """
    graph = onnx.load(weights)
    add_event_layers(graph, event_layers)
    transformer = Int8Transformer(tokenizer, graph)
    pooling = Pooling(transformer.dimension, "mean")
    return SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu")


def load_layers_below(weights: Path, tokenizer: Path) -> Int8Transformer:
    """The model up to where its event layers begin; raises what `load_int8` raises."""
    graph = onnx.load(weights)
    inputs = [given.name for given in graph.graph.input]
    return Int8Transformer(
        tokenizer, onnx.utils.Extractor(graph).extract_model(inputs, [entry_of(graph)])
    )


class Int8Transformer(InputModule):
    """Token vectors from onnxruntime, each text by itself and several at a time.

    A text alone needs no padding, and one thread a text wastes less than several threads that
    wait for each other inside every small product.
    """

    def __init__(self, tokenizer: Path, graph: onnx.ModelProto) -> None:
        super().__init__()
        self.tokenizer = Tokenizer.from_str(tokenizer.read_text(encoding="utf-8"))
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.enable_padding()
        self.max_seq_length = MAX_TOKENS
        multiply_in_int8(graph)
        # Of a token: what each output of the graph says of it, side by side.
        self.dimension = DIMENSION * len(graph.graph.output)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            graph.SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
            # The fused layer norm takes three times as long as the two steps that it replaces.
            disabled_optimizers=["SkipLayerNormFusion"],
        )

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_kwargs: Any
    ) -> dict[str, torch.Tensor]:
        """Tokens of the texts, padded to the longest."""
        encodings = self.tokenizer.encode_batch([f"{prompt or ''}{text}" for text in inputs])
        return {
            "input_ids": torch.tensor([found.ids for found in encodings]),
            "attention_mask": torch.tensor([found.attention_mask for found in encodings]),
        }

    def forward(self, features: dict[str, torch.Tensor], **_kwargs: Any) -> dict[str, torch.Tensor]:
        """Add the vectors of the tokens, zero where there is padding."""
        tokens = features["input_ids"].numpy()
        lengths = features["attention_mask"].sum(dim=1).tolist()
        vectors = np.zeros((*tokens.shape, self.dimension), np.float32)

        def run(row: int) -> None:
            text = tokens[row : row + 1, : lengths[row]]
            given = {
                "input_ids": text,
                "attention_mask": np.ones_like(text),
                "token_type_ids": np.zeros_like(text),
            }
            found = self._session.run(None, given)
            vectors[row, : lengths[row]] = np.concatenate([output[0] for output in found], axis=1)

        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            list(pool.map(run, range(len(tokens))))
        return {**features, "token_embeddings": torch.from_numpy(vectors)}

    def save(self, output_path: str, *_args: Any, **_kwargs: Any) -> None:
        """Not offered: the weights have a package of their own."""
        raise NotImplementedError(f"nothing is saved to {output_path}: install the package instead")


def multiply_in_int8(model: onnx.ModelProto) -> None:
    """Replace each product with restored int8 weights by one in int8, in place.

    What is found is `MatMul(x, Mul(Cast(weights), scales))`, with one scale a column. What takes
    its place rounds the rows of x to 7 bits, each by its own largest magnitude.

    Raises
    ------
    ValueError
        If there is no such product.
    """
    graph = model.graph
    made_by = {output: node for node in graph.node for output in node.output}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    restored: set[str] = set()
    rounded: set[str] = set()
    for node in graph.node:
        scaling = made_by.get(node.input[1]) if node.op_type == "MatMul" else None
        cast = made_by.get(scaling.input[0]) if scaling is not None else None
        if scaling is None or cast is None or cast.op_type != "Cast":
            nodes.append(node)
            continue
        rows, weights, scales = node.input[0], cast.input[0], scaling.input[1]
        # The operator wants the scales in one dimension.
        columns = stored[scales].dims[-1]
        stored[scales].ClearField("dims")
        stored[scales].dims.append(columns)
        if rows not in rounded:
            nodes += _rounded_rows(rows)
        product = f"{node.output[0]}_unscaled"
        nodes += [
            helper.make_node(
                "MatMulIntegerToFloat",
                [f"{rows}_rounded", weights, "one", scales, "row_zero"],
                [product],
                domain=CONTRIBUTED,
            ),
            helper.make_node("Mul", [product, f"{rows}_scale"], list(node.output)),
        ]
        rounded.add(rows)
        restored |= {scaling.output[0], cast.output[0]}
    if not restored:
        raise ValueError("the graph multiplies with no int8 weights")
    kept = [node for node in nodes if restored.isdisjoint(node.output)]
    graph.ClearField("node")
    graph.node.extend(kept)
    constants = {
        "one": np.float32(1),
        "row_zero": np.uint8(ROW_ZERO),
        "row_step": np.float32(1 / ROW_REACH),
        # A row of zeros must not be divided by its magnitude.
        "row_least": np.float32(1e-9),
    }
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    model.opset_import.append(helper.make_opsetid(CONTRIBUTED, 1))


def _rounded_rows(rows: str) -> list[onnx.NodeProto]:
    """Steps from `rows` to `{rows}_rounded`, uint8, and `{rows}_scale`."""
    return [
        helper.make_node("ReduceMax", [rows], [f"{rows}_most"], axes=[-1], keepdims=1),
        helper.make_node("ReduceMin", [rows], [f"{rows}_least"], axes=[-1], keepdims=1),
        helper.make_node("Neg", [f"{rows}_least"], [f"{rows}_below"]),
        helper.make_node(
            "Max", [f"{rows}_most", f"{rows}_below", "row_least"], [f"{rows}_magnitude"]
        ),
        helper.make_node("Mul", [f"{rows}_magnitude", "row_step"], [f"{rows}_scale"]),
        helper.make_node("Div", [rows, f"{rows}_scale"], [f"{rows}_scaled"]),
        helper.make_node(
            "QuantizeLinear", [f"{rows}_scaled", "one", "row_zero"], [f"{rows}_rounded"]
        ),
    ]
