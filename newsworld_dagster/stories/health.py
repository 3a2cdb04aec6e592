"""Checks on stories and topics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.findings import CheckFinding
from newsworld_dagster.contracts.terms import STOPWORDS
from newsworld_dagster.contracts.vocabulary import EVERYWHERE, LIFECYCLE
from newsworld_dagster.stories import phrases
from newsworld_dagster.stories.labels import FEWEST, GENERIC, MOST, label_key


def evaluate_singletons(sizes: pd.DataFrame, most: float = 0.9) -> CheckFinding:
    """Whether at most `most` of the stories hold a single article.

    Parameters
    ----------
    sizes
        One row a story, with column articles.
    """
    if sizes.empty:
        return CheckFinding(True, "there are no stories yet", {"stories": 0})
    share = float((sizes["articles"] == 1).mean())
    figures: dict[str, float | int | str] = {"stories": len(sizes), "share of one": share}
    return CheckFinding(share <= most, f"{share:.0%} of the stories hold one article", figures)


def size_distribution(sizes: pd.Series) -> pd.Series:
    """Shares of stories by their number of articles: 1, 2, 3-4, 5-9, 10-19, 20 and more."""
    bounds = [0, 1, 2, 4, 9, 19, np.inf]
    names = ["1", "2", "3-4", "5-9", "10-19", "20+"]
    counts = pd.cut(sizes, bounds, labels=names).value_counts(sort=False)
    return counts / max(len(sizes), 1)


def evaluate_sizes(
    this_week: pd.Series, last_week: pd.Series, most: float = 0.15, enough: int = 100
) -> CheckFinding:
    """Whether stories are of the sizes of the week before.

    The distance between the two distributions is the largest share of stories that would have
    to be of another size (total variation); at most `most` of them may.

    Parameters
    ----------
    this_week, last_week
        Articles that the stories had within the week, one entry a story; with fewer than
        `enough` stories in either week nothing is said.
    """
    now, before = size_distribution(this_week), size_distribution(last_week)
    distance = float((now - before).abs().sum() / 2)
    figures: dict[str, float | int | str] = {
        "stories": len(this_week),
        "stories last week": len(last_week),
        "distance to last week": distance,
    }
    figures |= {f"share of {name}": float(share) for name, share in now.items()}
    if min(len(this_week), len(last_week)) < enough:
        return CheckFinding(True, "too few stories to compare with last week", figures)
    return CheckFinding(
        distance <= most, f"story sizes differ from last week by {distance:.0%}", figures
    )


def evaluate_steadiness(moves: pd.DataFrame, most: float = 0.15, enough: int = 50) -> CheckFinding:
    """Whether at most `most` of the moves between stories lead an article back.

    Parameters
    ----------
    moves
        One row a move, with columns article_id and back: whether it leads to a story that the
        article had before; with fewer than `enough` nothing is said.
    """
    back = moves[moves["back"].astype(bool)]
    share = len(back) / max(len(moves), 1)
    figures: dict[str, float | int | str] = {
        "moves": len(moves),
        "moves back": len(back),
        "share of moves back": share,
    }
    if len(moves) < enough:
        return CheckFinding(True, "too few articles moved to say how steady stories are", figures)
    if len(back):
        figures["examples"] = ", ".join(back["article_id"].iloc[:5])
    return CheckFinding(
        share <= most, f"{share:.0%} of the moves led to a story of before", figures
    )


def evaluate_trending(
    strips: pd.DataFrame,
    before: pd.DataFrame,
    *,
    articles: int,
    history: int,
    enough: int = 100,
) -> CheckFinding:
    """Whether a day has a strip, free of words that say nothing, that does not stand still.

    Parameters
    ----------
    strips, before
        `stories.trending` of the day and of the day before.
    articles, history
        Articles of the two days, and of the four weeks before them; with fewer than `enough` of
        either a strip may be empty.
    """
    terms = strips.loc[strips["section"] == EVERYWHERE, "term"]
    empty = [
        term
        for term in strips["term"]
        if all(word in STOPWORDS or word in phrases.GENERIC for word in term.lower().split())
    ]
    last = set(before.loc[before["section"] == EVERYWHERE, "term"])
    repeated = len(last & set(terms)) / max(len(last), 1)
    figures: dict[str, float | int | str] = {
        "terms": len(terms),
        "share of the day before that is back": repeated,
        "words that say nothing": ", ".join(empty),
    }
    if empty:
        return CheckFinding(False, f"the strip says nothing with: {', '.join(empty)}", figures)
    if min(articles, history) >= enough and terms.empty:
        return CheckFinding(False, f"nothing trends in {articles} articles", figures)
    if len(last) >= 5 and repeated > 0.8:
        return CheckFinding(False, f"{repeated:.0%} of the terms of the day before", figures)
    return CheckFinding(True, f"{len(terms)} terms trend", figures)


# Words of any headline that begin or end names; of others a label alone does not tell.
_OF_NAMES = frozenset({"Daily", "Force", "Live", "Point", "Post", "Read", "Show", "World"})


def label_faults(labels: pd.Series) -> pd.Series:
    """What is wrong with each label, empty for a sound one.

    A label has two to five words, begins with a capital or a digit (or is a name written
    otherwise, such as iOS), neither begins nor ends with a word of any headline unless names do
    ('Live Nation'), and no other topic has it.
    """
    shared = labels.map(label_key).duplicated(keep=False)
    return pd.Series(
        [
            _fault(label) or ("shared" if twice else "")
            for label, twice in zip(labels, shared, strict=True)
        ],
        index=labels.index,
        dtype=str,
    )


def _fault(label: str) -> str:
    tokens = label.split()
    if not FEWEST <= len(tokens) <= MOST:
        return "length"
    if not any(letter.isupper() or letter.isdigit() for letter in tokens[0]):
        return "not printed form"
    ends = ((tokens[0], tokens[1]), (tokens[-1], tokens[-2]))
    plain = [
        end.lower()
        for end, beside in ends
        if not (end.isupper() or end == "New" or (end in _OF_NAMES and beside[0].isupper()))
    ]
    if not (STOPWORDS | GENERIC).isdisjoint(plain):
        return "generic word"
    return ""


def evaluate_labels(topics: pd.DataFrame, most: float = 0.05) -> CheckFinding:
    """Whether at most `most` of the labels of live topics have a fault.

    Parameters
    ----------
    topics
        Live topics, with column label.
    """
    if topics.empty:
        return CheckFinding(True, "there are no live topics", {"topics": 0})
    faults = label_faults(topics["label"])
    faulty = faults[faults != ""]
    share = len(faulty) / len(topics)
    figures: dict[str, float | int | str] = {"topics": len(topics), "share with a fault": share}
    figures |= {f"fault: {fault}": int(count) for fault, count in faulty.value_counts().items()}
    if len(faulty):
        figures["examples"] = "; ".join(topics["label"].loc[faulty.index[:5]])
    return CheckFinding(share <= most, f"{share:.1%} of the live labels have a fault", figures)


def evaluate_lifecycle(topics: pd.DataFrame) -> CheckFinding:
    """Whether any topic is emerging or active; how many are in each stage and have one story.

    Parameters
    ----------
    topics
        All topics as of a moment, with columns lifecycle and stories.
    """
    counts = topics["lifecycle"].value_counts()
    figures: dict[str, float | int | str] = {
        stage: int(counts.get(stage, 0)) for stage in LIFECYCLE
    }
    if topics.empty:
        return CheckFinding(True, "there are no topics yet", figures)
    alone = float((topics["stories"] <= 1).mean())
    figures["share with one story"] = alone
    awake = int(counts.get("emerging", 0) + counts.get("active", 0))
    return CheckFinding(
        awake > 0, f"{awake} of {len(topics)} topics are emerging or active", figures
    )


def evaluate_drift(
    cosines: pd.Series, least: float = 0.5, most: float = 0.05, few: int = 2
) -> CheckFinding:
    """Whether at most `most` of the live topics turned away from what they were a week before.

    Parameters
    ----------
    cosines
        Of each live topic, the cosine of its centroids now and a week before; one that fell
        below `least` has drifted.
    few
        So many topics may always have drifted: of a dozen, one is no share to speak of.
    """
    if cosines.empty:
        return CheckFinding(True, "no live topic is older than a week", {"topics": 0})
    drifted = int((cosines < least).sum())
    share = drifted / len(cosines)
    figures: dict[str, float | int | str] = {
        "topics": len(cosines),
        "share drifted": share,
        "median cosine": float(cosines.median()),
    }
    return CheckFinding(
        drifted <= max(few, most * len(cosines)),
        f"{drifted} of {len(cosines)} live topics drifted in a week",
        figures,
    )
