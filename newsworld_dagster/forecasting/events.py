"""What a claim says happens: two events in one, or one that lies in the past."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

_WORDS = yaml.safe_load(Path(__file__).with_name("lint_words.yaml").read_text(encoding="utf-8"))
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
_HAVE = frozenset(["has", "have", "had"])
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
    (re.compile(r"\b(?:and|but|or) then\b", re.IGNORECASE), " and "),
    (re.compile(r"\b(?:whereas|whilst|but)\b", re.IGNORECASE), " while "),
]
_PAST_TIME = re.compile(
    r"\b(?:yesterday|last (?:week|month|year|night|spring|summer|autumn|fall|winter|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday)(?!['’])|"
    r"earlier (?:this|today)|(?:\w+ )?(?:days?|weeks?|months?|years?) ago)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z][\w'’&_-]*|\d[\w,.%]*\w|\d|[,;:.?!()]")


@dataclass(frozen=True)
class _Verb:
    place: int
    kind: str
    base: str


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
    for pattern, joint in _LONG_JOINTS:
        text = pattern.sub(joint, text)
    tokens = _TOKEN.findall(text)
    lower = [token.lower() for token in tokens]
    places = [place for place, token in enumerate(lower) if token in _JOINTS]
    for place in places:
        first = _finite(tokens, lower, place)
        if first is None:
            continue
        later = [other for other in places if other > place]
        end = later[0] if later else len(tokens)
        if lower[place] == "followed_by":
            return "one event is to follow another"
        second = _continued(tokens, lower, place, end, first) or _clause(tokens, lower, place, end)
        if second is None:
            continue
        before = _verb(tokens, lower, place - 1 - (lower[place - 1] == ","), first.kind)
        alternative = lower[place] == "or" and before is not None and second.place <= place + 2
        if alternative and before and {before.base, second.base} not in _OPPOSITES:
            continue
        return f"it joins two events ({lower[first.place]!r}, {lower[second.place]!r})"
    return None


def in_the_past(text: str, question: bool) -> str | None:
    """The words that tell of the past, None where the claim looks ahead.

    Parameters
    ----------
    text
        The claim without quotations, dates and names; it names no date still to come.
    question
        Whether it is put as a question, which always looks ahead.
    """
    if question or re.search(r"\b(?:will|would|shall)\b", text, re.IGNORECASE):
        return None
    tokens = _TOKEN.findall(text)
    lower = [token.lower() for token in tokens]
    for place, token in enumerate(lower):
        if token in ("that", "which", "who", "whose", "where", "when", "than", "after", "since"):
            return None
        following = lower[place + 1] if place + 1 < len(lower) else "."
        if token in ("was", "were", "had"):
            return token
        if token in ("has", "have"):
            skip = place + 1 + (following in ("already", "now", "just", "finally", "also"))
            word = lower[skip] if skip < len(lower) else "."
            if word in _PARTICIPLES or word == "been" or word.endswith("ed"):
                return f"{token} {word}"
            return None
        if token in _FORMS["past"] and token not in _FORMS["base"]:
            objects = following in _OBJECTS or following[0].isdigit()
            if token in _PURE_PAST or (objects and place and lower[place - 1] not in _BE | _HAVE):
                return token
            return None
        if place and (token in _FORMS["s"] or token in _BE | {"will"}):
            break
    found = _PAST_TIME.search(text)
    return found.group(0) if found and not re.search(r"\bsince last\b", text) else None


def is_aside(text: str) -> bool:
    """Whether a past date may belong to something that the claim only speaks of."""
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    return any(
        token
        in ("that", "which", "who", "whose", "where", "over", "since", "from", "than", "after")
        or (place > 1 and (token in _PARTICIPLES or token.endswith("ed")))
        for place, token in enumerate(tokens)
    )


def _finite(tokens: list[str], lower: list[str], end: int) -> _Verb | None:
    """The first finite verb before `end`."""
    helped = lower[0] in ("will", "does", "do", "did", "can")
    for place in range(end):
        if lower[place] in ("will", "would"):
            helped = True
        for kind in ("s", "base"):
            verb = _verb(tokens, lower, place, kind)
            if verb is None or not place:
                continue
            if lower[place - 1] in ("a", "an", "the", "its", "their", "of", "to", "no"):
                continue
            if kind == "base" and not (helped or _plural(tokens, lower, place - 1)):
                continue
            return verb
        if lower[place] in _BE and lower[place] != "being":
            return _Verb(place, "be", "be")
    return None


def _verb(tokens: list[str], lower: list[str], place: int, kind: str) -> _Verb | None:
    """The verb of a kind at a place; a word that may be a noun needs an object after it."""
    if place < 0 or kind == "be" or tokens[place] == "Name":
        return None
    word = lower[place]
    if word in _CLEAR[kind]:
        return _Verb(place, kind, _CLEAR[kind][word])
    if word in _EITHER[kind]:
        return _Verb(place, kind, _EITHER[kind][word])
    return None


def _as_verb(tokens: list[str], lower: list[str], place: int, kind: str) -> _Verb | None:
    verb = _verb(tokens, lower, place, kind)
    if verb is None or lower[place] in _CLEAR[kind]:
        return verb
    following = lower[place + 1] if place + 1 < len(lower) else "."
    is_object = following in _OBJECTS or following[0].isdigit()
    # "And cuts rates" is an act, "and cuts in services" or "and cuts." are not.
    loose = kind == "s" and following.isalpha() and following not in _STOPS | {"and", "or"}
    return verb if is_object or loose else None


def _continued(
    tokens: list[str], lower: list[str], place: int, end: int, first: _Verb
) -> _Verb | None:
    """A second verb of the same subject right after the joint."""
    helped = False
    at = place + 1
    while at < end and _ADVERBS.match(lower[at]) and lower[at] not in _FORMS["base"]:
        helped = helped or lower[at] in ("will", "would")
        at += 1
    if at >= end:
        return None
    if lower[place] in ("also_joins", "while", "then") and lower[at] in _FORMS["ing"]:
        return _Verb(at, "ing", _FORMS["ing"][lower[at]])
    if first.kind in ("s", "be") and (verb := _as_verb(tokens, lower, at, "s")):
        return verb
    if first.kind in ("s", "be") and lower[at] in ("is", "are"):
        return _Verb(at, "be", "be")
    # After "to" or "that" a bare verb belongs to what is agreed or announced, one event.
    said = {"to", "that"} & set(lower[first.place : place])
    if (
        (helped or first.kind == "base")
        and not said
        and (verb := _as_verb(tokens, lower, at, "base"))
    ):
        return verb
    if place and lower[place] == "and" and lower[at] in _PARTICIPLES:
        behind = lower[place - 1]
        if behind in _PARTICIPLES and {"is", "are", "be", "gets"} & set(lower[:place]):
            return _Verb(at, "past", lower[at])
    return None


def _clause(tokens: list[str], lower: list[str], place: int, end: int) -> _Verb | None:
    """A second subject with its own verb after the joint."""
    for at in range(place + 1, min(end, place + 9)):
        if lower[at] in _STOPS - {"of"} or tokens[at] in (",", ";", "(", ")"):
            return None
        if at == place + 1:
            continue
        before = lower[at - 1]
        if before in _STOPS or before in _OBJECTS - {"name", "term"}:
            continue
        if lower[place] != "or" and lower[at] in ("will", "is", "are"):
            return _Verb(at, "be", "be")
        if verb := _as_verb(tokens, lower, at, "s"):
            return verb
        if _plural(tokens, lower, at - 1) and (verb := _as_verb(tokens, lower, at, "base")):
            return verb
    return None


def _plural(tokens: list[str], lower: list[str], place: int) -> bool:
    word = lower[place]
    return tokens[place] == "Name" or (word.endswith("s") and not word.endswith("ss")) or word in (
        "people", "men", "women", "police", "each", "children", "media",
    )  # fmt: skip
