"""Claims that wait for a person, each with the verdict that its evidence seems to speak for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from newsworld_dagster.embeddings import EVENTS
from newsworld_dagster.misses import count_rules
from newsworld_dagster.resolution import find_evidence, propose_verdict
from newsworld_dagster.resolution.evidence import Encode
from newsworld_dagster.resolution.verdictfile import COLUMNS as FILED
from newsworld_dagster.warehouse import Snapshot


class CasesError(ValueError):
    """The file of cases cannot be written."""


def open_cases(
    snapshot: Snapshot, encode: Encode, *, most: int = 12, k: int = 5
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Claims the judge left open, then overdue and open ones, with evidence and a proposal.

    One claim a question, because a verdict settles the question for all; a proposal is no
    verdict.

    Parameters
    ----------
    encode
        Texts to unit vectors of the model that the snapshot's articles are embedded with.
    most
        How many claims.
    k
        How many articles a claim.

    Returns
    -------
    pandas.DataFrame
        Cases: claim_id, status, statement, resolution_criteria, made_at, resolve_by, days_left,
        resolver, candidates (articles in the window), proposal ('yes', 'no' or ''), because. A
        claim with a rule gets no proposal but its count so far: the rule settles it.
    pandas.DataFrame
        Articles: claim_id, role, first_seen_at, publisher, title, passage, url. Of a claim with a
        rule what the rule has counted, the newest first, the passage being the title; of others
        what may decide them, best first.
    """
    # A world without an edition has no moment, and no claim either.
    moment = pd.Timestamp(0) if pd.isna(snapshot.as_of) else snapshot.as_of
    queue = snapshot.reader.queued_claims(moment).set_index("claim_id")["because"]
    cases = snapshot.sql(
        """
        SELECT f.claim_id, f.status, f.statement, c.resolution_criteria, f.made_at, f.resolve_by,
            f.resolver, f.window_days, c.spec
        FROM marts.fct_claims AS f JOIN forecasts.claims AS c USING (claim_id)
        WHERE f.phase = 'record' AND f.status IN ('overdue', 'pending')
        QUALIFY row_number() OVER (PARTITION BY f.question_id ORDER BY c.seq) = 1
        ORDER BY list_contains(?::VARCHAR[], f.claim_id) DESC, f.status = 'overdue' DESC,
            f.resolve_by, c.seq
        LIMIT ?
        """,
        [list(queue.index), most],
    )
    model = str(embedding_model(snapshot))
    counted = count_rules(snapshot, cases[cases["spec"].notna()]).set_index("claim_id")
    told, listed = [], []
    for case in cases.itertuples():
        window = snapshot.reader.evidence_window(case.made_at, case.resolve_by, snapshot.as_of)
        if case.claim_id in counted.index:
            row = counted.loc[case.claim_id]
            ids = row["counted_ids"][::-1][:k]
            passages = dict(zip(ids, window.set_index("article_id")["title"].loc[ids], strict=True))
            verdict, role = "", "counted"
            because = f"the rule has counted {row['counted']} of {row['needed']} so far"
        else:
            vectors = snapshot.reader.vectors(model, window["content_digest"])
            found = find_evidence(str(case.statement), window, vectors, encode, k=k)
            passages = {one.article_id: one.passage for one in found}
            proposal = propose_verdict(str(case.statement), found)
            verdict, role, because = proposal.verdict or "", "may decide", proposal.reason
        if case.claim_id in queue.index:
            because = f"the judge could not decide: {queue[case.claim_id]}; {because}"
        told.append({"candidates": len(window), "proposal": verdict, "because": because})
        shown = window.set_index("article_id")
        listed += [
            {"claim_id": case.claim_id, "role": role, "passage": passage}
            | shown.loc[article_id, ["first_seen_at", "publisher", "title", "url"]].to_dict()
            for article_id, passage in passages.items()
        ]
    cases["days_left"] = (cases["resolve_by"] - snapshot.as_of) / pd.Timedelta(days=1)
    columns = ["claim_id", "role", "first_seen_at", "publisher", "title", "passage", "url"]
    return (
        cases.drop(columns=["spec", "window_days"]).join(
            pd.DataFrame(told, columns=["candidates", "proposal", "because"])
        ),
        pd.DataFrame(listed, columns=columns),
    )


def cases_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases as text: No, Claim, Status, Due, Days left, Decided by, Proposal, Because."""
    return pd.DataFrame(
        {
            "No": range(1, len(cases) + 1),
            "Claim": cases["statement"],
            "Status": cases["status"],
            "Due": cases["resolve_by"].dt.strftime("%Y-%m-%d %H:%M"),
            "Days left": [f"{left:.1f}" for left in cases["days_left"]],
            "Decided by": cases["resolver"],
            "Proposal": cases["proposal"].replace("", "–"),
            "Because": cases["because"],
        }
    )


def articles_table(cases: pd.DataFrame, articles: pd.DataFrame) -> pd.DataFrame:
    """Articles of cases as text: No (of the case), Role, Seen, Publisher, Passage, url."""
    number = {claim_id: place for place, claim_id in enumerate(cases["claim_id"], start=1)}
    return pd.DataFrame(
        {
            "No": articles["claim_id"].map(number),
            "Role": articles["role"],
            "Seen": pd.to_datetime(articles["first_seen_at"]).dt.strftime("%Y-%m-%d"),
            "Publisher": articles["publisher"],
            "Passage": articles["passage"],
            "url": articles["url"],
        }
    )


def embedding_model(snapshot: Snapshot) -> str | None:
    """Name of the encoder that most of the snapshot's texts are embedded with; None without."""
    # Event vectors are of the same texts, and no statement is compared with them.
    found = snapshot.sql(
        f"SELECT model FROM embeddings.vectors WHERE NOT contains(model, '{EVENTS}') "  # noqa: S608
        "GROUP BY model ORDER BY count(*) DESC, model"
    )
    return None if found.empty else str(found["model"].iloc[0])


def write_cases(cases: pd.DataFrame, path: Path | str) -> Path:
    """A csv for `newsworld resolve --file`: verdict, because and url are left for a person.

    The proposal stands in a column of its own, which the command does not read.

    Raises
    ------
    CasesError
        When the file is there already: it may hold verdicts.
    """
    path = Path(path)
    columns = [*FILED, "status", "statement", "resolution_criteria", "resolve_by", "proposal"]
    blank = cases.assign(verdict="", because="", url="")
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            blank[columns].to_csv(file, index=False)
    except FileExistsError as error:
        raise CasesError(
            f"{path} is there already and may hold verdicts. Record them with `newsworld resolve "
            f"--file {path}`, then remove it, or write to another file."
        ) from error
    return path
