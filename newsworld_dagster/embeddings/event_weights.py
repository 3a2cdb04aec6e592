"""Weights of the event layers, as they are stored.

They are the last two layers of MiniLM once more, fitted on stories that readers put together. Under
the model's own vectors two texts are near that tell of like things; under the event vectors, which
these layers make of what the layers below them say of each token, two that tell of one event.
`newsworld_dagster.embeddings.tuning` makes the weights.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

PACKAGED_EVENT_LAYERS = Path(__file__).with_name("event_layers.npz")
# Of the model's layers, counted from 0: those that are there twice.
FITTED_LAYERS = (4, 5)

Weights = Mapping[str, np.ndarray]


def version(stored: Weights) -> str:
    """What tells stored weights from others: eight hex digits of their SHA-256."""
    digest = hashlib.sha256()
    for name, value in sorted(stored.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()[:8]


def quantised(weights: Weights) -> dict[str, np.ndarray]:
    """Weights of float32 as they are stored: matrices in int8, each of their columns with a scale.

    Parameters
    ----------
    weights
        By the names of transformers' BertLayer, each behind the number of its layer; matrices have
        shape (outputs, inputs).

    Returns
    -------
    dict
        Matrices `*.weight`, int8, shape (inputs, outputs), with `*.scale`, shape (outputs,); the
        rest as it was.
    """
    stored: dict[str, np.ndarray] = {}
    for name, value in weights.items():
        if value.ndim < 2:
            stored[name] = value.astype(np.float32)
            continue
        columns = value.T.astype(np.float32)
        scale = np.maximum(np.abs(columns).max(axis=0), np.float32(1e-9)) / np.float32(127)
        stored[name] = np.round(columns / scale).astype(np.int8)
        stored[name.removesuffix("weight") + "scale"] = scale
    return stored


def restored(stored: Weights) -> dict[str, np.ndarray]:
    """The weights of float32 that stored ones stand for."""
    weights = {}
    for name, value in stored.items():
        if value.dtype == np.int8:
            scale = stored[name.removesuffix("weight") + "scale"]
            weights[name] = np.ascontiguousarray((value * scale).T)
        elif not name.endswith(".scale"):
            weights[name] = value
    return weights


def save_event_layers(stored: Weights, path: Path = PACKAGED_EVENT_LAYERS) -> None:
    """Write stored weights."""
    np.savez_compressed(path, allow_pickle=False, **stored)


def load_event_layers(path: Path = PACKAGED_EVENT_LAYERS) -> dict[str, np.ndarray]:
    """Read stored weights, those that come with the project when not told otherwise.

    Raises
    ------
    OSError
        For a file that is not there.
    ValueError
        For one that holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return dict(found)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
