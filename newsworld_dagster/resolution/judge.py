"""The judge: two independent passes of a language model, and quotations that must be true."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.analysis import MODEL_CALLS, call_row
from newsworld_dagster.contracts.asking import (
    Answered,
    Ask,
    Failed,
    LanguageModel,
    Outcome,
    Refused,
    Stopped,
)
from newsworld_dagster.contracts.outcomes import JUDGE_QUEUE, RESOLUTIONS
from newsworld_dagster.prompts import Prompt, articles_block, load_prompt
from newsworld_dagster.prompts.outputs import Judgement
from newsworld_dagster.resolution.quotes import stands_in
from newsworld_dagster.resolution.rules import resolution_id

PASSES = 2


@dataclass(frozen=True)
class Case:
    """A claim and the articles that may decide it.

    `articles` were first seen after the claim was made and are known at the judging moment:
    article_id, title, summary, publisher, first_seen_at. `complete` says whether the archive
    holds the claim's window without gaps; where it does not, silence is no evidence.
    `fellows` are the claims of other forecasters on the same question: they get the same verdict.
    `standing` is the verdict that stands, with the resolution_id of each claim, where a question
    is judged again because of late evidence: another verdict supersedes it, the same one adds
    nothing.
    """

    claim_id: str
    question_id: str
    statement: str
    resolution_criteria: str
    made_at: pd.Timestamp
    resolve_by: pd.Timestamp
    articles: pd.DataFrame
    complete: bool = True
    fellows: tuple[str, ...] = ()
    standing: tuple[str, Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Pass:
    """What one pass comes to; `void_because` says why it does not count, empty if it does."""

    verdict: str
    reason: str
    evidence: tuple[dict[str, str], ...] = ()
    void_because: str = ""


@dataclass(frozen=True)
class Judged:
    """Rows of verdicts, of the queue for a person, and of what was asked.

    A claim that is in neither of the first two is still pending. `unfinished` has claim_id and
    reason of those that could not be asked about.
    """

    resolutions: pd.DataFrame
    queue: pd.DataFrame
    calls: pd.DataFrame
    unfinished: pd.DataFrame


async def judge_claims(
    cases: Sequence[Case],
    model: LanguageModel,
    *,
    as_of: pd.Timestamp,
    day: pd.Timestamp,
    code_version: str,
    asked_at: pd.Timestamp | None = None,
    prompt: Prompt | None = None,
) -> Judged:
    """Verdicts that a language model can give as of a moment.

    Two passes decide independently, each with the articles in another order. A pass with a
    quotation that does not stand in its article, or with a verdict of yes or no and no
    quotation, does not count. Passes that agree resolve the claim. Where both say "not yet", or
    "no" before the deadline or from an incomplete archive, it stays pending, as does a claim
    without articles, which is not asked about. Anything else goes to the queue.

    Parameters
    ----------
    asked_at
        The moment by the clock; `as_of` by default.

    Raises
    ------
    ValueError
        When an article was not first seen between a claim's making and `as_of`.
    """
    prompt = prompt or load_prompt("judge", 1)
    stamp = (day, as_of, as_of if asked_at is None else asked_at)
    cases = [case for case in cases if len(case.articles)]
    asks = [_ask(case, place, prompt, as_of) for case in cases for place in range(PASSES)]
    outcomes = await model.ask_many(asks)
    resolutions: list[dict[str, Any]] = []
    queue: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    unfinished: list[dict[str, Any]] = []
    for number, case in enumerate(cases):
        own = outcomes[number * PASSES : (number + 1) * PASSES]
        calls += [call_row(case.claim_id, outcome, None, *stamp) for outcome in own]
        not_asked = [one.reason for one in own if isinstance(one, Failed | Stopped)]
        if not_asked:
            unfinished.append({"claim_id": case.claim_id, "reason": not_asked[0]})
            continue
        passes = [_pass(case, place, outcome) for place, outcome in enumerate(own)]
        verdicts = {one.verdict for one in passes}
        if len(verdicts) > 1 or any(one.void_because for one in passes):
            queue.append(_queued(case, passes, day, as_of))
        elif case.standing and verdicts == {case.standing[0]}:
            continue
        elif verdicts <= {"yes", "void"} or (
            verdicts == {"no"} and case.complete and as_of >= case.resolve_by
        ):
            resolutions += _resolved(case, passes, day, as_of, code_version)
    return Judged(
        resolutions=meet(RESOLUTIONS, _frame(resolutions, list(RESOLUTIONS.columns))),
        queue=meet(JUDGE_QUEUE, _frame(queue, list(JUDGE_QUEUE.columns))),
        calls=meet(MODEL_CALLS, _frame(calls, list(MODEL_CALLS.columns))),
        unfinished=_frame(unfinished, ["claim_id", "reason"]),
    )


def _ask(case: Case, place: int, prompt: Prompt, as_of: pd.Timestamp) -> Ask[Any]:
    seen = case.articles["first_seen_at"]
    if len(seen) and not (seen.min() > case.made_at and seen.max() <= as_of):
        raise ValueError(
            f"Claim {case.claim_id} was made at {case.made_at}; an article that decides it as of "
            f"{as_of} must be first seen between the two."
        )
    return prompt.ask(
        {
            "as_of": _moment(as_of),
            "statement": case.statement,
            "resolution_criteria": case.resolution_criteria,
            "made_at": _moment(case.made_at),
            "resolve_by": _moment(case.resolve_by),
            "articles": articles_block(_ordered(case, place).to_dict("records")),
        },
        input_digest=_digest(
            [case.claim_id, case.statement, case.resolution_criteria, as_of.isoformat()],
            case.articles[["article_id", "title", "summary"]].astype(str).to_numpy().tolist(),
        ),
        sample=place,
    )


def _ordered(case: Case, place: int) -> pd.DataFrame:
    """The articles as a pass sees them: the second from the end, so that no place is favoured."""
    return case.articles if place == 0 else case.articles.iloc[::-1]


def _pass(case: Case, place: int, outcome: Outcome[Any]) -> Pass:
    if not isinstance(outcome, Answered):
        assert isinstance(outcome, Refused)
        why = f"the answer was refused ({outcome.fault}): {outcome.reason}"
        return Pass("refused", outcome.reason, (), why)
    found: Judgement = outcome.value
    articles = _ordered(case, place)
    evidence, faults = [], []
    for one in found.evidence:
        if one.number > len(articles):
            faults.append(f"it quotes article {one.number} of {len(articles)}")
            continue
        row = articles.iloc[one.number - 1]
        if not stands_in(one.quote, str(row["title"]), str(row["summary"])):
            faults.append(f"its quotation is not in article {row['article_id']}: {one.quote!r}")
            continue
        evidence.append(
            {
                "article_id": str(row["article_id"]),
                "publisher": str(row["publisher"]),
                "seen_at": row["first_seen_at"].isoformat(),
                "quote": one.quote,
            }
        )
    if found.verdict in ("yes", "no") and not found.evidence:
        faults.append(f"its verdict is {found.verdict} without a quotation")
    return Pass(found.verdict, found.reason, tuple(evidence), "; ".join(faults))


def _resolved(
    case: Case, passes: Sequence[Pass], day: pd.Timestamp, as_of: pd.Timestamp, code_version: str
) -> Iterator[dict[str, Any]]:
    first = passes[0]
    superseded: Mapping[str, str] = case.standing[1] if case.standing else {}
    for claim_id in (case.claim_id, *case.fellows):
        yield {
            "resolution_id": resolution_id(claim_id, first.verdict, as_of, first.reason),
            "claim_id": claim_id,
            "question_id": case.question_id,
            "verdict": first.verdict,
            "decided_at": as_of,
            "day": day,
            "decided_by": "judge",
            "evidence": _evidence(passes),
            "reason": first.reason,
            "supersedes": superseded.get(claim_id),
            "code_version": code_version,
        }


def _queued(
    case: Case, passes: Sequence[Pass], day: pd.Timestamp, as_of: pd.Timestamp
) -> dict[str, Any]:
    void = [one.void_because for one in passes if one.void_because]
    verdicts = " and ".join(one.verdict for one in passes)
    return {
        "queue_id": "j" + _digest(case.claim_id, as_of.isoformat())[:23],
        "claim_id": case.claim_id,
        "question_id": case.question_id,
        "day": day,
        "as_of": as_of,
        "because": "; ".join(void) if void else f"the passes disagree: {verdicts}",
        "passes": json.dumps(
            [
                {"verdict": one.verdict, "reason": one.reason, "void_because": one.void_because}
                for one in passes
            ],
            ensure_ascii=False,
        ),
        "evidence": _evidence(passes),
    }


def _evidence(passes: Sequence[Pass]) -> str:
    """What both passes quote truly, each quotation once."""
    found = {(one["article_id"], one["quote"]): one for two in passes for one in two.evidence}
    return json.dumps(list(found.values()), ensure_ascii=False)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _moment(moment: pd.Timestamp) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _frame(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)
