"""Pair models whose answers can be read off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newsworld_dagster.stories import FEATURES


@dataclass(frozen=True)
class OneFeature:
    """Articles are as probably of one story as one of their features says."""

    name: str

    def probability(self, features: np.ndarray) -> np.ndarray:
        return np.clip(features[:, FEATURES.index(self.name)], 0, 1)
