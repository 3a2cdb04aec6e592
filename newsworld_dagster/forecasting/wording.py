"""Wordings that keep a claim from being decided, and what takes the doubt out of them."""

from __future__ import annotations

import re

from newsworld_dagster.forecasting.classes import bare_amount, state_of_mind

QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’(?!\w)|(?<!\w)'[^']+'(?!\w)")
# A capital inside a sentence makes a name: "May", "Major League", "Health and Human Services".
_CAPITAL = re.compile(r"(?<=[\w,;:)’'”%–-] )(?:[a-z]{0,2}[A-Z]|(?<!\w)\d+[A-Z])[\w'’&.-]*[\w'’]")
# So is the first word before another capital, or before an apposition: "Surge Energy", "Large, a".
_OPENING_NAME = re.compile(
    r"^(?!(?:The|An?|Will|No|In|By|At|On|To|If|Do|Does|Is|Are|Can|How|What|Who|When|Which|Several|"
    r"Many|Some|Most|Few|More|Various|Numerous|Countless|Multiple|Both|All|Any|Each|Every|Other|"
    r"Half|Dozens|Scores|Hundreds|Thousands|Major|Top|Leading|Large|Big|Small|Key|Senior|Prominent|"
    r"Additional|Further|New|Two|Three|Four|Five|Another|Plenty|Hardly|Nearly|Almost|Only)"
    r"\b(?!, an? ))"
    r"[A-Z][\w'’&-]*(?= [A-Z]|, an? )|^\w+(?=, an? )"
)
_FIXED = re.compile(
    r"\b(?:major league\w*|major hurricanes?|major part(?:y|ies)|major(?:-| )party|"
    r"major disaster declarations?|major non-nato ally|(?:large|small) language models?|"
    r"w[io]ns? (?:a|an|the|his|her|their|another|any|\w+(?:st|nd|rd|th)) majors?\b|"
    r"large hadron collider|large[- ]cap\w*|multiple (?:sclerosis|choice|myeloma)|"
    r"further education|consumer sentiment ind\w+|secret ballots?|secret service|"
    r"privately[- ](?:held|owned|funded|run|built|operated|developed)\w*|"
    r"internal (?:affairs|revenue|combustion|market|medicine|flights?|displacement)|"
    r"internally displaced|weighs? in|some like it hot|for some time)",
    re.IGNORECASE,
)

# Verbs of degree, which a number to reach decides.
_DEGREE_VERB = (
    r"boosts|hurts|harms|damages|affects?|impacts(?! of)|disrupts?|hampers?|erodes?|bolsters?|"
    r"reinforces?|cools?|wanes?|progress(?:es(?! in)|(?= (?:by )?(?:date|toward)))|"
    r"improv(?:es?|ing)|worsens?|deteriorates?|deepens?|strengthens?|weakens?|stabili[sz]es?|"
    r"intensif(?:y|ies)|escalates?|accelerates?|eases?"
)
_VAGUE_VERBS = re.compile(
    r"\b(?:could|might|(?-i:may)|would likely|"
    r"(?:is|are|appears?|seems?|looks?) (?:un)?(?:likely|poised|set|expected|ready|about) to|"
    r"(?:appears?|seems?) to|(?:un)?likely|quietly|"
    r"(?:seeks?|aims?|tries|plans?|looks?|prepares?|continues?|threatens?) to|"
    r"threatens?|braces? for|signals?(?= (?!(?:being|of|from|are|is|was|were|by|in)\b))|"
    r"hints?|considers?|reconsiders?|explores?|mulls?|weighs?(?! \d)|"
    r"(?:faces?|comes? under|remains? under|draws?|attracts?) (?:\w+ ){0,2}?"
    r"(?:pressure|scrutiny|criticism|backlash|questions|headwinds|setbacks?|challenges|fire)|"
    r"(?:moves?|shifts?|leans?|works?|inch(?:es)?|edges?|pivots?) (?:closer )?(?:toward|to )s?|"
    r"(?:moves?|shifts?|steps?|backs?) away|shifts? (?:its|their|his|her) \w+|"
    r"struggles?|falters?|stumbles?|thrives?|flourish(?:es)?|"
    r"gains? (?:\w+ )?(?:momentum|traction|ground|steam)|loses? (?:momentum|steam|ground)|"
    r"makes? (?:\w+ )?(?:progress|headway|inroads)|builds? momentum|"
    r"positions?(?= itself| themselves| himself| herself)|positioning (?:itself|themselves)|"
    r"distances?(?= itself| themselves| himself| herself)|walks? back|backtracks?|"
    r"(?:doubles?|cracks?|clamps?) down|(?:ramps?|steps?) up|pushes (?:back|for)|push (?:back|for)|"
    r"takes? (?:\w+ )?(?:steps|action|measures|aim)|responds?|reacts?|"
    r"address(?:es)?(?= )(?! (?:an? |the )?(?:\w+ )?(?:nation|Name|summit|parliament|press|crowd|"
    r"conference|assembly|rally|session))|"
    r"(?:heats?|gears?|beefs?|shakes?) up|cools? (?:down|off)|tests? the (?:waters|limits)|"
    r"(?:paves|sets|lays) the (?:way|stage|groundwork)|grapples?|scrambles?|adapts?|evolves?|"
    r"attempts to|(?:gains?|loses?) strength|turns? against|(?:rall(?:y|ies)) (?:around|behind)|"
    r"drags? on|frays?|bites?|stalls?|looms?|unravels?|crumbles?|spirals?|simmers?|teeters?|"
    r"(?:solidif(?:y|ies)|cements?) (?:its|their|his|her)|under (?:\w+ ){0,2}?(?:scrutiny|strain)|"
    r"begins? to (?:break|shift|see|feel|question|doubt|crack|fray|lose)|works? to|considering|"
    r"shows? (?:\w+ )?(?:interest|signs|willingness|openness)|slides? closer|"
    r"navigates?|leverages?|engages?|capitali[sz]es?|expands? (?:its|their|his|her) (?:\w+ )?"
    r"(?:influence|presence|footprint|reach|role|efforts?)|deepens? ties|willing to|"
    r"(?:increases?|heightens?|tightens?|faces?) (?:\w+ )?(?:scrutiny|pressure|oversight)|"
    r"emerges? as|plays? (?:a|an) (?:\w+ )?role|tightens? (?:its|their|his|her) grip|"
    r"reshapes?|redefines?|transforms?|revolutioni[sz]es?|rethinks?|re-?evaluates?|"
    r"reassess(?:es)?|softens?|hardens?|embraces?|prioriti[sz]es?|focus(?:es)? on|"
    r"dominates?|undermines?|overshadows?|(?:sparks?|fuels?|stokes?|raises?|deepens?) (?:\w+ )?"
    r"(?:debate|concerns?|backlash|questions|speculation|fears)|"
    r"(?:tensions?|pressure|scrutiny|backlash|concerns?|criticism|uncertainty|unrest|opposition|"
    r"momentum|anger|doubts?)(?: \w+){0,6}? (?:rises?|grows?|mounts?|builds?|increases?|eases?|"
    r"subsides?|fades?|spreads?|persists?|remains?)|"
    rf"{_DEGREE_VERB})\b",
    re.IGNORECASE,
)
# "Announces plans to" is an act, "plans to" a state of mind.
_ANNOUNCED = re.compile(
    r"\b(?:announc|unveil|reveal|publish|confirm|drop|abandon|scrap|approv|cancel|shelv|releas|"
    r"present|submit|reject|block|halt|fil|outlin|formal|detail|its|their|his|her|the|any|or|no|"
    r"of|on|new)\w* (?:\w+ )?$",
    re.IGNORECASE,
)
_VAGUE_QUANTITIES = re.compile(
    r"\b(?:significant(?:ly)?|substantial(?:ly)?|major|several|many|some(?! \d)|numerous|"
    r"considerabl[ey]|dramatic(?:ally)?|sharp(?:ly)?|steep(?:ly)?|massive(?:ly)?|drastic(?:ally)?|"
    r"meaningful(?:ly)?|rapid(?:ly)?|marked(?:ly)?|notabl[ey]|large(?:-scale)?|widespread|"
    r"multiple|various|further|additional|heav(?:y|ily)|strong(?:ly)?|high-profile|prominent|"
    r"^more (?!than|or)|^leading|countless|sweeping|a couple of|"
    r"key (?=allies|lawmakers|members|players|partners|figures|officials|executives|supporters|"
    r"countries|states|suppliers|customers|provisions|personnel|aides|advisers)|"
    r"is (?:\w+ )?(?:high|low|weak)(?! (?:enough|priority))|extensive(?:ly)?|broad(?:ly)?|"
    r"record-breaking|huge|size?able|enormous|vast|(?<!as )big|"
    r"increasing(?:ly)?|more and more|far (?:better|worse|more|less|fewer|higher|lower)|"
    r"much (?:better|worse|more|less|higher|lower)|"
    r"a (?:\w+ )?(?:number|wave|series|string|raft) of|"
    r"(?:growing|rising) (?:number|share|list|chorus)|"
    r"remains? (?:\w+ )?(?:high|low|elevated|volatile)|(?:high|low)(?:er)? volatility|"
    r"a few|few|a handful|handfuls?|"
    r"(?:dozens|scores|hundreds|thousands|millions) of|a lot|lots|most major|"
    r"soars?|surges?|plunges?|plummets?|skyrockets?|tumbles?|slumps?)\b",
    re.IGNORECASE,
)
_COUNTABLE = re.compile(r"further|additional|multiple|few\b", re.IGNORECASE)
_UNOBSERVABLE = re.compile(
    r"\b(?:quietly|secret(?:ly)?|covert(?:ly)?|privately|in private|internal(?:ly)?|"
    r"behind (?:closed doors|the scenes)|unreported|undisclosed|unannounced|confidential(?:ly)?|"
    r"intends?|believes?|thinks|feels?|hopes?(?= (?:to|that|for)\b)|wants?|"
    r"worr(?:y|ies)|perceives?|dislikes?|prefers?|"
    r"suspects?(?= (?:that|the|an?|its|foul|each)\b)|resents?|distrusts?|contemplates?|"
    r"plots?(?= (?:an?|the|to)\b)|calculates? that|leans? towards?|wish(?:es)? to|"
    r"regrets?|fears?(?= (?:an?|the|that|it|its|their)\b)|doubts?(?= that)|"
    r"sentiment|morale|mood|mindset|trusts?(?= (?:the|its|their|him|her|in|that|“|[A-Z]))|"
    r"(?:loses?|regains?|lacks?) (?:\w+ )?(?:confidence|faith|trust|patience|interest|hope)|"
    r"(?:is|are|becomes?|grows?|remains?) (?:\w+ )?(?:frustrated|angry|worried|concerned|afraid|"
    r"confident|convinced|unhappy|disillusioned|uneasy|nervous|anxious|demorali[sz]ed|tired|wary|"
    r"optimistic|pessimistic|sceptical|skeptical|embarrassed)|burn(?:t|ed) out|"
    r"(?:more )?aware of)\b",
    re.IGNORECASE,
)
# What is measured or said aloud can be read in a newspaper.
_PUBLIC = re.compile(
    r"\b(?:ind(?:ex|ices)|polls?|surveys?|gallup|pew|publicly|public through|becomes? public|"
    r"made public|public knowledge|published|publishes|disclosed|says|tells|testif(?:y|ies)|"
    r"announces?|declares?|according to|in an interview|users think)\b",
    re.IGNORECASE,
)
_THRESHOLD = re.compile(
    r"\b(?:by|to|above|below|over|under|than|at least|at most|exceed\w*|reach\w*|past|of|into|from|"
    r"up|down|between|category|≥|≤|>|<)\s*(?:about\s+|the\s+|a\s+|category\s+)?[$€£¥≥≤><]?\s?\d",
    re.IGNORECASE,
)
_DEFINED = re.compile(r"\([^)]*(?:\d|defined|listed)[^)]*\)", re.IGNORECASE)
_NUMBER = r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|half)"


def unquoted(statement: str) -> str:
    """The statement without quotations and terms of art, which are no wording of ours."""
    return _FIXED.sub("term", QUOTED.sub("“…”", statement))


def unnamed(text: str) -> str:
    """The text without names, which are words with a capital inside the sentence.

    In Title Case capitals tell nothing, so there names stay.
    """
    content = [word for word in re.findall(r"[A-Za-z]+", text) if len(word) > 4]
    if len(content) > 4 and all(word[0].isupper() for word in content):
        return text.lower()
    return _CAPITAL.sub("Name", text)


def unopened(statement: str) -> str:
    """The statement without the name that it opens with; a lone first word is taken for no name."""
    return _OPENING_NAME.sub("Name", statement)


def vague_verb(text: str, threshold: bool) -> str | None:
    """The first verb that can be argued either way.

    Parameters
    ----------
    text
        The claim without quotations, dates and names.
    threshold
        Whether the claim names a number to reach, which decides verbs of degree.
    """
    for found in _VAGUE_VERBS.finditer(text):
        words = found.group(0)
        if words.lower().startswith("plan") and _ANNOUNCED.search(text[: found.start()]):
            continue
        if threshold and re.fullmatch(_DEGREE_VERB, words, re.IGNORECASE):
            continue
        return words
    return None


def vague_quantity(text: str, threshold: bool) -> str | None:
    """The first quantity without a number; `threshold` as for verbs."""
    for found in _VAGUE_QUANTITIES.finditer(text):
        words, after, before = found.group(0), text[found.end() :], text[: found.start()]
        if threshold and re.search(
            r"ly$|^(?:soar|surg|plung|plumm|skyr|tumbl|slump)", words.lower()
        ):
            continue
        if _DEFINED.search(after):
            continue
        if _COUNTABLE.match(words) and (
            re.match(rf"\s+(?:\$|€|£)?{_NUMBER}\b", after, re.IGNORECASE)
            or re.search(rf"\b{_NUMBER}\s+(?:\w+\s+)?$", before, re.IGNORECASE)
        ):
            continue
        return words
    return None if _DEFINED.search(text) else bare_amount(text, threshold)


def unobservable(text: str) -> str | None:
    """The first word for what no newspaper can see."""
    if _PUBLIC.search(text):
        return None
    found = _UNOBSERVABLE.search(text)
    return found.group(0) if found else state_of_mind(text)


def has_threshold(text: str) -> bool:
    """Whether the claim names a number to reach, dates left out."""
    return bool(_THRESHOLD.search(text))
