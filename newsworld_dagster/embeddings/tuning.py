"""Fitting the event layers on labelled stories.

Import this module only where they are fitted: it brings torch and transformers with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional
from transformers import AutoModel

from newsworld_dagster.embeddings.encoder import float32_folder, int8_files
from newsworld_dagster.embeddings.event_weights import (
    FITTED_LAYERS,
    Weights,
    quantised,
    restored,
)
from newsworld_dagster.embeddings.int8 import Int8Transformer, load_layers_below

# Articles that are learned from together, and how near an article's nearest must be.
BATCH, NEAR_ENOUGH = 96, 0.42
# Pairs less alike than this say little.
LEAST_COSINE = 0.2
# Of all texts; more would teach the stories by heart.
PASSES = 1
LEARNING_RATE, WARMING_UP, LOWEST_RATE = 1e-4, 50, 0.02
# Of the cosine in log-odds, to begin with; both are learned.
SLOPE, LEVEL = 12.0, -7.0
SEED = 20260101


@dataclass(frozen=True)
class ReadTexts:
    """Texts as the layers below read them.

    Attributes
    ----------
    tokens
        Of all texts one behind the other, float16, shape (number of tokens, d).
    bounds
        Where the tokens of each begin, and the last end, shape (n + 1,).
    """

    tokens: np.ndarray
    bounds: np.ndarray

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.bounds) - 1

    def of(self, places: np.ndarray) -> list[np.ndarray]:
        """Tokens of some of the texts."""
        return [self.tokens[self.bounds[at] : self.bounds[at + 1]] for at in places]


@dataclass(frozen=True)
class LabelledTexts:
    """Texts to learn from.

    Attributes
    ----------
    read
        The texts.
    vectors
        Unit vectors of the model itself, shape (n, d).
    stories
        Number of each text's story, shape (n,).
    """

    read: ReadTexts
    vectors: np.ndarray
    stories: np.ndarray


@lru_cache(maxsize=1)
def _layers_below() -> Int8Transformer:
    return load_layers_below(*int8_files())


def read_texts(texts: Sequence[str]) -> ReadTexts:
    """Texts as the packaged model in int8 reads them below its event layers."""
    below = _layers_below()
    parts = []
    for start in range(0, len(texts), 64):
        found = below(below.preprocess(texts[start : start + 64]))
        parts += [
            vectors[: int(length)].numpy().astype(np.float16)
            for vectors, length in zip(
                found["token_embeddings"], found["attention_mask"].sum(dim=1), strict=True
            )
        ]
    bounds = np.cumsum([0, *map(len, parts)])
    return ReadTexts(np.concatenate(parts), bounds)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums come in one order then."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@_one_thread()
def fit_event_layers(sets: Sequence[LabelledTexts], passes: int = PASSES) -> dict[str, np.ndarray]:
    """Fit the last layers of an encoder on labelled texts, as a logistic regression on cosines.

    Texts come in neighbourhoods, each a text and its nearest, since all others are far apart
    anyway. A story of k texts has about k² pairs but only k texts to place, so its pairs weigh
    less.

    Parameters
    ----------
    passes
        How often the texts are gone through; the last few of a set, too few for a neighbourhood,
        are left out of a pass.

    Returns
    -------
    dict
        Weights as `embeddings.event_weights` stores them.

    Raises
    ------
    ValueError
        Where no text has others near it.
    """
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    layers = _last_layers().train()
    slope, level = (torch.nn.Parameter(torch.tensor(value)) for value in (SLOPE, LEVEL))
    optimiser = torch.optim.AdamW(
        [
            {"params": layers.parameters(), "lr": LEARNING_RATE},
            {"params": [slope, level], "lr": 100 * LEARNING_RATE},
        ],
        weight_decay=0.01,
    )
    batches: list[tuple[LabelledTexts, np.ndarray]] = []
    for _ in range(passes):
        pass_of = [
            (texts, places) for texts in sets for places in _neighbourhoods(texts.vectors, rng)
        ]
        batches += [pass_of[n] for n in rng.permutation(len(pass_of))]
    if not batches:
        raise ValueError("No labelled text has others near it: give more of them.")
    for step, (texts, places) in enumerate(batches):
        rate = min(1, step / WARMING_UP) * max(LOWEST_RATE, 1 - step / len(batches))
        optimiser.param_groups[0]["lr"] = LEARNING_RATE * rate
        made = _pooled(layers, texts.read.of(places))
        i, j = np.triu_indices(len(places), 1)
        alike = (texts.vectors[places] @ texts.vectors[places].T)[i, j] > LEAST_COSINE
        i, j = i[alike], j[alike]
        stories = texts.stories[places]
        size = np.bincount(texts.stories)[stories]
        loss = functional.binary_cross_entropy_with_logits(
            slope * (made @ made.T)[i, j] + level,
            torch.from_numpy((stories[i] == stories[j]).astype(np.float32)),
            weight=torch.from_numpy((1 / np.sqrt(np.maximum(size[i], size[j]))).astype(np.float32)),
            reduction="sum",
        )
        optimiser.zero_grad()
        (loss / len(places)).backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), 1.0)
        optimiser.step()
    return _stored(layers)


def models_own_layers() -> dict[str, np.ndarray]:
    """What event layers are before they are fitted: those of the model, as they are stored."""
    return _stored(_last_layers())


def _stored(layers: torch.nn.ModuleDict) -> dict[str, np.ndarray]:
    return quantised({name: value.numpy() for name, value in layers.state_dict().items()})


@_one_thread()
def event_vectors(stored: Weights, texts: ReadTexts) -> np.ndarray:
    """Event vectors of texts, float32, shape (len(texts), d).

    In float32, where the encoder at work rounds to int8: cosines differ by less than 0.05.
    """
    layers = _last_layers().eval()
    layers.load_state_dict({name: torch.tensor(value) for name, value in restored(stored).items()})
    found = np.zeros((len(texts), texts.tokens.shape[1]), np.float32)
    order = np.argsort(np.diff(texts.bounds), kind="stable")
    with torch.no_grad():
        for places in np.array_split(order, len(order) // 64 + 1):
            found[places] = _pooled(layers, texts.of(places)).numpy()
    return found


def _last_layers() -> torch.nn.ModuleDict:
    model = AutoModel.from_pretrained(float32_folder())
    return torch.nn.ModuleDict(
        {f"{number}": model.encoder.layer[number] for number in FITTED_LAYERS}
    )


def _neighbourhoods(vectors: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Places of texts that have a near one: each time one at random and the nearest left."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0)
    left = cosines.max(axis=1) >= NEAR_ENOUGH
    while left.sum() > BATCH // 2:
        near = vectors @ vectors[rng.choice(np.flatnonzero(left))]
        near[~left] = -2
        places = np.argsort(-near, kind="stable")[: min(BATCH, int(left.sum()))]
        left[places] = False
        yield places


def _pooled(layers: torch.nn.ModuleDict, tokens: Sequence[np.ndarray]) -> torch.Tensor:
    """Unit vectors: means over the tokens of what the layers make of them."""
    longest = max(map(len, tokens))
    padded = np.zeros((len(tokens), longest, tokens[0].shape[1]), np.float32)
    there = np.zeros((len(tokens), longest), bool)
    for row, of_text in enumerate(tokens):
        padded[row, : len(of_text)] = of_text
        there[row, : len(of_text)] = True
    hidden, kept = torch.from_numpy(padded), torch.from_numpy(there)
    mask = torch.zeros(len(tokens), 1, 1, longest).masked_fill(~kept[:, None, None, :], -1e9)
    for layer in layers.values():
        hidden = layer(hidden, attention_mask=mask)
    mean = (hidden * kept[:, :, None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)
    return functional.normalize(mean, dim=1)
