"""Checks on the ledger."""

from __future__ import annotations

import pandas as pd

from newsworld_dagster.contracts.citations import citations
from newsworld_dagster.contracts.findings import CheckFinding
from newsworld_dagster.forecasting.consistency import TOLERANCE
from newsworld_dagster.forecasting.ledger import LedgerFault


def evaluate_chain(fault: LedgerFault | None, rows: int) -> CheckFinding:
    """What `verify` found in a ledger of so many rows."""
    if fault is not None:
        return CheckFinding(
            False,
            f"row {fault.seq} (claim {fault.claim_id}): {fault.reason}",
            {"rows": rows, "first bad row": fault.seq},
        )
    return CheckFinding(True, "the chain is whole", {"rows": rows})


def evaluate_claims(claims: pd.DataFrame) -> CheckFinding:
    """Whether probabilities lie in (0, 1), ids are unique and deadlines follow the making."""
    outside = int((~claims["probability"].between(0, 1, inclusive="neither")).sum())
    repeated = int(claims["claim_id"].duplicated().sum())
    undated = int((claims["resolve_by"] <= claims["made_at"]).sum())
    figures: dict[str, float | int | str] = {
        "probabilities out of range": outside,
        "repeated ids": repeated,
        "deadlines not after the making": undated,
    }
    wrong = outside + repeated + undated
    return CheckFinding(wrong == 0, "no fault" if not wrong else f"{wrong} faults", figures)


def evaluate_point_in_time(claims: pd.DataFrame, first_seen: pd.Series) -> CheckFinding:
    """Whether every source of every claim was seen by the claim's as-of moment.

    Parameters
    ----------
    first_seen
        When each article was first seen, indexed by article_id.
    """
    reports = claims.drop_duplicates("report_id")
    cited = citations(reports, first_seen)
    unknown, later = int(cited["seen"].isna().sum()), int((cited["seen"] > cited["as_of"]).sum())
    figures: dict[str, float | int | str] = {
        "reports": len(reports),
        "sources seen later": later,
        "sources not in the archive": unknown,
    }
    passed = not later and not unknown
    reason = "every source was known when it was cited" if passed else "sources out of order"
    return CheckFinding(passed, reason, figures)


def evaluate_refusals(refused: int, claims: int, most: float = 0.25) -> CheckFinding:
    """Whether the lint refused at most `most` of what was to be claimed."""
    total = refused + claims
    share = refused / total if total else 0.0
    figures: dict[str, float | int | str] = {"refused": refused, "claims": claims}
    return CheckFinding(share <= most, f"{share:.0%} of the claims were refused", figures)


def evaluate_answers(calls: pd.DataFrame) -> CheckFinding:
    """Whether a language model answered all that it was asked on the last day it was asked.

    Parameters
    ----------
    calls
        Rows of `forecasts.model_calls`. An ask that got its answer in a later run counts as
        answered.
    """
    if calls.empty:
        return CheckFinding(True, "no language model was asked")
    last = calls[calls["day"] == calls["day"].max()]
    asked = last.groupby(["subject", "prompt_id", "sample_index", "as_of"])["outcome"].agg(set)
    missing = asked[asked.map(lambda outcomes: not outcomes & {"answered", "refused"})]
    refused = asked[asked.map(lambda outcomes: "refused" in outcomes)]
    figures: dict[str, float | int | str] = {
        "asked": len(asked),
        "without an answer": len(missing),
        "answers that cannot be used": len(refused),
        "cost (USD)": float(last["cost_usd"].sum()),
    }
    if missing.empty:
        return CheckFinding(True, "everything was answered", figures)
    reason = last.loc[last["outcome"].isin(["failed", "stopped"]), "reason"].iloc[-1]
    return CheckFinding(
        False,
        f"{len(missing)} of {len(asked)} asks of {last['day'].iloc[0]:%Y-%m-%d} have no answer: "
        f"{reason}. Run the day again: what was answered is not paid for twice",
        figures,
    )


def evaluate_consistency(
    held: pd.DataFrame, tolerance: float = TOLERANCE, most: float = 0.2, fewest: int = 20
) -> CheckFinding:
    """Whether at most `most` of the pairs of related claims contradict each other.

    Parameters
    ----------
    held
        What `consistency.hold` returned.
    tolerance
        Sure profit in nats from which on a pair is a contradiction.
    most
        Share of the pairs. It is not 0, because `base-rate` counts each kind of claim on its own
        and owes nobody coherence.
    fewest
        Pairs from which on their share is judged; of fewer, one contradiction is a large share.
    """
    wrong = held[held["arbitrage"] > tolerance]
    figures: dict[str, float | int | str] = {"pairs": len(held), "violations": len(wrong)}
    if held.empty:
        return CheckFinding(True, "no open claims are related", figures)
    figures |= {
        "mean arbitrage (nats)": float(held["arbitrage"].mean()),
        "worst arbitrage (nats)": float(held["arbitrage"].max()),
    }
    if wrong.empty:
        return CheckFinding(True, "related claims agree", figures)
    figures |= {kind: int(count) for kind, count in wrong["kind"].value_counts().items()}
    figures |= {
        f"by {name}": int(count) for name, count in wrong["forecaster"].value_counts().items()
    }
    worst = wrong.loc[wrong["arbitrage"].idxmax()]
    return CheckFinding(
        len(held) < fewest or len(wrong) <= most * len(held),
        f"{len(wrong)} of {len(held)} pairs of related claims contradict each other; the worst "
        f"({worst['kind']}): {worst['probability']:.2f} for claim {worst['claim_id']} beside "
        f"{worst['other_probability']:.2f} for claim {worst['other_id']} ({worst['forecaster']})",
        figures,
    )
