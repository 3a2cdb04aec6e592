"""Consistency: what probabilities of related claims owe each other, before any outcome.

A forecaster that says more for 'by Friday' than for 'by Sunday' can be bet against without risk.
The size of a fault is that sure profit, after Paleka et al. (2024), Consistency checks for
language model forecasters: the arbitrageur names probabilities of its own for the same claims,
is paid its logarithmic score minus the forecaster's, summed over the claims, and the size is the
most it can be sure of in every possible world:

    size = max over q of min over worlds of sum(log score of q - log score of p), in nats.

For two claims it has a closed form, computed here. 0.01 nats, their tolerance, is about 50 % for
a claim and 60 % for its negation.
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from newsworld_dagster.contracts.learning import RELATION_KINDS
from newsworld_dagster.contracts.rules import RuleSpec

KINDS: Final = RELATION_KINDS
TOLERANCE: Final = 0.01
RELATIONS: Final = ("kind", "claim_id", "other_id")
VIOLATIONS: Final = (
    "kind",
    "forecaster",
    "claim_id",
    "other_id",
    "as_of",
    "probability",
    "other_probability",
    "excess",
    "arbitrage",
)


class RelationError(ValueError):
    """Relations between claims that cannot be read."""


def arbitrage(kind: str, p: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Sure profit in nats against two related probabilities; 0 where they are consistent.

    For a paraphrase ``-2 log(sqrt(p q) + sqrt((1 - p)(1 - q)))``; for a negation the same of p
    and 1 - q; for deadline, threshold and implication, where the first claim cannot come true
    without the other, the same as for a paraphrase if p > q, else 0: in the world that the
    implication adds, the other alone comes true, both of the arbitrageur's bets win.

    Parameters
    ----------
    kind
        One of `KINDS`.
    p, other
        Probabilities of the two claims, in (0, 1), shape (n,).

    Returns
    -------
    numpy.ndarray
        Shape (n,), at least 0.

    Examples
    --------
    >>> arbitrage("negation", [0.5], [0.6]).round(4).tolist()
    [0.0102]
    >>> arbitrage("deadline", [0.5, 0.2], [0.2, 0.5]).round(4).tolist()
    [0.1054, 0.0]
    """
    if kind not in KINDS:
        raise RelationError(f"There is no kind {kind!r}; take one of {', '.join(KINDS)}.")
    a, b = np.asarray(p, dtype=float), np.asarray(other, dtype=float)
    if kind == "negation":
        b = 1 - b
    profit = -2 * np.log(np.sqrt(a * b) + np.sqrt((1 - a) * (1 - b)))
    if kind not in ("negation", "paraphrase"):
        profit = np.where(a > b, profit, 0.0)
    return np.asarray(np.maximum(profit, 0.0), dtype=float)


def relations_of(claims: pd.DataFrame) -> pd.DataFrame:
    """Relations that the rules of claims imply, found without any language model.

    Two claims of one forecaster, made at the same moment about the same anchor, are related when
    the articles that would decide the one must decide the other: its window lies within the
    other's, it asks for as many or more, and it counts the same or less (publishers that report
    an event are publishers that report, and each brings an article). What differs names the kind:
    the window a deadline, the count a threshold, anything more an implication, nothing a
    paraphrase.

    Parameters
    ----------
    claims
        Rows of `forecasts.claims`; those without a spec are left aside.

    Returns
    -------
    pandas.DataFrame
        Columns kind, claim_id and other_id: the first claim cannot come true without the other.
    """
    told = claims[["claim_id", "forecaster", "as_of", "made_at", "resolve_by", "spec"]]
    ruled = told[told["spec"].notna()].sort_values("claim_id")
    specs = [RuleSpec(**json.loads(text)) for text in ruled["spec"]]
    ruled = ruled.assign(rule=specs, anchor_id=[spec.anchor_id for spec in specs])
    groups: dict[tuple[object, ...], list[Any]] = {}
    for row in ruled.itertuples(index=False):
        groups.setdefault((row.forecaster, row.as_of, row.anchor_id), []).append(row)
    found = []
    for key in sorted(groups):
        group = groups[key]
        for one in group:
            for other in group:
                if one.claim_id == other.claim_id:
                    continue
                kind = _kind(one, other)
                # Of a paraphrase, which goes both ways, one is enough.
                if kind and (kind != "paraphrase" or one.claim_id < other.claim_id):
                    found.append((kind, one.claim_id, other.claim_id))
    return pd.DataFrame(found, columns=list(RELATIONS))


def hold(claims: pd.DataFrame, relations: pd.DataFrame) -> pd.DataFrame:
    """Hold related claims against each other.

    Only claims of one forecaster and one as-of moment are held together: in between, a forecaster
    may change its mind. Relations of claims that are not there are left aside.

    Parameters
    ----------
    claims
        Rows with claim_id, forecaster, as_of and probability in (0, 1), of open claims as a rule.
    relations
        Columns kind (one of `KINDS`), claim_id and other_id: from `relations_of`, or declared by
        whoever wrote the claims. For deadline, threshold and implication the first claim cannot
        come true without the other.

    Returns
    -------
    pandas.DataFrame
        One row a pair that was held, the worst first, with the columns `VIOLATIONS`: kind,
        forecaster, claim_id, other_id, as_of, probability, other_probability, excess (by how much
        the first probability is above what the other allows; for a paraphrase and a negation the
        absolute gap; 0 where consistent) and arbitrage in nats. The violations are the rows with
        arbitrage above a tolerance.

    Raises
    ------
    RelationError
        When a kind is unknown, a column is missing, or a claim is related to itself.
    """
    _check(relations)
    told = claims[["claim_id", "forecaster", "as_of", "probability"]]
    pairs = relations.merge(told, on="claim_id").merge(
        told.add_prefix("other_").rename(columns={"other_claim_id": "other_id"}), on="other_id"
    )
    same = (pairs["forecaster"] == pairs["other_forecaster"]) & (
        pairs["as_of"] == pairs["other_as_of"]
    )
    pairs = pairs[same].reset_index(drop=True)
    p, other = pairs["probability"], pairs["other_probability"]
    excess, profit = pd.Series(0.0, index=pairs.index), pd.Series(0.0, index=pairs.index)
    for kind in KINDS:
        at = pairs["kind"] == kind
        gap = p[at] + other[at] - 1 if kind == "negation" else p[at] - other[at]
        both_ways = kind in ("negation", "paraphrase")
        excess[at] = gap.abs() if both_ways else gap.clip(lower=0)
        profit[at] = arbitrage(kind, p[at], other[at])
    held = pairs.assign(excess=excess, arbitrage=profit)[list(VIOLATIONS)]
    return held.sort_values(
        ["arbitrage", "claim_id", "other_id"], ascending=[False, True, True], ignore_index=True
    )


def summary(held: pd.DataFrame, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """Figures per forecaster: pairs, violations, share of pairs violated, mean and worst size.

    Parameters
    ----------
    held
        What `hold` returned.
    tolerance
        Nats above which a pair is a violation.

    Returns
    -------
    pandas.DataFrame
        Columns forecaster, pairs, violations, share, mean_arbitrage and worst (nats).
    """
    grouped = held.assign(violated=held["arbitrage"] > tolerance).groupby("forecaster", sort=True)
    return grouped.agg(
        pairs=("arbitrage", "size"),
        violations=("violated", "sum"),
        share=("violated", "mean"),
        mean_arbitrage=("arbitrage", "mean"),
        worst=("arbitrage", "max"),
    ).reset_index()


def _kind(one: object, other: object) -> str | None:
    """How `one` implies `other`, or None; named tuples with rule, made_at and resolve_by."""
    a, b = one.rule, other.rule  # type: ignore[attr-defined]
    if one.made_at < other.made_at or one.resolve_by > other.resolve_by:  # type: ignore[attr-defined]
        return None
    if a.at_least < b.at_least or not _counts_within(a, b):
        return None
    same_count = (a.rule, set(a.trigger_terms)) == (b.rule, set(b.trigger_terms))
    same_window = (one.made_at, one.resolve_by) == (other.made_at, other.resolve_by)  # type: ignore[attr-defined]
    same_threshold = a.at_least == b.at_least
    if not same_count or not (same_window or same_threshold):
        return "implication"
    if same_window:
        return "paraphrase" if same_threshold else "threshold"
    return "deadline"


def _counts_within(a: RuleSpec, b: RuleSpec) -> bool:
    """Whether whatever `a` counts up to a number, `b` counts up to at least that number."""
    if b.rule == "articles":
        return True  # each counted publisher or article of any rule is an article
    if b.rule == "publishers":
        return a.rule != "articles"
    return a.rule == "trigger" and set(a.trigger_terms) <= set(b.trigger_terms)


def _check(relations: pd.DataFrame) -> None:
    missing = [name for name in RELATIONS if name not in relations.columns]
    if missing:
        raise RelationError(f"The relations lack the columns {', '.join(missing)}.")
    unknown = relations[~relations["kind"].isin(KINDS)]
    if len(unknown):
        raise RelationError(
            f"{len(unknown)} of {len(relations)} relations are of an unknown kind, the first "
            f"{unknown['kind'].iloc[0]!r}; take one of {', '.join(KINDS)}."
        )
    own = relations[relations["claim_id"] == relations["other_id"]]
    if len(own):
        raise RelationError(
            f"Claim {own['claim_id'].iloc[0]!r} is related to itself; name another claim."
        )
