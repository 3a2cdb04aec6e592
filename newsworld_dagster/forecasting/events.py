"""What a claim says happens: two events in one, or one that lies in the past."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

_WORDS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("lint_words.yaml").read_text(encoding="utf-8")
)
_DOUBLED = frozenset(_WORDS["doubled"].split())
_OPPOSITES = [set(pair.split()) for pair in _WORDS["opposites"]]


def _inflect(verbs: Sequence[str]) -> dict[str, dict[str, str]]:
    """Base of each form, by kind of form: 's', 'base', 'past', 'ing'."""
    forms: dict[str, dict[str, str]] = {"s": {}, "base": {}, "past": {}, "ing": {}}
    for entry in verbs:
        base, _, irregular = entry.partition("=")
        ends_in_y = base.endswith("y") and base[-2] not in "aeiou"
        sibilant = base.endswith(("s", "sh", "ch", "x", "z")) or base == "go"
        third = base[:-1] + "ies" if ends_in_y else base + ("es" if sibilant else "s")
        stem = base + base[-1] if base in _DOUBLED else base
        silent = stem.endswith("e") and not stem.endswith("ee")
        forms["s"][third] = base
        forms["base"][base] = base
        forms["ing"][(stem[:-1] if silent else stem) + "ing"] = base
        regular = base[:-1] + "ied" if ends_in_y else stem + ("d" if stem.endswith("e") else "ed")
        forms["past"][irregular or regular] = base
    return forms


_CLEAR = _inflect(_WORDS["verbs"].split())
_EITHER = _inflect(_WORDS["verbs_or_nouns"].split())
_FORMS = {kind: {**_EITHER[kind], **_CLEAR[kind]} for kind in _CLEAR}
_PARTICIPLES = frozenset([*_FORMS["past"], *_WORDS["participles"].split()])
_PURE_PAST = frozenset(_WORDS["pure_past"].split())
_OBJECTS = frozenset(_WORDS["objects"].split())
_STOPS = frozenset(_WORDS["stops"].split())
_BE = frozenset(["is", "are", "was", "were", "be", "been", "being", "gets", "get"])
_ARTICLES = frozenset(["a", "an", "the", "its", "their", "his", "her", "them", "it", "him", "all"])
_ASIDE = frozenset(_WORDS["aside"].split())
_BEFORE_ADJECTIVES = frozenset(_WORDS["before_adjectives"].split())
_NO_VERBS = frozenset(_WORDS["no_verbs"].split())
_PLURALS = frozenset(["Name", "people", "men", "women", "police", "each", "children", "media"])
_ADVERBS = re.compile(
    r"^(?:\w+ly|then|also|later|subsequently|will|would|to|again|not|never|even|thereby|formally)$"
)
_CONDITION = re.compile(
    r"(?:^|[,;] ?)(?:if|unless|should(?= \w+ \w+)|assuming|provided|in case|conditional on)\b|"
    r"\b(?<!even )(?<!as )(?<!or )(?<!what )(?<!see )(?<!ask )(?:if|unless) (?!not\b)|"
    r"\b(?:provided|assuming|on condition) that\b|"
    r"\bin the event (?:that|of)\b",
    re.IGNORECASE,
)
_JOINTS = frozenset(("and", "or", "then", "while", "also_joins", "followed_by", ";"))
_LONG_JOINTS = [
    (re.compile(r"\b(?:as well as|in addition to|along with|besides)\b", re.I), " also_joins "),
    (re.compile(r"\bfollowed by\b", re.IGNORECASE), " followed_by "),
    (re.compile(r"\band/or\b", re.IGNORECASE), " or "),
    (
        re.compile(r"\b(?:and|but|or),? (?:then|later|afterwards|subsequently)\b,?", re.IGNORECASE),
        " and ",
    ),
    (re.compile(r"\b(?:whereas|whilst|but)\b", re.IGNORECASE), " while "),
]
_CONSEQUENCE = re.compile(
    r",\s*(?:prompting|leading|forcing|sending|driving|pushing|triggering|causing|paving the way|"
    r"resulting in(?! (?:\d|an? |one|two|three|at least|more)))\b|"
    r"\bwhich (?:then )?(?:leads?|prompts?|forces?|triggers?|causes?|results?)\b|"
    r"\b(?:who|which) then\b|^(?:when|once|as soon as) (?!will|does|is|are|did)[^,]*,",
    re.IGNORECASE,
)
_PAST_TIME = re.compile(
    r"\b(?:yesterday|last (?:week|month|year|night|spring|summer|autumn|fall|winter|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?!['’])|"
    r"earlier (?:this|today)|(?:\w+ )?(?:days?|weeks?|months?|years?) ago)\b",
    re.IGNORECASE,
)
_TOLD_OF_A_DATE = re.compile(
    r"^[^,?]* (\w+ed|began|fell|rose|won|lost|left|broke) (?:on|in) date\W*$"
)
_TOKEN = re.compile(r"[A-Za-z][\w'’&_-]*|\d[\w,.%]*\w|\d|[,;:.?!()]")


@dataclass(frozen=True)
class _Verb:
    place: int
    kind: str
    base: str


def infinitive(word: str) -> str:
    """The base of a listed verb's form in lower case ("won": "win"), or the word itself."""
    return next((forms[word] for forms in _FORMS.values() if word in forms), word)


def forms_of(verb: str) -> Iterator[tuple[str, str]]:
    """Kind ('s', 'base', 'past', 'ing') and form of each form of a verb, listed or not."""
    for kind, forms in _inflect([verb]).items():
        yield from ((kind, form) for form in forms)


def is_news_verb(word: str, light: frozenset[str] = frozenset()) -> bool:
    """Whether a word in lower case is a form of a verb of news, or of "be", save `light` ones."""
    known = any(word in forms for forms in _FORMS.values())
    return word in _BE or (known and infinitive(word) not in light)


def two_events(text: str) -> str | None:
    """Why the claim holds two events, None where it holds one.

    A condition counts as an event. Alternatives for one act ("sells or spins off") do not,
    opposites ("raises or cuts") do.

    Parameters
    ----------
    text
        The claim without quotations, dates and names.
    """
    text = re.sub(r"\([^)]*\)", " ", text)
    if found := _CONDITION.search(text):
        return f"it hangs on a condition ({found.group(0).strip(' ,;')!r})"
    if found := _CONSEQUENCE.search(text):
        return f"it tells of a consequence too ({found.group(0).strip(' ,')!r})"
    for pattern, joint in _LONG_JOINTS:
        text = pattern.sub(joint, text)
    said = _tokens(text)
    places = [place for place, token in enumerate(said) if token in _JOINTS]
    for place, end in pairwise([*places, len(said)]):
        first = _finite(said, place)
        if first is None:
            continue
        if said[place] == "followed_by":
            return "one event is to follow another"
        second = _continued(said, place, end, first) or _clause(said, place, end)
        if second is None:
            continue
        before = _verb(said, place - 1 - (said[place - 1] == ","), first.kind)
        alternative = said[place] == "or" and second.place <= place + 2
        if alternative and before and {before.base, second.base} not in _OPPOSITES:
            continue
        return f"it joins two events ({said[first.place]!r}, {said[second.place]!r})"
    return None


def in_the_past(text: str) -> str | None:
    """The words that tell of the past, None where the statement looks ahead.

    Parameters
    ----------
    text
        The claim without quotations, dates and names; no question, and no date still to come.
    """
    if re.search(r"\b(?:will|would|shall)\b", text, re.IGNORECASE):
        return None
    said = _tokens(text)
    for place, word in enumerate(said):
        if word in ("that", "which", "who", "whose", "where", "when"):
            return None
        following = said[place + 1] if place + 1 < len(said) else "."
        if word in ("was", "were", "had"):
            return word
        if word in ("has", "have"):
            skip = place + 1 + (following in ("already", "now", "just", "finally", "also"))
            told = said[skip] if skip < len(said) else "."
            past = told in _PARTICIPLES or told == "been" or told.endswith("ed")
            return f"{word} {told}" if past else None
        if _is_past(said, place):
            if _present_after(said, place):
                return None
            if word in _PURE_PAST or (place and _is_object(following)):
                return word
            break
        if place and (word in _FORMS["s"] or word in _BE):
            break
    present = any(word in _BE or word in _CLEAR["s"] for word in said[1:])
    dated = re.search(
        r"^[^,?]* (\w+ed|began|fell|rose|won|lost|left|broke) (?:on|in) date\W*$", text
    )
    if dated and not present and dated[1] not in _FORMS["base"]:
        return dated[1]
    found = _PAST_TIME.search(text)
    return found.group(0) if found and "since" not in said else None


def is_aside(text: str) -> bool:
    """Whether a past date may belong to something that the claim only speaks of."""
    said = _tokens(text)
    verbs = [
        place for place in range(1, len(said)) if any(said[place] in f for f in _FORMS.values())
    ]
    main = verbs[0] if verbs else 0
    if said[main] in _FORMS["past"] and _present_after(said, main):
        return True
    later = said[main + 1 :]
    return any(word in _ASIDE | _PARTICIPLES or word.endswith("ed") for word in later)


def _tokens(text: str) -> list[str]:
    """Words in lower case and marks; "Name" stays as it stands for a name."""
    return [word if word == "Name" else word.lower() for word in _TOKEN.findall(text)]


def _present_after(said: Sequence[str], place: int) -> bool:
    """Whether a verb of the present follows: "the law passed last year is struck down"."""
    for later in range(place + 1, len(said)):
        if said[later] == "that":
            return False
        if said[later] in ("is", "are") or said[later] in _CLEAR["s"]:
            return True
        if said[later] in _EITHER["s"] and later + 1 < len(said) and _is_object(said[later + 1]):
            return True
    return False


def _is_past(said: Sequence[str], place: int) -> bool:
    """Whether a word is a past or a participle, listed or not."""
    word, before = said[place], said[place - 1] if place else "."
    if word in _FORMS["base"] or before in ("a", "an", "the", "of", "by") or before[0].isdigit():
        return False
    if before in _BEFORE_ADJECTIVES:
        return False
    return word in _FORMS["past"] or word in _PURE_PAST or bool(re.fullmatch(r"[a-z]{3,}ed", word))


def _is_object(word: str) -> bool:
    return word in _OBJECTS or word == "Name" or word[0].isdigit()


def _finite(said: Sequence[str], end: int) -> _Verb | None:
    """The first finite verb before `end`."""
    helped = said[0] in ("will", "does", "do", "did", "can")
    for place in range(end):
        helped = helped or said[place] in ("will", "would")
        if said[place] in _BE and said[place] != "being":
            return _Verb(place, "be", "be")
        if not place or said[place - 1] in ("a", "an", "the", "its", "their", "of", "to", "no"):
            continue
        if verb := _verb(said, place, "s") or _unlisted(said, place, "s"):
            return verb
        if (helped or _plural(said, place - 1)) and (verb := _verb(said, place, "base")):
            return verb
    return None


def _verb(said: Sequence[str], place: int, kind: str) -> _Verb | None:
    """The listed verb of a kind at a place."""
    if place < 0 or kind == "be":
        return None
    base = _FORMS[kind].get(said[place])
    return None if base is None else _Verb(place, kind, base)


def _unlisted(said: Sequence[str], place: int, kind: str) -> _Verb | None:
    """A word that no list holds, and that an article or a pronoun after it shows to be a verb."""
    word, following = said[place], said[place + 1] if place + 1 < len(said) else "."
    named = kind == "s" and following == "Name" and said[place - 1] == "Name"
    if (
        not (following in _ARTICLES or named)
        or not word.isalpha()
        or word in _NO_VERBS
        or len(word) < 4
    ):
        return None
    if word in _STOPS or word in _OBJECTS or word == "Name":
        return None
    if (kind == "s") != (word.endswith("s") and not word.endswith(("ss", "us", "is"))):
        return None
    return _Verb(place, kind, word)


def _as_verb(said: Sequence[str], place: int, kind: str) -> _Verb | None:
    """A verb at a place; a word that may be a noun needs an object after it."""
    verb = _verb(said, place, kind)
    if verb is None:
        return _unlisted(said, place, kind)
    following = said[place + 1] if place + 1 < len(said) else "."
    # "And cuts rates" is an act, "and cuts in services" or "and cuts." are not.
    loose = kind == "s" and following.isalpha() and following not in _STOPS | _JOINTS
    return verb if said[place] in _CLEAR[kind] or _is_object(following) or loose else None


def _continued(said: Sequence[str], place: int, end: int, first: _Verb) -> _Verb | None:
    """A second verb of the same subject right after the joint."""
    helped = False
    at = place + 1
    while at < end and _ADVERBS.match(said[at]) and said[at] not in _FORMS["base"]:
        helped = helped or said[at] in ("will", "would")
        at += 1
    if at >= end:
        return None
    if said[place] in ("also_joins", "while", "then") and said[at] in _FORMS["ing"]:
        return _Verb(at, "ing", _FORMS["ing"][said[at]])
    if first.kind in ("s", "be"):
        if said[at] in ("is", "are", "must", "has", "have", "can"):
            return _Verb(at, "be", "be")
        # "Is fined and appeals": nothing stands between that it could be joined to.
        bare = said[place - 1] in _PARTICIPLES and _verb(said, at, "s")
        if verb := _as_verb(said, at, "s") or bare or None:
            return verb
    # After "to" or "that" a bare verb belongs to what is agreed or announced, one event.
    reported = {"to", "that"} & set(said[first.place : place])
    if (helped or first.kind == "base") and not reported and (verb := _as_verb(said, at, "base")):
        return verb
    passive = said[place - 1] in _PARTICIPLES and {"is", "are", "be", "gets"} & set(said[:place])
    if said[place] == "and" and passive and said[at] in _PARTICIPLES:
        return _Verb(at, "past", said[at])
    return None


def _clause(said: Sequence[str], place: int, end: int) -> _Verb | None:
    """A second subject with its own verb after the joint."""
    indefinite = place + 1 < end and said[place + 1] in ("a", "an")
    for at in range(place + 1, min(end, place + 9)):
        if said[at] in _STOPS - {"of"} or said[at] in (",", ";", "(", ")"):
            return None
        before = said[at - 1]
        if at == place + 1 or before in _STOPS or before in _OBJECTS:
            continue
        if said[place] != "or" and said[at] in ("will", "is", "are"):
            return _Verb(at, "be", "be")
        if verb := _as_verb(said, at, "s") or (indefinite and _verb(said, at, "s")) or None:
            return verb
        if _plural(said, at - 1) and (verb := _as_verb(said, at, "base")):
            return verb
    return None


def _plural(said: Sequence[str], place: int) -> bool:
    word = said[place]
    return word in _PLURALS or (word.endswith("s") and not word.endswith("ss"))
