"""A learned opinion on wordings that no list foresaw: is this an event, and if not, why not?"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from newsworld_dagster.forecasting.windows import MOST_READ, mentions
from newsworld_dagster.forecasting.wording import unnamed, unopened, unquoted

WEIGHTS = Path(__file__).with_name("vague_weights.npz")
SENSES = Path(__file__).with_name("senses.txt.gz")
FAULTS = ("vague_verb", "vague_quantity", "unobservable")
BUCKETS = 2**15
# What the lists of amounts and of states of mind let through is most often a vague verb.
SURE_OF_ANOTHER = 0.6
VECTOR_SCALE = 3.0
# Of "NASA lands" there is nothing to judge.
FEWEST_WORDS = 3
_BEFORE_DATE = re.compile(
    r"(?:,?\s*\b(?:on or before|on or by|by or on|no later than|not later than|by|until|till|"
    r"through|before|prior to|in|on|during|at|between|from|of|to|and|the end of|the)\b)+\s*$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z][\w'’-]*|\d[\d.,]*|[%$€£?]")
_SUFFIXES = {
    "n": (("ies", "y"), ("es", ""), ("s", "")),
    "v": (
        *(("ies", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e")),
        *(("ing", ""), ("ing", "e")),
    ),
}


def gist_of_wording(statement: str, made_at: pd.Timestamp | None = None) -> str:
    """What is left of a claim without its dates, and with "Name" for its names.

    Of more than `MOST_READ` characters the first.
    """
    text = unquoted(statement[:MOST_READ])
    for mention in reversed(mentions(text, made_at)):
        before, after = text[: mention.start], text[mention.end :]
        if mention.role == "named":
            text = f"{before}date{after}"
        else:
            text = f"{_BEFORE_DATE.sub('', before)} {after}"
    text = text.replace("“…”", "Name")
    return unnamed(unopened(" ".join(text.split()).strip(" .?!,")))


@dataclass(frozen=True)
class VagueModel:
    """Logistic regressions on words, pieces of words and classes of meaning.

    Attributes
    ----------
    weights
        Shape (4, BUCKETS + d): the first row tells faulty wordings from events, the others tell
        the three kinds in FAULTS apart. The last d columns weigh the encoder's vector; d may be 0.
    intercepts
        Shape (4,).
    least
        Probability of a fault from which on a wording is refused.
    encoders
        Names of the encoders whose vectors it was fitted on, () for d = 0.
    """

    weights: np.ndarray
    intercepts: np.ndarray
    least: float
    encoders: tuple[str, ...] = ()

    def logits(self, gist: str, vector: np.ndarray | None = None) -> np.ndarray:
        """Log-odds of a fault, and scores of the three kinds, shape (4,)."""
        places, values = hashed(gist)
        scores = self.intercepts + self.weights[:, places] @ values
        if vector is not None:
            scores = scores + self.weights[:, BUCKETS:] @ (VECTOR_SCALE * np.asarray(vector))
        return np.asarray(scores, dtype=float)

    def finding(self, gist: str, vector: np.ndarray | None = None) -> tuple[str, str] | None:
        """The fault and the words that speak most for it, None for an event.

        Parameters
        ----------
        gist
            From `gist_of_wording`.
        vector
            Unit vector of the gist, shape (d,), where the model was fitted on vectors.
        """
        words = gist.split()
        if len(words) < FEWEST_WORDS:
            return None
        fault, *kinds = self.logits(gist, vector)
        if fault < np.log(self.least / (1 - self.least)):
            return None
        odds = np.exp(np.array(kinds) - max(kinds))
        shares = odds / odds.sum()
        best = int(shares.argmax())
        kind = FAULTS[best] if shares[best] >= SURE_OF_ANOTHER else FAULTS[0]
        without = [
            self.logits(" ".join(words[:at] + words[at + 1 :]), vector)[0]
            for at in range(len(words))
        ]
        at = int(np.argmin(without))
        return kind, " ".join(words[at : at + 2])


def hashed(gist: str) -> tuple[np.ndarray, np.ndarray]:
    """Buckets and values of a gist's features, three blocks of length about 1."""
    found: dict[int, float] = {}
    for block in _features(gist):
        norm = sum(value * value for value in block.values()) ** 0.5
        for feature, value in block.items():
            bucket = _bucket(feature)
            found[bucket] = found.get(bucket, 0.0) + value / norm
    return np.array(list(found), dtype=int), np.array(list(found.values()))


@lru_cache(maxsize=200_000)
def _bucket(feature: str) -> int:
    return crc32(feature.encode()) % BUCKETS


def _features(gist: str) -> list[dict[str, float]]:
    tokens = [word if word == "Name" else word.lower() for word in _TOKEN.findall(gist)]
    said = Counter(
        f"w {' '.join(tokens[at : at + size])}"
        for size in (1, 2, 3)
        for at in range(len(tokens) - size + 1)
    )
    pieces = Counter(
        f"c {piece[at : at + size]}"
        for piece in (f" {word} " for word in tokens if word != "Name")
        for size in (3, 4, 5)
        for at in range(len(piece) - size + 1)
    )
    senses: Counter[str] = Counter()
    for word in tokens:
        senses.update(
            ["s Name" if word == "Name" else "s number"]
            if word == "Name" or word[0].isdigit()
            else [f"s {sense}" for sense in senses_of(word)]
        )
    return [
        {feature: 1 + float(np.log(count)) for feature, count in said.items()},
        {feature: 1 + float(np.log(count)) for feature, count in pieces.items()},
        {feature: 1.5 * count for feature, count in senses.items()},
    ]


@cache
def _senses() -> dict[str, dict[str, list[str]]]:
    """Classes of meaning of each word, by part of speech."""
    table: dict[str, dict[str, list[str]]] = {"n": {}, "v": {}, "a": {}, "r": {}}
    for line in gzip.decompress(SENSES.read_bytes()).decode().splitlines():
        part, word, *classes = line.split()
        table[part][word] = classes
    return table


@lru_cache(maxsize=20_000)
def senses_of(word: str) -> tuple[str, ...]:
    """Classes of meaning that a word in lower case may have, as noun, verb, adjective, adverb."""
    found: list[str] = []
    for part, known in _senses().items():
        forms = [word]
        for ending, base in _SUFFIXES.get(part, ()):
            if word.endswith(ending):
                forms.append(word[: len(word) - len(ending)] + base)
        lemma = next((form for form in forms if form in known), None)
        found += [f"{part}.{name}" for name in known[lemma]] if lemma else []
    return tuple(found)


@cache
def packaged_models() -> tuple[VagueModel, VagueModel]:
    """The models that come with the package: on words alone, and on words and vectors."""
    with np.load(WEIGHTS, allow_pickle=False) as found:
        return (
            VagueModel(
                found["words"].astype(np.float32),
                found["words_intercepts"],
                float(found["words_least"]),
            ),
            VagueModel(
                found["vectors"].astype(np.float32),
                found["vectors_intercepts"],
                float(found["vectors_least"]),
                tuple(found["encoders"].tolist()),
            ),
        )


def learned_finding(gist: str, vector: np.ndarray | None = None) -> tuple[str, str] | None:
    """What the packaged model says of a wording; with its vector, the one that reads vectors."""
    words, vectors = packaged_models()
    return words.finding(gist) if vector is None else vectors.finding(gist, vector)


def reads_vectors_of(encoder: str) -> bool:
    """Whether the packaged model was fitted on vectors of this encoder."""
    return encoder in packaged_models()[1].encoders


def fit_vagueness(
    gists: Sequence[str],
    faults: Sequence[str],
    weight: np.ndarray,
    vectors: np.ndarray | None = None,
    *,
    least: float = 0.5,
    encoders: Sequence[str] = (),
) -> VagueModel:
    """Fit on labelled gists.

    Parameters
    ----------
    gists
        n texts from `gist_of_wording`.
    faults
        One of FAULTS each, "" for an event.
    weight
        How much each counts, shape (n,).
    vectors
        Unit vectors of the gists, shape (n, d), or None.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    found = [hashed(gist) for gist in gists]
    starts = np.cumsum([0, *(len(places) for places, _ in found)])
    table = csr_matrix(
        (
            np.concatenate([values for _, values in found]),
            np.concatenate([places for places, _ in found]),
            starts,
        ),
        shape=(len(found), BUCKETS),
    )
    if vectors is not None:
        table = hstack([table, csr_matrix(VECTOR_SCALE * vectors)]).tocsr()
    truth = np.asarray(faults, dtype=object)
    faulty = truth != ""

    def told_apart(rows: np.ndarray, right: np.ndarray, weights: np.ndarray) -> np.ndarray:
        fitted = LogisticRegression(C=5.0, solver="liblinear", max_iter=200)
        fitted.fit(table[rows], right[rows], sample_weight=weights[rows])
        return np.append(fitted.coef_[0], fitted.intercept_[0])

    everywhere = np.ones(len(truth), dtype=bool)
    fitted = np.stack(
        [
            told_apart(everywhere, faulty, np.asarray(weight, dtype=float)),
            *(told_apart(faulty, truth == name, np.ones(len(truth))) for name in FAULTS),
        ]
    )
    return VagueModel(fitted[:, :-1], fitted[:, -1], least, tuple(encoders))
