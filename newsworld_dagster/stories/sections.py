"""The section of a topic."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import SECTIONS

SECTION_DESCRIPTIONS = {
    "World": "International news: foreign governments, war, diplomacy and conflict abroad",
    "Technology": "Technology news: software, phones, computers, artificial intelligence, gadgets",
    "Politics": "US politics: president, Congress, elections, courts, government policy",
    "Business": "Business news: companies, markets, stocks, economy, jobs, trade and prices",
    "Science": "Science news: space, physics, biology, climate and research discoveries",
    "Health": "Health news: medicine, disease, outbreaks, vaccines, nutrition and hospitals",
    "Sports": "Sports news: games, players, teams, coaches, scores and tournaments",
    "Entertainment": "Entertainment news: films, television, music, celebrities and awards",
}


def section_of(
    named: np.ndarray, vectors: np.ndarray, section_vectors: dict[str, np.ndarray]
) -> str:
    """The section of a group of articles: what most of their sources say.

    Parameters
    ----------
    named
        Section of each article, shape (n,), null where its source names none.
    vectors
        Unit vectors of the articles, shape (n, d).
    section_vectors
        Unit vector of each section's description. An article without a named section counts,
        with half a voice, for the section whose description is nearest.
    """
    votes: defaultdict[str, float] = defaultdict(float)
    unnamed = pd.isna(named)
    for section in named[~unnamed]:
        votes[section] += 1
    if unnamed.any():
        order = [section for section in SECTIONS if section in section_vectors]
        nearest = (vectors[unnamed] @ np.stack([section_vectors[s] for s in order]).T).argmax(1)
        for place in nearest:
            votes[order[place]] += 0.5
    return max(SECTIONS, key=lambda section: (votes[section], -SECTIONS.index(section)))
