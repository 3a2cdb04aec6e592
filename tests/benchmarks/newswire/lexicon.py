"""The words of the simulated press: invented words and names, real function words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from newsworld_dagster.contracts.terms import STOPWORDS
from newsworld_dagster.contracts.triggers import found_term, trigger_families

_FUNCTION = (
    "to in the of and a for on with is after at as from it by are over what that be how more this "
    "will about first out could has up who why into not his their he than they have its but "
    "against was an or amid before when you your can may all no one two"
)
_ONSETS = (
    "b b br c ch cl d d dr f fl g gr h j k l l m m n n p p pl pr r r s s sh st t t th tr v w z"
)
_VOWELS = "a e i o u ai ea ou"
FUNCTION_WORDS, ONSETS, VOWELS = tuple(_FUNCTION.split()), _ONSETS.split(), _VOWELS.split()
WORDS, PERSONS, PLACES, FIRMS, PUBLISHERS = 30_000, 6_000, 1_500, 2_500, 2_000
CODAS = ("", "", "", "", "", "n", "r", "l", "s", "t", "m", "nd", "ck")
ENDINGS = ("", "", "ing", "er", "al", "ment", "y", "ic")
# Frequency of the word of rank r: (r + shift)^-exponent, so that with function words the
# slope of log frequency on log rank over the first 5,000 words of titles is near the archive's,
# -0.93. What tells a story is rarer than what is said of anything.
EXPONENT, COMMON_SHIFT, TELLING_SHIFT = 1.0, 5.0, 150.0
# log share of a publisher on log rank, archive: -1.15; the ten largest have 29 % there.
PUBLISHER_EXPONENT, PUBLISHER_SHIFT = 1.15, 2.0
_TABLE = 1 << 16


@dataclass(frozen=True)
class Lexicon:
    """All tokens in one array, and where each kind of them begins.

    Attributes
    ----------
    tokens
        Function words, words, names and trigger words, in this order, dtype object.
    words, names, triggers
        Place of the first of the kind.
    common, telling
        Inverse distribution functions over the words as tables of 65,536 ranks.
    publishers
        Host names, the largest publisher first.
    shares
        Share of the articles of each publisher, adding up to 1.
    families
        Trigger families, in the order of their words.
    """

    tokens: np.ndarray
    words: int
    names: int
    triggers: int
    common: np.ndarray
    telling: np.ndarray
    publishers: np.ndarray
    shares: np.ndarray
    families: tuple[str, ...]

    @property
    def name_count(self) -> int:
        """How many names there are."""
        return self.triggers - self.names


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The words, the same in all streams, so that one tells how frequent they are in another.

    No invented word is a function word or belongs to a trigger family.
    """
    rng = np.random.default_rng(20_200_101)
    families = trigger_families()
    every_term = tuple(term for family in families.values() for term in family.terms)
    taken: set[str] = set(STOPWORDS) | set(FUNCTION_WORDS)

    def invent(count: int, ending: bool) -> list[str]:
        made: list[str] = []
        while len(made) < count:
            for word in _pronounceable(rng, 2 * (count - len(made)) + 16, ending):
                if len(made) < count and word not in taken:
                    taken.add(word)
                    if found_term(every_term, word) is None:
                        made.append(word)
        return made

    words = invent(WORDS, True)
    given, family_names = (
        [name.title() for name in invent(count, False)] for count in (400, 4_000)
    )
    persons = [
        f"{given[one]} {family_names[other]}"
        for one, other in zip(
            rng.integers(len(given), size=PERSONS),
            rng.integers(len(family_names), size=PERSONS),
            strict=True,
        )
    ]
    places = [name.title() for name in invent(PLACES, False)]
    firms = [name.title() + ("", " Group", " Labs")[n % 3] for n, name in
             enumerate(invent(FIRMS, False))]  # fmt: skip
    names = [*persons, *places, *firms]
    triggers = [_plain_term(family.terms) for family in families.values()]
    hosts = [
        f"{name}{('news', 'times', 'post', '')[n % 4]}.example"
        for n, name in enumerate(invent(PUBLISHERS, False))
    ]
    tokens = [*FUNCTION_WORDS, *words, *names, *triggers]
    shares = (np.arange(PUBLISHERS) + 1 + PUBLISHER_SHIFT) ** -PUBLISHER_EXPONENT
    first = len(FUNCTION_WORDS)
    return Lexicon(
        tokens=np.array(tokens, dtype=object),
        words=first,
        names=first + WORDS,
        triggers=first + WORDS + len(names),
        common=_inverse(COMMON_SHIFT),
        telling=_inverse(TELLING_SHIFT),
        publishers=np.array(hosts, dtype=object),
        shares=shares / shares.sum(),
        families=tuple(families),
    )


def _pronounceable(rng: np.random.Generator, count: int, ending: bool) -> list[str]:
    syllables = (
        rng.choice([1, 2, 3], p=[0.15, 0.7, 0.15], size=count) if ending else np.full(count, 2)
    )
    parts = rng.integers(1 << 30, size=(count, 10))
    made = []
    for number, row in zip(syllables.tolist(), parts.tolist(), strict=True):
        word = "".join(
            ONSETS[row[3 * s] % len(ONSETS)]
            + VOWELS[row[3 * s + 1] % len(VOWELS)]
            + CODAS[row[3 * s + 2] % len(CODAS)]
            for s in range(number)
        )
        made.append(word + (ENDINGS[row[9] % len(ENDINGS)] if ending else ""))
    return made


def _plain_term(terms: tuple[str, ...]) -> str:
    """The first single word that the family's terms match."""
    single = next(term for term in terms if " " not in term)
    return single.replace("*", "s")


def _inverse(shift: float) -> np.ndarray:
    weights = (np.arange(WORDS) + 1 + shift) ** -EXPONENT
    cumulative = np.cumsum(weights) / weights.sum()
    places = (np.arange(_TABLE) + 0.5) / _TABLE
    return np.searchsorted(cumulative, places).astype(np.int32)
