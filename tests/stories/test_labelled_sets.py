"""Labelled sets: which event layers read which of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from joblib import parallel_config

from newsworld_dagster.embeddings import tuning
from newsworld_dagster.labelled import LabelledSet, fitted_apart
from newsworld_dagster.stories import Background

WEEKS = ("2025-05-05", "2025-05-12", "2025-05-19", "2025-05-26", "2025-06-02")


def named(name: str) -> LabelledSet:
    articles = pd.DataFrame({"article_id": ["a", "b"], "title": [name, name], "summary": ""})
    return LabelledSet(
        name, articles, np.array(["s", "s"], object), Background(0, {}), np.zeros(2, int)
    )


def test_a_week_is_read_by_layers_that_it_was_not_learned_from(monkeypatch) -> None:
    sets = [named(name) for name in ("ecbplus", *WEEKS[::-1])]

    # A text stands for itself, and layers for the weeks that they were fitted on.
    def fit(texts: Sequence[tuning.LabelledTexts]) -> list[str]:
        return sorted(one.read[0] for one in texts)

    monkeypatch.setattr(tuning, "read_texts", lambda texts: texts)
    monkeypatch.setattr(tuning, "fit_event_layers", fit)
    monkeypatch.setattr(tuning, "event_vectors", lambda layers, texts: (texts[0], layers))
    with parallel_config("sequential"):
        whole, read = fitted_apart(sets, [np.zeros((2, 3)) for _ in sets])
    assert whole == list(WEEKS)
    # Halves change after every other week; what is no week is never learned from.
    first, second = [WEEKS[0], WEEKS[1], WEEKS[4]], [WEEKS[2], WEEKS[3]]
    assert dict(read) == {
        "ecbplus": list(WEEKS),
        **dict.fromkeys(first, second),
        **dict.fromkeys(second, first),
    }
