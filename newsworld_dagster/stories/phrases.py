"""Names and terms of the news, told apart by how newsrooms write them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from newsworld_dagster.contracts.terms import STOPWORDS
from newsworld_dagster.stories.lexicon import Numbered
from newsworld_dagster.stories.reading import (
    CONNECTORS,
    POSSESSIVE,
    Phrase,
    Reading,
    is_capital,
)

LONGEST_NAME, LONGEST_TERM = 6, 3


def _listed(name: str) -> frozenset[str]:
    return frozenset(Path(__file__).with_name(name).read_text(encoding="utf-8").split())


# Roles, peoples, newsrooms, puzzles and headline words: part of a name at most, never all of it.
GENERIC = _listed("generic.txt")
# Verbs of headlines: what they stand in is a sentence, not a term.
_VERBS = _listed("verbs.txt")
# What stands before a person's name and is no part of it.
_TITLES = _listed("titles.txt")
_TITLE_PAIRS = frozenset(
    {
        ("attorney", "general"),
        ("chief", "executive"),
        ("chief", "justice"),
        ("head", "coach"),
        ("prime", "minister"),
        ("supreme", "leader"),
        ("vice", "president"),
    }
)
_SUFFIXES = ("jr", "sr", "ii", "iii")
_NUMERAL = re.compile(r"\d.*(?<!ers)")  # '40th' and '67-64', not '49ers'
_YEAR = re.compile(r"(?:19|20)\d\d")
_WEEKDAYS = frozenset(
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
)
_AGENCY = ("associated", "press")


def name_candidates(
    readings: Sequence[Reading], fresh: Iterable[int]
) -> tuple[dict[Phrase, set[int]], dict[Phrase, set[int]]]:
    """Parts of the runs of capitals of the fresh articles.

    Returns
    -------
    tuple
        For each phrase the articles in which it is part of a run, and those in which it is all
        of one: what never stands alone is part of a longer name.
    """
    part: defaultdict[Phrase, set[int]] = defaultdict(set)
    whole: defaultdict[Phrase, set[int]] = defaultdict(set)
    for place in fresh:
        reading = readings[place]
        for start, end in reading.runs:
            for first, last in _names_of_run(reading, start, end):
                whole[reading.tokens[first:last]].add(place)
                for a in range(first, last):
                    for b in range(a + 1, min(last, a + LONGEST_NAME) + 1):
                        if _may_be_name(reading.tokens[a:b]):
                            part[reading.tokens[a:b]].add(place)
    return part, whole


def _names_of_run(reading: Reading, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The names in a run of capitals: what stands between titles, without years and articles."""
    tokens = reading.tokens
    begin = start
    for place in range(start, end + 1):
        pair = place + 1 < end and tokens[place : place + 2] in _TITLE_PAIRS
        if place == end or pair or tokens[place] in _TITLES:
            # Of a doctor with one name the title is a part of it: 'Dr. Oz'.
            if place - begin == 1 and begin > start and tokens[begin - 1] == "dr":
                begin -= 1
            yield from _trimmed(reading, begin, place)
            begin = place + 2 if pair else place + 1


def _trimmed(reading: Reading, start: int, end: int) -> Iterator[tuple[int, int]]:
    tokens = reading.tokens
    while start < end and (
        tokens[start] in CONNECTORS
        or _YEAR.fullmatch(tokens[start])
        or (tokens[start] in STOPWORDS and POSSESSIVE.search(reading.surfaces[start]))
    ):
        start += 1
    while end > start and (
        tokens[end - 1] in CONNECTORS
        or _YEAR.fullmatch(tokens[end - 1])
        # 'Putin on Monday', not 'Super Tuesday'.
        or (tokens[end - 1] in _WEEKDAYS and tokens[max(end - 2, start)] == "on")
    ):
        end -= 1
    if start < end:
        yield start, end
        for place in range(start + 1, end - 1):
            if tokens[place] in ("and", "&"):
                yield from _trimmed(reading, start, place)
                yield from _trimmed(reading, place + 1, end)
        # At the head of a sentence any word has a capital: 'After Alex Pretti'.
        if not reading.trusted[start] and tokens[start] in STOPWORDS and end - start > 1:
            yield from _trimmed(reading, start + 1, end)


def _may_be_name(phrase: Phrase) -> bool:
    first, last = phrase[0], phrase[-1]
    return not (
        {first, last} & CONNECTORS
        or _YEAR.fullmatch(first)
        or _YEAR.fullmatch(last)
        or _AGENCY in pairwise(phrase)
        or all(t in STOPWORDS or t in _TITLES or t in GENERIC or t.isdigit() for t in phrase)
        or (len(phrase) == 1 and (len(first) < 2 or _NUMERAL.fullmatch(first)))
    )


def term_candidates(readings: Sequence[Reading], fresh: Iterable[int]) -> dict[Phrase, set[int]]:
    """Two and three words in a row, of the titles of the fresh articles."""
    found: defaultdict[Phrase, set[int]] = defaultdict(set)
    for place in fresh:
        title = readings[place].tokens[: readings[place].title]
        for start in range(len(title)):
            for length in range(2, LONGEST_TERM + 1):
                phrase = title[start : start + length]
                if len(phrase) < length or not all(map(_may_stand_in_term, phrase)):
                    break
                if not all(token in GENERIC for token in phrase):
                    found[phrase].add(place)
    return found


def _may_stand_in_term(token: str) -> bool:
    return token[:1].isalpha() and len(token) > 1 and token not in STOPWORDS and token not in _VERBS


@dataclass
class Mentions:
    """Where one phrase occurs.

    Attributes
    ----------
    places
        Articles of the window that mention it, in order.
    titles
        Fresh articles that mention it in the title.
    forms
        How it is printed inside sentences; outside of them where it never is.
    """

    places: list[int] = field(default_factory=list)
    titles: set[int] = field(default_factory=set)
    forms: Counter[str] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)

    def share_of_capitals(self) -> float:
        """Of the mentions inside sentences, those in which every word has a capital."""
        capital = sum(n for form, n in self.forms.items() if _all_capitals(form))
        return capital / max(self.forms.total(), 1)

    def printed(self) -> str:
        """As most newsrooms print it; in the possessive only where that is the name: 'Wendy's'."""
        bare = Counter[str]()
        for form, count in (self.forms or self.elsewhere).items():
            bare[POSSESSIVE.sub("", form)] += count
        best = max(bare, key=lambda f: (bare[f], not f.isupper(), -sum(map(str.islower, f)), f))
        every = self.forms + self.elsewhere
        owned = sum(count for form, count in every.items() if form.endswith(("'s", "’s")))
        if owned >= max(3, 0.8 * every.total()) and best.isalpha() and not best.isupper():
            return f"{best}’s"
        return best


def _all_capitals(form: str) -> bool:
    return all(
        is_capital(word) or word.lower() in CONNECTORS or not word[0].isalpha()
        for word in form.split()
    )


def find_mentions(
    readings: Sequence[Reading], tokens: Numbered, fresh: Sequence[int], phrases: Iterable[Phrase]
) -> dict[Phrase, Mentions]:
    """Every mention of `phrases` in an article of the window.

    Parameters
    ----------
    readings, tokens
        The articles of the window, and the tokens of their readings as numbers.
    fresh
        Places of the fresh ones.
    """
    found: dict[Phrase, Mentions] = {phrase: Mentions() for phrase in phrases}
    starting: defaultdict[str, list[tuple[int, Phrase]]] = defaultdict(list)
    for phrase in found:
        starting[phrase[0]].append((len(phrase), phrase))
    is_fresh = set(fresh)
    numbers = tokens.vocabulary.numbers
    begins = np.zeros(len(numbers), dtype=bool)
    begins[[numbers[token] for token in starting if token in numbers]] = True
    hits = np.flatnonzero(begins[tokens.numbers])
    ends = np.cumsum(tokens.lengths)
    places = np.searchsorted(ends, hits, side="right")
    starts = hits - (ends - tokens.lengths)[places]
    for place, start in zip(places.tolist(), starts.tolist(), strict=True):
        reading = readings[place]
        own = reading.tokens
        for length, phrase in starting[own[start]]:
            if length > 1 and own[start : start + length] != phrase:
                continue
            mentions = found[phrase]
            if not mentions.places or mentions.places[-1] != place:
                mentions.places.append(place)
            form = " ".join(reading.surfaces[start : start + length])
            inside = all(reading.trusted[start : start + length])
            (mentions.forms if inside else mentions.elsewhere)[form] += 1
            if start < reading.title and place in is_fresh:
                mentions.titles.add(place)
    return found


def is_name(
    phrase: Phrase, mentions: Mentions, part: set[int] | None, whole: set[int] | None
) -> bool:
    """Whether newsrooms write it with capitals and often enough by itself."""
    if not part or not whole or len(whole) < 0.3 * len(part):
        return False
    if len(phrase) == 1 and (phrase[0] in GENERIC or phrase[0] in STOPWORDS):
        return False
    if "-" in phrase[0] and mentions.printed()[0].islower():  # 'ultra-Orthodox', not 'iPhone'
        return False
    return mentions.share_of_capitals() >= 0.5


def surnames(
    heard: Iterable[Phrase], part: dict[Phrase, set[int]], whole: dict[Phrase, set[int]]
) -> dict[Phrase, Phrase | None]:
    """The full name behind each word that also stands at the end of longer names.

    None where there are several, as of 'Stewart' for 'Jon Stewart' and 'Kristen Stewart', unless
    it mostly stands alone: the word by itself says too little.
    """
    single = {phrase for phrase in heard if len(phrase) == 1}
    endings: defaultdict[Phrase, list[Phrase]] = defaultdict(list)
    for phrase in part:
        if len(phrase) == 2 and phrase[-1:] in single:
            endings[phrase[-1:]].append(phrase)
    found: dict[Phrase, Phrase | None] = {}
    for word, longer in endings.items():
        best = max(longer, key=lambda phrase: (len(part[phrase]), phrase))
        every = set[int]().union(*(part[phrase] for phrase in longer))
        if len(part[best]) < 0.6 * len(every):
            if len(whole.get(word, ())) < 0.6 * len(part.get(word, ())):
                found[word] = None
        elif len(part[best]) >= 0.25 * len(part.get(word, ())) and (
            best in whole or any((*best, suffix) in whole for suffix in _SUFFIXES)
        ):
            found[word] = best
    return found


def is_term(mentions: Mentions) -> bool:
    """Whether newsrooms write it in small letters."""
    small = sum(count for form, count in mentions.forms.items() if form.islower())
    return small >= 0.5 * mentions.forms.total() > 0


def one_form_each(
    heard: Mapping[Phrase, frozenset[int]],
    kinds: Mapping[Phrase, str],
    found: Mapping[Phrase, Mentions],
    whole: Mapping[Phrase, set[int]],
    full_names: Mapping[Phrase, Phrase],
) -> dict[Phrase, list[Phrase]]:
    """The phrases that may be printed, each with the forms that are counted under it.

    A part of a name gives way to the name: 'Kong' to 'Hong Kong', 'Pretti' to 'Alex Pretti'. Its
    other mentions count for the name unless the name makes up little of them: of 'Smith' only
    what says 'Will Smith'. A singular and a plural are one.
    """
    kinds = {p: kind for p, kind in kinds.items() if not _is_two_names(p, kinds, heard, found)}
    longer: dict[Phrase, list[Phrase]] = {}
    for phrase in kinds:
        for start in range(len(phrase)):
            for end in range(start + 1, len(phrase) + 1):
                if end - start < len(phrase) and phrase[start:end] in heard:
                    longer.setdefault(phrase[start:end], []).append(phrase)
    form_of = {
        word: name
        for word, name in full_names.items()
        if name in kinds and _makes_up(found[name], found[word])
    }
    for phrase, names in longer.items():
        if phrase in form_of:
            continue
        least = (0.5 if len(phrase) == 1 else 0.8) * len(heard[phrase])
        fit = [name for name in names if len(heard[name] & heard[phrase]) >= least]
        if fit:
            form_of[phrase] = max(
                fit, key=lambda n: (len(heard[n]), len(whole.get(n, ())), len(n), n)
            )
    for phrase in kinds:
        plural = (*phrase[:-1], phrase[-1] + "s")
        if plural in kinds and phrase not in form_of and plural not in form_of:
            more, less = sorted((phrase, plural), key=lambda p: (-len(heard[p]), p))
            form_of[less] = more
    forms: dict[Phrase, list[Phrase]] = {p: [p] for p in kinds if p not in form_of}
    for phrase in form_of:
        name = phrase
        while name in form_of:
            name = form_of[name]
        if _makes_up(found[name], found[phrase]):
            forms[name].append(phrase)
    return forms


def _makes_up(name: Mentions, part: Mentions) -> bool:
    """Whether a name makes up so much of the mentions of its part that all may count for it."""
    return len(name.places) >= 0.3 * len(part.places)


def _is_two_names(
    phrase: Phrase,
    kinds: Mapping[Phrase, str],
    heard: Mapping[Phrase, frozenset[int]],
    found: Mapping[Phrase, Mentions],
) -> bool:
    """Whether it is two names and no third: 'Bad Bunny Super Bowl', 'Paramount and Netflix'."""
    for cut in range(1, len(phrase)) if len(phrase) > 2 else ():
        joined = phrase[cut] in ("and", "&")
        one, other = phrase[:cut], phrase[cut + joined :]
        if one in kinds and other in kinds:
            most = max(len(heard[one]), len(heard[other]))
            owns = POSSESSIVE.search(found[phrase].printed().split()[cut - 1])
            if joined or owns or 2 * len(heard[phrase]) < most:
                return True
    return False
