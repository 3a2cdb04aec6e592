"""Word classes that keep a claim from being decided: states of mind, bare amounts, abstractions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from newsworld_dagster.forecasting.events import forms_of, is_news_verb

_LISTS: dict[str, list[str]] = {
    name: words.split()
    for name, words in yaml.safe_load(
        Path(__file__).with_name("vague_words.yaml").read_text(encoding="utf-8")
    ).items()
}


def _any(name: str) -> str:
    words = (word.replace("_", " ") for word in _LISTS[name])
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_MIND_VERBS = {form: kind for verb in _LISTS["mind_verbs"] for kind, form in forms_of(verb)}
_ALSO_NOUNS = {form for verb in _LISTS["mind_verbs_or_nouns"] for _, form in forms_of(verb)}
_MORE_OR_LESS = "|".join(form for verb in _LISTS["more_or_less"] for _, form in forms_of(verb))
_OBJECT = frozenset([*_LISTS["starts_an_object"], "Name"])
_NOT_AFTER = frozenset(_LISTS["stands_before_nouns"])
_IS = r"(?:is|are|be|feels?|grows?|becomes?|remains?|gets?|seems?|turns?|stays?|looks?|sounds?)"
_MORE = r"(?:\w+ly |so |very |too |more |less |no longer |still |not |ever more )?"
_MIND_STATE = re.compile(
    rf"\b{_IS} {_MORE}(?:fed up|ill at ease|at ease|of two minds|in two minds|"
    rf"{_any('mind_adjectives')})\b(?! by (?:date|lot|vote|the (?:court|rule|law)))",
    re.IGNORECASE,
)
_MIND_HAVING = re.compile(
    r"\b(?:loses?|gains?|regains?|lacks?|ha(?:s|ve)|feels?|harbou?rs?|find|finds|keeps?|nurses?) "
    rf"(?:(?!Name\b)\w+ ){{0,2}}?(?:{_any('mind_nouns')})\b"
    r"(?! (?:vote|motion|fund|index|rate|act))",
    re.IGNORECASE,
)
_MIND_SUBJECT = re.compile(
    rf"^(?:will )?(?:the )?(?:\w+ ){{0,2}}?(?:fear|anxiety|hesitancy|{_any('mind_nouns')}) "
    r"(?!vote|motion|fund|index|rate|act|surgery|attack|failure|disease|transplant|group)\w+",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:in (?:complete |total |strict )?(?:secret|secrecy|private|confidence)\b(?! (?:vote|in))|"
    r"(?:out of|hidden from) (?:\w+ )?(?:sight|view|earshot)|off the (?:record|books)|"
    r"off-the-record|(?:without|with no|with nobody) (?:any ?one|any ?body|telling|(?:a|any) trace|"
    r"public knowledge|being (?:noticed|seen|detected|caught|found))|(?:nobody|no one) (?:\w+ )?"
    r"(?:knows|learns|finds|notices|sees|hears)|(?:un|in)(?:noticed|detected|spoken|written|beknown\w*)|undercover|"
    r"unwritten|unspoken|tacit(?:ly)?|clandestine(?:ly)?|surreptitious(?:ly)?|discreetly|"
    r"hush-hush|silently|inwardly|subconscious(?:ly)?|personally|back ?channels?|closed session|"
    r"among themselves|in (?:his|her|their|its) (?:own )?(?:minds?|hearts?|heads?|thoughts)\b|"
    r"true (?:aims?|motives?|intentions?|feelings)|makes? up (?:its|their|his|her) minds?|"
    r"see eye to eye|toys? with|takes? (?:offence|offense|comfort|heart)\b|conscience)\b",
    re.IGNORECASE,
)
_PLURAL = r"(?:[a-z-]+s|people|men|women|children|police|staff|data|evidence|support|media)\b"
_NUMBER = r"(?:\d|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|half)"
_A_LOT_OF = re.compile(
    rf"\b(?:an?|whole|entire|the bulk of|(?:an?|the) \w+) (?:{_any('quantity_nouns')}) of "
    rf"(?!(?:\w+ )?{_NUMBER})(?:[\w'’-]+ ){{0,2}}?{_PLURAL}|\bthe bulk of\b|"
    rf"\b(?:{_any('quantity_plurals')})\b(?: more)? (?:of\b|(?!(?:in|at|against|for|from|on|an?|"
    r"the|his|her|their|its|to|and|or|twice|once|with|after|before|as|by)\b)[a-z]+)|"
    rf"\bin (?:(?:large|big|great|small|growing|record) numbers|{_any('quantity_plurals')})\b|"
    r"\bquite (?:a few|some|a lot)\b|"
    r"(?<!the )(?<!be )(?<!is )\b(?:plenty|most|much|hardly any|next to no|"
    r"barely any|almost no|nearly all|almost all|virtually all|more and more|fewer and fewer)"
    r"(?: of)? (?!than\b|or\b|important|likely|votes\b|seats\b|medals\b|wins\b|points\b|goals\b|"
    r"valuable|recent|popular|common|expensive)[a-z]",
    re.IGNORECASE,
)
_SIZE = re.compile(
    rf"(?<!\bmost )(?<!\bmore )(?<!\bas )(?<!\bhow )(?<!-)\b(?:{_any('size_adjectives')})\b"
    r"(?= [a-z]|$)"
    r"(?! (?:scale|caps?|enough|(?:of|business|claims?|boats?|modular|print|intestine|jury)\b))",
    re.IGNORECASE,
)
_DEGREE = re.compile(rf"\b(?:{_any('degree_adverbs')})\b", re.IGNORECASE)
_MEASURE = re.compile(
    rf"\b(?:{_any('measures')})(?: (?:in|at|of|among|from|for|against|on) (?:the )?[\w'’-]+"
    rf"(?: [\w'’-]+)?)?(?: \w+ly)? (?:{_MORE_OR_LESS})\b",
    re.IGNORECASE,
)
_BENCHMARK = re.compile(
    r"\d|\b(?:than|record|all-time|since|year[- ](?:on|over)[- ]year|below zero|negative|"
    r"positive|the (?:first|second|third|fourth)|half|double|twice|per cent|percent|zero|"
    r"unchanged|consecutive|straight|according to|index|overtakes?|surpass\w*)\b",
    re.IGNORECASE,
)
_ABSTRACT = _any("abstract_nouns")
_ACTS_ON = re.compile(
    r"\b(?P<verb>[a-z]+)(?: (?:up|down|back|off|on|in|into|for|to|out))? "
    r"(?:(?:a|an|the|its|their|his|her|any|more|less|\w+['’]s) )?(?:(?!of\b|on\b|in\b)[\w-]+ )?"
    rf"(?P<noun>{_ABSTRACT})\b(?! (?:of (?:action|understanding)|agreement|treaty|deal|bill|act|"
    r"paper|report|document|test|certificate|ministry|minister|council|commission|vote|referendum))",
    re.IGNORECASE,
)
_ABSTRACT_ACTS = re.compile(
    rf"^(?:will )?(?:the )?(?:[\w'’-]+ ){{0,2}}?(?P<noun>{_ABSTRACT})"
    r"(?: (?:in|at|of|among|from|between|with|to|over|on|for|within|against)(?: [\w'’-]+){1,5}?)?"
    r" (?P<verb>(?!(?:and|or|the|its|Name|between|with|in|of|at|among|from|to|over|on|for|within|"
    r"against)\b)[a-z]{3,})\b",
    re.IGNORECASE,
)
_LIGHT = frozenset(_LISTS["light_verbs"])


def state_of_mind(text: str) -> str | None:
    """The first words for what goes on in somebody's head, or for what nobody is to see."""
    for pattern in (_MIND_STATE, _MIND_HAVING, _UNSEEN, _MIND_SUBJECT):
        if found := pattern.search(text):
            return found.group(0)
    words = re.findall(r"[\w'’-]+|[,;:?]", text)
    asked = words[:1] in (["Will"], ["will"])
    for place, word in enumerate(words[:-1]):
        kind = _MIND_VERBS.get(word)
        if kind is None or not place or words[place - 1].lower() in _NOT_AFTER:
            continue
        before, following = words[place - 1], words[place + 1]
        if word in _ALSO_NOUNS and following not in _OBJECT:
            continue
        plural = before.endswith("s") or before in ("people", "men", "women", "not", "longer")
        if (kind == "s" and before != ",") or plural or asked or before == "will":
            return f"{word} {following}"
    return None


def bare_amount(text: str, threshold: bool) -> str | None:
    """The first amount that names no number; `threshold` where the claim names one to reach."""
    if found := _A_LOT_OF.search(text):
        return found.group(0)
    if threshold:
        return None
    for pattern in (_SIZE, _DEGREE):
        if found := pattern.search(text):
            return found.group(0)
    found = _MEASURE.search(text)
    return found.group(0) if found and not _BENCHMARK.search(text) else None


def abstraction(text: str, threshold: bool) -> str | None:
    """The first words by which something happens to an abstraction."""
    if threshold:
        return None
    for found in _acts(text):
        verb = found["verb"].lower()
        singular = not re.search(r"s$", found["noun"], re.IGNORECASE)
        if singular and not (verb.endswith("s") or text.startswith("Will ")):
            continue
        if verb in _LISTS["abstract_nouns"] or verb in _NOT_AFTER:
            continue
        if not is_news_verb(verb, _LIGHT):
            return found.group(0)
    return None


def _acts(text: str) -> Iterator[re.Match[str]]:
    if found := _ABSTRACT_ACTS.search(text):
        yield found
    for found in _ACTS_ON.finditer(text):
        verb = found["verb"]
        if verb.endswith("s") and not verb.endswith("ss") and found.start():
            yield found
