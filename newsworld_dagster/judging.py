"""The judge beside a labelled file: `newsworld evaluate-judge`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from newsworld_dagster.defs.retrieval import Retrieved, Sought, retrieve
from newsworld_dagster.defs.world import World
from newsworld_dagster.resolution import (
    Case,
    FiledClaim,
    Judged,
    agreement,
    judge_claims,
    outcomes_of,
    read_claims,
)

TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")


class JudgingError(RuntimeError):
    """The judge cannot be asked."""


def judge_document(
    world: World, path: Path, *, k: int = 10, as_of: pd.Timestamp | None = None
) -> dict[str, Any]:
    """The judge on the claims of a labelled file, and how well it agrees with the labels.

    It reads what it would read in production: the `k` articles of the world's archive that most
    likely decide a claim, first seen in the claim's window and by `as_of` (now by default). No
    verdict enters the ledger. Answers are kept, so that a second run on the same archive and
    moment costs nothing.

    Returns
    -------
    dict
        as_of, model, the figures of `resolution.agreement`, tokens, cost_usd (of all answers),
        charged_usd (by this run), and rows: one a claim in the order of the file, with claim_id,
        label, outcome, because, articles (how many it read); a faulty row has its `error`.

    Raises
    ------
    ClaimFileError
        When the file cannot be read or has no claim that can be used.
    EvidenceError
        When the archive holds no article.
    JudgingError
        Without a key, or when no claim could be asked about.
    """
    if not world.analyst_on:
        raise JudgingError(
            "The judge is a language model, and none is set up. Set NEWSWORLD_LLM_API_KEY (and "
            "NEWSWORLD_LLM_BASE_URL and NEWSWORLD_LLM_MODEL for a server of your own) and run "
            "again. Without one, `newsworld evidence FILE` finds the articles for a person."
        )
    filed = read_claims(path, labelled=True)
    # The moment is part of every request: to the minute, a rerun soon after still costs nothing.
    moment = world.clock().floor("min") if as_of is None else as_of
    good = [claim for claim in filed if claim.fault is None]
    sought = [
        Sought(claim.statement, claim.made_at, claim.resolve_by)
        for claim in good
        if claim.made_at is not None and claim.resolve_by is not None
    ]
    found = retrieve(world, sought, as_of=moment, k=k)
    cases = [_case(claim, one) for claim, one in zip(good, found, strict=True)]
    judged = world.ask(
        lambda model: judge_claims(
            cases,
            model,
            as_of=moment,
            day=moment.floor("D"),
            code_version=world.code_version,
        )
    )
    if len(judged.unfinished) and len(judged.unfinished) == sum(len(c.articles) > 0 for c in cases):
        raise JudgingError(
            f"None of the {len(judged.unfinished)} claims with articles could be asked about: "
            f"{judged.unfinished['reason'].iloc[0]}"
        )
    outcomes = outcomes_of(judged, [claim.claim_id for claim in good])
    calls = judged.calls
    return {
        "as_of": moment.isoformat(),
        "model": world.settings.llm_model,
        **agreement([claim.verdict for claim in good], outcomes),
        **{name: int(calls[name].sum()) for name in TOKENS},
        "cost_usd": float(calls["cost_usd"].sum()),
        "charged_usd": float(calls["charged_usd"].sum()),
        "rows": _rows(filed, judged, dict(zip((c.claim_id for c in good), outcomes, strict=True)),
                      {case.claim_id: len(case.articles) for case in cases}),
    }  # fmt: skip


def _case(claim: FiledClaim, found: Retrieved) -> Case:
    assert claim.made_at is not None
    assert claim.resolve_by is not None
    return Case(
        claim_id=claim.claim_id,
        question_id=claim.claim_id,
        statement=claim.statement,
        resolution_criteria=claim.criteria,
        made_at=claim.made_at,
        resolve_by=claim.resolve_by,
        articles=found.articles,
        complete=found.complete,
    )


def _rows(
    filed: Sequence[FiledClaim], judged: Judged, became: dict[str, str], read: dict[str, int]
) -> list[dict[str, Any]]:
    reasons = {
        row.claim_id: row.reason
        for rows in (judged.resolutions, judged.unfinished)
        for row in rows.itertuples()
    } | {row.claim_id: row.because for row in judged.queue.itertuples()}
    rows: list[dict[str, Any]] = []
    for claim in filed:
        told: dict[str, Any] = {"claim_id": claim.claim_id, "statement": claim.statement}
        if claim.fault:
            rows.append(told | {"error": f"row {claim.row}: {claim.fault}"})
            continue
        silent = (
            "the passes wait for news"
            if read[claim.claim_id]
            else "no article was first seen in its window"
        )
        rows.append(
            told
            | {
                "label": claim.verdict,
                "outcome": became[claim.claim_id],
                "because": reasons.get(claim.claim_id, silent),
                "articles": read[claim.claim_id],
            }
        )
    return rows
